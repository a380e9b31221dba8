#pragma once

// The contract of run stores: leases, launches, the sweep, events and wake-ups.

#include "storage/run_store_fixture.hpp"

namespace weft {

using namespace std::chrono_literals;

class RunStoreLiveness : public RunStoreContract {
protected:
  /// A run of two tasks that depend on nothing.
  void start_two() {
    Workflow workflow{"two"};
    a = workflow.task(sample::number).task();
    b = workflow.task(sample::number).task();
    start(workflow);
  }
  void advance(Nanos duration) { backend->clock().advance(duration); }
  SweepReport sweep() { return store.sweep().value(); }
  /// Whether the worker still has its lease. @param holder empty: it only claimed
  bool renew(WorkerId worker, const std::string& holder = "") {
    return store.renew(run, worker, holder).value().held;
  }

  static std::vector<TaskId> tasks_in(const std::vector<SweepReport::Requeued>& entries) {
    std::vector<TaskId> tasks;
    for (const auto& entry : entries) tasks.push_back(entry.task.task);
    return tasks;
  }

  TaskId a, b;
};

// -- leases --------------------------------------------------------------------------------------

TEST_P(RunStoreLiveness, AClaimWhoseLeaseRanOutIsRequeued) {
  start_two();
  const Grant lost = claim(a, worker_1);
  advance(lease - 1ns);
  EXPECT_THAT(sweep().requeued, IsEmpty());
  advance(1ns);

  const SweepReport report = sweep();

  ASSERT_EQ(report.requeued.size(), 1u);
  EXPECT_EQ(report.requeued[0].run, run);
  EXPECT_EQ(report.requeued[0].task, (ReadyTask{a, worker_0, 0}));
  EXPECT_EQ(commit(lost, Value{}, worker_1).outcome, CommitOutcome::fenced);
  const Grant next = claim(a);
  EXPECT_GT(next.fence, lost.fence);
  EXPECT_EQ(next.attempt, 1u) << "the task did not fail";
  EXPECT_EQ(commit(next).outcome, CommitOutcome::committed);
  const auto requeued = events_of(RunEventKind::task_requeued);
  ASSERT_EQ(requeued.size(), 1u);
  EXPECT_EQ(requeued[0].task, a);
  EXPECT_EQ(requeued[0].worker, worker_1);
  EXPECT_EQ(requeued[0].message, "the lease of worker 1 ran out");
  EXPECT_THAT(sweep().requeued, IsEmpty()) << "each loss is reported once";
}

TEST_P(RunStoreLiveness, ACommitBeforeTheSweepStillCounts) {
  start_two();
  const Grant late = claim(a);
  advance(2 * lease);
  EXPECT_EQ(commit(late).outcome, CommitOutcome::committed);
  EXPECT_THAT(sweep().requeued, IsEmpty());
}

TEST_P(RunStoreLiveness, RenewingExtendsAllClaimsOfTheWorker) {
  start_two();
  claim(a);
  advance(lease / 2);
  claim(b);
  advance(lease - 1ns);
  EXPECT_TRUE(renew(worker_0));
  advance(lease - 1ns);
  EXPECT_THAT(sweep().requeued, IsEmpty());
  advance(1ns);
  EXPECT_THAT(tasks_in(sweep().requeued), ElementsAre(a, b));
}

TEST_P(RunStoreLiveness, AClaimExtendsTheLeaseOfEarlierOnes) {
  start_two();
  claim(a);
  advance(lease - 1ns);
  claim(b);
  advance(lease - 1ns);
  EXPECT_THAT(sweep().requeued, IsEmpty());
}

TEST_P(RunStoreLiveness, AChildClaimedByACommitExtendsTheLease) {
  Workflow workflow{"chain"};
  const auto first = workflow.task(sample::number);
  const auto second = workflow.task(sample::step, first);
  start(workflow);
  const Grant grant = claim(first.task());
  advance(lease - 1ns);
  CommitRequest and_claim = commit_of(grant);
  and_claim.claim = ClaimChildren::own;
  EXPECT_THAT(tasks_of(store.commit(and_claim).value().granted), ElementsAre(second.task()));
  advance(lease - 1ns);
  EXPECT_THAT(sweep().requeued, IsEmpty());
  advance(1ns);
  EXPECT_THAT(tasks_in(sweep().requeued), ElementsAre(second.task()));
}

TEST_P(RunStoreLiveness, ThereIsNothingToRenewWithoutALease) {
  start_two();
  EXPECT_FALSE(renew(worker_0));
  claim(a, worker_1);
  EXPECT_EQ(refusal(a, worker_0), ClaimRefusal::held);
  EXPECT_FALSE(renew(worker_0)) << "a refused claim gives no lease";
  advance(lease);
  EXPECT_FALSE(renew(worker_1)) << "it has run out";
  sweep();
  EXPECT_FALSE(renew(worker_1));
}

TEST_P(RunStoreLiveness, ARetryExtendsTheLease) {
  start_two();
  const Grant grant = claim(a);
  advance(lease - 1ns);
  retry(grant);
  advance(lease - 1ns);
  EXPECT_THAT(sweep().requeued, IsEmpty());
}

TEST_P(RunStoreLiveness, LosingTheFirstAttemptFencesItsDuplicateToo) {
  start_two();
  claim(a, worker_0);
  const Grant duplicate = claim(a, worker_1, ClaimMode::duplicate);
  advance(lease);
  EXPECT_THAT(tasks_in(sweep().requeued), ElementsAre(a));
  EXPECT_EQ(commit(duplicate, Value{}, worker_1).outcome, CommitOutcome::fenced);
}

// -- launches ------------------------------------------------------------------------------------

TEST_P(RunStoreLiveness, OneHolderAtATimeIsAWorker) {
  start_two();
  EXPECT_TRUE(store.launch(run, worker_0, "x").value());
  EXPECT_FALSE(store.launch(run, worker_0, "y").value());
  EXPECT_TRUE(store.launch(run, worker_1, "y").value());
  EXPECT_TRUE(store.launch(run, worker_0, "x").value()) << "the answer may have been lost";
  advance(lease - 1ns);
  EXPECT_TRUE(renew(worker_0, "x"));
  advance(1ns);
  EXPECT_FALSE(store.launch(run, worker_0, "y").value());
  EXPECT_TRUE(store.launch(run, worker_1, "z").value()) << "nobody renewed it";
}

TEST_P(RunStoreLiveness, WhoeverTakesOverAWorkerDoesNotInheritItsClaims) {
  start_two();
  store.launch(run, worker_0, "x").value();
  const Grant lost = claim(a);
  advance(lease);
  EXPECT_TRUE(store.launch(run, worker_0, "y").value());
  EXPECT_EQ(commit(lost).outcome, CommitOutcome::fenced);
  EXPECT_THAT(tasks_in(sweep().requeued), ElementsAre(a)) << "the sweep tells of it all the same";
  EXPECT_TRUE(renew(worker_0, "y"));
}

/// Paused or cut off, it may ask before it knows.
TEST_P(RunStoreLiveness, WhoeverWasAWorkerClaimsNothingForTheNextHolder) {
  start_two();
  store.launch(run, worker_0, "x").value();
  advance(lease);
  store.launch(run, worker_0, "y").value();
  const auto late =
    store.claim({.run = run, .worker = worker_0, .tasks = {a}, .holder = "x"}).value();
  EXPECT_THAT(late.grants, IsEmpty());
  EXPECT_THAT(late.refused, ElementsAre(ClaimAnswer::Refused{a, ClaimRefusal::held}));
  EXPECT_THAT(store.held(run, worker_0).value(), IsEmpty());

  const auto grants =
    store.claim({.run = run, .worker = worker_0, .tasks = {a}, .holder = "y"}).value().grants;
  ASSERT_EQ(grants.size(), 1U);
  EXPECT_TRUE(store.release({.run = run, .worker = worker_0, .tasks = {a}, .holder = "x"}));
  EXPECT_EQ(commit(grants[0]).outcome, CommitOutcome::committed) << "it was given back by another";
}

TEST_P(RunStoreLiveness, WhatTheNewHolderHasClaimedAgainIsNotReported) {
  start_two();
  claim(a);
  advance(lease);
  store.launch(run, worker_0, "y").value();
  const Grant grant = claim(a);
  EXPECT_THAT(sweep().requeued, IsEmpty());
  EXPECT_EQ(commit(grant).outcome, CommitOutcome::committed);
}

// -- orphans and retention -----------------------------------------------------------------------

TEST_P(RunStoreLiveness, AReadyTaskThatNobodyClaimsIsReportedOncePerLease) {
  start_two();
  advance(lease);
  EXPECT_THAT(sweep().orphaned, IsEmpty());
  advance(1ns);
  complete(b);

  const SweepReport report = sweep();
  ASSERT_EQ(report.orphaned.size(), 1u);
  EXPECT_EQ(report.orphaned[0].run, run);
  EXPECT_EQ(report.orphaned[0].task, (ReadyTask{a, worker_0, 0}));

  EXPECT_THAT(sweep().orphaned, IsEmpty());
  advance(lease);
  EXPECT_THAT(sweep().orphaned, IsEmpty());
  advance(1ns);
  EXPECT_THAT(tasks_in(sweep().orphaned), ElementsAre(a));
  complete(a);
  advance(2 * lease);
  EXPECT_THAT(sweep().orphaned, IsEmpty());
}

TEST_P(RunStoreLiveness, ATaskBecomesAnOrphanALeaseAfterItBecameReady) {
  Workflow workflow{"chain"};
  const auto first = workflow.task(sample::number);
  const auto second = workflow.task(sample::step, first);
  start(workflow);
  advance(5 * lease);
  complete(first.task());
  advance(lease);
  EXPECT_THAT(sweep().orphaned, IsEmpty());
  advance(1ns);
  EXPECT_THAT(tasks_in(sweep().orphaned), ElementsAre(second.task()));
}

TEST_P(RunStoreLiveness, ASweepErasesARunWhoseRetentionHasPassed) {
  request.retention = 1min;
  start_two();
  complete(a);
  advance(2min);
  complete(b);
  EXPECT_THAT(sweep().erased, IsEmpty());
  advance(1min - 1ns);
  EXPECT_THAT(sweep().erased, IsEmpty());
  EXPECT_EQ(state(), RunState::succeeded);
  advance(1ns);
  EXPECT_THAT(sweep().erased, ElementsAre(run));
  EXPECT_EQ(store.status(run).error().code, Errc::run_unknown);
}

TEST_P(RunStoreLiveness, ARunThatHasEndedHasNoLeasesToLose) {
  request.retention = 1h;
  start_two();
  claim(a);
  store.cancel(run, "").value();
  advance(2 * lease);
  const SweepReport report = sweep();
  EXPECT_THAT(report.requeued, IsEmpty());
  EXPECT_THAT(report.orphaned, IsEmpty());
}

// -- events --------------------------------------------------------------------------------------

TEST_P(RunStoreLiveness, EventsTellWhatHappenedWhenAndToWhom) {
  Workflow workflow{"story"};
  const auto first = workflow.task(sample::number);
  workflow.name(first, "first");
  const auto second = workflow.task(sample::step, first);
  start(workflow);
  const Grant grant = claim(first.task());
  advance(1s);
  retry(grant, "flaky");
  advance(1s);
  const Grant again = claim(first.task(), worker_0);
  commit(again, Value::of(1));
  advance(1s);
  EXPECT_TRUE(complete(second.task()).run_ended);

  EXPECT_THAT(events(),
              ElementsAre(RunEvent{.kind = RunEventKind::created},
                          RunEvent{.kind = RunEventKind::attempt_failed,
                                   .at = 1s,
                                   .task = first.task(),
                                   .name = "first",
                                   .attempt = 1,
                                   .worker = worker_0,
                                   .message = "flaky"},
                          RunEvent{.kind = RunEventKind::task_committed,
                                   .at = 2s,
                                   .task = first.task(),
                                   .name = "first",
                                   .attempt = 2,
                                   .worker = worker_0},
                          RunEvent{.kind = RunEventKind::task_committed,
                                   .at = 3s,
                                   .task = second.task(),
                                   .name = "step-1",
                                   .attempt = 1,
                                   .worker = worker_0},
                          RunEvent{.kind = RunEventKind::ended, .at = 3s, .message = "succeeded"}));
}

TEST_P(RunStoreLiveness, EventsAreReadPieceByPiece) {
  start_two();
  complete(a);
  complete(b);
  const auto all = events();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_THAT(store.events(run, 0, 1).value(), ElementsAre(all[0]));
  EXPECT_THAT(store.events(run, 1, 2).value(), ElementsAre(all[1], all[2]));
  EXPECT_THAT(store.events(run, 3, 100).value(), ElementsAre(all[3]));
  EXPECT_THAT(store.events(run, 4, 100).value(), IsEmpty());
  EXPECT_THAT(store.events(run, 1'000'000, 100).value(), IsEmpty());
}

TEST_P(RunStoreLiveness, AnAttemptThatComesTooLateIsAnEventWithItsCause) {
  start_two();
  const Grant first = claim(a);
  retry(first);
  commit(first);
  commit(claim(a));
  const auto lost = events_of(RunEventKind::attempt_lost);
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].message, "its claim was no longer valid");
  EXPECT_EQ(lost[0].attempt, 0u);
}

