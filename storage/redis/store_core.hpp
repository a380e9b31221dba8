#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "weft/storage/redis/keys.hpp"
#include "weft/storage/redis/output_cache.hpp"
#include "weft/storage/redis/redis_run_store.hpp"
#include "weft/storage/redis/run_messages.hpp"
#include "weft/storage/redis/run_view.hpp"
#include "weft/storage/redis/run_writer.hpp"

namespace weft {

/// What a `RedisRunStore` stands on: its calls, and all that it keeps between them. Lives until the
/// last call has been answered. Thread-safe.
class RedisRunStore::Core : public std::enable_shared_from_this<Core> {
public:
  /// @param client outlives all calls
  Core(redis::Client* client, std::shared_ptr<const Registry> registry,
       RedisRunStoreOptions options);

  /// Gives Redis the functions, and begins to notice lost connections.
  [[nodiscard]] Result<void> start();

  /// No watcher and no listener is called any more.
  void stop();

  // -- calls (store_core.cpp) ---------------------------------------------------------------------

  using Build = std::function<void(redis::Command&)>;
  using Reply = redis::Reply;

  /// Calls a function of the run protocol with the time and what `build` adds. One that Redis has
  /// forgotten is given to it again.
  void call(RunId run, std::string_view step, Build build, redis::Client::Done done);

  /// As `call`, for functions that answer one number or a short text.
  template <class T, class Read>
  void ask(RunId run, std::string_view step, Build build, Done<T> done, Read read);

  [[nodiscard]] redis::RunKeys keys(RunId run) const { return {options.prefix, run}; }

  /// The time argument of each step.
  [[nodiscard]] std::string now() const;

  /// A task by its name, if that is known here; else by its number.
  [[nodiscard]] std::string name_of(RunId run, TaskId task) const;
  /// What a step found wrong with a request.
  [[nodiscard]] Error problem(RunId run, TaskId task, const std::string& text) const;

  // -- commits (store_commits.cpp) ----------------------------------------------------------------

  void commit(CommitRequest request, Done<CommitAnswer> done);
  void expand(ExpandRequest request, Done<CommitAnswer> done);

  // -- values (store_values.cpp) ------------------------------------------------------------------

  /// Writes an output in parts, before the commit that follows on the same connection.
  [[nodiscard]] std::uint32_t write_parts(const CommitRequest& request, std::string_view bytes);
  void put_chunk(PutChunk chunk, Done<void> done);
  void read_chunks(RunId run, TaskId task, std::uint32_t first, Done<Chunks> done);
  void fetch(RunId run, std::vector<TaskId> tasks, Done<std::vector<Value>> done);

  /// Puts the very objects that this process has in place of what was sent.
  [[nodiscard]] redis::KnownOutputs known_outputs(RunId run);

  // -- runs (store_runs.cpp) ----------------------------------------------------------------------

  void create(CreateRun request, Done<std::vector<ReadyTask>> done);
  void describe(RunId run, Done<RunDescription> done);
  void status(RunId run, Done<RunStatus> done);
  void workers(RunId run, Done<std::vector<WorkerLease>> done);
  void runs(Done<std::vector<RunId>> done);
  void erase(RunId run, Done<void> done);

  // -- sweeps (store_sweeps.cpp) ------------------------------------------------------------------

  void sweep(Done<SweepReport> done);
  void sweep_now(Done<SweepReport> done);

  // -- events (store_events.cpp) ------------------------------------------------------------------

  void events(RunId run, std::uint64_t first, std::size_t limit, Done<std::vector<RunEvent>> done);
  void watch(RunId run, std::function<void()> wake);
  void listen(RunId run, WorkerId worker, std::function<void(Told)> take);
  void on_reconnect(const redis::Reconnection& reconnection);

  /// Calls `done` when names of all tasks up to `task` are known.
  void with_view(RunId run, TaskId last, std::function<void(Result<redis::RunViewPtr>)> done);
  void remember(RunId run, GraphPtr graph);

