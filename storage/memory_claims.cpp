// Claims and grants of a run in memory.

#include <algorithm>

#include "weft/storage/memory_run.hpp"

namespace weft {

// -- claims --------------------------------------------------------------------------------------

Result<ClaimAnswer> MemoryRun::claim(const ClaimRequest& request, Nanos now) {
  if (auto known = check_known(request.tasks); !known) return std::move(known).error();
  ClaimAnswer answer;
  const bool replaced = is_replaced(request.worker, request.holder);
  for (const TaskId task : request.tasks) {
    if (replaced) {
      answer.refused.push_back({task, ended() ? ClaimRefusal::ended : ClaimRefusal::held});
      continue;
    }
    if (const auto reason = refusal(task, request)) {
      answer.refused.push_back({task, *reason});
      continue;
    }
    if (request.mode == ClaimMode::told) {
      if (states_[task].status != TaskStatus::ready) continue;  // It was told before.
      if (Lease* const lease = launched(request.worker, now)) {
        ready_.remove(states_, task);
        hold_and_tell(task, *lease, request.worker);
      } else {
        answer.refused.push_back({task, ClaimRefusal::not_ready});
      }
      continue;
    }
    Lease& lease = extend_lease(request.worker, now);
    if (states_[task].status == TaskStatus::ready) {
      ready_.remove(states_, task);
      hold(task, lease, request.worker);
    }
    answer.grants.push_back(grant(task));
  }
  return answer;
}

/// A worker that claims what it holds is given the same grant again: the first may have been lost.
std::optional<ClaimRefusal> MemoryRun::refusal(TaskId task, const ClaimRequest& request) const {
  if (ended()) return ClaimRefusal::ended;
  const TaskState& state = states_[task];
  switch (state.status) {
    case TaskStatus::ready:
      return std::nullopt;
    case TaskStatus::claimed:
      if (request.mode == ClaimMode::duplicate || state.worker == request.worker) {
        return std::nullopt;
      }
      return ClaimRefusal::held;
    case TaskStatus::committed:
      return ClaimRefusal::committed;
    default:
      return ClaimRefusal::not_ready;
  }
}

Result<void> MemoryRun::release(const ReleaseRequest& request, Nanos now) {
  if (auto known = check_known(request.tasks); !known) return known;
  if (ended() || is_replaced(request.worker, request.holder)) return {};
  for (const TaskId task : request.tasks) {
    const TaskState& state = states_[task];
    if (state.status != TaskStatus::claimed || state.worker != request.worker) continue;
    withdraw(task);
    make_ready(task, now);
  }
  return {};
}

void MemoryRun::hold(TaskId task, Lease& lease, WorkerId worker) {
  states_[task].status = TaskStatus::claimed;
  states_[task].worker = worker;
  lease.claimed.append(states_, task);
}

void MemoryRun::unhold(TaskId task) {
  leases_.find(states_[task].worker)->second.claimed.remove(states_, task);
}

/// Takes a claim back. Whoever had it is fenced off; what becomes of the task is up to the caller.
void MemoryRun::withdraw(TaskId task) {
  unhold(task);
  chunks_.drop(task);
  states_[task].fence = Fence{states_[task].fence.number() + 1};
}

// -- what became ready ---------------------------------------------------------------------------

ReadyTask MemoryRun::ready_task(TaskId task) {
  path_.clear();
  const TaskOrigin origin = table_.origin(task);
  for (TaskOrigin at = origin; at.expansion; at = table_.origin(at.expansion->map)) {
    path_.push_back(at.row);
  }
  std::ranges::reverse(path_);
  return {.task = task,
          .worker = worker_of(*plan_, origin.task, path_),
          .rank = plan_->placements[origin.task.number()].rank};
}

void MemoryRun::make_ready(TaskId task, Nanos now) {
  states_[task].status = TaskStatus::ready;
  states_[task].since = now;
  ready_.append(states_, task);
}

/// Highest rank first, and by number among equals.
void MemoryRun::sort_fresh() {
  const auto sooner = [](const ReadyTask& a, const ReadyTask& b) {
    return a.rank != b.rank ? a.rank > b.rank : a.task < b.task;
  };
  if (!std::ranges::is_sorted(fresh_, sooner)) std::ranges::sort(fresh_, sooner);
}

/// Takes those out of `fresh_` that the request claims, for whomever, in their order.
void MemoryRun::claim_fresh(const CommitRequest& request, Nanos now, std::vector<Grant>& granted) {
  Lease* lease = nullptr;
  bool flexible_left = true;
  auto kept = fresh_.begin();
  for (const ReadyTask& ready : fresh_) {
    const bool flexible = ready.worker == flexible_worker;
    const bool wanted = request.claim == ClaimChildren::all || ready.worker == request.worker ||
                        (flexible && flexible_left);
    if (!wanted || granted.size() >= request.claim_limit) {
      const bool placed = request.claim == ClaimChildren::placed;
      if (!placed || !claim_for_other(ready, request.worker, now)) *kept++ = ready;
      continue;
    }
    flexible_left = flexible_left && !flexible;
    if (!lease) lease = &extend_lease(request.worker, now);
    hold(ready.task, *lease, request.worker);
    granted.push_back(grant(ready.task));
  }
  fresh_.erase(kept, fresh_.end());
}

/// Claims a task for the worker that it is planned on, if that is another one and launched, and
/// notes what to tell it. Its lease stays as it is: the claim is no sign that it lives.
bool MemoryRun::claim_for_other(const ReadyTask& ready, WorkerId committer, Nanos now) {
  if (ready.worker == committer || ready.worker == flexible_worker) return false;
  Lease* const lease = launched(ready.worker, now);
  if (lease) hold_and_tell(ready.task, *lease, ready.worker);
  return lease != nullptr;
}

/// The lease of a worker that is launched and has not lost it; else nothing.
MemoryRun::Lease* MemoryRun::launched(WorkerId worker, Nanos now) {
  const auto found = leases_.find(worker);
  if (found == leases_.end()) return nullptr;
  Lease& lease = found->second;
  return lease.holder.empty() || lease.expiry <= now ? nullptr : &lease;
}

void MemoryRun::hold_and_tell(TaskId task, Lease& lease, WorkerId worker) {
  hold(task, lease, worker);
  Told& told = told_[worker];
  if (told.number == 0) told.number = ++lease.told;
  told.grants.push_back(grant(task));
}

/// Moves all of `fresh_` into the answer and makes them claimable.
void MemoryRun::make_fresh_ready(Nanos now, std::vector<ReadyTask>& answer) {
  constexpr std::size_t cheap_to_copy = 64;  // Beyond that, the room is given away instead.
  for (const ReadyTask& ready : fresh_) make_ready(ready.task, now);
  if (fresh_.size() > cheap_to_copy) {
    answer = std::exchange(fresh_, {});
  } else {
    answer.assign(fresh_.begin(), fresh_.end());
    fresh_.clear();
  }
}

// -- grants --------------------------------------------------------------------------------------

Grant MemoryRun::grant(TaskId task) const {
  const TaskOrigin from = table_.origin(task);
  const auto dependencies = graph().dependencies(from.task);
  Grant grant{.task = task,
              .template_task = from.task,
              .fence = states_[task].fence,
              .attempt = states_[task].attempt};
  grant.inputs.reserve(dependencies.size());
  for (const Dependency& dependency : dependencies) add_input(from, dependency, grant.inputs);
  if (!from.expansion) return grant;
  grant.path = table_.path(task);
  grant.dependencies.reserve(dependencies.size());
  for (const Dependency& dependency : dependencies) {
    const bool many = dependency.kind == DependencyKind::gather;
    grant.dependencies.push_back(many ? dependency.task : table_.resolve(from, dependency.task));
  }
  return grant;
}

void MemoryRun::add_input(const TaskOrigin& from, const Dependency& dependency,
                          Inputs& inputs) const {
  switch (dependency.kind) {
    case DependencyKind::output:
      inputs.add(states_[table_.resolve(from, dependency.task)].output);
      return;
    case DependencyKind::order:
      inputs.add({});
      return;
    case DependencyKind::item: {
      const TaskOrigin row = row_of(from, dependency.task);
      inputs.add(items_.at(row.expansion->first, row.row));
      return;
    }
    case DependencyKind::gather: {
      const Scope& scope = graph().scope(graph().task(dependency.task).scope);
      const Expansion& rows = *table_.expansion_of(table_.resolve(from, scope.map));
      const std::uint32_t position = graph().position(dependency.task);
      std::vector<Value> values;
      values.reserve(rows.items);
      for (std::uint32_t row = 0; row < rows.items; ++row) {
        values.push_back(states_[TaskId{rows.first.number() + row * rows.width + position}].output);
      }
      inputs.add_gathered(std::move(values));
      return;
    }
  }
}

/// The row of `map`'s expansion that `from` lies in. @param map as in the graph
TaskOrigin MemoryRun::row_of(TaskOrigin from, TaskId map) const {
  while (graph().scope(from.expansion->scope).map != map) {
    from = table_.origin(from.expansion->map);
  }
  return from;
}

}  // namespace weft
