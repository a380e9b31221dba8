#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weft/planning/optimization.hpp"
#include "weft/runtime/worker_host.hpp"
#include "weft/workflow/options.hpp"
#include "weft/workflow/units.hpp"

namespace weft {

/// What runs the tasks of a pool.
enum class PoolKind : std::uint8_t {
  threads,    ///< Of this process.
  processes,  ///< Of their own, one for each slot. Needs a store outside of this process.
};

/// The pool: how many slots there are and how they start.
struct PoolOptions {
  PoolKind kind = PoolKind::threads;
  /// Slots, each a thread that runs user code for one worker at a time. 0: one for each hardware
  /// thread.
  std::uint32_t slots = 0;
  /// The largest worker class that a slot hosts. A thread is warm for the class that it was started
  /// for; processes are all started for this one, and are warm for any.
  WorkerClass slot_class{.cpus = 1, .memory = {}};
  Nanos cold_start{};                          ///< Made longer than a thread's own start by this.
  Nanos keep_alive = std::chrono::minutes{5};  ///< An idle slot stays warm for so long.
  /// Program and arguments of worker processes; empty: the program that this process runs, which
  /// has to call `run_worker_if_asked` first.
  std::vector<std::string> worker_command;
};

/// What may be lost when the store's machine loses power. Shown at the start of a run.
enum class DurabilityLevel : std::uint8_t {
  memory,      ///< Everything: the run is lost with the store.
  everysec,    ///< Two seconds of progress, which is done again, or a run as young as that.
  always,      ///< Nothing that was committed.
  replicated,  ///< Nothing that counts, while one of `replicas` replicas lives that took it.
};

/// Where runs are kept.
struct StoreOptions {
  /// `redis://[user@]host[:port][/db]`, `rediss://...` (TLS) or `unix:///path`. Empty: in this
  /// process, and runs end with it.
  std::string url;
  std::string password_file;  ///< Else the variable WEFT_STORE_PASSWORD; neither: none.
  std::string tls_authorities, tls_certificate, tls_key;  ///< PEM files.
  bool allow_plaintext = false;                           ///< To another machine without TLS.
  std::string prefix = "weft";                            ///< Of every key.
  DurabilityLevel durability = DurabilityLevel::everysec;
  std::uint32_t replicas = 1;                 ///< Of `replicated`, at least 1.
  Nanos lease = std::chrono::seconds{10};     ///< A worker that is silent for longer has ended.
  Nanos retention = std::chrono::hours{1};    ///< A result that nobody fetches stays so long.
  Nanos patience = std::chrono::seconds{10};  ///< How long a store that does not answer is asked.

  /// How many replicas must have taken a step before it counts: at least one, or none is asked.
  [[nodiscard]] std::uint32_t replicas_awaited() const {
    return durability == DurabilityLevel::replicated ? std::max(1u, replicas) : 0;
  }
};

/// When metrics go from a worker to the history.
enum class RecordStrategy : std::uint8_t {
  at_end,     ///< When the worker has nothing left to do.
  each_task,  ///< After every task.
  periodic,   ///< Every `RecorderOptions::period`.
  by_count,   ///< Whenever `RecorderOptions::count` tasks are waiting.
};

/// What is recorded, and where.
struct RecorderOptions {
  RecordStrategy strategy = RecordStrategy::by_count;
  std::size_t count = 1024;  ///< Tasks in a batch of `by_count`; also the most that wait.
  Nanos period = std::chrono::seconds{1};
  /// SQLite file of the embedded history; `:memory:` for one that ends with the engine; the URL of
  /// a Redis, as in `StoreOptions::url`, for one that several share; empty: none. The URL of the
  /// store has no say in it.
  std::string history = ":memory:";
  std::size_t max_runs = 1000;        ///< Older runs are dropped beyond these.
  std::size_t max_tasks = 2'000'000;  ///< As are runs that have more together; the newest stays.
};

/// What an engine does with runs that lie in a store outside of its process.
enum class NodeRole : std::uint8_t {
  worker,  ///< Runs their tasks in its pool, and takes over what others have left.
  client,  ///< Submits, attaches and looks: other nodes run the tasks, of its submissions, too.
};

/// How an engine runs. Everything has a default that suits tests and embedding.
struct EngineOptions {
  PoolOptions pool;
  StoreOptions store;
  RecorderOptions recorder;
  /// Where the functions of the registry come from, in whatever form `RegistryMaker`s of worker
  /// processes and other nodes understand. Kept with each run.
  std::string source;
  /// Makes the functions of runs of others whose source is another, or that the registry lacks. May
  /// be empty: such runs are left to other nodes.
  RegistryMaker make_registry;
  NodeRole role = NodeRole::worker;
  std::string planner = "simple";
  /// Workers that a planner may ask for. 0: one for each slot.
  std::uint32_t workers = 0;
  /// Plug-ins beside weft's own; tasks ask for them by name.
  std::vector<std::shared_ptr<const Optimization>> optimizations;
  std::size_t max_runs_in_flight = 1000;  ///< `submit` fails with `limit_exceeded` beyond these.
};

/// Every option out of range, each named.
[[nodiscard]] Result<void> validate(const EngineOptions& options);

/// What one submission may ask for.
struct SubmitOptions {
  bool fail_fast = true;         ///< False: tasks that do not need a failed one go on.
  std::optional<Nanos> timeout;  ///< Of the whole run, above 0; it ends as failed with `timed_out`.
  /// Report starts and progress of every task to watchers; costs a message a task.
  bool progress_events = false;
  /// The run goes on in its store when the engine is closed, and its result stays until somebody
  /// has fetched it or the retention ends. Needs a store outside of this process.
  bool detached = false;
};

/// The option out of range, if one is.
[[nodiscard]] Result<void> validate(const SubmitOptions& options);

}  // namespace weft
