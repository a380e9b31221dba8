#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "weft/storage/redis/client.hpp"
#include "weft/storage/run_store.hpp"
#include "weft/workflow/registry.hpp"

namespace weft {

/// How runs are kept in Redis.
struct RedisRunStoreOptions {
  std::string prefix = "weft";            ///< Of every key.
  Bytes inline_max{32 << 10};             ///< Larger outputs are written in parts.
  Bytes part_size{4 << 20};               ///< Of such an output.
  Bytes cache{std::uint64_t{256} << 20};  ///< Outputs kept in this process, at most.
  std::size_t batch = 64;                 ///< Commits that go to Redis as one call, at most.
  /// Of several clients, one sweeps within such a time; 0: each whenever it is asked.
  Nanos sweep_turn{};
  Nanos poll = std::chrono::seconds{1};  ///< Watchers look so often, whatever they are told.
  /// So many replicas have taken a step before it is answered, of those that may not be lost: a run
  /// that is created, a commit, an expansion, a failure, a cancellation.
  std::uint32_t replicas = 0;
  Nanos replicas_patience = std::chrono::seconds{10};  ///< Then such a step is `store_unavailable`.
  /// Whether Redis is given the functions when the store is opened, or when it is found to lack
  /// them.
  bool load_functions = true;
  Nanos unborn = std::chrono::minutes{10};  ///< What a creator that died has written goes then.
  std::shared_ptr<const Clock> clock;       ///< For tests; nothing: the server's own.
};

/// Runs kept in Redis: they outlive every process. All of a step happens inside of Redis, in one
/// function of run_protocol/, at one round trip.
///
/// Outputs up to `inline_max` ride in their commits and in grants; larger ones are written in parts
/// with checksums, and grants name them as absent. Outputs that this process has committed are
/// kept, so that its own tasks get the very objects.
///
/// When Redis comes back as another incarnation, each run that is asked about begins a new epoch:
/// every claim is taken back, so that nothing from before the loss commits after it.
///
/// Answers on the client's I/O thread; wake-ups and listeners are called there, too, and must not
/// block. Thread-safe.
class RedisRunStore final : public RunStore {
public:
  /// Gives Redis the functions it lacks. Fails with `store_unavailable` or `invalid_config`.
  /// @param client may serve others as well
  /// @param registry what decoded graphs find their functions in
  static Result<std::unique_ptr<RedisRunStore>> open(std::shared_ptr<redis::Client> client,
                                                     std::shared_ptr<const Registry> registry,
                                                     RedisRunStoreOptions options = {});
  ~RedisRunStore() override;

  void create(CreateRun request, Done<std::vector<ReadyTask>> done) override;
  void cancel(RunId run, std::string reason, Done<bool> done) override;
  void status(RunId run, Done<RunStatus> done) override;
  void workers(RunId run, Done<std::vector<WorkerLease>> done) override;
  void describe(RunId run, Done<RunDescription> done) override;
  void runs(Done<std::vector<RunId>> done) override;
  void erase(RunId run, Done<void> done) override;

  void claim(ClaimRequest request, Done<ClaimAnswer> done) override;
  void commit(CommitRequest request, Done<CommitAnswer> done) override;
  void expand(ExpandRequest request, Done<CommitAnswer> done) override;
  void fail(FailRequest request, Done<FailAnswer> done) override;
  void release(ReleaseRequest request, Done<void> done) override;

  void fetch(RunId run, std::vector<TaskId> tasks, Done<std::vector<Value>> done) override;
  void put_chunk(PutChunk chunk, Done<void> done) override;
  void read_chunks(RunId run, TaskId task, std::uint32_t first, Done<Chunks> done) override;

  void launch(RunId run, WorkerId worker, std::string holder, Done<bool> done) override;
  void renew(RunId run, WorkerId worker, std::string holder, Done<Renewal> done) override;
  void park(RunId run, WorkerId worker, std::string holder, Done<bool> done) override;
  void held(RunId run, WorkerId worker, Done<std::vector<Grant>> done) override;
  void abandon(AbandonRequest request, Done<AbandonAnswer> done) override;
  void sweep(Done<SweepReport> done) override;

  void events(RunId run, std::uint64_t first, std::size_t limit,
              Done<std::vector<RunEvent>> done) override;
  void watch(RunId run, std::function<void()> wake) override;
  void listen(RunId run, WorkerId worker, std::function<void(Told)> take) override;

private:
  class Core;

  RedisRunStore(std::shared_ptr<redis::Client> client, std::shared_ptr<Core> core);

  std::shared_ptr<redis::Client> client_;
  std::shared_ptr<Core> core_;
};

}  // namespace weft
