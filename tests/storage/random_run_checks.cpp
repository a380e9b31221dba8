#include <gtest/gtest.h>

#include <algorithm>

#include "storage/counted.hpp"
#include "storage/random_run.hpp"

// What must be true of a random run, and what is noted to be able to say it.

namespace weft {

/// A winner that comes again has lost nothing.
void RandomRun::note_loss(const Attempt& attempt) {
  const auto winner = winners_.find(attempt.task);
  if (winner == winners_.end() || winner->second != attempt) ++lost_;
}

CommitOutcome RandomRun::expected(const Attempt& attempt) const {
  const RunOracle::Task& task = oracle_.task(attempt.task);
  if (task.state == State::committed) return CommitOutcome::lost;
  const bool current = claims_.at(attempt.task).fence == attempt.fence;
  return task.state == State::claimed && current ? CommitOutcome::committed : CommitOutcome::fenced;
}

/// Compares what a grant says of its task with what is so.
void RandomRun::expect_contents(const Grant& grant) {
  const RunOracle::Task& task = oracle_.task(grant.task);
  EXPECT_EQ(grant.template_task, task.stated);
  EXPECT_EQ(grant.path, task.path);
  EXPECT_EQ(grant.attempt, claims_[grant.task].attempt);
  const auto wanted = oracle_.reads(task);
  for (std::uint32_t slot = 0; slot < wanted.size(); ++slot) {
    RunOracle::Read found;
    for (const Value& value : grant.inputs.gathered(slot)) {
      found.push_back(value.missing() ? std::nullopt
                                      : std::optional{(**value.as<Counted>()).number});
    }
    EXPECT_EQ(found, wanted[slot]);
  }
}

/// What a worker was granted by a step of its own.
void RandomRun::expect_grant(const Grant& grant, WorkerId worker) {
  expect_contents(grant);
  const bool again = oracle_.task(grant.task).state == State::claimed;
  if (again) {  // Joined, or asked again.
    EXPECT_EQ(grant.fence, claims_[grant.task].fence);
  } else {
    EXPECT_GT(grant.fence, claims_[grant.task].fence) << "fences grow from claim to claim";
    hold(grant.task, grant.fence, worker);
  }
  leases_[worker].expiry = now() + lease;
  attempts_.push_back({grant.task, grant.fence, worker});
}

/// Compares what a commit made ready, and who got it, with the rules for both.
void RandomRun::expect_ready(const CommitRequest& request, const CommitAnswer& answer) {
  const auto ready = oracle_.update();
  note_ready(ready);
  std::vector<TaskId> granted;
  std::map<WorkerId, std::vector<TaskId>> told;
  std::vector<ReadyTask> rest;
  bool flexible_left = true;
  const bool placed = request.claim == ClaimChildren::placed;
  for (const TaskId task : sorted(ready)) {
    const ReadyTask one = ready_task(task);
    const bool flexible = one.worker == flexible_worker;
    const bool wanted = request.claim == ClaimChildren::all ||
                        ((placed || request.claim == ClaimChildren::own) &&
                         (one.worker == request.worker || (flexible && flexible_left)));
    if (wanted && granted.size() < request.claim_limit) {
      granted.push_back(task);
      flexible_left = flexible_left && !flexible;
    } else if (placed && one.worker != request.worker && launched(one.worker)) {
      told[one.worker].push_back(task);
    } else {
      rest.push_back(one);
    }
  }
  EXPECT_EQ(answer.ready, rest);
  ASSERT_EQ(answer.granted.size(), granted.size());
  for (std::size_t i = 0; i < granted.size(); ++i) {
    EXPECT_EQ(answer.granted[i].task, granted[i]);
    expect_grant(answer.granted[i], request.worker);
  }
  for (const auto& [worker, tasks] : told) expect_told(worker, tasks);
}

void RandomRun::expect_status() {
  const RunStatus status = store_.status(run).value();
  EXPECT_EQ(status.state, state_);
  EXPECT_EQ(status.tasks, (TaskCounts{.total = oracle_.tasks().size(),
                                      .committed = oracle_.count(State::committed),
                                      .failed = oracle_.count(State::failed),
                                      .skipped = oracle_.count(State::skipped),
                                      .retries = retries_}));
}

/// What is stored is what is still to be read, or kept.
void RandomRun::expect_values() {
  const bool running = state_ == RunState::running;
  std::vector<TaskId> ids;
  for (const auto& [id, task] : oracle_.tasks()) ids.push_back(id);
  int held = running ? oracle_.items_needed() : 0;
  {
    const auto values = store_.fetch(run, ids).value();
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const RunOracle::Task& task = oracle_.task(ids[i]);
      const bool stored = task.output && (kept(task) || (running && oracle_.output_needed(task)));
      EXPECT_EQ(!values[i].missing(), stored) << "task " << ids[i].number();
      if (!stored || values[i].missing()) continue;
      EXPECT_EQ((**values[i].as<Counted>()).number, *task.output);
      ++held;
    }
  }
  if (backend_.holds_objects()) {
    EXPECT_EQ(Counted::alive, before_ + held);
  }
}

