#include "storage/random_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "storage/counted.hpp"

namespace weft {

RandomRun::RandomRun(StoreBackend& backend, std::uint64_t seed)
  : backend_(backend),
    store_(backend),
    dice_(seed),
    workflow_(random_workflow(dice_)),
    oracle_(workflow_.graph),
    fail_fast_(dice_.chance(20)),
    failures_(dice_.pick(std::vector<std::uint32_t>{0, 5, 20})),
    workers_(static_cast<std::uint32_t>(workflow_.plan->workers.size()) + 1),
    before_(Counted::alive) {}

void RandomRun::play() {
  create();
  while (state_ == RunState::running && !testing::Test::HasFailure()) {
    ASSERT_LT(++steps_, 20'000) << "the run does not end";
    act();
    expect_status();
    if (steps_ % 8 == 0) expect_values();
  }
  if (!testing::Test::HasFailure()) expect_end();
}

// -- what may happen -----------------------------------------------------------------------------

void RandomRun::create() {
  created_ = backend_.clock().now();
  const auto answer = store_
                        .create({.run = run,
                                 .graph = workflow_.graph,
                                 .plan = workflow_.plan,
                                 .kept = workflow_.kept,
                                 .fail_fast = fail_fast_,
                                 .retention = std::chrono::hours{1},
                                 .lease = lease})
                        .value();
  const auto ready = oracle_.update();
  note_ready(ready);
  std::vector<ReadyTask> wanted;
  for (const TaskId task : sorted(ready)) wanted.push_back(ready_task(task));
  EXPECT_EQ(answer, wanted);
}

void RandomRun::act() {
  if (!lively()) return dice_.chance(50) ? claim() : end_attempt();
  const std::uint32_t what = dice_.roll(100);
  if (what < 35) return claim();
  if (what < 82) return end_attempt();
  if (what < 86) return release();
  if (what < 89) return launch();
  if (what < 92) return renew();
  if (what < 95) return backend_.clock().advance(dice_.roll(6) * lease / 4);
  if (what < 99 || !dice_.chance(5)) return sweep();
  cancel();
}

void RandomRun::claim() {
  const WorkerId worker{dice_.roll(workers_)};
  const bool duplicate = dice_.chance(25);
  std::vector<TaskId> tasks;
  for (const auto& [id, task] : oracle_.tasks()) {
    const bool promising = task.state == State::ready || task.state == State::claimed;
    if (dice_.chance(promising ? 40 : 3)) tasks.push_back(id);
  }
  const auto answer = store_
                        .claim({.run = run,
                                .worker = worker,
                                .tasks = tasks,
                                .mode = duplicate ? ClaimMode::duplicate : ClaimMode::first})
                        .value();
  std::size_t granted = 0, refused = 0;
  const auto expect_refused = [&](TaskId task, ClaimRefusal reason) {
    ASSERT_LT(refused, answer.refused.size());
    EXPECT_EQ(answer.refused[refused++], (ClaimAnswer::Refused{task, reason}));
  };
  for (const TaskId id : tasks) {
    const RunOracle::Task& task = oracle_.task(id);
    if (task.state == State::committed) {
      expect_refused(id, ClaimRefusal::committed);
    } else if (task.state == State::claimed && !duplicate && claims_[id].holder != worker) {
      expect_refused(id, ClaimRefusal::held);
    } else if (task.state != State::ready && task.state != State::claimed) {
      expect_refused(id, ClaimRefusal::not_ready);
    } else {
      ASSERT_LT(granted, answer.grants.size());
      EXPECT_EQ(answer.grants[granted].task, id);
      expect_grant(answer.grants[granted++], worker);
    }
  }
  EXPECT_EQ(granted, answer.grants.size());
  EXPECT_EQ(refused, answer.refused.size());
}

void RandomRun::end_attempt() {
  if (attempts_.empty()) return;
  const std::size_t which = dice_.roll(attempts_.size());
  const Attempt attempt = attempts_[which];
  // Some ask again although they have been answered.
  if (!lively() || dice_.chance(85)) {
    attempts_.erase(attempts_.begin() + static_cast<std::ptrdiff_t>(which));
  }
  if (lively() && dice_.chance(failures_)) {
    fail(attempt);
  } else {
    commit(attempt);
  }
}

void RandomRun::commit(const Attempt& attempt) {
  RunOracle::Task& task = oracle_.task(attempt.task);
  CommitRequest request{.run = run,
                        .task = attempt.task,
                        .fence = attempt.fence,
                        .worker = attempt.worker,
                        .claim = static_cast<ClaimChildren>(dice_.roll(3)),
                        .claim_limit = dice_.roll(5)};
  const CommitOutcome outcome = expected(attempt);
  std::optional<int> output;
  std::vector<int> items;
  const auto answer = [&] {
    if (!oracle_.is_map(task)) {
      request.output = fresh_value(output);
      return store_.commit(request).value();
    }
    ExpandRequest expansion{.commit = request};
    const std::size_t most = oracle_.tasks().size() > 150 ? 2 : 4;
    for (std::uint32_t i = dice_.roll(most); i > 0; --i) {
      items.push_back(next_number_++);
      expansion.items.push_back(Value::of(Counted{items.back()}));
    }
    return store_.expand(std::move(expansion)).value();
  }();
  EXPECT_EQ(answer.outcome, outcome);
  if (outcome != CommitOutcome::committed) {
    note_loss(attempt);
    EXPECT_TRUE(answer.granted.empty() && answer.ready.empty() && !answer.run_ended);
    return;
  }
  winners_.emplace(attempt.task, attempt);
  task.state = State::committed;
  task.output = output;
  if (oracle_.is_map(task)) {
    ++expansions_;
    task.items = std::move(items);
    oracle_.add_elements(task);
  }
  expect_ready(request, answer);
  finish();
  EXPECT_EQ(answer.run_ended, state_ != RunState::running);
}

void RandomRun::fail(const Attempt& attempt) {
  RunOracle::Task& task = oracle_.task(attempt.task);
  const bool retry = dice_.chance(80);
  const CommitOutcome outcome = expected(attempt);
  const FailAnswer answer = store_
                              .fail({.run = run,
                                     .task = attempt.task,
                                     .fence = attempt.fence,
                                     .worker = attempt.worker,
                                     .error = {.code = Errc::task_failed, .message = "no"},
                                     .retry = retry})
                              .value();
  EXPECT_EQ(answer.outcome, outcome);
  if (outcome != CommitOutcome::committed) {
    note_loss(attempt);
    return;
  }
  if (retry) {
    ++retries_;
    Claim& claim = claims_[attempt.task];
    EXPECT_GT(answer.fence, claim.fence);
    EXPECT_EQ(answer.attempt, ++claim.attempt);
    hold(attempt.task, answer.fence, attempt.worker);
  } else {
    task.state = State::failed;
    if (!fail_fast_) {
      EXPECT_TRUE(oracle_.update().empty()) << "a failure makes nothing ready";
    }
    finish();
  }
  EXPECT_EQ(answer.run_ended, state_ != RunState::running);
}

/// Ends the run where the oracle says so.
void RandomRun::finish() {
  const std::size_t failed = oracle_.count(State::failed);
  const std::size_t over = failed + oracle_.count(State::committed) + oracle_.count(State::skipped);
  if (over == oracle_.tasks().size() || (fail_fast_ && failed > 0)) {
    state_ = failed > 0 ? RunState::failed : RunState::succeeded;
  }
}

void RandomRun::release() {
  const WorkerId worker{dice_.roll(workers_)};
  std::vector<TaskId> tasks;
  for (auto& [id, task] : oracle_.tasks()) {
    if (!dice_.chance(10)) continue;
    tasks.push_back(id);
    if (task.state != State::claimed || claims_[id].holder != worker) continue;
    task.state = State::ready;
    claims_[id].since = now();
  }
  store_.release({.run = run, .worker = worker, .tasks = tasks}).value();
}

void RandomRun::launch() {
  const WorkerId worker{dice_.roll(workers_)};
  const std::string holder(1, static_cast<char>('a' + dice_.roll(2)));
  Lease& held = leases_[worker];
  const bool live = held.expiry > now();
  const bool free = !live || held.holder.empty() || held.holder == holder;
  if (!live) {
    for (const TaskId task : lapse(worker)) lapsed_.insert(task);
  }
  if (free) held = {.expiry = now() + lease, .holder = holder};
  EXPECT_EQ(store_.launch(run, worker, holder).value(), free);
}

void RandomRun::renew() {
  const WorkerId worker{dice_.roll(workers_)};
  const auto held = leases_.find(worker);
  const bool live = held != leases_.end() && held->second.expiry > now();
  if (live) held->second.expiry = now() + lease;
  EXPECT_EQ(store_.renew(run, worker).value(), live);
}

void RandomRun::sweep() {
  std::set<TaskId> requeued = std::exchange(lapsed_, {});
  for (auto held = leases_.begin(); held != leases_.end();) {
    if (held->second.expiry > now()) {
      ++held;
      continue;
    }
    for (const TaskId task : lapse(held->first)) requeued.insert(task);
    held = leases_.erase(held);
  }
  std::erase_if(requeued, [&](TaskId id) { return oracle_.task(id).state != State::ready; });
  std::set<TaskId> orphaned;
  for (const auto& [id, task] : oracle_.tasks()) {
    if (task.state != State::ready || now() - claims_[id].since <= lease) continue;
    orphaned.insert(id);
    claims_[id].since = now();
  }
  const SweepReport report = store_.sweep().value();
  const auto expect_same = [&](const std::vector<SweepReport::Requeued>& found,
                               const std::set<TaskId>& wanted) {
    EXPECT_EQ(found.size(), wanted.size());
    for (const auto& entry : found) {
      EXPECT_TRUE(wanted.contains(entry.task.task));
      EXPECT_EQ(entry.task, ready_task(entry.task.task));
    }
  };
  expect_same(report.requeued, requeued);
  expect_same(report.orphaned, orphaned);
  EXPECT_TRUE(report.erased.empty());
}

void RandomRun::cancel() {
  EXPECT_TRUE(store_.cancel(run, "enough").value());
  state_ = RunState::cancelled;
}

// -- what must be true ---------------------------------------------------------------------------

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

void RandomRun::expect_grant(const Grant& grant, WorkerId worker) {
  RunOracle::Task& task = oracle_.task(grant.task);
  Claim& claim = claims_[grant.task];
  EXPECT_EQ(grant.template_task, task.stated);
  EXPECT_EQ(grant.path, task.path);
  EXPECT_EQ(grant.attempt, claim.attempt);
  const auto wanted = oracle_.reads(task);
  for (std::uint32_t slot = 0; slot < wanted.size(); ++slot) {
    RunOracle::Read found;
    for (const Value& value : grant.inputs.gathered(slot)) {
      found.push_back(value.missing() ? std::nullopt
                                      : std::optional{(**value.as<Counted>()).number});
    }
    EXPECT_EQ(found, wanted[slot]);
  }
  if (task.state == State::claimed) {  // Joined, or asked again.
    EXPECT_EQ(grant.fence, claim.fence);
    leases_[worker].expiry = now() + lease;
    attempts_.push_back({grant.task, grant.fence, worker});
  } else {
    EXPECT_GT(grant.fence, claim.fence) << "fences grow from claim to claim";
    hold(grant.task, grant.fence, worker);
  }
}

/// Compares what a commit made ready, and who got it, with the rules for both.
void RandomRun::expect_ready(const CommitRequest& request, const CommitAnswer& answer) {
  const auto ready = oracle_.update();
  note_ready(ready);
  std::vector<TaskId> granted;
  std::vector<ReadyTask> rest;
  bool flexible_left = true;
  for (const TaskId task : sorted(ready)) {
    const ReadyTask one = ready_task(task);
    const bool flexible = one.worker == flexible_worker;
    const bool wanted = request.claim == ClaimChildren::all ||
                        (request.claim == ClaimChildren::own &&
                         (one.worker == request.worker || (flexible && flexible_left)));
    if (wanted && granted.size() < request.claim_limit) {
      granted.push_back(task);
      flexible_left = flexible_left && !flexible;
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
  leases_[worker].expiry = now() + lease;
  attempts_.push_back({task, fence, worker});
}

/// Takes the claims of a worker back. Answers them.
std::vector<TaskId> RandomRun::lapse(WorkerId worker) {
  std::vector<TaskId> lost;
  for (auto& [id, task] : oracle_.tasks()) {
    if (task.state != State::claimed || claims_[id].holder != worker) continue;
    task.state = State::ready;
    claims_[id].since = now();
    ++requeued_;
    lost.push_back(id);
  }
  return lost;
}

}  // namespace weft
