#include "weft/workflow/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weft/workflow/workflow.hpp"
#include "workflow/sample_tasks.hpp"

namespace weft {
namespace {

using sample::Numbers;
using Path = std::vector<std::uint32_t>;

constexpr WorkerId first{0};
constexpr WorkerId second{1};

/// A plan of `workers` workers that places every task of the graph on the first of them.
Plan plan_for(const Graph& graph, std::uint32_t workers) {
  Plan plan;
  for (std::uint32_t i = 0; i < workers; ++i) plan.workers.push_back({.id = WorkerId{i}});
  plan.placements.resize(graph.task_count());
  return plan;
}

// -- which worker ---------------------------------------------------------------------------------

class Placements : public testing::Test {
protected:
  Workflow workflow{"placements"};
  Future<Numbers> list = workflow.task(sample::range, 3);
  Mapped<int> step = workflow.map(list, sample::twice);
  Mapped<int> next = workflow.map(step, sample::twice);
  GraphPtr graph = sample::freeze(workflow);
  Plan plan = plan_for(*graph, 3);

  Placement& of(const AnyFuture& future) { return plan.placements[future.task().number()]; }
  std::uint32_t worker(const AnyFuture& future, const Path& path) {
    return worker_of(plan, future.task(), path).number();
  }
};

TEST_F(Placements, OfTasksOutsideOfMapsAreThePlans) {
  of(list).worker = WorkerId{2};
  EXPECT_EQ(worker(list, {}), 2u);
}

TEST_F(Placements, OfRowsGoRoundTheWorkers) {
  of(step).worker = second;
  EXPECT_EQ(worker(step, {0}), 1u);
  EXPECT_EQ(worker(step, {1}), 2u);
  EXPECT_EQ(worker(step, {2}), 0u);
  EXPECT_EQ(worker(step, {3}), 1u);
}

TEST_F(Placements, OfOneRowStayTogether) {
  for (std::uint32_t row = 0; row < 10; ++row) {
    EXPECT_EQ(worker(step, {row}), worker(next, {row}));
  }
}

TEST_F(Placements, OfRowsInRowsGoRoundWithBoth) {
  EXPECT_EQ(worker(step, {0, 0}), 0u);
  EXPECT_EQ(worker(step, {0, 1}), 1u);
  EXPECT_EQ(worker(step, {1, 1}), 2u);
  EXPECT_EQ(worker(step, {2, 1}), 0u);
}

TEST_F(Placements, OfRowsBeyondWhatANumberHoldsGoRoundAllTheSame) {
  constexpr std::uint32_t huge = 0xffff'ffff;
  EXPECT_EQ(worker(step, {huge, huge}), (2ull * huge) % 3);
}

TEST_F(Placements, ThatTheUserFixedStay) {
  of(step) = {.worker = second, .origin = Origin::user};
  for (std::uint32_t row = 0; row < 5; ++row) EXPECT_EQ(worker(step, {row}), 1u);
}

TEST_F(Placements, ThatAreFlexibleStay) {
  of(step).worker = flexible_worker;
  EXPECT_EQ(worker_of(plan, step.task(), {4}), flexible_worker);
}

TEST_F(Placements, NeedNoWorkersWhereNothingIsPlacedByThePlanner) {
  plan.workers.clear();
  of(step).worker = flexible_worker;
  of(next) = {.worker = second, .origin = Origin::user};
  EXPECT_EQ(worker_of(plan, step.task(), {4}), flexible_worker);
  EXPECT_EQ(worker(next, {4}), 1u);
}

// -- what is stored -------------------------------------------------------------------------------

class StoredOutputs : public testing::Test {
protected:
  bool stored(const AnyFuture& future, bool kept = false) {
    if (!graph_) {
      graph_ = sample::freeze(workflow);
      plan_ = plan_for(*graph_, 2);
      for (const auto& [task, placement] : placed) plan_.placements[task.number()] = placement;
    }
    return must_store(*graph_, plan_, future.task(), kept);
  }
  void place(const AnyFuture& future, Placement placement) { placed[future.task()] = placement; }

