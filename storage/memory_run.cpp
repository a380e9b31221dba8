#include "weft/storage/memory_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace weft {

namespace {

Error unusable(std::string message, std::string hint) {
  return {.code = Errc::invalid_argument, .message = std::move(message), .hint = std::move(hint)};
}

/// Whether `worker_of` can tell the worker of each element's task.
bool places_elements(const Graph& graph, const Plan& plan) {
  if (!plan.workers.empty() || graph.scope_count() == 1) return true;
  for (std::uint32_t i = 0; i < graph.task_count(); ++i) {
    const Placement& placement = plan.placements[i];
    if (graph.task(TaskId{i}).scope != 0 && placement.origin != Origin::user &&
        placement.worker != flexible_worker) {
      return false;
    }
  }
  return true;
}

}  // namespace

// -- creation ------------------------------------------------------------------------------------

Result<void> MemoryRun::validate(const CreateRun& request) {
  if (!request.graph || !request.plan) {
    return unusable("a run needs a graph and a plan", "freeze the workflow and plan it first");
  }
  const Graph& graph = *request.graph;
  const Plan& plan = *request.plan;
  if (plan.placements.size() != graph.task_count()) {
    return unusable(fmt::format("the plan places {} tasks, but the graph has {}",
                                plan.placements.size(), graph.task_count()),
                    "make the plan from the graph that the run is created with");
  }
  if (std::ranges::any_of(plan.placements, [](const Placement& p) { return std::isnan(p.rank); })) {
    return unusable("the plan ranks a task as not a number", "rank tasks by a finite length");
  }
  if (!places_elements(graph, plan)) {
    return unusable("the plan places tasks inside a map but has no workers",
                    "list the workers in the plan, or leave these tasks flexible");
  }
  if (std::ranges::any_of(request.kept,
                          [&](TaskId t) { return t.number() >= graph.task_count(); })) {
    return unusable("an output to keep belongs to no task of the graph", "name tasks of the graph");
  }
  if (request.lease <= Nanos{} || request.retention < Nanos{}) {
    return unusable("a lease must be longer than 0 and a retention not less than 0",
                    "set both to the durations that you want");
  }
  return {};
}

MemoryRun::MemoryRun(CreateRun request)
  : id_(request.run),
    plan_(std::move(request.plan)),
    kept_(std::move(request.kept)),
    submitted_(request.submitted_wall),
    source_(std::move(request.source)),
    fail_fast_(request.fail_fast),
    retention_(request.retention),
    lease_(request.lease),
    table_(std::move(request.graph)),
    facts_(scope_facts(table_.graph())) {
  states_.resize(graph().task_count());
  for (const TaskId task : kept_) states_[task].kept = true;
  for (std::uint32_t i = 0; i < graph().task_count(); ++i) {
    const TaskId task{i};
    if (graph().task(task).scope != 0) continue;
    states_[task].status = TaskStatus::waiting;
    states_[task].pending = graph().pending(task);
    states_[task].readers = graph().readers(task);
    ++counts_.total;
  }
}

std::vector<ReadyTask> MemoryRun::start(Nanos now) {
  constexpr std::size_t other_events = 16;  // Most runs have a commit a task, and little else.
  events_.reserve(counts_.total + other_events);
  events_.created(now);
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    const TaskState& state = states_[TaskId{i}];
    if (state.status == TaskStatus::waiting && state.pending == 0) {
      fresh_.push_back(ready_task(TaskId{i}));
    }
  }
  std::vector<ReadyTask> ready;
  sort_fresh();
  make_fresh_ready(now, ready);
  return ready;
}

// -- checks --------------------------------------------------------------------------------------

Result<void> MemoryRun::check_known(std::span<const TaskId> tasks) const {
  for (const TaskId task : tasks) {
    if (task.number() < states_.size() && states_[task].status != TaskStatus::absent) continue;
    return unusable(fmt::format("run {} has no task number {}", id_.text(), task.number()),
                    "name a task of the graph that is outside of maps, or one that a map has made");
  }
  return {};
}

Result<void> MemoryRun::check_commit(const CommitRequest& request, TaskKind kind) const {
  if (auto known = check_known({&request.task, 1}); !known) return known;
  if (graph().task(table_.origin(request.task).task).kind == kind) return {};
  return unusable(
    fmt::format("{} is {}", table_.name(request.task), kind == TaskKind::map ? "no map" : "a map"),
    "commit functions and expand maps");
}

