// What a worker does next: which tasks it claims, starts, tries again and hands over, and when it
// holds a slot.

#include "actors/worker_core_fixture.hpp"

namespace weft::test {

// -- claiming -----------------------------------------------------------------------------------

class AWorkerClaims : public WorkerCoreTest {};

TEST_F(AWorkerClaims, TheMostUrgentTasksFirst) {
  start_among(3);
  EXPECT_THAT(on_ready({{TaskId{0}, WorkerId{0}, 1.0f},
                        {TaskId{1}, WorkerId{0}, 5.0f},
                        {TaskId{2}, WorkerId{0}, 3.0f}}),
              ElementsAre("claim 1 2 0"));
}

TEST_F(AWorkerClaims, EqualTasksInTheOrderInWhichTheyBecameReady) {
  start_among(3);
  EXPECT_THAT(on_ready(ready({2, 0, 1})), ElementsAre("claim 2 0 1"));
}

TEST_F(AWorkerClaims, OneBatchAtATime) {
  start_among(3);
  EXPECT_THAT(on_ready(ready({0})), ElementsAre("claim 0"));
  EXPECT_THAT(on_ready(ready({1, 2})), IsEmpty());
  EXPECT_THAT(on_claimed({}), ElementsAre("claim 1 2")) << "what it was refused does not matter";
}

TEST_F(AWorkerClaims, NoMoreThanItSoonRuns) {
  constexpr auto batch = static_cast<std::uint32_t>(WorkerCore::claim_batch);
  start_among(batch + 1);
  std::vector<ReadyTask> all;
  std::vector<Grant> granted;
  for (std::uint32_t i = 0; i <= batch; ++i) all.push_back({.task = TaskId{i}});
  for (std::uint32_t i = 0; i < batch; ++i) granted.push_back(grants({i}).front());
  const Said claim = on_ready(all);
  ASSERT_EQ(claim.size(), 1u);
  EXPECT_THAT(claim.front(), testing::EndsWith(" " + std::to_string(batch - 1)));
  EXPECT_THAT(on_claimed(std::move(granted)), ElementsAre("want a slot"));
  EXPECT_THAT(on_slot(), ElementsAre("start 0", "start 1"));
  // Two are started; the next claim comes when less than half a batch waits.
  for (std::uint32_t i = 0; i + 2 < batch / 2; ++i) {
    EXPECT_THAT(on_committed(i), ElementsAre("start " + std::to_string(i + 2)));
  }
  EXPECT_THAT(on_committed(batch / 2 - 2), ElementsAre(fmt::format("start {}", batch / 2)));
  EXPECT_THAT(on_committed(batch / 2 - 1),
              ElementsAre(fmt::format("claim {}", batch), fmt::format("start {}", batch / 2 + 1)));
}

TEST_F(AWorkerClaims, WhatIsMoreUrgentThoughMuchWaits) {
  constexpr auto batch = static_cast<std::uint32_t>(WorkerCore::claim_batch);
  start_among(batch + 2);
  plan->placements[batch].rank = 9;
  std::vector<Grant> granted;
  for (std::uint32_t i = 0; i < batch; ++i) granted.push_back(grants({i}).front());
  static_cast<void>(on_ready(ready({0})));
  static_cast<void>(on_claimed(std::move(granted)));
  static_cast<void>(on_slot());
  EXPECT_THAT(on_ready(ready({batch + 1})), IsEmpty()) << "as urgent as what waits";
  EXPECT_THAT(on_ready({{TaskId{batch}, WorkerId{0}, 9.0f}}),
              ElementsAre(fmt::format("claim {} {}", batch, batch + 1)));
  EXPECT_THAT(on_claimed(grants({batch})), IsEmpty());
  EXPECT_THAT(on_committed(0), ElementsAre(fmt::format("start {}", batch)));
}

TEST_F(AWorkerClaims, ThenStartsWhatGoesOnFromATaskBeforeItsEquals) {
  start_among(6);
  EXPECT_THAT(hold_slot_with({0, 1, 2, 3}), ElementsAre("start 0", "start 1"));
  // Its inputs are at hand; what waits longer is no more urgent.
  EXPECT_THAT(on_ended({.task = TaskId{0},
                        .template_task = TaskId{0},
                        .committed = true,
                        .granted = grants({5})}),
              ElementsAre("start 5"));
  EXPECT_THAT(on_committed(1), ElementsAre("start 2"));
}

// -- slots --------------------------------------------------------------------------------------

class AWorkersSlot : public WorkerCoreTest {};

TEST_F(AWorkersSlot, IsWantedOnlyForATaskThatItMayRun) {
  start_among(2);
  EXPECT_THAT(on_ready(ready({0})), ElementsAre("claim 0"));
  EXPECT_THAT(on_claimed({}), IsEmpty()) << "somebody else holds the task";
  static_cast<void>(on_ready(ready({1})));
  EXPECT_THAT(on_claimed(grants({1})), ElementsAre("want a slot"));
}

TEST_F(AWorkersSlot, IsAskedForOnce) {
  start_among(2);
  static_cast<void>(on_ready(ready({0})));
  EXPECT_THAT(on_claimed(grants({0})), ElementsAre("want a slot"));
  static_cast<void>(on_ready(ready({1})));
  EXPECT_THAT(on_claimed(grants({1})), IsEmpty());
}

TEST_F(AWorkersSlot, IsGivenBackAtOnceWhenThereIsNothingToRun) {
  start_among(1);
  EXPECT_THAT(on_slot(), ElementsAre("give the slot back"));
}

TEST_F(AWorkersSlot, IsKeptWhileNobodyElseWaits) {
  start_among(2);
  EXPECT_THAT(hold_slot_with({0}), ElementsAre("start 0"));
  EXPECT_THAT(on_committed(0), IsEmpty());
  static_cast<void>(on_ready(ready({1})));
  EXPECT_THAT(on_claimed(grants({1})), ElementsAre("start 1"));
}

TEST_F(AWorkersSlot, IsGivenBackToWhoeverWaitsWhenItHasNoWork) {
  start_among(1);
  static_cast<void>(hold_slot_with({0}));
  static_cast<void>(on_committed(0));
  EXPECT_THAT(on_yield(0s), ElementsAre("give the slot back"));
  EXPECT_THAT(on_yield(0s), IsEmpty()) << "it has none any more";
}

TEST_F(AWorkersSlot, IsKeptForAFairShareWhileItHasWork) {
  start_among(3);
  EXPECT_THAT(hold_slot_with({0, 1, 2}), ElementsAre("start 0", "start 1"));
  EXPECT_THAT(on_yield(1ms), IsEmpty());
  EXPECT_THAT(on_committed(0, 2ms), IsEmpty()) << "it starts no more behind what it has started";
  EXPECT_THAT(on_committed(1, WorkerCore::fair_share - 1ns), ElementsAre("start 2"));
}

TEST_F(AWorkersSlot, IsGivenBackAfterAFairShareAndWantedAgain) {
  start_among(2);
  EXPECT_THAT(hold_slot_with({0, 1}), ElementsAre("start 0", "start 1"));
  EXPECT_THAT(on_yield(1ms), IsEmpty());
  EXPECT_THAT(on_committed(0, WorkerCore::fair_share), IsEmpty()) << "the other one runs";
  static_cast<void>(on_ready(ready({0})));
  static_cast<void>(on_claimed(grants({0})));
  EXPECT_THAT(on_committed(1, WorkerCore::fair_share),
              ElementsAre("give the slot back", "want a slot"));
  EXPECT_THAT(on_slot(20ms), ElementsAre("start 0"));
}

TEST_F(AWorkersSlot, IsGivenBackWhenAClaimForWhichItWasKeptIsRefused) {
  start_among(1);
  static_cast<void>(hold_slot_with({0}));
  static_cast<void>(on_committed(0));
  static_cast<void>(on_ready(ready({0})));
  EXPECT_THAT(on_yield(1ms), IsEmpty());
  EXPECT_THAT(on_claimed({}), ElementsAre("give the slot back"));
}

TEST_F(AWorkersSlot, IsGivenBackAsBusyWhenACallDidNotReturn) {
  start_among(2);
  static_cast<void>(hold_slot_with({0}));
  static_cast<void>(on_ready(ready({1})));
  EXPECT_THAT(on_ended({.task = TaskId{0}, .template_task = TaskId{0}, .slot_busy = true}),
              ElementsAre("give the slot back busy"));
  EXPECT_THAT(on_claimed(grants({1})), ElementsAre("want a slot"));
}

// -- starting -----------------------------------------------------------------------------------

class AWorkerStarts : public WorkerCoreTest {};

TEST_F(AWorkerStarts, TheMostUrgentOfTheTasksThatItHolds) {
  start_among(3);
  rank(tasks[0], 1);
  rank(tasks[1], 3);
  rank(tasks[2], 2);
  EXPECT_THAT(hold_slot_with({0, 1, 2}), ElementsAre("start 1", "start 2"));
  EXPECT_THAT(on_committed(1), ElementsAre("start 0"));
}

TEST_F(AWorkerStarts, NoMoreThanAFewAheadOfTheOneThatRuns) {
  start_among(4);
  EXPECT_THAT(hold_slot_with({0, 1, 2, 3}), ElementsAre("start 0", "start 1"));
  EXPECT_EQ(core->started(), WorkerCore::started_ahead);
  EXPECT_THAT(on_committed(0), ElementsAre("start 2"));
  EXPECT_EQ(core->started(), WorkerCore::started_ahead);
}

TEST_F(AWorkerStarts, ATaskWithATimeLimitAlone) {
  tasks = {workflow.task(sample::number), workflow.task(sample::number),
           workflow.task(sample::number)};
  workflow.options(tasks[1]).timeout = 1s;
  freeze();
  start();
  EXPECT_THAT(hold_slot_with({0, 1, 2}), ElementsAre("start 0"));
  EXPECT_THAT(on_committed(0), ElementsAre("start 1"));
  EXPECT_THAT(on_committed(1), ElementsAre("start 2"));
}

TEST_F(AWorkerStarts, ChildrenThatACommitClaimedForIt) {
  start_among(2);
  static_cast<void>(hold_slot_with({0}));
  EXPECT_THAT(
    on_ended(
      {.task = TaskId{0}, .template_task = TaskId{0}, .committed = true, .granted = grants({1})}),
    ElementsAre("start 1"));
}

// -- what became ready by its own commits -------------------------------------------------------

class AWorkerHandsOver : public WorkerCoreTest {
protected:
  /// Task 0 has committed on worker 0, which made `all` ready.
  Said on_made_ready(std::vector<ReadyTask> all, std::vector<TaskId> keep_here = {}) {
    start_among(6);
    static_cast<void>(hold_slot_with({0}));
    return on_ended({.task = TaskId{0},
                     .template_task = TaskId{0},
                     .committed = true,
                     .ready = std::move(all),
                     .keep_here = std::move(keep_here)});
  }
};

TEST_F(AWorkerHandsOver, TasksToTheirWorkersEachWorkersTogether) {
  EXPECT_THAT(on_made_ready({{TaskId{1}, WorkerId{2}},
                             {TaskId{2}, WorkerId{1}},
                             {TaskId{3}, WorkerId{0}},
                             {TaskId{4}, WorkerId{2}}}),
              ElementsAre("hand 2 to worker 1", "hand 1 4 to worker 2", "claim 3"));
}

TEST_F(AWorkerHandsOver, EachFlexibleTaskToAWorkerOfItsOwn) {
  EXPECT_THAT(on_made_ready(ready({1, 2}, flexible_worker)),
              ElementsAre("launch a worker for 1", "launch a worker for 2"));
}

TEST_F(AWorkerHandsOver, NothingThatAnOptimizationKeepsHere) {
  EXPECT_THAT(on_made_ready(
                {{TaskId{1}, WorkerId{1}}, {TaskId{2}, flexible_worker}, {TaskId{3}, WorkerId{1}}},
                {TaskId{1}, TaskId{2}}),
              ElementsAre("hand 3 to worker 1", "claim 1 2"));
}

TEST_F(AWorkerHandsOver, NothingOnceTheRunIsOver) {
  start_among(2);
  static_cast<void>(hold_slot_with({0}));
  EXPECT_THAT(on_stop(), IsEmpty());
  EXPECT_THAT(on_ended({.task = TaskId{0},
                        .template_task = TaskId{0},
                        .committed = true,
                        .ready = ready({1}, WorkerId{1})}),
              ElementsAre("give the slot back"));
}

// -- trying again -------------------------------------------------------------------------------

class AWorkerTriesAgain : public WorkerCoreTest {
protected:
  Said on_failed(std::uint32_t task, Nanos retry_after) {
    Grant again = grants({task}).front();
    again.attempt = 2;
    return on_ended({.task = TaskId{task},
                     .template_task = TaskId{task},
                     .retry = std::move(again),
                     .retry_after = retry_after});
  }
};

TEST_F(AWorkerTriesAgain, AfterTheBackOff) {
  start_among(1);
  static_cast<void>(hold_slot_with({0}));
  EXPECT_THAT(on_failed(0, 5s), ElementsAre("take 0 after 5.00s"));
  EXPECT_THAT(on_due(grants({0}).front()), ElementsAre("start 0"));
}

TEST_F(AWorkerTriesAgain, AtOnceWithoutABackOff) {
  start_among(1);
  static_cast<void>(hold_slot_with({0}));
  EXPECT_THAT(on_failed(0, 0s), ElementsAre("start 0"));
  EXPECT_EQ(last_start.grant.attempt, 2u);
}

TEST_F(AWorkerTriesAgain, WithoutHoldingASlotMeanwhile) {
  start_among(1);
  static_cast<void>(hold_slot_with({0}));
  static_cast<void>(on_failed(0, 5s));
  EXPECT_THAT(on_yield(1ms), ElementsAre("give the slot back"));
  EXPECT_THAT(on_due(grants({0}).front()), ElementsAre("want a slot"));
  EXPECT_THAT(on_slot(), ElementsAre("start 0"));
}

TEST_F(AWorkerTriesAgain, AfterOtherTasksHaveGoneOn) {
  start_among(2);
  static_cast<void>(hold_slot_with({0}));
  static_cast<void>(on_ready(ready({1})));
  EXPECT_THAT(on_failed(0, 5s), ElementsAre("take 0 after 5.00s"));
  EXPECT_THAT(on_claimed(grants({1})), ElementsAre("start 1"));
}

TEST_F(AWorkerTriesAgain, NotOnceTheRunIsOver) {
  start_among(1);
  static_cast<void>(hold_slot_with({0}));
  static_cast<void>(on_failed(0, 5s));
  EXPECT_THAT(on_stop(), ElementsAre("give the slot back"));
  EXPECT_THAT(on_due(grants({0}).front()), IsEmpty());
}

// -- the end ------------------------------------------------------------------------------------

class AStoppedWorker : public WorkerCoreTest {};

TEST_F(AStoppedWorker, GivesItsSlotBackAtOnceWhenNothingRuns) {
  start_among(1);
  static_cast<void>(hold_slot_with({0}));
  static_cast<void>(on_committed(0));
  EXPECT_THAT(on_stop(), ElementsAre("give the slot back"));
}

TEST_F(AStoppedWorker, GivesItsSlotBackWhenItsLastTaskHasEnded) {
  start_among(2);
  EXPECT_THAT(hold_slot_with({0, 1}), ElementsAre("start 0", "start 1"));
  EXPECT_THAT(on_stop(), IsEmpty());
  EXPECT_THAT(on_committed(0), IsEmpty());
  EXPECT_THAT(on_committed(1), ElementsAre("give the slot back"));
}

TEST_F(AStoppedWorker, StartsNothingAnyMore) {
  start_among(4);
  EXPECT_THAT(hold_slot_with({0, 1, 2}), ElementsAre("start 0", "start 1"));
  EXPECT_THAT(on_stop(), IsEmpty());
  EXPECT_THAT(on_ready(ready({3})), IsEmpty());
  EXPECT_THAT(on_claimed(grants({3})), IsEmpty());
  EXPECT_THAT(on_committed(0), IsEmpty());
}

TEST_F(AStoppedWorker, GivesASlotBackThatComesLate) {
  start_among(1);
  static_cast<void>(on_ready(ready({0})));
  static_cast<void>(on_claimed(grants({0})));
  EXPECT_THAT(on_stop(), IsEmpty());
  EXPECT_THAT(on_slot(), ElementsAre("give the slot back"));
}

class AnIdleWorker : public WorkerCoreTest {};

TEST_F(AnIdleWorker, HasNothingReadyClaimedStartedOrToBeTriedAgain) {
  start_among(1);
  EXPECT_TRUE(core->idle());
  static_cast<void>(on_ready(ready({0})));
  EXPECT_FALSE(core->idle()) << "claiming";
  static_cast<void>(on_claimed(grants({0})));
  EXPECT_FALSE(core->idle()) << "waiting for a slot";
  static_cast<void>(on_slot());
  EXPECT_FALSE(core->idle()) << "running";
  static_cast<void>(on_ended({.task = TaskId{0},
                              .template_task = TaskId{0},
                              .retry = grants({0}).front(),
                              .retry_after = 1s}));
  EXPECT_FALSE(core->idle()) << "waiting for its next attempt";
  static_cast<void>(on_due(grants({0}).front()));
  static_cast<void>(on_committed(0));
  EXPECT_TRUE(core->idle());
}

TEST_F(AnIdleWorker, IsOneThatWasRefusedAllThatItClaimed) {
  start_among(1);
  static_cast<void>(on_ready(ready({0})));
  static_cast<void>(on_claimed({}));
  EXPECT_TRUE(core->idle());
}

TEST_F(AnIdleWorker, IsOneThatWasStopped) {
  start_among(2);
  static_cast<void>(hold_slot_with({0}));
  static_cast<void>(on_ended({.task = TaskId{0},
                              .template_task = TaskId{0},
                              .retry = grants({0}).front(),
                              .retry_after = 1s}));
  static_cast<void>(on_stop());
  EXPECT_TRUE(core->idle());
}

}  // namespace weft::test
