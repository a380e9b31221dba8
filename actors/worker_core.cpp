#include "weft/actors/worker_core.hpp"

#include <algorithm>

namespace weft {

void WorkerCore::on_ready(const std::vector<ReadyTask>& tasks, Effects& effects) {
  if (stopped_) return;
  for (const ReadyTask& task : tasks) add_ready(task);
  if (parking_) {
    on_park(effects);
  } else {
    pump(effects);
  }
}

void WorkerCore::on_claimed(std::vector<Grant> grants, Effects& effects) {
  claiming_ = false;
  if (stopped_) return;
  drop_ended(grants);
  for (Grant& grant : grants) adopt(std::move(grant));
  if (parking_) {
    on_park(effects);
    return;
  }
  pump(effects);
  if (slot_ == Slot::held && yield_wanted_ && !needs_slot()) {
    slot_ = Slot::none;
    effects.push_back(GiveSlotBack{});
  }
}

void WorkerCore::on_told(std::vector<Grant> grants, Effects& effects) {
  if (stopped_) return;
  for (Grant& grant : grants) adopt(std::move(grant));
  if (parking_) {
    on_park(effects);
  } else {
    pump(effects);
  }
}

void WorkerCore::on_reading() {
  reading_ = true;
}

/// Leaves out what has ended since the store was asked.
void WorkerCore::drop_ended(std::vector<Grant>& grants) {
  if (!ended_.empty()) {
    std::erase_if(grants, [this](const Grant& grant) {
      return std::ranges::find(ended_, Started{grant.task, grant.fence}) != ended_.end();
    });
  }
  if (!reading_ && !claiming_) ended_.clear();
}

void WorkerCore::on_held(std::vector<Grant> grants, Effects& effects) {
  reading_ = false;
  if (stopped_) return;
  drop_ended(grants);
  std::erase_if(grants, [this](const Grant& grant) { return knows(grant); });
  for (const Grant& grant : grants) recovered_.erase(grant.task);
  std::vector<Started> recovered;
  for (const Grant& grant : grants) recovered.push_back({grant.task, grant.fence});
  on_told(std::move(grants), effects);
  for (const Started& one : recovered) recovered_[one.task] = one.fence;
}

/// Takes a grant. Where a store outlives its answers, the same one may come more than once.
void WorkerCore::adopt(Grant grant, Turn turn) {
  if (durable()) {
    if (knows(grant)) return;
    if (const auto found = recovered_.find(grant.task);
        found != recovered_.end() && found->second.number() >= grant.fence.number()) {
      return;
    }
    if (is_started(grant.task)) {
      again_.push_back(std::move(grant));
      return;
    }
  }
  take(std::move(grant), turn);
}

/// Whether this very attempt is here already.
bool WorkerCore::knows(const Grant& grant) const {
  const auto same = [&grant](const Grant& other) {
    return other.task == grant.task && other.fence == grant.fence;
  };
  if (std::ranges::find(started_, Started{grant.task, grant.fence}) != started_.end()) return true;
  if (std::ranges::any_of(again_, same)) return true;
  if (const auto found = fetching_.find(grant.task); found != fetching_.end()) {
    return same(found->second);
  }
  if (std::ranges::any_of(backing_off_, [&grant](const Started& one) {
        return one == Started{grant.task, grant.fence};
      })) {
    return true;
  }
  for (const auto& [rank, equals] : granted_) {
    if (std::ranges::any_of(equals, same)) return true;
  }
  for (const auto& [producer, waiting] : awaiting_) {
    if (std::ranges::any_of(waiting, same)) return true;
  }
  return false;
}

bool WorkerCore::is_started(TaskId task) const {
  return fetching_.contains(task) ||
         std::ranges::find(started_, task, &Started::task) != started_.end();
}

void WorkerCore::on_park(Effects& effects) {
  parking_ = true;
  GiveTasksBack back;
  for (const auto& [rank, equals] : granted_) {
    for (const Grant& grant : equals) leave(grant, back.tasks);
  }
  for (const auto& [producer, waiting] : awaiting_) {
    for (const Grant& grant : waiting) leave(grant, back.tasks);
  }
  for (const Grant& grant : again_) leave(grant, back.tasks);
  for (const auto& [rank, tasks] : ready_) {
    for (const TaskId task : tasks) left_.push_back({.task = task, .worker = id_, .rank = rank});
  }
  granted_.clear();
  granted_count_ = 0;
  awaiting_.clear();
  again_.clear();
  clear_ready();
  if (!back.tasks.empty()) effects.push_back(std::move(back));
  if (slot_ == Slot::held && started_.empty() && fetching_.empty()) {
    slot_ = Slot::none;
    effects.push_back(GiveSlotBack{});
  }
}

void WorkerCore::leave(const Grant& grant, std::vector<TaskId>& back) {
  back.push_back(grant.task);
  left_.push_back({.task = grant.task,
                   .worker = id_,
                   .rank = context_->plan->placements[grant.template_task.number()].rank});
}

void WorkerCore::on_slot(Nanos now, Effects& effects) {
  slot_ = Slot::held;
  slot_since_ = now;
  yield_wanted_ = false;
  if (stopped_ || !needs_slot()) {
    slot_ = Slot::none;
    effects.push_back(GiveSlotBack{});
    return;
  }
  pump(effects);
}

void WorkerCore::on_yield(Nanos now, Effects& effects) {
  if (slot_ != Slot::held) return;
  yield_wanted_ = true;
  // What waits for its inputs starts on this slot as soon as they are there.
  const bool unused = started_.empty() && fetching_.empty();
  if (unused && (!needs_slot() || now - slot_since_ >= fair_share)) {
    slot_ = Slot::none;
    effects.push_back(GiveSlotBack{});
    pump(effects);
  }
}

void WorkerCore::on_ended(Ended ended, Effects& effects) {
  const auto started = std::ranges::find(started_, ended.task, &Started::task);
  if (started != started_.end()) {
    if (durable() && (reading_ || claiming_)) ended_.push_back(*started);
    started_.erase(started);
  }
  alone_ = false;
  pace(ended.execution, ended.publish);
  if (ended.committed && !ended.kept.missing()) {
    const std::uint32_t readers = context_->graph->readers(ended.template_task);
    if (readers > 0) kept_[ended.task] = {std::move(ended.kept), readers};
  }
  if (ended.committed || ended.failed) release_kept(ended.template_task, ended.dependencies);
  if (!stopped_) {
    // A reading may have brought the next attempt before its own answer came.
    if (ended.retry) {
      std::erase_if(again_, [&](const Grant& grant) { return grant.task == ended.task; });
    }
    // What goes on from this task comes before its equals: its inputs are at hand.
    for (Grant& grant : ended.granted) adopt(std::move(grant), Turn::next);
    take_awaiting(ended.task);
    sort_out(ended.ready, ended.keep_here, effects);
    if (ended.retry) try_again(std::move(*ended.retry), ended.retry_after, effects);
  }
  const bool unused = started_.empty() && fetching_.empty();
  const bool yield = yield_wanted_ && unused && slot_ == Slot::held &&
                     (!needs_slot() || ended.now - slot_since_ >= fair_share);
  if (slot_ == Slot::held && (ended.slot_busy || yield || (stopped_ && started_.empty()))) {
    slot_ = Slot::none;
    effects.push_back(GiveSlotBack{.busy = ended.slot_busy});
  }
  if (parking_) {
    on_park(effects);
  } else if (!stopped_) {
    pump(effects);
  }
}

/// What waited for a task of this worker, or for an older attempt of its own, to end.
void WorkerCore::take_awaiting(TaskId ended) {
  if (auto awaited = awaiting_.extract(ended)) {
    for (Grant& grant : awaited.mapped()) take(std::move(grant));
  }
  if (again_.empty()) return;
  for (Grant& grant : again_) {
    if (grant.task == ended) take(std::move(grant));
  }
  std::erase_if(again_, [ended](const Grant& grant) { return grant.task == ended; });
}

/// As many tasks at once as keep the slot busy while the store commits: Little's law.
void WorkerCore::pace(Nanos execution, Nanos publish) {
  if (!durable()) return;
  constexpr double weight = 1.0 / 16;
  constexpr double shortest = 500;  // No call is shorter, whatever the clock says.
  execution_ += weight * (static_cast<double>(execution.count()) - execution_);
  publish_ += weight * (static_cast<double>(publish.count()) - publish_);
  const double ahead = publish_ / std::max(execution_, shortest);
  window_ =
    started_ahead + static_cast<std::size_t>(std::min(ahead, double{started_max - started_ahead}));
}

void WorkerCore::try_again(Grant grant, Nanos delay, Effects& effects) {
  if (delay <= Nanos::zero()) {
    take(std::move(grant));
    return;
  }
  backing_off_.push_back({grant.task, grant.fence});
  effects.push_back(TakeLater{std::move(grant), delay});
}

void WorkerCore::on_due(Grant grant, Effects& effects) {
  if (stopped_) return;
  std::erase(backing_off_, Started{grant.task, grant.fence});
  take(std::move(grant));
  if (parking_) {
    on_park(effects);
  } else {
    pump(effects);
  }
}

void WorkerCore::on_stop(Effects& effects) {
  stopped_ = true;
  clear_ready();
  granted_.clear();
  granted_count_ = 0;
  backing_off_.clear();
  fetching_.clear();
  again_.clear();
  awaiting_.clear();
  kept_.clear();
  if (slot_ == Slot::held && started_.empty()) {
    slot_ = Slot::none;
    effects.push_back(GiveSlotBack{});
  }
}

/// Whether something runs or may run as soon as there is a slot.
bool WorkerCore::needs_slot() const {
  return !started_.empty() || !fetching_.empty() || ready_count_ > 0 || !granted_.empty() ||
         claiming_;
}

/// Whether to claim more: there is little left to run, or something more urgent than that.
bool WorkerCore::claim_now() const {
  if (claiming_ || ready_.empty()) return false;
  return granted_count_ < claim_batch / 2 || granted_.begin()->first < ready_.begin()->first;
}

/// Starts what may be started, and asks for what is missing to start more.
void WorkerCore::pump(Effects& effects) {
  if (claim_now()) {
    claiming_ = true;
    effects.push_back(Claim{next_ready(claim_batch)});
  }
  if (granted_.empty()) return;
  if (slot_ == Slot::none) {
    slot_ = Slot::wanted;
    effects.push_back(WantSlot{});
  }
  if (slot_ != Slot::held || yield_wanted_) {
    // Asked to yield, it lets what it started run out before it starts more.
    if (slot_ != Slot::held || !started_.empty()) return;
  }
  while (!granted_.empty() && started_.size() + fetching_.size() < window_ && !alone_) {
    auto urgent = granted_.begin();
    if (must_run_alone(urgent->second.front()) && !(started_.empty() && fetching_.empty())) return;
    Grant grant = std::move(urgent->second.front());
    urgent->second.pop_front();
    if (urgent->second.empty()) granted_.erase(urgent);
    --granted_count_;
    start(std::move(grant), effects);
  }
}

/// Starts a task, unless it reads what a task of this worker has yet to hand over.
void WorkerCore::start(Grant grant, Effects& effects) {
  const Bytes fetched = grant.inputs.size();
  fill_from_kept(grant);
  if (const auto producer = producer_at_work(grant)) {
    awaiting_[*producer].push_back(std::move(grant));
    return;
  }
  std::erase_if(grant.absent, [&grant](const Grant::Absent& absent) {
    return !grant.inputs.values()[absent.place].missing();
  });
  if (grant.absent.empty()) {
    start_complete(std::move(grant), fetched, effects);
    return;
  }
  alone_ = must_run_alone(grant);
  FetchInputs fetch{.task = grant.task, .outputs = {}};
  for (const Grant::Absent& absent : grant.absent) fetch.outputs.push_back(absent.task);
  fetching_.insert_or_assign(grant.task, std::move(grant));
  effects.push_back(std::move(fetch));
}

void WorkerCore::start_complete(Grant grant, Bytes fetched, Effects& effects) {
  alone_ = must_run_alone(grant);
  started_.push_back({grant.task, grant.fence});
  effects.push_back(Start{std::move(grant), fetched});
}

void WorkerCore::on_fetched(TaskId task, std::vector<Value> outputs, Effects& effects) {
  auto node = fetching_.extract(task);
  if (stopped_ || node.empty()) return;
  Grant grant = std::move(node.mapped());
  for (std::size_t i = 0; i < grant.absent.size() && i < outputs.size(); ++i) {
    grant.inputs.set_value(grant.absent[i].place, std::move(outputs[i]));
  }
  grant.absent.clear();
  const Bytes fetched = grant.inputs.size();
  start_complete(std::move(grant), fetched, effects);
}

/// A task with a time limit may leave its slot unusable; nothing must be waiting behind it there.
bool WorkerCore::must_run_alone(const Grant& grant) const {
  return context_->graph->options(grant.template_task).timeout.has_value();
}

void WorkerCore::take(Grant grant, Turn turn) {
  auto& equals = granted_[context_->plan->placements[grant.template_task.number()].rank];
  if (turn == Turn::next) {
    equals.push_front(std::move(grant));
  } else {
    equals.push_back(std::move(grant));
  }
  ++granted_count_;
}

void WorkerCore::add_ready(const ReadyTask& task) {
  if (durable() && !known_ready_.insert(task.task).second) return;
  ready_[task.rank].push_back(task.task);
  ++ready_count_;
}

void WorkerCore::clear_ready() {
  ready_.clear();
  known_ready_.clear();
  ready_count_ = 0;
}

std::vector<TaskId> WorkerCore::next_ready(std::size_t count) {
  std::vector<TaskId> tasks;
  tasks.reserve(std::min(count, ready_count_));
  while (tasks.size() < count && !ready_.empty()) {
    auto& urgent = ready_.begin()->second;
    tasks.push_back(urgent.front());
    known_ready_.erase(urgent.front());
    urgent.pop_front();
    if (urgent.empty()) ready_.erase(ready_.begin());
  }
  ready_count_ -= tasks.size();
  return tasks;
}

/// Own tasks stay; others go to their workers, each worker's together; of the flexible ones that
/// the commit did not claim, each gets a worker of its own.
void WorkerCore::sort_out(std::vector<ReadyTask>& ready, const std::vector<TaskId>& keep_here,
                          Effects& effects) {
  if (ready.empty()) return;
  std::map<WorkerId, std::vector<ReadyTask>> others;
  for (const ReadyTask& task : ready) {
    const bool keep = std::ranges::find(keep_here, task.task) != keep_here.end();
    if (keep || task.worker == id_) {
      add_ready(task);
    } else if (task.worker == flexible_worker) {
      effects.push_back(LaunchFlexible{task});
    } else {
      others[task.worker].push_back(task);
    }
  }
  for (auto& [worker, tasks] : others) effects.push_back(HandOver{worker, std::move(tasks)});
}

// -- outputs that only this worker needs ----------------------------------------------------------

/// The task of this worker, not ended yet, whose output the grant lacks. The store may have its
/// commit, and may have answered it to whoever made the reader ready, before this worker hears of
/// it.
std::optional<TaskId> WorkerCore::producer_at_work(const Grant& grant) const {
  if ((started_.empty() && fetching_.empty()) ||
      std::ranges::none_of(grant.inputs.values(), &Value::missing))
    return {};
  const auto dependencies = context_->graph->dependencies(grant.template_task);
  for (std::uint32_t slot = 0; slot < dependencies.size(); ++slot) {
    if (dependencies[slot].kind != DependencyKind::output) continue;
    if (!grant.inputs.at(slot).missing()) continue;
    const TaskId task =
      grant.dependencies.empty() ? dependencies[slot].task : grant.dependencies[slot];
    if (is_started(task)) return task;
  }
  return {};
}

void WorkerCore::fill_from_kept(Grant& grant) const {
  if (kept_.empty()) return;
  const auto dependencies = context_->graph->dependencies(grant.template_task);
  for (std::uint32_t slot = 0; slot < dependencies.size(); ++slot) {
    if (dependencies[slot].kind != DependencyKind::output) continue;
    const TaskId task =
      grant.dependencies.empty() ? dependencies[slot].task : grant.dependencies[slot];
    if (const auto found = kept_.find(task); found != kept_.end()) {
      grant.inputs.set(slot, found->second.value);
    }
  }
}

void WorkerCore::release_kept(TaskId template_task, const std::vector<TaskId>* resolved) {
  if (kept_.empty()) return;
  const auto dependencies = context_->graph->dependencies(template_task);
  for (std::uint32_t slot = 0; slot < dependencies.size(); ++slot) {
    if (dependencies[slot].kind != DependencyKind::output) continue;
    const TaskId task = resolved ? (*resolved)[slot] : dependencies[slot].task;
    if (const auto found = kept_.find(task); found != kept_.end() && --found->second.readers == 0) {
      kept_.erase(found);
    }
  }
}

}  // namespace weft
