#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/golden.hpp"
#include "weft/apps/weft/graph_view.hpp"
#include "weft/apps/weft/plan_report.hpp"
#include "weft/planning/planner.hpp"
#include "weft/workflow/workflow.hpp"

namespace weft::cli {
namespace {

using testing::HasSubstr;
using Numbers = std::vector<int>;

const Function numbers{"numbers@1", [] { return Numbers{1, 2}; }};
const Function twice{"twice@1", [](int x) { return 2 * x; }};
const Function sum{"sum@1", [](const Numbers& all) { return static_cast<int>(all.size()); }};
const Function report{"report@1", [](int, int) {}};

/// A map, a fan-in, an order without data, and a name that every format must escape.
GraphPtr sample_graph() {
  Workflow workflow{"sample"};
  const auto list = workflow.task(numbers);
  const auto each = workflow.map(list, twice);
  const auto total = workflow.task(sum, each);
  const auto other = workflow.task(twice, 21);
  const auto last = workflow.task(report, total, other);
  workflow.after(other, list);
  workflow.name(total, "total");
  workflow.name(last, "report");
  workflow.options(total).expected_time = std::chrono::seconds{2};
  workflow.options(other).expected_time = std::chrono::seconds{1};
  Registry registry;
  registry.add(numbers).add(twice).add(sum).add(report);
  return workflow.freeze(registry).value();
}

/// One task for each number, each reading the one before.
GraphPtr chain(int tasks) {
  Workflow workflow{"chain"};
  auto last = workflow.task(twice, 1);
  for (int i = 1; i < tasks; ++i) last = workflow.task(twice, last);
  Registry registry;
  registry.add(twice);
  return workflow.freeze(registry).value();
}

TEST(GraphText, DotOfEachTaskIsAsReviewed) {
  test::expect_golden("graph_tasks.dot", dot_text(view_of(*sample_graph(), {})));
}

TEST(GraphText, MermaidOfEachTaskIsAsReviewed) {
  test::expect_golden("graph_tasks.mmd", mermaid_text(view_of(*sample_graph(), {})));
}

TEST(GraphText, SvgOfEachTaskIsAsReviewed) {
  test::expect_golden("graph_tasks.svg", svg_text(view_of(*sample_graph(), {})));
}

TEST(GraphText, DotByFunctionIsAsReviewed) {
  test::expect_golden("graph_functions.dot",
                      dot_text(view_of(*sample_graph(), GraphGrouping::functions)));
}

TEST(GraphText, PlanForPeopleIsAsReviewed) {
  const GraphPtr graph = sample_graph();
  const auto plan = find_planner("simple").value()->plan(*graph, {.workers = 2});
  test::expect_golden("plan_report.txt", plan_text(*graph, *plan, {}));
}

TEST(EstimatedPath, LeadsThroughTheElementsOfAMap) {
  const GraphPtr graph = sample_graph();
  std::vector<std::string> names;
  for (const TaskId task : estimated_path(*graph).tasks) names.push_back(graph->task_name(task));
  EXPECT_THAT(names, testing::ElementsAre("numbers-0", "weft.map-1", "twice-2", "total", "report"));
}

TEST(GraphView, GroupsLargeWorkflowsByFunctionUnlessToldOtherwise) {
  const GraphPtr large = chain(max_drawn_tasks + 1);
  EXPECT_EQ(view_of(*large, {}).nodes.size(), 1u);
  EXPECT_EQ(view_of(*large, {}).nodes[0].tasks, max_drawn_tasks + 1);
  EXPECT_EQ(view_of(*large, {}).nodes[0].inner_edges, max_drawn_tasks);
  EXPECT_EQ(view_of(*large, GraphGrouping::tasks).nodes.size(), max_drawn_tasks + 1);
  EXPECT_EQ(view_of(*chain(max_drawn_tasks), {}).grouping, GraphGrouping::tasks);
}

TEST(GraphText, EscapesWhatEachFormatReadsAsItsOwn) {
  GraphView view;
  view.name = "a\"<b>&";
  view.functions = {"f<\"&@1"};
  view.nodes = {{.label = "x\"]<script>&#\\"}};
  EXPECT_THAT(svg_text(view), HasSubstr("x&quot;]&lt;script&gt;&amp;#\\"));
  EXPECT_THAT(dot_text(view), HasSubstr("label=\"x\\\"]<script>&#\\\\\""));
  EXPECT_THAT(mermaid_text(view), HasSubstr("(\"x#34;]#60;script#62;#38;#35;\\\")"));
}

}  // namespace
}  // namespace weft::cli
