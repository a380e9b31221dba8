#pragma once

// The contract of run stores: failures, cancellation, and what becomes of the outputs.

#include "storage/run_store_fixture.hpp"

namespace weft {

// -- outputs -------------------------------------------------------------------------------------

TEST_P(RunStoreContract, AnOutputIsReleasedWhenItsLastReaderHasCommitted) {
  Workflow workflow{"readers"};
  const auto a = workflow.task(sample::number);
  const auto b = workflow.task(sample::step, a);
  const auto c = workflow.task(sample::step, a);
  const auto later = workflow.task(sample::number);
  workflow.after(later, a);
  start(workflow);
  complete(a.task(), 1);
  complete(b.task());
  EXPECT_EQ(number_in(fetch(a.task())), 1);
  const Grant last = claim(c.task());
  EXPECT_TRUE(held(a.task())) << "it is read again if this attempt fails";
  commit(last);
  EXPECT_FALSE(held(a.task())) << "a task that only runs after it does not keep it";
}

TEST_P(RunStoreContract, AnOutputThatNobodyReadsIsNotStored) {
  Workflow workflow{"sinks"};
  const TaskId sink = workflow.task(sample::number).task();
  const TaskId kept = workflow.task(sample::number).task();
  workflow.task(sample::number);
  request.kept = {kept};
  start(workflow);
  complete(sink, 1);
  complete(kept, 2);
  EXPECT_FALSE(held(sink));
  EXPECT_EQ(number_in(fetch(kept)), 2);
}

TEST_P(RunStoreContract, AKeptOutputStaysAfterItsReadersAndTheEndOfTheRun) {
  Workflow workflow{"kept"};
  const auto a = workflow.task(sample::number);
  const auto b = workflow.task(sample::step, a);
  request.kept = {a.task()};
  start(workflow);
  complete(a.task(), 1);
  EXPECT_TRUE(complete(b.task()).run_ended);
  EXPECT_EQ(number_in(fetch(a.task())), 1);
}

// -- failures ------------------------------------------------------------------------------------

TEST_P(RunStoreContract, ARetriedFailureKeepsTheClaimUnderANewFence) {
  Workflow workflow{"retry"};
  const TaskId task = workflow.task(sample::number).task();
  start(workflow);
  const Grant first = claim(task);

  const FailAnswer answer = retry(first, "flaky");

  EXPECT_EQ(answer.outcome, CommitOutcome::committed);
  EXPECT_GT(answer.fence, first.fence);
  EXPECT_EQ(answer.attempt, 2u);
  EXPECT_FALSE(answer.run_ended);
  EXPECT_EQ(refusal(task, worker_1), ClaimRefusal::held);
  EXPECT_EQ(commit(first).outcome, CommitOutcome::fenced);
  EXPECT_EQ(retry(first).outcome, CommitOutcome::fenced);
  EXPECT_EQ(status().tasks.retries, 1u);
  const Grant second = claim(task);
  EXPECT_EQ(second.fence, answer.fence);
  EXPECT_EQ(second.attempt, 2u);
  EXPECT_TRUE(commit(second).run_ended);
  EXPECT_EQ(state(), RunState::succeeded);
  const auto failed = events_of(RunEventKind::attempt_failed);
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].attempt, 1u);
  EXPECT_EQ(failed[0].message, "flaky");
}

TEST_P(RunStoreContract, ADuplicateThatFailsAndTriesAgainHoldsTheClaim) {
  Workflow workflow{"takeover"};
  const TaskId task = workflow.task(sample::number).task();
  start(workflow);
  const Grant first = claim(task, worker_0);
  claim(task, worker_1, ClaimMode::duplicate);
  FailRequest failure = failure_of(first, "no", worker_1);
  failure.retry = true;
  store.fail(failure).value();
  EXPECT_EQ(refusal(task, worker_0), ClaimRefusal::held);
  EXPECT_TRUE(commit(claim(task, worker_1), Value{}, worker_1).run_ended);
}

