// What a worker does next: which tasks it claims, starts, tries again and hands over, and when it
// holds a slot.

#include "weft/actors/worker_core.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "actors/core_fixture.hpp"
#include "storage/counted.hpp"

namespace weft::test {

namespace {

std::string numbers(const std::vector<TaskId>& tasks) {
  std::vector<std::uint32_t> all;
  for (const TaskId task : tasks) all.push_back(task.number());
  return fmt::format("{}", fmt::join(all, " "));
}

/// Effects as a person would say them, to be compared.
struct EffectText {
  std::string operator()(const WantSlot&) const { return "want a slot"; }
  std::string operator()(const GiveSlotBack& e) const {
    return e.busy ? "give the slot back busy" : "give the slot back";
  }
  std::string operator()(const Claim& e) const { return "claim " + numbers(e.tasks); }
  std::string operator()(const Start& e) const {
    return fmt::format("start {}", e.grant.task.number());
  }
  std::string operator()(const TakeLater& e) const {
    return fmt::format("take {} after {}", e.grant.task.number(), format_duration(e.delay));
  }
  std::string operator()(const HandOver& e) const {
    std::vector<TaskId> tasks;
    for (const ReadyTask& task : e.tasks) tasks.push_back(task.task);
    return fmt::format("hand {} to worker {}", numbers(tasks), e.worker.number());
  }
  std::string operator()(const LaunchFlexible& e) const {
    return fmt::format("launch a worker for {}", e.task.task.number());
  }
};

/// Tasks by number, as a store tells of them.
std::vector<ReadyTask> ready(std::initializer_list<std::uint32_t> tasks,
                             WorkerId worker = WorkerId{0}) {
  std::vector<ReadyTask> all;
  for (const std::uint32_t task : tasks) all.push_back({.task = TaskId{task}, .worker = worker});
  return all;
}

}  // namespace

class WorkerCoreTest : public OneCore {
protected:
  using Said = std::vector<std::string>;

  /// The worker 0 of a run of `count` tasks that need nothing of one another.
  void start_among(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) tasks.push_back(workflow.task(sample::number));
    freeze();
    start();
  }
  void start() { core.emplace(context, WorkerId{0}); }

  /// Grants of tasks without inputs, by number.
  static std::vector<Grant> grants(std::initializer_list<std::uint32_t> numbers) {
    std::vector<Grant> all;
    for (const std::uint32_t number : numbers) {
      all.push_back({.task = TaskId{number}, .template_task = TaskId{number}});
    }
    return all;
  }

  Said on_ready(const std::vector<ReadyTask>& all) {
    return said([&](auto& effects) { core->on_ready(all, effects); });
  }
  Said on_claimed(std::vector<Grant> all) {
    return said([&](auto& effects) { core->on_claimed(std::move(all), effects); });
  }
  Said on_slot(Nanos now = {}) {
    return said([&](auto& effects) { core->on_slot(now, effects); });
  }
  Said on_yield(Nanos now) {
    return said([&](auto& effects) { core->on_yield(now, effects); });
  }
  Said on_due(Grant grant) {
    return said([&](auto& effects) { core->on_due(std::move(grant), effects); });
  }
  Said on_stop() {
    return said([&](auto& effects) { core->on_stop(effects); });
  }
  Said on_ended(WorkerCore::Ended ended) {
    return said([&](auto& effects) { core->on_ended(std::move(ended), effects); });
  }
  Said on_committed(std::uint32_t task, Nanos now = {}) {
    return on_ended(
      {.task = TaskId{task}, .template_task = TaskId{task}, .committed = true, .now = now});
  }

  /// Becomes ready, is claimed, and starts what it starts.
  Said hold_slot_with(std::initializer_list<std::uint32_t> numbers) {
    static_cast<void>(on_ready(ready(numbers)));
    static_cast<void>(on_claimed(grants(numbers)));
    return on_slot();
  }

  /// What the last `Start` was given as the input of slot 0.
  [[nodiscard]] Value input_of_last_start() const { return last_start.grant.inputs.at(0); }

  std::vector<Future<int>> tasks;
  std::optional<WorkerCore> core;
  Start last_start;

private:
  template <class Step>
  Said said(Step&& step) {
    WorkerCore::Effects effects;
    step(effects);
    Said all;
    for (const WorkerEffect& effect : effects) {
      all.push_back(std::visit(EffectText{}, effect));
      if (const auto* start = std::get_if<Start>(&effect)) last_start = *start;
    }
    return all;
  }
};

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

// -- outputs that only this worker needs --------------------------------------------------------

class AKeptOutput : public WorkerCoreTest {
protected:
  Future<int> made = workflow.task(sample::number);
  Future<int> first = workflow.task(sample::step, made);
  Future<int> second = workflow.task(sample::step, made);

  void SetUp() override {
    freeze();
    start();
  }

  /// `made` has run here and is kept.
  void keep(Value value) {
    static_cast<void>(hold_slot_with({made.task().number()}));
    EXPECT_THAT(on_made(std::move(value)), IsEmpty());
  }
  Said on_made(Value value) {
    return on_ended({.task = made.task(),
                     .template_task = made.task(),
                     .committed = true,
                     .kept = std::move(value)});
  }
  /// A grant without the input, which the store does not have.
  static std::vector<Grant> lacking(const Future<int>& reader) {
    std::vector<Grant> all;
    all.push_back(grant(reader, {Value{}}));
    return all;
  }
};

