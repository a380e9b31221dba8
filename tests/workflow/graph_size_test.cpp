// Graphs as large as anybody runs: nothing recurses, nothing takes more than linear time.

#include <gtest/gtest.h>

#include <functional>

#include "weft/workflow/task_table.hpp"
#include "weft/workflow/workflow.hpp"
#include "workflow/sample_tasks.hpp"

namespace weft {
namespace {

constexpr std::uint32_t million = 1'000'000;

TEST(LargeGraphs, MayBeAChain) {
  Workflow workflow{"chain"};
  workflow.reserve(million);
  auto last = workflow.task(sample::number, 1);
  for (std::uint32_t i = 1; i < million; ++i) last = workflow.task(sample::twice, last);
  const GraphPtr graph = std::move(workflow).freeze(sample::registry()).value();
  EXPECT_EQ(graph->task_count(), million);
  EXPECT_EQ(graph->topological_order().size(), million);
  EXPECT_EQ(graph->sinks(), std::vector{last.task()});
  EXPECT_EQ(graph->pending(last.task()), 1u);
}

TEST(LargeGraphs, MayBeAFanOutAndIn) {
  Workflow workflow{"fan"};
  const auto source = workflow.task(sample::number, 1);
  std::vector<Future<int>> leaves;
  for (std::uint32_t i = 0; i < million; ++i) {
    leaves.push_back(workflow.task(sample::twice, source));
  }
  const auto sink = workflow.task(sample::sum, leaves);
  const GraphPtr graph = std::move(workflow).freeze(sample::registry()).value();
  EXPECT_EQ(graph->children(source.task()).size(), million);
  EXPECT_EQ(graph->readers(source.task()), million);
  EXPECT_EQ(graph->dependencies(sink.task()).size(), million);
  EXPECT_EQ(graph->pending(sink.task()), million);
}

TEST(LargeGraphs, MayHaveABarrierOfOrderAlone) {
  Workflow workflow{"barrier"};
  constexpr std::uint32_t side = million / 2;
  std::vector<Future<int>> tasks;
  for (std::uint32_t i = 0; i <= 2 * side; ++i) tasks.push_back(workflow.task(sample::number, 1));
  const auto barrier = tasks.back();
  for (std::uint32_t i = 0; i < side; ++i) {
    workflow.after(barrier, tasks[i]);
    workflow.after(tasks[side + i], barrier);
  }
  const GraphPtr graph = std::move(workflow).freeze(sample::registry()).value();
  EXPECT_EQ(graph->pending(barrier.task()), side);
  EXPECT_EQ(graph->children(barrier.task()).size(), side);
  EXPECT_EQ(graph->topological_order()[side], barrier.task());
}

TEST(LargeGraphs, MayBeWrittenBackwardsByName) {
  Workflow workflow{"backwards"};
  constexpr std::uint32_t count = million / 4;
  for (std::uint32_t i = 0; i < count; ++i) {
    ArgumentSpec::List inputs;
    if (i + 1 < count) inputs.push_back({ArgumentSpec::Output{"t" + std::to_string(i + 1)}});
    workflow.add(
      {.name = "t" + std::to_string(i), .function = {"sum"}, .arguments = {{std::move(inputs)}}});
  }
  const GraphPtr graph = std::move(workflow).freeze(sample::registry()).value();
  EXPECT_EQ(graph->topological_order().front(), TaskId{count - 1});
  EXPECT_EQ(graph->topological_order().back(), TaskId{0});
  EXPECT_EQ(graph->sinks(), std::vector{TaskId{0}});
}

TEST(LargeGraphs, MayHaveManyMaps) {
  Workflow workflow{"maps"};
  constexpr std::uint32_t count = million / 10;
  const auto list = workflow.task(sample::range, 3);
  const auto outer = workflow.task(sample::number, 1);
  std::vector<Mapped<int>> maps;
  for (std::uint32_t i = 0; i < count; ++i) {
    maps.push_back(workflow.map(list, sample::add, outer));
  }
  const GraphPtr graph = sample::freeze(workflow);
  EXPECT_EQ(graph->scope_count(), count + 1);
  EXPECT_EQ(graph->readers(outer.task()), count);
  EXPECT_EQ(graph->children(list.task()).size(), count);
}

TEST(LargeGraphs, MayNestMapsDeeply) {
  Workflow workflow{"deep"};
  constexpr int depth = 2'000;
  const auto list = workflow.task(sample::range, 1);
  const auto outer = workflow.task(sample::number, 1);
  TaskId innermost;
  const std::function<Future<int>(int)> nest = [&](int left) -> Future<int> {
    if (left == 0) {
      const auto leaf = workflow.task(sample::twice, outer);
      innermost = leaf.task();
      return leaf;
    }
    return workflow.task(sample::sum,
                         workflow.for_each(list, [&](Future<int>) { return nest(left - 1); }));
  };
  nest(depth);
  const GraphPtr graph = sample::freeze(workflow);
  EXPECT_EQ(graph->scope_count(), depth + 1u);
  EXPECT_EQ(graph->readers(outer.task()), 1u);
  EXPECT_EQ(graph->scope(graph->task(innermost).scope).outer_inputs.size(), 1u);
}

TEST(LargeGraphs, MayTakeManyOutputsIntoOneMap) {
  Workflow workflow{"many_inputs"};
  constexpr std::uint32_t count = 300'000;
  const auto list = workflow.task(sample::range, 1);
  std::vector<Future<int>> outer;
  for (std::uint32_t i = 0; i < count; ++i) outer.push_back(workflow.task(sample::number, 1));
  const auto each =
    workflow.for_each(list, [&](Future<int>) { return workflow.task(sample::sum, outer); });
  const GraphPtr graph = sample::freeze(workflow);
  EXPECT_EQ(graph->scope(graph->task(each.task()).scope).outer_inputs.size(), count);
  EXPECT_EQ(graph->readers(outer[0].task()), 1u);
}

TEST(LargeGraphs, MayExpandAMapIntoAMillionRows) {
  Workflow workflow{"wide"};
  const auto list = workflow.task(sample::range, 1);
  const auto each = workflow.map(list, sample::twice);
  const auto total = workflow.task(sample::sum, each);
  TaskTable table{sample::freeze(workflow)};
  table.expand(sample::map_of(table.graph(), each), million);
  std::uint32_t gathered = 0;
  table.for_each_dependency(total.task(), [&](auto...) { ++gathered; });
  EXPECT_EQ(gathered, million);
}

}  // namespace
}  // namespace weft