  Workflow workflow{"stored"};
  std::map<TaskId, Placement> placed;

private:
  GraphPtr graph_;
  Plan plan_;
};

TEST_F(StoredOutputs, AreNotThoseThatOnlyTheirOwnWorkerReads) {
  const auto a = workflow.task(sample::number, 1);
  workflow.task(sample::twice, a);
  workflow.task(sample::add, a, a);
  EXPECT_FALSE(stored(a));
}

TEST_F(StoredOutputs, AreThoseThatAnotherWorkerReads) {
  const auto a = workflow.task(sample::number, 1);
  workflow.task(sample::twice, a);
  place(workflow.task(sample::twice, a), {.worker = second});
  EXPECT_TRUE(stored(a));
}

TEST_F(StoredOutputs, AreThoseThatAreKept) {
  const auto a = workflow.task(sample::number, 1);
  EXPECT_TRUE(stored(a, true));
  EXPECT_FALSE(stored(a, false));
}

TEST_F(StoredOutputs, AreThoseOfAndForFlexibleTasks) {
  const auto a = workflow.task(sample::number, 1);
  const auto b = workflow.task(sample::twice, a);
  workflow.task(sample::twice, b);
  place(b, {.worker = flexible_worker});
  EXPECT_TRUE(stored(a)) << "whoever takes the task is not known";
  EXPECT_TRUE(stored(b));
}

TEST_F(StoredOutputs, AreNotThoseThatNobodyReads) {
  const auto sink = workflow.task(sample::number, 1);
  const auto gate = workflow.task(sample::number, 1);
  const auto later = workflow.task(sample::number, 1);
  workflow.after(later, gate);
  place(sink, {.worker = flexible_worker});
  place(later, {.worker = second});
  EXPECT_FALSE(stored(sink));
  EXPECT_FALSE(stored(gate)) << "the other worker waits for it and reads nothing";
}

TEST_F(StoredOutputs, AreListsThatMapsRunOver) {
  const auto list = workflow.task(sample::range, 3);
  workflow.map(list, sample::twice);
  EXPECT_TRUE(stored(list));
}

TEST_F(StoredOutputs, AreThoseThatTasksInsideMapsRead) {
  const auto list = workflow.task(sample::range, 3);
  const auto outer = workflow.task(sample::number, 1);
  workflow.map(list, sample::add, outer);
  EXPECT_TRUE(stored(outer));
}

TEST_F(StoredOutputs, AreElementsThatAreGathered) {
  const auto list = workflow.task(sample::range, 3);
  const auto step = workflow.map(list, sample::twice);
  const auto next = workflow.map(step, sample::twice);
  workflow.task(sample::sum, next);
  EXPECT_FALSE(stored(step)) << "the next step of the row runs on the same worker";
  EXPECT_TRUE(stored(next)) << "rows run everywhere";
}

TEST_F(StoredOutputs, AreElementsWhoseNextStepTheUserFixed) {
  const auto list = workflow.task(sample::range, 3);
  const auto step = workflow.map(list, sample::twice);
  place(workflow.map(step, sample::twice), {.worker = first, .origin = Origin::user});
  EXPECT_TRUE(stored(step)) << "the worker is that of row 0 alone";
}

TEST_F(StoredOutputs, AreNotElementsThatTheUserFixedWithTheirNextStep) {
  const auto list = workflow.task(sample::range, 3);
  const auto step = workflow.map(list, sample::twice);
  place(step, {.worker = second, .origin = Origin::user});
  place(workflow.map(step, sample::twice), {.worker = second, .origin = Origin::user});
  EXPECT_FALSE(stored(step));
}

TEST_F(StoredOutputs, AreElementsThatAMapInsideTakes) {
  const auto list = workflow.task(sample::range, 3);
  Future<int> middle;
  Future<Numbers> inner_list;
  workflow.for_each(list, [&](Future<int> x) {
    middle = workflow.task(sample::twice, x);
    inner_list = workflow.task(sample::range, middle);
    return workflow.map(inner_list, sample::add, middle);
  });
  EXPECT_TRUE(stored(middle));
  EXPECT_TRUE(stored(inner_list));
}

}  // namespace
}  // namespace weft
