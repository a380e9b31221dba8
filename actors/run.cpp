#include "weft/actors/run.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <caf/disposable.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "weft/actors/error_mapping.hpp"
#include "weft/actors/type_ids.hpp"
#include "weft/actors/worker.hpp"

namespace weft {

void RunOutcome::publish(RunRecord record, std::unordered_map<TaskId, Value> outputs) {
  const std::lock_guard lock{mutex_};
  record_ = std::move(record);
  outputs_ = std::move(outputs);
  changed_.notify_all();
}

void RunOutcome::let_go() {
  const std::lock_guard lock{mutex_};
  let_go_ = true;
  changed_.notify_all();
}

bool RunOutcome::ended() const {
  const std::lock_guard lock{mutex_};
  return record_.has_value();
}

bool RunOutcome::is_let_go() const {
  const std::lock_guard lock{mutex_};
  return let_go_;
}

void RunOutcome::wait() const {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [this] { return record_ || let_go_; });
}

bool RunOutcome::wait_for(Nanos timeout) const {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, std::min(timeout, longest_wait), [this] { return record_ || let_go_; });
  return record_.has_value();
}

std::optional<RunRecord> RunOutcome::record() const {
  const std::lock_guard lock{mutex_};
  return record_;
}

Value RunOutcome::output(TaskId task) const {
  const std::lock_guard lock{mutex_};
  const auto found = outputs_.find(task);
  return found == outputs_.end() ? Value{} : found->second;
}

namespace {

class RunActor {
public:
  RunActor(RunActorHandle::pointer self, ServicesPtr services, RunRequest request)
    : self_(self), alive_(self), services_(std::move(services)), request_(std::move(request)) {
    self_->set_down_handler([this](const caf::down_msg& down) { on_worker_gone(down); });
    if (request_.attach) {
      attach();
    } else {
      create();
    }
  }

  ~RunActor() {
    if (watching_) {
      caf::anon_send(store(), UnwatchRun{.run = context().id, .watcher = self_->address()});
    }
    if (!published_) {
      request_.outcome->let_go();
      if (request_.on_end) request_.on_end();
    }
    if (request_.on_quit) request_.on_quit();
  }

  RunActorHandle::behavior_type make_behavior() {
    return {
      [this](const CancelRun& m) { return cancel(m); },
      [this](ReadStatus) { return read_status(); },
      [this](RunChanged) { look(); },
      [this](const WorkerJoined& m) {
        add_worker(m.worker);
        if (ended_) self_->send(m.worker, StopWorker{});
      },
      [this](const WorkerFailed& m) { fail(m.error); },
      [this](const CloseRun& m) { close(m); },
    };
  }

  static inline const char* name = "weft.run";

private:
  [[nodiscard]] const RunContext& context() const { return *request_.context; }
  [[nodiscard]] const RunStoreHandle& store() const { return services_->run_store; }

  /// Looks at a run that somebody else has submitted.
  void attach() {
    record_.id = context().id;
    record_.workflow = context().graph->name();
    record_.planner = context().plan->planner;
    record_.submitted = context().submitted_wall;
    record_.workers = static_cast<std::uint32_t>(context().plan->workers.size());
    recorded_ = true;  // Whoever submitted it did.
    watch();
  }

  void watch() {
    watching_ = true;
    self_->send(store(), WatchRun{.run = context().id, .watcher = self_});
  }

  // -- launch -------------------------------------------------------------------------------------

  void create() {
    const Plan& plan = *context().plan;
    record_.id = context().id;
    record_.workflow = context().graph->name();
    record_.planner = plan.planner;
    record_.submitted = context().submitted_wall;
    record_.workers = static_cast<std::uint32_t>(plan.workers.size());
    record_.tasks.total = context().graph->task_count();
    if (services_->recorder) {
      self_->send(services_->recorder, RecordRun{.record = record_, .graph = context().graph});
    }
    if (request_.timeout) {
      time_limit_ = self_->run_delayed(*request_.timeout, [this] { on_time_limit(); });
    }
    self_
      ->request(store(), caf::infinite,
                CreateRun{.run = context().id,
                          .graph = context().graph,
                          .plan = context().plan,
                          .kept = context().kept,
                          .fail_fast = request_.fail_fast,
                          .retention = request_.retention,
                          .lease = context().lease,
                          .submitted = context().submitted,
                          .submitted_wall = context().submitted_wall,
                          .source = request_.source})
      .then([this](RunCreated& created) { launch(created.ready); },
            [this](const caf::error& error) { end_without_store(error); });
  }

  [[nodiscard]] bool durable() const { return context().durability == Durability::store; }