TEST_P(RunStoreContract, AFinalFailureEndsAFailFastRun) {
  Workflow workflow{"fail_fast"};
  const auto a = workflow.task(sample::number);
  workflow.name(a, "first");
  const auto b = workflow.task(sample::number);
  workflow.task(sample::join, a, b);
  start(workflow);
  const Grant other = claim(b.task());
  FailRequest failure = failure_of(claim(a.task()), "disk full");
  failure.error.hint = "free some space";

  const FailAnswer answer = store.fail(failure).value();

  EXPECT_EQ(answer.outcome, CommitOutcome::committed);
  EXPECT_TRUE(answer.run_ended);
  EXPECT_EQ(commit(other).outcome, CommitOutcome::ended);
  const RunStatus end = status();
  EXPECT_EQ(end.state, RunState::failed);
  EXPECT_EQ(end.tasks, (TaskCounts{.total = 3, .failed = 1}));
  ASSERT_EQ(end.errors.size(), 1u);
  EXPECT_EQ(end.errors[0].code, Errc::task_failed);
  EXPECT_EQ(end.errors[0].message, "disk full");
  EXPECT_EQ(end.errors[0].task, "first");
  EXPECT_EQ(end.errors[0].attempt, 1u);
  EXPECT_EQ(end.errors[0].node, "worker 0");
  EXPECT_EQ(end.errors[0].hint, "free some space");
  EXPECT_EQ(events().back().message, "failed: disk full");
}

TEST_P(RunStoreContract, AFailureAfterAnotherAttemptCommittedChangesNothing) {
  Workflow workflow{"late"};
  const TaskId task = workflow.task(sample::number).task();
  workflow.task(sample::number);
  start(workflow);
  const Grant grant = claim(task);
  commit(grant);
  EXPECT_EQ(store.fail(failure_of(grant, "late")).value().outcome, CommitOutcome::lost);
  EXPECT_EQ(status().tasks.failed, 0u);
}

TEST_P(RunStoreContract, WithoutFailFastOnlyWhatNeedsTheFailedTaskIsSkipped) {
  Workflow workflow{"go_on"};
  const auto bad = workflow.task(sample::number);
  const auto good = workflow.task(sample::number);
  const auto other = workflow.task(sample::step, good);
  const auto child = workflow.task(sample::join, bad, good);
  const auto grandchild = workflow.task(sample::step, child);
  request.fail_fast = false;
  start(workflow);
  complete(good.task(), 1);

  EXPECT_FALSE(fail(bad.task(), "no luck").run_ended);

  EXPECT_EQ(state(), RunState::running);
  EXPECT_EQ(status().tasks, (TaskCounts{.total = 5, .committed = 1, .failed = 1, .skipped = 2}));
  EXPECT_EQ(refusal(child.task()), ClaimRefusal::not_ready);
  EXPECT_EQ(refusal(bad.task()), ClaimRefusal::not_ready);
  const auto skipped = events_of(RunEventKind::task_skipped);
  ASSERT_EQ(skipped.size(), 2u);
  EXPECT_EQ(skipped[0].task, child.task());
  EXPECT_EQ(skipped[1].task, grandchild.task());
  EXPECT_EQ(skipped[1].message, "it needs number-0, which did not succeed");
  EXPECT_TRUE(complete(other.task()).run_ended);
  EXPECT_EQ(state(), RunState::failed);
  EXPECT_EQ(events().back().message, "failed: no luck");
}

TEST_P(RunStoreContract, ASkippedTaskIsNotMadeReadyByItsOtherInputs) {
  Workflow workflow{"stay_skipped"};
  const auto bad = workflow.task(sample::number);
  const auto slow = workflow.task(sample::number);
  const auto child = workflow.task(sample::join, bad, slow);
  workflow.task(sample::number);
  request.fail_fast = false;
  start(workflow);
  fail(bad.task());
  EXPECT_THAT(complete(slow.task(), 1).ready, IsEmpty());
  EXPECT_EQ(refusal(child.task()), ClaimRefusal::not_ready);
}

TEST_P(RunStoreContract, ARunEndsWithTheFailureThatSkipsAllThatWasLeft) {
  Workflow workflow{"all_skipped"};
  const auto bad = workflow.task(sample::number);
  workflow.task(sample::step, workflow.task(sample::step, bad));
  request.fail_fast = false;
  start(workflow);
  EXPECT_TRUE(fail(bad.task()).run_ended);
  EXPECT_EQ(status().tasks, (TaskCounts{.total = 3, .failed = 1, .skipped = 2}));
  EXPECT_EQ(state(), RunState::failed);
}

TEST_P(RunStoreContract, SkippedAndFailedTasksDoNotKeepTheirInputs) {
  Workflow workflow{"unread"};
  const auto a = workflow.task(sample::number);
  const auto b = workflow.task(sample::number);
  const auto bad = workflow.task(sample::step, a);
  workflow.task(sample::join, b, bad);
  workflow.task(sample::number);
  request.fail_fast = false;
  start(workflow);
  complete(a.task(), 1);
  complete(b.task(), 2);
  fail(bad.task());
  EXPECT_FALSE(held(a.task()));
  EXPECT_FALSE(held(b.task()));
}