/// Whether an attempt may end its task. One that may not is noted in the event log.
CommitOutcome MemoryRun::admit(TaskId task, Fence fence, WorkerId worker, Nanos now) {
  if (ended()) return CommitOutcome::ended;
  const TaskState& state = states_[task];
  const bool current = state.fence == fence;
  if (state.status == TaskStatus::claimed && current) return CommitOutcome::committed;
  const bool lost = state.status == TaskStatus::committed;
  // The winner that did not hear the answer asks again: nothing was lost.
  if (lost && current && state.worker == worker) return CommitOutcome::lost;
  events_.lost(now, task, worker, current ? state.attempt : 0,
               lost ? LostCause::committed : LostCause::fenced);
  return lost ? CommitOutcome::lost : CommitOutcome::fenced;
}

// -- commit --------------------------------------------------------------------------------------

Result<CommitAnswer> MemoryRun::commit(CommitRequest& request, Nanos now) {
  if (auto usable = check_commit(request, TaskKind::function); !usable) {
    return std::move(usable).error();
  }
  const CommitOutcome outcome = admit(request.task, request.fence, request.worker, now);
  if (outcome != CommitOutcome::committed) return CommitAnswer{.outcome = outcome};
  if (request.chunks > 0 && request.chunks != chunks_.count(request.task)) {
    return unusable(fmt::format("{} commits {} chunks but has put {}", table_.name(request.task),
                                request.chunks, chunks_.count(request.task)),
                    "put all chunks of an output before committing it");
  }
  settle(request, now);
  count_down_dependents(request.task);
  release_inputs(request.task);
  return go_on(request, now);
}

/// Records the winner and its output.
void MemoryRun::settle(CommitRequest& request, Nanos now) {
  TaskState& state = states_[request.task];
  unhold(request.task);
  state.status = TaskStatus::committed;
  state.worker = request.worker;
  state.chunked = request.chunks > 0;
  ++counts_.committed;
  events_.committed(now, request.task, request.worker, state.attempt);
  const bool needed = state.readers > 0 || state.kept;
  if (needed && state.chunked) {
    state.output = chunks_.join(request.task);
    return;
  }
  chunks_.drop(request.task);
  if (needed) state.output = std::move(request.output);
}

/// Claims what became ready for the worker, answers the rest, and ends the run if that was all.
CommitAnswer MemoryRun::go_on(const CommitRequest& request, Nanos now) {
  CommitAnswer answer;
  end_if_done(now);
  answer.run_ended = ended();
  if (fresh_.empty()) return answer;
  sort_fresh();
  if (request.claim != ClaimChildren::none) claim_fresh(request, now, answer.granted);
  make_fresh_ready(now, answer.ready);
  return answer;
}

void MemoryRun::count_down(TaskId task) {
  TaskState& state = states_[task];
  if (state.status != TaskStatus::waiting) return;  // It was skipped.
  check(state.pending > 0, "a task that waits is counted down once by each that it waits for");
  if (--state.pending == 0) fresh_.push_back(ready_task(task));
}

void MemoryRun::count_down_dependents(TaskId task) {
  for_each_dependent(task, [this](TaskId dependent) { count_down(dependent); });
}

// -- failure -------------------------------------------------------------------------------------

Result<FailAnswer> MemoryRun::fail(FailRequest& request, Nanos now) {
  if (auto known = check_known({&request.task, 1}); !known) return std::move(known).error();
  FailAnswer answer{.outcome = admit(request.task, request.fence, request.worker, now)};
  if (answer.outcome != CommitOutcome::committed) return answer;

  TaskState& state = states_[request.task];
  chunks_.drop(request.task);
  unhold(request.task);
  state.fence = Fence{state.fence.number() + 1};
  if (request.retry) {
    events_.failed(RunEventKind::attempt_failed, now, request.task, request.worker, state.attempt,
                   std::move(request.error.message));
    ++counts_.retries;
    ++state.attempt;
    hold(request.task, extend_lease(request.worker, now), request.worker);
    answer.fence = state.fence;
    answer.attempt = state.attempt;
  } else {
    fail_finally(request.task, request.worker, std::move(request.error), now);
    answer.run_ended = ended();
  }
  return answer;
}

