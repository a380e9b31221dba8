// The pool in virtual time: cold and warm slots, and who gets one.

#include <algorithm>

#include "runtime/harness_fixture.hpp"

namespace weft::test {

class SlotsOnVirtualTime : public OnVirtualTime {
protected:
  SlotsOnVirtualTime() { registry.add(work).add(join); }

  /// Starts a run of tasks that take `each`, one after another if `worker` is set.
  weft::Run<void> submit_tasks(int count, Nanos each, std::optional<WorkerId> worker = {},
                               int label = 0) {
    Workflow workflow{"tasks"};
    for (int i = 0; i < count; ++i) {
      workflow.options(workflow.task(work, label, each)).worker = worker;
    }
    return harness().submit(std::move(workflow));
  }

  /// Runs one task that takes no time, and answers how long that took.
  Nanos time_of_one() {
    const Nanos begin = now();
    submit_tasks(1, 0s).get();
    return now() - begin;
  }

  /// The most tasks in a row that carry one label.
  [[nodiscard]] std::ptrdiff_t longest_streak() const {
    std::ptrdiff_t longest = 0;
    for (auto begin = labels.begin(); begin != labels.end();) {
      const auto end = std::find_if(begin, labels.end(), [&](int x) { return x != *begin; });
      longest = std::max(longest, end - begin);
      begin = end;
    }
    return longest;
  }

  std::vector<int> labels;  ///< Of tasks, in the order in which they were called.
  const Function<std::function<int(TaskContext&, int, Nanos)>> work{
    "work@1", [this](TaskContext& context, int label, Nanos time) {
      labels.push_back(label);
      context.sleep_for(time);
      return label;
    }};
  const Function<int (*)(const std::vector<int>&)> join{
    "join@1", [](const std::vector<int>& all) { return static_cast<int>(all.size()); }};
};

// -- cold and warm --------------------------------------------------------------------------------

using ColdSlots = SlotsOnVirtualTime;

TEST_F(ColdSlots, TakeTheirTimeToStartAndStayWarmUntilTheyIdleForTooLong) {
  start({.pool = {.slots = 1, .cold_start = 3s, .keep_alive = 10s}});
  EXPECT_EQ(time_of_one(), 3s);
  EXPECT_EQ(time_of_one(), 0s);
  harness().advance(9s);
  EXPECT_EQ(time_of_one(), 0s) << "used just before it would have gone cold";
  harness().advance(9s);
  EXPECT_EQ(time_of_one(), 0s) << "which counts from its last use";
  harness().advance(10s);
  EXPECT_EQ(time_of_one(), 3s);
}

TEST_F(ColdSlots, StartSideBySideWhenManyWait) {
  start({.pool = {.slots = 4, .cold_start = 3s}});
  submit_tasks(4, 1s).get();
  EXPECT_EQ(now(), 4s);
}

TEST_F(ColdSlots, AreNotStartedForWorkThatAWarmOneIsFreeFor) {
  start({.pool = {.slots = 4, .cold_start = 3s}, .workers = 1});
  submit_tasks(1, 1s).get();
  submit_tasks(1, 1s).get();
  EXPECT_EQ(now(), 5s);
}

TEST_F(ColdSlots, ThatNeverStayWarmStartForEachRun) {
  start({.pool = {.slots = 1, .cold_start = 3s, .keep_alive = 0s}});
  EXPECT_EQ(time_of_one(), 3s);
  harness().run_until_idle();
  EXPECT_EQ(time_of_one(), 3s);
}

// -- fewer slots than workers ---------------------------------------------------------------------

using FewSlots = SlotsOnVirtualTime;

TEST_F(FewSlots, CarryOutAPlanThatIsWider) {
  start({.pool = {.slots = 1}, .workers = 50});
  Workflow workflow{"wide"};
  std::vector<Future<int>> leaves;
  for (std::uint32_t i = 0; i < 50; ++i) {
    leaves.push_back(workflow.task(work, 0, Nanos{1s}));
    workflow.options(leaves.back()).worker = WorkerId{i};
  }
  const auto all = workflow.task(join, leaves);
  EXPECT_EQ(harness().submit(std::move(workflow), all).get(), 50);
  EXPECT_EQ(now(), 50s);
}

TEST_F(FewSlots, GoFromWorkerToWorkerAsTheirTasksWaitForOneAnother) {
  start({.pool = {.slots = 2}, .workers = 50});
  Workflow workflow{"relay"};
  std::vector<Future<int>> ends;
  for (std::uint32_t chain = 0; chain < 3; ++chain) {
    auto last = workflow.task(work, 0, Nanos{1ms});
    for (std::uint32_t i = 0; i < 100; ++i) {
      const auto step = workflow.task(work, last, Nanos{1ms});
      workflow.options(step).worker = WorkerId{(17 * chain + 7 * i) % 50};
      last = step;
    }
    ends.push_back(last);
  }
  const auto all = workflow.task(join, ends);
  EXPECT_EQ(harness().submit(std::move(workflow), all).get(), 3);
}

TEST_F(FewSlots, ServeManyRunsAtOnce) {
  start({.pool = {.slots = 1}, .workers = 3});
  std::vector<weft::Run<void>> runs;
  for (int i = 0; i < 20; ++i) runs.push_back(submit_tasks(5, 1ms));
  for (const auto& run : runs) run.get();
  EXPECT_EQ(now(), 100ms);
}

// -- fair shares ----------------------------------------------------------------------------------

using SlotShares = SlotsOnVirtualTime;

TEST_F(SlotShares, GoToTwoRunsInTurn) {
  start({.pool = {.slots = 1}});
  const auto first = submit_tasks(100, 5ms, WorkerId{0}, 1);
  const auto second = submit_tasks(100, 5ms, WorkerId{0}, 2);
  first.get();
  second.get();
  EXPECT_EQ(labels.size(), 200u);
  // Two make up the share of 10 ms; two more may have been started ahead.
  EXPECT_LE(longest_streak(), 4);
  EXPECT_EQ(now(), 1s);
}

TEST_F(SlotShares, LetAShortRunThroughALongOne) {
  start({.pool = {.slots = 1}});
  const auto lengthy = submit_tasks(1000, 5ms, WorkerId{0}, 1);
  harness().advance(1s);
  const auto brief = submit_tasks(1, 5ms, WorkerId{0}, 2);
  brief.get();
  EXPECT_LE(now(), 1s + 30ms);
  EXPECT_EQ(lengthy.record().state, RunState::running);
  lengthy.get();
  EXPECT_EQ(now(), 5s + 5ms);
}

TEST_F(SlotShares, AreOfOneRunWhileNobodyElseWaits) {
  start({.pool = {.slots = 1}});
  submit_tasks(100, 5ms, WorkerId{0}, 1).get();
  submit_tasks(100, 5ms, WorkerId{0}, 2).get();
  EXPECT_EQ(longest_streak(), 100);
}

}  // namespace weft::test
