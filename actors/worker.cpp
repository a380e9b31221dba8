#include "weft/actors/worker.hpp"

#include <algorithm>

#include "weft/actors/error_mapping.hpp"
#include "weft/actors/task.hpp"
#include "weft/actors/tell.hpp"
#include "weft/actors/type_ids.hpp"

namespace weft {

namespace {

/// The same object, counted by a counter of its own. Each task counts references to what its run
/// shares; workers that did so in one place would wait for one another's cores at every task.
template <class T>
std::shared_ptr<T> counted_apart(std::shared_ptr<T> shared) {
  T* const object = shared.get();
  return {std::make_shared<std::shared_ptr<T>>(std::move(shared)), object};
}

}  // namespace

WorkerActor::WorkerActor(WorkerHandle::pointer self, RunContextPtr context, ServicesPtr services,
                         WorkerId id, WorkerKind kind, RunActorHandle run)
  : self_(self),
    context_(counted_apart(std::move(context))),
    services_(counted_apart(std::move(services))),
    id_(id),
    kind_(kind),
    run_(std::move(run)),
    core_(context_, id) {
  measured_.run = context_->id;
  if (durable()) launch();
  if (run_ && kind_ == WorkerKind::flexible) self_->send(run_, WorkerJoined{.worker = self_});
  if (services_->record.when == RecordPolicy::When::periodic) {
    self_->delayed_send(self_, services_->record.period, WorkerTick{});
  }
}

WorkerHandle::behavior_type WorkerActor::make_behavior() {
  return {
    [this](TaskEnded& m) { on_task_ended(m); },
    [this](const TasksReady& m) {
      if (durable() && lease_ != Lease::held) {
        early_.insert(early_.end(), m.tasks.begin(), m.tasks.end());
        return;
      }
      core_.on_ready(m.tasks, effects_);
      perform_all();
    },
    [this](const SlotGranted& m) { on_slot_granted(m); },
    [this](YieldSlot) {
      core_.on_yield(context_->now(), effects_);
      perform_all();
    },
    [this](const MeetPeers& m) { peers_ = m.workers; },
    [this](TasksTold& m) { on_told(m.told); },
    [this](ParkWorker) { on_park(); },
    [this](const StopWorker&) { on_stop(); },
    [this](WorkerTick) {
      flush();
      self_->delayed_send(self_, services_->record.period, WorkerTick{});
    },
    [this](Heartbeat) { beat(); },
  };
}

void WorkerActor::on_task_ended(TaskEnded& message) {
  const auto running = std::ranges::find(running_, message.metrics.task, &Running::task);
  check(running != running_.end(), "a task ends on the worker that started it");
  const Running task = std::move(*running);
  running_.erase(running);
  if (message.spare) spare_.push_back(task.actor);
  const bool committed = message.metrics.outcome == AttemptOutcome::committed;
  const bool lost = message.metrics.outcome == AttemptOutcome::lost;
  if (message.run_ended && run_) self_->send(run_, RunChanged{.run = context_->id});
  if (message.broken) give_up(*message.broken);
  core_.on_ended({.task = message.metrics.task,
                  .template_task = message.metrics.template_task,
                  .dependencies = task.dependencies.empty() ? nullptr : &task.dependencies,
                  .committed = committed,
                  .failed = !committed && !lost && !message.retry,
                  .slot_busy = message.slot_busy,
                  .kept = std::move(message.kept),
                  .granted = std::move(message.granted),
                  .ready = std::move(message.ready),
                  .keep_here = std::move(message.keep_here),
                  .retry = std::move(message.retry),
                  .retry_after = message.retry_after,
                  .execution = message.metrics.finished - message.metrics.started,
                  .publish = message.metrics.committed - message.metrics.finished,
                  .now = message.metrics.committed},
                 effects_);
  record(std::move(message.metrics));
  perform_all();
  // It may have been this very attempt that ended before, with an answer that was lost.
  if (lost && durable() && !stopping_) read_held();
  quit_if_done();
}

void WorkerActor::on_slot_granted(const SlotGranted& message) {
  slot_ = message.slot;
  executor_ = message.executor;
  if (services_->record.when != RecordPolicy::When::never) {
    measured_.slots.push_back(
      {.worker = id_,
       .worker_class = context_->plan->workers.empty() || kind_ == WorkerKind::flexible
                         ? WorkerClass{}
                         : context_->plan->workers[id_.number()].worker_class,
       .cold = message.cold,
       .requested = message.requested - context_->submitted,
       .granted = message.granted - context_->submitted});
  }
  core_.on_slot(message.granted - context_->submitted, effects_);
  perform_all();
}

/// Tells the run that some of its tasks cannot go on here; it then stops all of its workers.
void WorkerActor::give_up(Error error) {
  if (stopping_) return;
  if (durable()) {
    // Others go on with what it held, as soon as they can reach the store.
    lose_lease();
    return;
  }
  error.node = "worker " + std::to_string(id_.number());
  self_->send(run_, WorkerFailed{.error = std::move(error)});
}

void WorkerActor::on_stop() {
  stopping_ = true;
  core_.on_stop(effects_);
  for (const Running& running : running_) self_->send(running.actor, StopTask{});
  for (auto& entry : backing_off_) entry.second.dispose();
  perform_all();
  quit_if_done();
}

// -- effects --------------------------------------------------------------------------------------

void WorkerActor::perform_all() {
  // No effect leads to another here: what comes of them arrives as messages.
  for (WorkerEffect& effect : effects_) {
    std::visit([this](auto& one) { perform(std::move(one)); }, effect);
  }
  effects_.clear();
}

void WorkerActor::perform(WantSlot&&) {
  const WorkerClass wanted = kind_ == WorkerKind::planned
                               ? context_->plan->workers[id_.number()].worker_class
                               : WorkerClass{};
  self_->send(
    services_->pool,
    AcquireSlot{.run = context_->id, .worker = id_, .worker_class = wanted, .holder = self_});
}

void WorkerActor::perform(GiveSlotBack&& effect) {
  self_->send(services_->pool,
              ReleaseSlot{.slot = slot_,
                          .condition = effect.busy ? SlotCondition::busy : SlotCondition::idle});
  executor_ = nullptr;
}

void WorkerActor::perform(Claim&& effect) {
  self_
    ->request(
      services_->attempt_store_of(id_), caf::infinite,
      ClaimRequest{
        .run = context_->id, .worker = id_, .tasks = std::move(effect.tasks), .holder = holder()})
    .then(
      [this](ClaimAnswer& answer) {
        core_.on_claimed(std::move(answer.grants), effects_);
        perform_all();
        quit_if_done();
      },
      [this](const caf::error& error) {
        give_up(from_caf(error));
        core_.on_claimed({}, effects_);
        perform_all();
        quit_if_done();
      });
}

void WorkerActor::perform(FetchInputs&& effect) {
  self_
    ->request(services_->attempt_store_of(id_), caf::infinite,
              FetchOutputs{.run = context_->id, .tasks = std::move(effect.outputs)})
    .then(
      [this, task = effect.task](FetchedOutputs& read) {
        core_.on_fetched(task, std::move(read.values), effects_);
        perform_all();
        quit_if_done();
      },
      [this, task = effect.task](const caf::error& error) {
        give_up(from_caf(error));
        core_.on_fetched(task, {}, effects_);
        perform_all();
        quit_if_done();
      });
}

void WorkerActor::perform(GiveTasksBack&& effect) {
  self_
    ->request(
      services_->attempt_store_of(id_), caf::infinite,
      ReleaseRequest{
        .run = context_->id, .worker = id_, .tasks = std::move(effect.tasks), .holder = holder()})
    .then([] {}, [this](const caf::error& error) { give_up(from_caf(error)); });
}

void WorkerActor::perform(Start&& effect) {
  const TaskId task = effect.grant.task;
  running_.push_back({task, actor_for_task(), effect.grant.dependencies});
  tell(
    self_, running_.back().actor,
    StartTask{.grant = std::move(effect.grant), .fetched = effect.fetched, .executor = executor_});
}

TaskHandle WorkerActor::actor_for_task() {
  if (spare_.empty()) return spawn_task(*self_, context_, services_, id_, self_);
  TaskHandle actor = std::move(spare_.back());
  spare_.pop_back();
  return actor;
}

void WorkerActor::perform(TakeLater&& effect) {
  const TaskId task = effect.grant.task;
  backing_off_[task] = self_->run_delayed(effect.delay, [this, grant = std::move(effect.grant)] {
    backing_off_.erase(grant.task);
    core_.on_due(grant, effects_);
    perform_all();
    quit_if_done();
  });
}

void WorkerActor::perform(HandOver&& effect) {
  if (durable()) {
    self_->send(
      services_->launcher,
      LaunchTasks{.run = context_->id, .worker = effect.worker, .tasks = std::move(effect.tasks)});
    return;
  }
  self_->send((*peers_)[effect.worker.number()], TasksReady{std::move(effect.tasks)});
}

void WorkerActor::perform(LaunchFlexible&& effect) {
  if (durable()) {
    self_->send(
      services_->launcher,
      LaunchTasks{.run = context_->id, .worker = flexible_worker, .tasks = {effect.task}});
    return;
  }
  // Past the plan's own; the number tells the worker apart in traces.
  const WorkerId id{static_cast<std::uint32_t>(context_->plan->workers.size()) +
                    effect.task.task.number()};
  const WorkerHandle worker =
    spawn_worker(self_->system(), context_, services_, id, WorkerKind::flexible, run_);
  self_->send(worker, MeetPeers{.workers = peers_});
  self_->send(worker, TasksReady{{effect.task}});
}

// -- metrics --------------------------------------------------------------------------------------

void WorkerActor::record(TaskMetrics metrics) {
  using When = RecordPolicy::When;
  const RecordPolicy& policy = services_->record;
  if (policy.when == When::never) return;
  measured_.tasks.push_back(std::move(metrics));
  if (policy.when == When::each_task || measured_.tasks.size() >= policy.count) flush();
}

void WorkerActor::flush() {
  if (measured_.tasks.empty() && measured_.slots.empty()) return;
  MetricsBatch batch = std::exchange(measured_, MetricsBatch{.run = context_->id});
  self_->send(services_->recorder, std::move(batch));
}

void WorkerActor::quit_if_done() {
  if (durable() && !stopping_) {
    if (core_.parked() ||
        (kind_ == WorkerKind::flexible && lease_ == Lease::held && core_.idle())) {
      end_lease();
    }
    return;
  }
  const bool over = stopping_ || (kind_ == WorkerKind::flexible && core_.idle());
  if (!over || !running_.empty()) return;
  if (durable()) {
    self_->send(services_->attempt_store_of(id_),
                ListenForWorker{.run = context_->id, .worker = id_, .listener = {}});
  }
  flush();
  if (executor_) perform(GiveSlotBack{});
  for (const TaskHandle& actor : spare_) self_->send(actor, StopTask{});
  spare_.clear();
  peers_.reset();
  self_->quit();
}

WorkerHandle spawn_worker(caf::actor_system& system, RunContextPtr context, ServicesPtr services,
                          WorkerId id, WorkerKind kind, RunActorHandle run) {
  return system.spawn<caf::stateful_actor<WorkerActor, WorkerHandle::base>>(
    std::move(context), std::move(services), id, kind, std::move(run));
}

}  // namespace weft