TEST_F(AKeptOutput, IsHandedToItsReaders) {
  keep(Value::of(42));
  EXPECT_THAT(on_claimed(lacking(first)), ElementsAre("start 1"));
  ASSERT_NE(input_of_last_start().object<int>(), nullptr);
  EXPECT_EQ(*input_of_last_start().object<int>(), 42);
  EXPECT_EQ(last_start.fetched, Bytes{0}) << "none of it came from the store";
}

TEST_F(AKeptOutput, IsReleasedAfterItsLastReader) {
  const int alive = Counted::alive;
  keep(Value::of(Counted{42}));
  EXPECT_EQ(Counted::alive, alive + 1);
  static_cast<void>(on_claimed(lacking(first)));
  static_cast<void>(on_claimed(lacking(second)));
  last_start = {};
  static_cast<void>(on_committed(first.task().number()));
  EXPECT_EQ(Counted::alive, alive + 1) << "another task reads it";
  static_cast<void>(on_committed(second.task().number()));
  EXPECT_EQ(Counted::alive, alive);
}

TEST_F(AKeptOutput, OutlivesAFailedAttemptOfItsReader) {
  keep(Value::of(42));
  for (int attempt = 0; attempt < 3; ++attempt) {
    EXPECT_THAT(on_claimed(lacking(first)), ElementsAre("start 1"));
    EXPECT_FALSE(input_of_last_start().missing());
    static_cast<void>(on_ended({.task = first.task(), .template_task = first.task()}));
  }
}

TEST_F(AKeptOutput, IsReleasedWhenTheRunIsOver) {
  const int alive = Counted::alive;
  keep(Value::of(Counted{42}));
  static_cast<void>(on_stop());
  EXPECT_EQ(Counted::alive, alive);
}

TEST_F(AKeptOutput, IsNotKeptWhenNobodyReadsIt) {
  const int alive = Counted::alive;
  static_cast<void>(hold_slot_with({first.task().number()}));
  static_cast<void>(on_ended({.task = first.task(),
                              .template_task = first.task(),
                              .committed = true,
                              .kept = Value::of(Counted{1})}));
  EXPECT_EQ(Counted::alive, alive);
}

TEST_F(AKeptOutput, IsAwaitedByAReaderThatIsGrantedBeforeItIsHandedOver) {
  static_cast<void>(hold_slot_with({made.task().number()}));
  EXPECT_THAT(on_claimed(lacking(first)), IsEmpty()) << "its input is still with a task actor";
  EXPECT_FALSE(core->idle());
  EXPECT_THAT(on_made(Value::of(42)), ElementsAre("start 1"));
  EXPECT_FALSE(input_of_last_start().missing());
}

TEST_F(AKeptOutput, ThatNeverComesStartsItsReaderAllTheSame) {
  static_cast<void>(hold_slot_with({made.task().number()}));
  static_cast<void>(on_claimed(lacking(first)));
  EXPECT_THAT(on_ended({.task = made.task(), .template_task = made.task()}), ElementsAre("start 1"))
    << "the task reports that its input is missing; nobody else would";
  EXPECT_TRUE(input_of_last_start().missing());
}

TEST_F(AKeptOutput, CountsForAReaderBesideWhatCameFromTheStore) {
  Workflow other{"join"};
  const auto here = other.task(sample::number);
  const auto elsewhere = other.task(sample::number);
  const auto joined = other.task(sample::join, here, elsewhere);
  workflow = other;
  freeze();
  start();
  static_cast<void>(hold_slot_with({here.task().number()}));
  static_cast<void>(on_ended(
    {.task = here.task(), .template_task = here.task(), .committed = true, .kept = Value::of(1)}));
  const Value fetched = Value::of(std::string("from the store"));
  std::vector<Grant> all;
  all.push_back(grant(joined, {Value{}, fetched}));
  EXPECT_THAT(on_claimed(std::move(all)), ElementsAre("start 2"));
  EXPECT_FALSE(input_of_last_start().missing());
  EXPECT_EQ(last_start.fetched, fetched.size());
}

TEST_F(AKeptOutput, OfATaskMadeByAMapIsFoundByItsNumberInTheRun) {
  Workflow mapped{"map"};
  const auto list = mapped.task(sample::numbers);
  const auto each = mapped.map(list, sample::step);
  const auto then = mapped.map(each, sample::step);
  workflow = mapped;
  freeze();
  start();
  // Two rows of two tasks: 10 and 11, 12 and 13.
  const auto row_task = [&](std::uint32_t number, const AnyFuture& stated, TaskId dependency) {
    Grant grant{
      .task = TaskId{number}, .template_task = stated.task(), .dependencies = {dependency}};
    grant.inputs.add({});
    return std::vector<Grant>{grant};
  };
  for (const std::uint32_t number : {10u, 12u}) {
    static_cast<void>(on_ready(ready({number})));
    static_cast<void>(on_claimed(row_task(number, each, TaskId{9})));
    if (number == 10) static_cast<void>(on_slot());
  }
  for (const std::uint32_t number : {10u, 12u}) {
    const std::vector<TaskId> none{TaskId{9}};
    static_cast<void>(on_ended({.task = TaskId{number},
                                .template_task = each.task(),
                                .dependencies = &none,
                                .committed = true,
                                .kept = Value::of(static_cast<int>(number))}));
  }
  EXPECT_THAT(on_claimed(row_task(13, then, TaskId{12})), ElementsAre("start 13"));
  EXPECT_EQ(*input_of_last_start().object<int>(), 12);
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