// -- wake-ups ------------------------------------------------------------------------------------

TEST_P(RunStoreLiveness, AWatcherIsWokenWhenTheRunChanges) {
  start_two();
  std::atomic<int> woken = 0;
  const auto wait_for_wake = [&] {
    while (woken == 0) backend->pump();
    woken = 0;
  };
  backend->store().watch(run, [&] { ++woken; });
  complete(a);
  wait_for_wake();
  retry(claim(b));
  wait_for_wake();
  store.cancel(run, "").value();
  wait_for_wake();
  store.erase(run).value();
  wait_for_wake();
}

TEST_P(RunStoreLiveness, AWatcherOfChunksIsWoken) {
  start_two();
  const Grant grant = claim(a);
  std::atomic<int> woken = 0;
  backend->store().watch(run, [&] { ++woken; });
  store.put_chunk({.run = run, .task = a, .fence = grant.fence, .bytes = "x"}).value();
  while (woken == 0) backend->pump();
}

TEST_P(RunStoreLiveness, AWatcherIsWokenWhenASweepRequeuesAndErases) {
  start_two();
  claim(a);
  std::atomic<int> woken = 0;
  backend->store().watch(run, [&] { ++woken; });
  advance(lease);
  sweep();
  while (woken == 0) backend->pump();
  store.cancel(run, "").value();
  woken = 0;
  EXPECT_THAT(sweep().erased, ElementsAre(run));
  while (woken == 0) backend->pump();
}

TEST_P(RunStoreLiveness, AWakeUpMayAskTheStore) {
  start_two();
  std::atomic<bool> seen = false;
  backend->store().watch(run, [&] {
    backend->store().status(run, [&](Result<RunStatus> answer) {
      if (answer && answer->tasks.committed == 1) seen = true;
    });
  });
  complete(a);
  while (!seen) backend->pump();
}

}  // namespace weft
