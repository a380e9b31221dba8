#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planning/sample_graphs.hpp"
#include "support/golden.hpp"
#include "weft/planning/plan_json.hpp"

namespace weft {
namespace {

using namespace sample;
using ::testing::HasSubstr;
using ::testing::Not;

/// A workflow with one of everything that a plan can show.
class PlanText : public ::testing::Test {
protected:
  void SetUp() override {
    const auto list = wf.task(numbers);
    const auto each = wf.map(list, step);
    const auto total = wf.task(sum, each);
    const auto one = wf.task(number);
    const auto two = wf.task(number);
    const auto both = wf.task(join, one, two);
    const auto all = wf.task(join, total, both);
    wf.name(total, "total");
    wf.name(all, "all");
    wf.options(one).worker = WorkerId{2};
    wf.options(one).expected_output = Bytes{10};
    wf.options(two).expected_output = Bytes{1000};
    wf.options(two).expected_time = std::chrono::milliseconds{100};
    wf.options(both).worker_class = WorkerClass{.cpus = 2, .memory = {512}};
    wf.options(all).optimizations = {{.kind = "preload", .parameters = {{"inputs", "all"}}}};
    graph = freeze(wf);
    plan = plan_simple(graph, {.workers = 2, .largest_class = {.cpus = 4}, .optimizations = &known})
             .value();
  }

  Workflow wf{"everything"};
  OptimizationCatalogue known{
    {std::make_shared<FakeOptimization>("preload", std::vector{Stage::acquire_inputs}),
     std::make_shared<FakeOptimization>("stream", std::vector{Stage::publish_output},
                                        std::vector{TaskId{0}})}};
  GraphPtr graph;
  Plan plan;
};

TEST_F(PlanText, AsJsonIsGolden) {
  test::expect_golden("plan_everything.json", to_json(*graph, plan));
}

TEST_F(PlanText, AsTableIsGolden) {
  test::expect_golden("plan_everything.txt", to_text(*graph, plan));
}

TEST_F(PlanText, ShowsFlexibleTasksAsSuch) {
  plan.placements[0].worker = flexible_worker;
  EXPECT_THAT(to_json(*graph, plan), HasSubstr("\"worker\": null"));
  EXPECT_THAT(to_text(*graph, plan), HasSubstr("flexible"));
}

TEST(PlanTable, IsCutWhereTheJsonFormIsWhole) {
  Workflow wf{"many"};
  for (std::size_t i = 0; i < max_text_rows + 5; ++i) (void)wf.task(number);
  const auto graph = freeze(wf);
  const Plan plan = plan_simple(graph, {.workers = 2}).value();
  EXPECT_THAT(to_text(*graph, plan), HasSubstr("and 5 more"));
  EXPECT_THAT(to_text(*graph, plan), Not(HasSubstr("number-204")));
  EXPECT_THAT(to_json(*graph, plan), HasSubstr("number-204"));
}

}  // namespace
}  // namespace weft