  void launch(const std::vector<ReadyTask>& ready) {
    if (durable()) {
      launch_durable(ready);
      return;
    }
    const Plan& plan = *context().plan;
    auto peers = std::make_shared<std::vector<WorkerHandle>>();
    for (const PlannedWorker& planned : plan.workers) {
      peers->push_back(spawn_worker(self_->system(), request_.context, services_, planned.id,
                                    WorkerKind::planned, self_));
      add_worker(peers->back());
    }
    for (const WorkerHandle& worker : *peers) self_->send(worker, MeetPeers{.workers = peers});

    std::vector<std::vector<ReadyTask>> by_worker(peers->size());
    for (const ReadyTask& task : ready) {
      if (task.worker != flexible_worker) {
        by_worker[task.worker.number()].push_back(task);
        continue;
      }
      const WorkerId id{static_cast<std::uint32_t>(peers->size()) + task.task.number()};
      const WorkerHandle worker =
        spawn_worker(self_->system(), request_.context, services_, id, WorkerKind::flexible, self_);
      self_->send(worker, MeetPeers{.workers = peers});
      self_->send(worker, TasksReady{{task}});
    }
    for (std::size_t i = 0; i < by_worker.size(); ++i) {
      if (!by_worker[i].empty()) self_->send((*peers)[i], TasksReady{std::move(by_worker[i])});
    }
  }

  /// The launcher brings tasks to workers, here or elsewhere; the store tells of the end.
  void launch_durable(const std::vector<ReadyTask>& ready) {
    watch();
    if (!services_->launcher) return;  // Other nodes find it in the store.
    self_->send(services_->launcher, RunLaunched{.context = request_.context, .run = self_});
    std::map<WorkerId, std::vector<ReadyTask>> by_worker;
    for (const PlannedWorker& planned : context().plan->workers) by_worker[planned.id];
    for (const ReadyTask& task : ready) by_worker[task.worker].push_back(task);
    for (auto& [worker, tasks] : by_worker) {
      self_->send(services_->launcher,
                  LaunchTasks{.run = context().id, .worker = worker, .tasks = std::move(tasks)});
    }
  }

  void add_worker(const WorkerHandle& worker) {
    const auto [entry, fresh] = workers_.insert(worker.address());
    if (fresh) self_->monitor(worker);
  }

  // -- end ----------------------------------------------------------------------------------------

  void on_time_limit() {
    fail(
      {.code = Errc::timed_out,
       .message = "the run took longer than its limit of " + format_duration(*request_.timeout)});
  }

  void on_worker_gone(const caf::down_msg& down) {
    workers_.erase(down.source);
    if (down.reason && down.reason != caf::exit_reason::user_shutdown) {
      fail({.code = Errc::internal,
            .message = "a worker of the run has died: " + caf::to_string(down.reason),
            .hint = "report this with the log"});
    }
    quit_if_done();
  }

  /// Ends the run, whatever its tasks do, as failed with this error. The first one counts.
  void fail(Error error) {
    if (ended_ || cause_) return;
    cause_ = std::move(error);
    self_
      ->request(store(), caf::infinite, CancelRun{.run = context().id, .reason = cause_->message})
      .then([this](bool) { look(); },
            [this](const caf::error& refused) { end_without_store(refused); });
  }

  /// The store does not say how the run stands: all that is left is to tell the client.
  void end_without_store(const caf::error& error) {
    if (ended_) return;
    left_in_store_ = true;
    RunStatus status{.state = RunState::failed, .errors = {from_caf(error)}};
    if (cause_) status.errors.insert(status.errors.begin(), *cause_);
    publish(status, {});
  }

  caf::result<bool> cancel(const CancelRun& message) {
    if (message.engine_ends && left_in_store_) return false;
    if (message.engine_ends && request_.detached && !published_) {
      self_->quit();
      return false;
    }
    const std::string& reason = message.reason;
    auto promise = self_->make_response_promise<bool>();
    self_->request(store(), caf::infinite, CancelRun{.run = context().id, .reason = reason})
      .then(
        [this, promise](bool was_running) mutable {
          promise.deliver(was_running);
          look();
        },
        [this, promise](const caf::error& error) mutable {
          promise.deliver(false);
          end_without_store(error);
        });
    return promise;
  }

  /// Reads how the run stands; the first time that it has ended, publishes the outcome.
  void look() {
    if (ended_) return;
    self_->request(store(), caf::infinite, ReadStatus{.run = context().id})
      .then([this](RunStatus& status) { on_status(status); },
            [this](const caf::error& error) { end_without_store(error); });
  }

