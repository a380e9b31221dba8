// A worker of a run that outlives processes: what others claim for it, what it reads again, how it
// parks, and how far it goes ahead of the store.

#include "actors/worker_core_fixture.hpp"

namespace weft::test {

/// The worker 0 of a durable run.
class ADurableWorker : public WorkerCoreTest {
protected:
  void begin_among(std::uint32_t count) {
    context->durability = Durability::store;
    start_among(count);
  }

  /// Grants of tasks under a fence.
  static std::vector<Grant> fenced(std::initializer_list<std::uint32_t> numbers,
                                   std::uint32_t fence) {
    auto all = grants(numbers);
    for (Grant& grant : all) grant.fence = Fence{fence};
    return all;
  }

  template <class Step>
  std::vector<std::string> texts(Step&& step) {
    WorkerCore::Effects effects;
    step(effects);
    std::vector<std::string> all;
    for (const WorkerEffect& effect : effects) all.push_back(std::visit(EffectText{}, effect));
    return all;
  }
  Said on_told(std::vector<Grant> all) {
    return texts([&](auto& effects) { core->on_told(std::move(all), effects); });
  }
  Said on_held(std::vector<Grant> all) {
    return texts([&](auto& effects) { core->on_held(std::move(all), effects); });
  }
  Said on_park() {
    return texts([&](auto& effects) { core->on_park(effects); });
  }

  std::vector<std::uint32_t> left() {
    std::vector<std::uint32_t> tasks;
    for (const ReadyTask& task : core->take_left()) tasks.push_back(task.task.number());
    return tasks;
  }
};

// -- found by sweeps ------------------------------------------------------------------------------

using AWorkerIsGiven = ADurableWorker;

/// A sweep tells again of what is ready until somebody claims it.
TEST_F(AWorkerIsGiven, WhatItHasAlreadyAndClaimsItOnce) {
  begin_among(3);
  EXPECT_THAT(on_ready(ready({0})), ElementsAre("claim 0"));
  EXPECT_THAT(on_ready(ready({1, 2})), IsEmpty());
  EXPECT_THAT(on_ready(ready({1, 2})), IsEmpty());
  EXPECT_THAT(on_claimed(fenced({0}, 1)), ElementsAre("claim 1 2", "want a slot"));
}

// -- told -----------------------------------------------------------------------------------------

using AWorkerIsTold = ADurableWorker;

TEST_F(AWorkerIsTold, OfTasksThatItStartsWithoutAClaim) {
  begin_among(2);
  EXPECT_THAT(on_told(fenced({0, 1}, 1)), ElementsAre("want a slot"));
  EXPECT_THAT(on_slot(), ElementsAre("start 0", "start 1"));
}

TEST_F(AWorkerIsTold, TwiceAndStartsThemOnce) {
  begin_among(1);
  EXPECT_THAT(on_told(fenced({0}, 1)), ElementsAre("want a slot"));
  EXPECT_THAT(on_told(fenced({0}, 1)), IsEmpty()) << "while it waits";
  EXPECT_THAT(on_slot(), ElementsAre("start 0"));
  EXPECT_THAT(on_told(fenced({0}, 1)), IsEmpty()) << "while it runs";
}

/// A sweep took it back and somebody claimed it for this worker again.
TEST_F(AWorkerIsTold, OfANewerAttemptWhichStartsWhenTheOlderOneHasEnded) {
  begin_among(1);
  static_cast<void>(on_told(fenced({0}, 1)));
  EXPECT_THAT(on_slot(), ElementsAre("start 0"));
  EXPECT_THAT(on_told(fenced({0}, 2)), IsEmpty());
  EXPECT_THAT(on_ended({.task = TaskId{0}, .template_task = TaskId{0}}), ElementsAre("start 0"));
  EXPECT_EQ(core->started(), 1u);
}

TEST_F(AWorkerIsTold, InVainOnceItWasStopped) {
  begin_among(1);
  static_cast<void>(on_stop());
  EXPECT_THAT(on_told(fenced({0}, 1)), IsEmpty());
  EXPECT_TRUE(core->idle());
}

// -- reading what it holds ------------------------------------------------------------------------

using AWorkerReads = ADurableWorker;

TEST_F(AWorkerReads, WhatItHasMissed) {
  begin_among(3);
  static_cast<void>(on_told(fenced({0}, 1)));
  static_cast<void>(on_slot());
  core->on_reading();
  EXPECT_THAT(on_held(fenced({0, 2}, 1)), ElementsAre("start 2"));
}

/// The answer may be older than the end of a task.
TEST_F(AWorkerReads, NothingThatHasEndedSinceItAsked) {
  begin_among(1);
  static_cast<void>(on_told(fenced({0}, 1)));
  static_cast<void>(on_slot());
  core->on_reading();
  static_cast<void>(on_committed(0));
  EXPECT_THAT(on_held(fenced({0}, 1)), IsEmpty());
  EXPECT_TRUE(core->idle());
}

TEST_F(AWorkerReads, ANewerAttemptOfWhatHasEnded) {
  begin_among(1);
  static_cast<void>(on_told(fenced({0}, 1)));
  static_cast<void>(on_slot());
  core->on_reading();
  static_cast<void>(on_ended({.task = TaskId{0}, .template_task = TaskId{0}}));
  EXPECT_THAT(on_held(fenced({0}, 2)), ElementsAre("start 0"));
}

TEST_F(AWorkerReads, WhatALateAnswerToAClaimDoesNotBringAgain) {
  begin_among(1);
  EXPECT_THAT(on_ready(ready({0})), ElementsAre("claim 0"));
  core->on_reading();
  EXPECT_THAT(on_held(fenced({0}, 1)), ElementsAre("want a slot"));
  EXPECT_THAT(on_slot(), ElementsAre("start 0"));
  static_cast<void>(on_committed(0));
  EXPECT_THAT(on_claimed(fenced({0}, 1)), testing::Not(testing::Contains("start 0")));
}

// -- parking --------------------------------------------------------------------------------------

using AWorkerParks = ADurableWorker;

TEST_F(AWorkerParks, AndGivesBackWhatItHasNotStarted) {
  begin_among(4);
  static_cast<void>(on_told(fenced({0, 1, 2, 3}, 1)));
  EXPECT_THAT(on_slot(), ElementsAre("start 0", "start 1"));
  EXPECT_THAT(on_park(), ElementsAre("give back 2 3"));
  EXPECT_THAT(left(), ElementsAre(2u, 3u));
  EXPECT_FALSE(core->parked()) << "two of its tasks run";
  static_cast<void>(on_committed(0));
  EXPECT_FALSE(core->parked());
  EXPECT_THAT(on_committed(1), ElementsAre("give the slot back"));
  EXPECT_TRUE(core->parked());
}

TEST_F(AWorkerParks, AndStartsNothingThatItIsToldMeanwhile) {
  begin_among(3);
  static_cast<void>(on_told(fenced({0}, 1)));
  static_cast<void>(on_slot());
  EXPECT_THAT(on_park(), IsEmpty());
  EXPECT_THAT(on_told(fenced({2}, 1)), ElementsAre("give back 2"));
  EXPECT_THAT(left(), ElementsAre(2u));
}

TEST_F(AWorkerParks, AndLeavesToOthersWhatItHasNotClaimed) {
  begin_among(2);
  EXPECT_THAT(on_ready(ready({0})), ElementsAre("claim 0"));
  EXPECT_THAT(on_ready(ready({1})), IsEmpty()) << "one claim at a time";
  EXPECT_THAT(on_park(), IsEmpty());
  EXPECT_THAT(left(), ElementsAre(1u));
  EXPECT_FALSE(core->parked()) << "a claim is on its way";
  EXPECT_THAT(on_claimed(fenced({0}, 1)), testing::Contains("give back 0"));
  EXPECT_TRUE(core->parked());
}

TEST_F(AWorkerParks, AtOnceWhenItHasNothing) {
  begin_among(1);
  EXPECT_FALSE(core->parked());
  EXPECT_THAT(on_park(), IsEmpty());
  EXPECT_TRUE(core->parked());
}

// -- how far ahead --------------------------------------------------------------------------------

class AWorkersWindow : public ADurableWorker {
protected:
  static constexpr std::uint32_t many = 300;