TEST_P(RunStoreContract, AnOutputWhoseReadersWereSkippedIsNotStored) {
  Workflow workflow{"unwanted"};
  const auto bad = workflow.task(sample::number);
  const auto slow = workflow.task(sample::number);
  workflow.task(sample::join, bad, slow);
  workflow.task(sample::number);
  request.fail_fast = false;
  start(workflow);
  fail(bad.task());
  complete(slow.task(), 1);
  EXPECT_FALSE(held(slow.task()));
}

TEST_P(RunStoreContract, ErrorsBeyondTheLimitAreCountedNotKept) {
  Workflow workflow{"many"};
  const std::uint32_t count = max_recorded_errors + 5;
  for (std::uint32_t i = 0; i < count; ++i) workflow.task(sample::number);
  request.fail_fast = false;
  start(workflow);
  for (std::uint32_t i = 0; i < count; ++i) fail(TaskId{i}, std::to_string(i));
  const RunStatus end = status();
  EXPECT_EQ(end.tasks.failed, count);
  EXPECT_EQ(end.errors.size(), max_recorded_errors);
  EXPECT_EQ(events().back().message, "failed: 0");
}

TEST_P(RunStoreContract, AFailedRunKeepsWhatIsKeptAndReleasesTheRest) {
  Workflow workflow{"remains"};
  const auto kept = workflow.task(sample::number);
  const auto read = workflow.task(sample::number);
  const auto bad = workflow.task(sample::join, kept, read);
  request.kept = {kept.task()};
  start(workflow);
  complete(kept.task(), 1);
  complete(read.task(), 2);
  fail(bad.task());
  EXPECT_TRUE(held(kept.task()));
  EXPECT_FALSE(held(read.task()));
}

// -- cancellation and erasure --------------------------------------------------------------------

TEST_P(RunStoreContract, ACancelledRunEndsAtOnce) {
  Workflow workflow{"cancel"};
  const auto a = workflow.task(sample::number);
  const auto b = workflow.task(sample::step, a);
  workflow.task(sample::step, b);
  request.kept = {a.task()};
  start(workflow);
  complete(a.task(), 1);
  const Grant grant = claim(b.task());

  EXPECT_TRUE(store.cancel(run, "not needed").value());
  EXPECT_FALSE(store.cancel(run, "again").value());

  EXPECT_EQ(state(), RunState::cancelled);
  ASSERT_EQ(status().errors.size(), 1u);
  EXPECT_EQ(status().errors[0].code, Errc::cancelled);
  EXPECT_EQ(status().errors[0].message, "not needed");
  EXPECT_EQ(events().back().message, "cancelled: not needed");
  EXPECT_EQ(commit(grant).outcome, CommitOutcome::ended);
  EXPECT_EQ(retry(grant).outcome, CommitOutcome::ended);
  EXPECT_EQ(refusal(b.task()), ClaimRefusal::ended);
  EXPECT_TRUE(held(a.task()));
}

TEST_P(RunStoreContract, AnErasedRunIsUnknown) {
  Workflow workflow{"erase"};
  const TaskId task = workflow.task(sample::number).task();
  request.kept = {task};
  start(workflow);
  complete(task);
  EXPECT_TRUE(store.erase(run).has_value());
  EXPECT_EQ(store.status(run).error().code, Errc::run_unknown);
  EXPECT_TRUE(store.erase(run).has_value());
  start(workflow);
  EXPECT_EQ(state(), RunState::running) << "its id is free again";
}

TEST_P(RunStoreContract, ARunMayBeErasedWhileItRuns) {
  Workflow workflow{"abandon"};
  const TaskId task = workflow.task(sample::number).task();
  start(workflow);
  const Grant grant = claim(task);
  store.erase(run).value();
  EXPECT_EQ(store.commit(commit_of(grant)).error().code, Errc::run_unknown);
}

TEST_P(RunStoreContract, RunsDoNotTouchOneAnother) {
  Workflow workflow{"neighbours"};
  const TaskId task = workflow.task(sample::number).task();
  start(workflow);
  request.run = RunId{8};
  store.create(request).value();
  complete(task);
  EXPECT_EQ(state(), RunState::succeeded);
  EXPECT_EQ(store.status(RunId{8}).value().state, RunState::running);
  store.erase(run).value();
  EXPECT_TRUE(store.status(RunId{8}).has_value());
}

}  // namespace weft
