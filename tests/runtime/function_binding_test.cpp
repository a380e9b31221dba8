// Functions of a run that were not there when its graph was decoded.

#include "weft/runtime/function_binding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/registry_of.hpp"
#include "weft/planning/planner.hpp"
#include "weft/workflow/workflow.hpp"

namespace weft::test {

using testing::HasSubstr;

class BoundFunctions : public testing::Test {
protected:
  /// Its graph and plan, as somebody decodes them who has no function at all.
  [[nodiscard]] DecodedGraph decoded_without_functions() const {
    const GraphPtr graph = workflow.freeze(all).value();
    const Plan plan =
      find_planner("simple").value()->plan(*graph, PlanOptions{.workers = 2}).value();
    const auto encoded = encode_graph(*graph, plan).value();
    return decode_graph(parts_of(encoded), Registry{}).value();
  }

  const Function<int (*)(int)> one{"one@1", [](int x) { return x + 1; }};
  const Function<int (*)(int, int)> two{"two@2", [](int x, int y) { return x + y; }};
  const Registry all = registry_of(one, two);
  Workflow workflow = [this] {
    Workflow made{"bound"};
    const auto first = made.task(one, 1);
    const auto last = made.task(two, first, first);
    made.name(last, "last");
    made.options(last).timeout = std::chrono::minutes{3};
    return made;
  }();
};

TEST_F(BoundFunctions, AreThoseOfTheRegistry) {
  const DecodedGraph before = decoded_without_functions();
  ASSERT_EQ(missing_functions(*before.graph, Registry{}).size(), 2u);
  const auto bound = bind_functions(*before.graph, *before.plan, all);
  ASSERT_TRUE(bound) << to_string(bound.error());
  EXPECT_TRUE(missing_functions(*bound->graph, all).empty());
}

TEST_F(BoundFunctions, LeaveTheGraphAndThePlanAsTheyWere) {
  const DecodedGraph before = decoded_without_functions();
  const auto bound = bind_functions(*before.graph, *before.plan, all);
  ASSERT_TRUE(bound);
  EXPECT_EQ(*bound->plan, *before.plan);
  EXPECT_EQ(bound->graph->task_count(), before.graph->task_count());
  EXPECT_EQ(bound->graph->sinks(), before.graph->sinks());
  EXPECT_EQ(bound->graph->task_name(TaskId{1}), "last");
  EXPECT_EQ(bound->graph->options(TaskId{1}), before.graph->options(TaskId{1}));
}

TEST_F(BoundFunctions, ThatTheRegistryLacksAreAllNamed) {
  const DecodedGraph before = decoded_without_functions();
  const auto bound = bind_functions(*before.graph, *before.plan, Registry{});
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code, Errc::function_unknown);
  EXPECT_EQ(bound.error().causes.size(), 2u);
  EXPECT_THAT(to_string(bound.error()), testing::AllOf(HasSubstr("one@1"), HasSubstr("two@2")));
}

/// One version is not another.
TEST_F(BoundFunctions, OfAnotherVersionAreMissing) {
  const DecodedGraph before = decoded_without_functions();
  const Function<int (*)(int, int)> later{"two@3", [](int x, int) { return x; }};
  const auto bound = bind_functions(*before.graph, *before.plan, registry_of(one, later));
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().causes.size(), 1u);
  EXPECT_THAT(to_string(bound.error()), HasSubstr("two@2"));
}

}  // namespace weft::test