void RandomRun::expect_events() {
  const auto events = store_.events(run, 0, 1'000'000).value();
  std::map<RunEventKind, std::size_t> count;
  std::set<TaskId> committed;
  for (const RunEvent& event : events) {
    ++count[event.kind];
    if (event.kind != RunEventKind::task_committed) continue;
    EXPECT_TRUE(committed.insert(event.task).second) << "one commit a task";
  }
  EXPECT_EQ(events.front().kind, RunEventKind::created);
  EXPECT_EQ(events.back().kind, RunEventKind::ended);
  EXPECT_EQ(count[RunEventKind::ended], 1u);
  EXPECT_EQ(count[RunEventKind::task_committed], oracle_.count(State::committed));
  EXPECT_EQ(count[RunEventKind::task_failed], oracle_.count(State::failed));
  EXPECT_EQ(count[RunEventKind::task_skipped], oracle_.count(State::skipped));
  EXPECT_EQ(count[RunEventKind::attempt_failed], retries_);
  EXPECT_EQ(count[RunEventKind::attempt_lost], lost_);
  EXPECT_EQ(count[RunEventKind::task_requeued], requeued_);
  EXPECT_EQ(count[RunEventKind::map_expanded], expansions_);
}

void RandomRun::expect_end() {
  expect_status();
  expect_values();
  expect_events();
  for (const auto& [worker, box] : mailboxes_) EXPECT_FALSE(box->take());
  for (const Attempt& attempt : attempts_) {
    if (oracle_.is_map(oracle_.task(attempt.task))) continue;
    const CommitRequest late{
      .run = run, .task = attempt.task, .fence = attempt.fence, .worker = attempt.worker};
    EXPECT_EQ(store_.commit(late).value().outcome, CommitOutcome::ended);
  }
  expect_events();
  store_.erase(run).value();
  if (backend_.holds_objects()) {
    EXPECT_EQ(Counted::alive, before_);
  }
}

// -- bookkeeping ---------------------------------------------------------------------------------

ReadyTask RandomRun::ready_task(TaskId id) const {
  const RunOracle::Task& task = oracle_.task(id);
  return {.task = id,
          .worker = worker_of(*workflow_.plan, task.stated, task.path),
          .rank = workflow_.plan->placements[task.stated.number()].rank};
}

bool RandomRun::kept(const RunOracle::Task& task) const {
  return std::ranges::find(workflow_.kept, task.stated) != workflow_.kept.end();
}

/// An output, or sometimes a missing one: its worker keeps it.
Value RandomRun::fresh_value(std::optional<int>& number) {
  if (dice_.chance(10)) return {};
  number = next_number_++;
  return Value::of(Counted{*number});
}

/// In the order in which a store answers them.
std::vector<TaskId> RandomRun::sorted(std::vector<TaskId> tasks) const {
  std::ranges::sort(tasks, [this](TaskId a, TaskId b) {
    const ReadyTask x = ready_task(a), y = ready_task(b);
    return x.rank != y.rank ? x.rank > y.rank : a < b;
  });
  return tasks;
}

void RandomRun::note_ready(const std::vector<TaskId>& tasks) {
  for (const TaskId task : tasks) claims_[task].since = now();
}

void RandomRun::hold(TaskId task, Fence fence, WorkerId worker) {
  oracle_.task(task).state = State::claimed;
  claims_[task].fence = fence;
  claims_[task].holder = worker;
}

}  // namespace weft