  void on_status(RunStatus& status) {
    if (ended_ || status.state == RunState::running) return;
    if (status.state != RunState::succeeded) {
      publish(status, {});
      return;
    }
    ended_ = true;
    self_
      ->request(services_->attempt_stores.front(), caf::infinite,
                FetchOutputs{.run = context().id, .tasks = context().kept})
      .then([this, status](FetchedOutputs& read) { publish(status, std::move(read.values)); },
            [this, status](caf::error& error) {
              RunStatus failed = status;
              failed.state = RunState::failed;
              failed.errors.push_back(from_caf(error));
              publish(failed, {});
            });
  }

  void publish(const RunStatus& status, std::vector<Value> outputs) {
    ended_ = true;
    record_.state = status.state;
    record_.tasks = status.tasks;
    record_.errors = status.errors;
    if (cause_ && status.state == RunState::cancelled) {
      record_.state = RunState::failed;
      record_.errors = {*cause_};
    }
    std::unordered_map<TaskId, Value> kept;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      kept.emplace(context().kept[i], std::move(outputs[i]));
    }
    if (durable() && services_->launcher) end_workers();
    for (const caf::actor_addr& address : workers_) {
      if (auto worker = caf::actor_cast<WorkerHandle>(address)) {
        self_->send(worker, StopWorker{});
      }
    }
    record_.makespan = request_.attach ? status.at : context().now();
    time_limit_.dispose();
    published_ = true;
    request_.outcome->publish(record_, std::move(kept));
    if (request_.on_end) request_.on_end();
    // A store that outlives this process sweeps it away by itself, unless its client is done first.
    if (request_.retention > Nanos{} && !retained_ && !durable()) {
      retention_ = self_->run_delayed(request_.retention, [this] { end_retention(); });
    } else {
      retained_ = true;
    }
    quit_if_done();
  }

  void end_workers() {
    workers_ending_ = true;
    const auto over = [this] {
      workers_ending_ = false;
      quit_if_done();
    };
    self_->request(services_->launcher, caf::infinite, EndRun{.run = context().id})
      .then(over, [over](const caf::error&) { over(); });
  }

  void close(const CloseRun& message) {
    closed_ = true;
    if (request_.detached && !published_) {
      self_->quit();  // It goes on without this actor.
    } else if (message.engine_ends) {
      end_retention();
    } else {
      quit_if_done();
    }
  }

  void end_retention() {
    retention_.dispose();
    retained_ = true;
    quit_if_done();
  }

  caf::result<RunRecord> read_status() {
    if (published_) return record_;
    auto promise = self_->make_response_promise<RunRecord>();
    self_->request(store(), caf::infinite, ReadStatus{.run = context().id})
      .then(
        [this, promise](const RunStatus& status) mutable {
          RunRecord now = record_;
          now.tasks = status.tasks;
          now.errors = status.errors;
          promise.deliver(std::move(now));
        },
        [this, promise](caf::error&) mutable { promise.deliver(record_); });
    return promise;
  }

  /// Records the end when all workers have recorded what they measured, then quits as soon as
  /// nobody needs the run.
  void quit_if_done() {
    if (!published_ || !workers_.empty() || workers_ending_) return;
    if (services_->recorder && !recorded_) {
      self_->send(services_->recorder, FinishRecord{.record = record_});
    }
    recorded_ = true;
    if (!closed_ || !retained_) return;
    if (!request_.detached && !left_in_store_) self_->send(store(), EraseRun{.run = context().id});
    self_->quit();
  }

  RunActorHandle::pointer self_;
  /// Until it quits: neither its client nor the last worker takes along a run that has yet to be
  /// cleaned up.
  RunActorHandle alive_;
  ServicesPtr services_;
  RunRequest request_;
  RunRecord record_;
  std::set<caf::actor_addr> workers_;
  caf::disposable time_limit_;
  caf::disposable retention_;
  std::optional<Error> cause_;  ///< Why this actor ended the run.
  bool watching_ = false;       ///< The store is to tell of changes.
  bool ended_ = false;          ///< How is known, what is kept may have to be fetched.
  bool published_ = false;
  bool left_in_store_ = false;  ///< This actor could not see how it ended: others may yet.
  bool workers_ending_ = false;
  bool recorded_ = false;
  bool closed_ = false;    ///< The client has let go.
  bool retained_ = false;  ///< The retention has passed.
};

}  // namespace

RunActorHandle spawn_run(caf::actor_system& system, ServicesPtr services, RunRequest request) {
  return system.spawn<caf::stateful_actor<RunActor, RunActorHandle::base>>(std::move(services),
                                                                           std::move(request));
}

}  // namespace weft
