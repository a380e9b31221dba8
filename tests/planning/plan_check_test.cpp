#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planning/sample_graphs.hpp"

namespace weft {
namespace {

using namespace sample;
using ::testing::HasSubstr;

/// A good plan of a small workflow, for tests to spoil.
class CheckPlan : public ::testing::Test {
protected:
  void SetUp() override {
    wf.options(pinned).worker = WorkerId{1};
    wf.options(large).worker_class = WorkerClass{.cpus = 2};
    wf.options(left).optimizations = {{.kind = "wanted"},
                                      {.kind = "forbidden", .wish = Wish::forbidden}};
    graph = freeze(wf);
    plan = plan_simple(graph, options).value();
  }

  Workflow wf{"checked"};
  Future<int> pinned = wf.task(number);
  Future<int> large = wf.task(number);
  Future<int> left = wf.task(step, pinned);
  OptimizationCatalogue catalogue{
    {std::make_shared<FakeOptimization>("wanted", std::vector{Stage::execute}),
     std::make_shared<FakeOptimization>("forbidden", std::vector{Stage::hand_over}),
     std::make_shared<FakeOptimization>("rival", std::vector{Stage::execute})}};
  PlanOptions options{.workers = 2, .largest_class = {.cpus = 4}, .optimizations = &catalogue};
  GraphPtr graph;
  Plan plan;

  Error refusal() {
    const auto checked = check_plan(*graph, plan, options);
    EXPECT_FALSE(checked);
    return checked ? Error{} : checked.error();
  }

  Placement& place_of(const AnyFuture& task) { return plan.placements[task.task().number()]; }
};

TEST_F(CheckPlan, AcceptsAGoodPlan) {
  const auto checked = check_plan(*graph, plan, options);
  EXPECT_TRUE(checked) << to_string(checked.error());
}

TEST_F(CheckPlan, AcceptsFlexibleTasks) {
  place_of(left).worker = flexible_worker;
  EXPECT_TRUE(check_plan(*graph, plan, options));
}

TEST_F(CheckPlan, NamesATaskOnAWorkerThatIsNotPlanned) {
  place_of(left).worker = WorkerId{17};
  EXPECT_EQ(refusal().task, "step-2");
  EXPECT_THAT(refusal().message, HasSubstr("worker 17"));
}

TEST_F(CheckPlan, NamesATaskThatIsNotWhereTheUserFixedIt) {
  place_of(pinned).worker = WorkerId{0};
  EXPECT_EQ(refusal().code, Errc::plan_conflict);
  EXPECT_EQ(refusal().task, "number-0");
  EXPECT_THAT(refusal().message, HasSubstr("worker 1"));
}

TEST_F(CheckPlan, NamesATaskWhoseOriginWasForgotten) {
  place_of(pinned).origin = Origin::planner;
  EXPECT_EQ(refusal().task, "number-0");
}

TEST_F(CheckPlan, NamesATaskOnAWorkerThatIsTooSmall) {
  place_of(large).worker = WorkerId{0};
  EXPECT_EQ(refusal().code, Errc::plan_infeasible);
  EXPECT_EQ(refusal().task, "number-1");
  EXPECT_THAT(refusal().message, HasSubstr("2 cpus"));
}

TEST_F(CheckPlan, NamesAWorkerThatThePoolCannotHost) {
  plan.workers[0].worker_class.cpus = 5;
  EXPECT_EQ(refusal().code, Errc::plan_infeasible);
  EXPECT_THAT(refusal().message, HasSubstr("worker 0"));
}

TEST_F(CheckPlan, RefusesWorkersWithGaps) {
  plan.workers.back().id = WorkerId{9};
  EXPECT_THAT(refusal().message, HasSubstr("worker 9 stands at place 2"));
}

TEST_F(CheckPlan, RefusesThePlanOfAnotherGraph) {
  plan.placements.pop_back();
  EXPECT_THAT(refusal().message, HasSubstr("2 tasks of 3"));
}

TEST_F(CheckPlan, MissesAnOptimizationThatTheUserWants) {
  plan.optimizations.clear();
  EXPECT_EQ(refusal().task, "step-2");
  EXPECT_THAT(refusal().message, HasSubstr("'wanted'"));
}

TEST_F(CheckPlan, FindsAnOptimizationThatTheUserForbids) {
  plan.optimizations.push_back({.task = left.task(), .choice = {.kind = "forbidden"}});
  EXPECT_THAT(refusal().message, HasSubstr("forbids the optimization 'forbidden'"));
}

TEST_F(CheckPlan, NamesBothOwnersOfOneStage) {
  plan.optimizations.push_back({.task = left.task(), .choice = {.kind = "rival"}});
  EXPECT_EQ(refusal().code, Errc::plan_conflict);
  EXPECT_THAT(refusal().message, HasSubstr("'wanted' and 'rival' both own the stage execute"));
}

TEST_F(CheckPlan, NamesAnOptimizationThatNobodyKnows) {
  plan.optimizations.push_back({.task = left.task(), .choice = {.kind = "magic"}});
  EXPECT_THAT(refusal().message, HasSubstr("magic"));
}

TEST_F(CheckPlan, RefusesOptimizationsOutOfOrderOrOfNoTask) {
  plan.optimizations.push_back({.task = TaskId{99}, .choice = {.kind = "rival"}});
  EXPECT_THAT(refusal().message, HasSubstr("task 99"));
  std::swap(plan.optimizations.front(), plan.optimizations.back());
  EXPECT_THAT(refusal().message, HasSubstr("not sorted"));
}

TEST_F(CheckPlan, ReportsAllViolationsAtOnce) {
  place_of(large).worker = WorkerId{0};
  place_of(pinned).worker = WorkerId{0};
  plan.optimizations.clear();
  EXPECT_EQ(refusal().causes.size(), 3u);
}

TEST(CheckPlanOfMaps, HoldsEveryWorkerToWhatATemplateAsks) {
  Workflow wf{"maps"};
  const auto each = wf.map(wf.task(numbers), step);
  wf.options(each).worker_class = WorkerClass{.cpus = 2};
  const auto graph = freeze(wf);
  const PlanOptions options{.workers = 3, .largest_class = {.cpus = 2}};
  Plan plan = plan_simple(graph, options).value();
  ASSERT_TRUE(check_plan(*graph, plan, options));

  plan.workers.back().worker_class.cpus = 1;
  const auto checked = check_plan(*graph, plan, options);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().task, graph->task_name(each.task()));
}

}  // namespace
}  // namespace weft
