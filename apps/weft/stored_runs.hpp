#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "weft/runtime/configuration.hpp"
#include "weft/runtime/store_connection.hpp"
#include "weft/storage/redis/redis_run_store.hpp"

namespace weft::cli {

/// Those whose leases have not run out.
[[nodiscard]] std::size_t count_alive(const std::vector<WorkerLease>& workers);

/// A run as `weft ps` lists it.
struct StoredRun {
  RunId id;
  std::string workflow;
  RunDescription description;
  RunStatus status;
  std::vector<WorkerLease> workers;

  /// Those whose leases have not run out.
  [[nodiscard]] std::size_t workers_alive() const;
};

/// The options of the store that the configuration names. Throws `Exception` with `invalid_config`
/// when it is none outside of this process.
[[nodiscard]] StoreOptions named_store(const Configuration& configuration);

/// The runs that lie in a store outside of this process, seen by somebody who takes no part in
/// them. Every call blocks, and throws `Exception` with what the store answers. Not thread-safe.
class StoredRuns {
public:
  /// Throws `Exception` as `named_store`, or with `store_unavailable`.
  explicit StoredRuns(const Configuration& configuration);

  /// By age, the oldest first.
  [[nodiscard]] std::vector<RunId> ids();

  /// The run that `reference` names: an id, the beginning of one, or `last`. Throws `Exception`
  /// with `run_unknown` when there is none or more than one.
  [[nodiscard]] RunId find(const std::string& reference);

  /// How a run stands. Throws `Exception` with `run_unknown`.
  [[nodiscard]] StoredRun read(RunId run);

  /// All of them, the oldest first. One that is erased meanwhile is left out.
  [[nodiscard]] std::vector<StoredRun> read_all();

  [[nodiscard]] RunDescription describe(RunId run);
  [[nodiscard]] RunStatus status(RunId run);
  [[nodiscard]] std::vector<WorkerLease> workers(RunId run);

  /// As `workers`, without blocking: `done` is called on any thread.
  void ask_workers(RunId run, std::function<void(Result<std::vector<WorkerLease>>)> done);

  /// The last events of a run, the oldest first, at most `limit`.
  [[nodiscard]] std::vector<RunEvent> last_events(RunId run, std::size_t limit);

  /// Answers whether the run was still running.
  bool cancel(RunId run, const std::string& reason);

  [[nodiscard]] redis::Client& client() { return *client_; }
  [[nodiscard]] const StoreOptions& options() const { return options_; }

private:
  [[nodiscard]] RunStore& store() { return *store_; }

  StoreOptions options_;
  std::shared_ptr<redis::Client> client_;
  std::unique_ptr<RedisRunStore> store_;
};

/// As `weft runs` has it.
[[nodiscard]] RunRecord record_of(const StoredRun& run);

}  // namespace weft::cli