void MemoryRun::fail_finally(TaskId task, WorkerId worker, Error error, Nanos now) {
  TaskState& state = states_[task];
  state.status = TaskStatus::failed;
  state.worker = worker;
  ++counts_.failed;
  if (error.task.empty()) error.task = table_.name(task);
  if (error.node.empty()) error.node = fmt::format("worker {}", worker.number());
  error.attempt = state.attempt;
  events_.failed(RunEventKind::task_failed, now, task, worker, state.attempt, error.message);
  if (errors_.size() < max_recorded_errors) errors_.push_back(std::move(error));
  if (fail_fast_) {
    end(RunState::failed, "failed: " + errors_.front().message, now);
    return;
  }
  release_inputs(task);
  skip_dependents(task, task, now);
  end_if_done(now);
}

void MemoryRun::skip(TaskId task, TaskId cause, Nanos now) {
  states_[task].status = TaskStatus::skipped;
  ++counts_.skipped;
  events_.skipped(now, task, cause);
  release_inputs(task);
}

void MemoryRun::skip_dependents(TaskId task, TaskId cause, Nanos now) {
  std::vector<TaskId> stack{task};
  while (!stack.empty()) {
    const TaskId done = stack.back();
    stack.pop_back();
    for_each_dependent(done, [&](TaskId dependent) {
      if (states_[dependent].status != TaskStatus::waiting) return;
      skip(dependent, cause, now);
      stack.push_back(dependent);
    });
  }
}

// -- dependents ----------------------------------------------------------------------------------

template <class Visit>
void MemoryRun::for_each_dependent(TaskId task, Visit&& visit) {
  table_.for_each_child(task, visit);
  if (!states_[task].has_edges) return;
  states_[task].has_edges = false;
  const auto edges = edges_.extract(task);
  for (const RowEdge& edge : edges.mapped()) {
    for (std::uint32_t row = 0; row < edge.count; ++row) {
      visit(TaskId{edge.first.number() + row * edge.stride});
    }
  }
}

// -- the end -------------------------------------------------------------------------------------

bool MemoryRun::cancel(const std::string& reason, Nanos now) {
  if (ended()) return false;
  if (errors_.size() < max_recorded_errors) {
    errors_.push_back(
      {.code = Errc::cancelled, .message = reason.empty() ? "the run was cancelled" : reason});
  }
  end(RunState::cancelled, reason.empty() ? "cancelled" : "cancelled: " + reason, now);
  return true;
}

void MemoryRun::end_if_done(Nanos now) {
  if (counts_.committed + counts_.failed + counts_.skipped < counts_.total) return;
  if (counts_.failed == 0) {
    end(RunState::succeeded, "succeeded", now);
  } else {
    end(RunState::failed, "failed: " + errors_.front().message, now);
  }
}

/// Nothing of the run changes any more. Only what is kept stays readable.
void MemoryRun::end(RunState state, std::string message, Nanos now) {
  state_ = state;
  ended_at_ = now;
  events_.ended(now, std::move(message));
  for (std::uint32_t i = 0; i < states_.size() && state != RunState::succeeded; ++i) {
    const TaskId task{i};
    if (!states_[task].kept) release_output(task);
    if (states_[task].status != TaskStatus::committed) chunks_.drop(task);
  }
  for (Value& item : items_.clear()) released_.push_back(std::move(item));
  ready_ = {};
  leases_.clear();
  edges_.clear();
  lapsed_.clear();
  tolls_.clear();
}

// -- reading -------------------------------------------------------------------------------------

RunStatus MemoryRun::status(Nanos now) const {
  return {.state = state_, .tasks = counts_, .errors = errors_, .at = ended() ? ended_at_ : now};
}

std::vector<WorkerLease> MemoryRun::workers(Nanos now) const {
  std::vector<WorkerLease> workers;
  for (const auto& [worker, lease] : leases_) {
    workers.push_back(
      {.worker = worker, .holder = lease.holder, .left = lease.expiry - now, .told = lease.told});
  }
  return workers;
}

RunDescription MemoryRun::describe() const {
  return {.graph = table_.graph_ptr(),
          .plan = plan_,
          .kept = kept_,
          .fail_fast = fail_fast_,
          .retention = retention_,
          .lease = lease_,
          .submitted = submitted_,
          .source = source_};
}

}  // namespace weft