  /// Commits tasks one after another, each of which took as long as told; answers how many run
  /// then.
  std::size_t started_after(Nanos execution, Nanos publish) {
    std::vector<Grant> all;
    for (std::uint32_t i = 0; i < many; ++i) all.push_back(grants({i}).front());
    static_cast<void>(on_told(std::move(all)));
    static_cast<void>(on_slot());
    for (std::uint32_t i = 0; i < many / 2; ++i) {
      static_cast<void>(on_ended({.task = TaskId{i},
                                  .template_task = TaskId{i},
                                  .committed = true,
                                  .execution = execution,
                                  .publish = publish}));
    }
    return core->started();
  }
};

TEST_F(AWorkersWindow, IsNarrowWhereTasksTakeLongerThanCommits) {
  begin_among(many);
  EXPECT_EQ(started_after(10ms, 50us), WorkerCore::started_ahead);
}

TEST_F(AWorkersWindow, WidensAsCommitsTakeLongerThanTasks) {
  begin_among(many);
  const std::size_t started = started_after(10us, 100us);
  EXPECT_GE(started, WorkerCore::started_ahead + 9);
  EXPECT_LE(started, WorkerCore::started_ahead + 11);
}

TEST_F(AWorkersWindow, HasALimitHoweverSlowTheStoreIs) {
  begin_among(many);
  EXPECT_EQ(started_after(1ns, 1s), WorkerCore::started_max);
}

TEST_F(AWorkersWindow, StaysNarrowWhereTheStoreIsInTheProcess) {
  start_among(many);
  EXPECT_EQ(started_after(1ns, 1s), WorkerCore::started_ahead);
}

}  // namespace weft::test
