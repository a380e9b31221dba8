#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/logger.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>

#include "weft/actors/ask.hpp"
#include "weft/actors/executor.hpp"
#include "weft/actors/recorder.hpp"
#include "weft/actors/run.hpp"
#include "weft/actors/services.hpp"
#include "weft/actors/type_ids.hpp"
#include "weft/runtime/engine_options.hpp"
#include "weft/runtime/open_store.hpp"
#include "weft/runtime/run.hpp"
#include "weft/storage/history/history_store.hpp"
#include "weft/workflow/registry.hpp"
#include "weft/workflow/workflow.hpp"

namespace weft {

/// Counts the run actors that live, and those of them whose runs have not ended. Thread-safe.
class LiveRuns {
public:
  /// Answers false, and counts nothing, when so many are in flight already.
  [[nodiscard]] bool add(std::size_t max_in_flight);
  void end();
  void remove();

  struct Counts {
    std::size_t alive = 0;
    std::size_t in_flight = 0;
  };
  [[nodiscard]] Counts counts() const;
  template <class Condition>
  void wait_until(Condition&& condition) const {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return condition(counts_); });
  }

private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Counts counts_;
};

/// A thread of the host's among CAF's actors. CAF keeps the logger of a system alive from every
/// thread that spawned or asked in it, and a system waits for its logger: without this, the end of
/// an engine would wait for the end of that thread.
class Visit {
public:
  Visit() = default;
  ~Visit() { caf::logger::set_current_actor_system(nullptr); }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
};

/// The actors of one engine in this process, and all that they stand on: CAF's actor system, the
/// run store, the history. What is different under the harness comes from `Play`.
class ActorHost : public std::enable_shared_from_this<ActorHost> {
public:
  enum class Play : std::uint8_t {
    threads,       ///< CAF's scheduler and a thread for each slot; real time.
    virtual_time,  ///< Nothing moves unless `pump` or a mover of time is called.
  };

  /// Throws `Exception` when an option is out of range or the history cannot be opened.
  ActorHost(Registry registry, EngineOptions options, Play play, std::uint64_t seed);
  ~ActorHost();

  /// Cancels all runs, waits until their watchers know and nothing of them is left, and ends every
  /// actor. Idempotent; nothing may be asked afterwards.
  void close();

  [[nodiscard]] GraphPtr frozen(Workflow workflow) const;
  [[nodiscard]] Result<PlanPtr> plan(GraphPtr graph);
  [[nodiscard]] std::shared_ptr<RunHandle> submit(GraphPtr graph, std::vector<TaskId> kept,
                                                  SubmitOptions options);

  /// Takes part in a run that lies in the store, whoever has submitted it. Fails with
  /// `run_unknown`.
  [[nodiscard]] Result<std::shared_ptr<RunHandle>> attach(RunId run);

  /// Attaches, and has the workers of this node take over what nobody works at.
  [[nodiscard]] Result<std::shared_ptr<RunHandle>> resume(RunId run);
  [[nodiscard]] Result<std::vector<RunId>> stored_runs();
  [[nodiscard]] Result<void> acknowledge(RunId run);

  // -- for run handles ----------------------------------------------------------------------------

  /// Sends a request from outside of the actors and waits for its answer.
  template <class Answer, class Handle, class Message>
  Result<Answer> ask(const Handle& actor, Message message) {
    const Visit visit;
    return weft::ask<Answer>(*system_, actor, std::move(message), [this] { pump(); });
  }

  /// Sends a message from outside of the actors.
  template <class Handle, class Message>
  void tell(const Handle& actor, Message message) {
    const Visit visit;
    caf::anon_send(actor, std::move(message));
    pump();
  }

  /// Waits for the end of a run, at most for `timeout`. Answers whether it has ended. In virtual
  /// time it plays on, and gives up when nothing is left to play.
  bool wait_for(const RunOutcome& outcome, std::optional<Nanos> timeout);

  // -- virtual time -------------------------------------------------------------------------------

  /// Handles one message; answers false when there is none.
  bool step();
  /// Handles messages until none is left; time stands still.
  void pump();
  /// Lets time jump to the next timer at or before `limit`. Answers false when there is none.
  bool jump(TimePoint limit);
  void set_time(TimePoint time);

  [[nodiscard]] const Registry& registry() const { return registry_; }
  [[nodiscard]] const EngineOptions& options() const { return options_; }
  [[nodiscard]] const Clock& clock() const { return *clock_; }
  [[nodiscard]] const std::shared_ptr<HistoryStore>& history() const { return history_; }
  [[nodiscard]] const Services& services() const { return *services_; }
  [[nodiscard]] RunStore& store() { return *store_.store; }
  /// Whether runs outlive this process.
  [[nodiscard]] bool durable() const { return store_.durable; }
  [[nodiscard]] TimePoint started() const { return started_; }

private:
  template <class Message>
  void tell_runs(const Message& message);
  template <class Condition>
  void wait_for_runs(Condition&& condition);
  void configure(caf::actor_system_config& config) const;
  void start_services();
  void open_run_store();
  void start_launcher(Services& services);
  [[nodiscard]] Result<RunContextPtr> context_of(RunId run, const RunDescription& description) const;
  [[nodiscard]] Result<RunContextPtr> context_from_source(RunId run,
                                                          RunDescription description) const;
  [[nodiscard]] RunContextPtr view_of(RunId run, const RunDescription& description) const;
  [[nodiscard]] std::shared_ptr<RunHandle> start_run(RunContextPtr context, RunRequest request);
  [[nodiscard]] RunId new_run_id();
  [[nodiscard]] caf::scheduler::test_coordinator& coordinator();

  Registry registry_;
  EngineOptions options_;
  Play play_;
  std::mt19937_64 random_;
  std::mutex random_mutex_;
  std::shared_ptr<const OptimizationCatalogue> catalogue_;
  std::shared_ptr<HistoryStore> history_;
  std::shared_ptr<LiveRuns> live_runs_ = std::make_shared<LiveRuns>();
  std::mutex runs_mutex_;
  std::vector<caf::actor_addr> runs_;
  TimePoint started_;
  bool closed_ = false;

  // Actors stand on what is above them here: the system goes first, then the clock and the store.
  std::shared_ptr<const Clock> clock_;
  OpenStore store_;
  std::shared_ptr<ExecutorFactory> executors_;
  std::unique_ptr<caf::actor_system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
  ServicesPtr services_;
  SweeperHandle sweeper_;
};

}  // namespace weft
