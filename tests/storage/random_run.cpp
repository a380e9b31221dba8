#include "storage/random_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "storage/counted.hpp"

// What may happen to a random run. What workers do besides running tasks is in
// random_run_workers.cpp, what is compared in random_run_checks.cpp.

namespace weft {

RandomRun::RandomRun(StoreBackend& backend, std::uint64_t seed)
  : backend_(backend),
    store_(backend),
    dice_(seed),
    workflow_(random_workflow(dice_)),
    oracle_(workflow_.graph),
    fail_fast_(dice_.chance(20)),
    stormy_(dice_.chance(10)),
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
  for (std::uint32_t i = 0; i < workers_; ++i) listen(WorkerId{i});
}

void RandomRun::act() {
  if (!lively()) return dice_.chance(50) ? claim() : end_attempt();
  if (stormy_ && dice_.chance(40)) return pass_time();
  const std::uint32_t what = dice_.roll(100);
  if (what < 30) return claim();
  if (what < 72) return end_attempt();
  if (what < 75) return release();
  if (what < 81) return launch();
  if (what < 84) return renew();
  if (what < 86) return park();
  if (what < 89) return ask_held();
  if (what < 91) return abandon();
  if (what < 92) return listen(WorkerId{dice_.roll(workers_)});
  if (what < 95) return backend_.clock().advance(dice_.roll(6) * lease / 4);
  if (what < 99 || !dice_.chance(5)) return sweep();
  cancel();
}

/// Workers vanish.
void RandomRun::pass_time() {
  claim();
  backend_.clock().advance(lease);
  sweep();
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
                        .claim = any_claim(),
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
    leases_[attempt.worker].expiry = now() + lease;
    attempts_.push_back({attempt.task, answer.fence, attempt.worker});
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

void RandomRun::cancel() {
  EXPECT_TRUE(store_.cancel(run, "enough").value());
  state_ = RunState::cancelled;
}

}  // namespace weft