  /// The store's. Not shared: the last call to be answered must not close it on its own thread.
  redis::Client* const client;
  const std::shared_ptr<const Registry> registry;
  const RedisRunStoreOptions options;

private:
  struct Pending {
    CommitRequest request;
    std::string packed;
    bool in_parts = false;
    int tries = 0;
    Done<CommitAnswer> done;
  };
  using Batch = std::shared_ptr<std::vector<Pending>>;
  /// An output in parts, as one attempt has written it.
  using PartsKey = std::tuple<RunId, TaskId, Fence>;

  /// Redis forgets functions when it is emptied; whoever notices gives them to it again.
  static constexpr int max_tries = 3;

  void see_to_functions(std::function<void(Result<void>)> done);
  void load_functions(std::function<void(Result<void>)> done);
  void call(std::shared_ptr<const std::function<redis::Command()>> make, int tries, RunId run,
            redis::Client::Done done);
  /// A step on whose outcome others act. May be done again: the second time changes nothing.
  struct LastingStep {
    std::shared_ptr<const std::function<redis::Command()>> make;
    RunId run;
    redis::Client::Done done;
  };
  void call_to_last(LastingStep step, int turns);
  void await_replicas(LastingStep step, Reply reply, int turns);
  void enqueue(Pending pending);
  void flush(RunId run);
  void on_committed(RunId run, const Batch& batch, Result<Reply> reply);
  void on_committed(Pending& pending, const Reply& reply);
  void poll(RunId run, std::uint64_t watch);
  void wake(RunId run);
  void forget(RunId run);
  void drop_unused_view(RunId run);
  void write_run(CreateRun request, redis::WrittenRun written, std::string token,
                 Done<std::vector<ReadyTask>> done);
  void bring_to_life(RunId run, std::optional<TimePoint> submitted, redis::WrittenRun written,
                     const std::string& token, Done<std::vector<ReadyTask>> done);
  struct GraphBeingRead {
    RunDescription description;
    Done<RunDescription> done;
    std::vector<Reply> pages = {};
  };
  void read_graph(RunId run, std::string cursor, std::shared_ptr<GraphBeingRead> graph);
  void decode(RunId run, GraphBeingRead& graph);
  class Reading;
  void fetch_from(RunId run, std::shared_ptr<const std::vector<TaskId>> tasks, std::size_t first,
                  std::shared_ptr<Reading> reading);
  void read_output(const std::pair<RunId, TaskId>& of, std::string_view fetched, Done<Value> done);
  void read_parts(const PartsKey& key, std::string checksums, Done<Value> done);
  void forget_unborn(RunId run);
  void finish_sweep(std::shared_ptr<SweepReport> report, std::vector<redis::Command> commands,
                    const Done<SweepReport>& done);

  struct Watch {
    std::uint64_t number = 0;
    std::shared_ptr<const std::function<void()>> wake;
  };
  using Take = std::shared_ptr<const std::function<void(Told)>>;

  redis::OutputCache cache_;
  mutable std::mutex mutex_;
  bool stopped_ = false;
  std::uint64_t next_watch_ = 1;
  std::unordered_map<RunId, std::vector<Pending>> pending_;
  std::unordered_map<RunId, Watch> watches_;
  std::unordered_map<RunId, std::map<WorkerId, Take>> listeners_;
  std::unordered_map<RunId, redis::RunViewPtr> views_;
  std::map<PartsKey, std::vector<Done<Value>>> reading_;  ///< Who waits for what is being read.
  std::set<std::pair<RunId, TaskId>> in_parts_;  ///< Attempts that have put chunks from here.
};

template <class T, class Read>
void RedisRunStore::Core::ask(RunId run, std::string_view step, Build build, Done<T> done,
                              Read read) {
  call(run, step, std::move(build),
       [done = std::move(done), read = std::move(read)](Result<Reply> reply) {
         if (reply) {
           done(read(*reply));
         } else {
           done(std::move(reply).error());
         }
       });
}

/// The error of a run that is not there.
[[nodiscard]] Error unknown_run(RunId run);

}  // namespace weft
