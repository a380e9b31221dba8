// Random workflows: what comes out of their encoding is what went in, whole and in slices.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "support/seeds.hpp"
#include "workflow/evaluation.hpp"
#include "workflow/planned_graph.hpp"

namespace weft {
namespace {

using test::PlannedGraph;

class EncodedGraphs : public testing::TestWithParam<std::uint64_t> {
protected:
  /// Calls `body(PlannedGraph)` for each random workflow of a block of seeds.
  template <class Body>
  static void for_each_graph(Body&& body) {
    test::for_each_seed(GetParam(), [&](std::uint64_t seed) {
      body(seed % 2 == 0 ? test::planned_sketch(seed) : test::planned_backwards(seed));
    });
  }
};

TEST_P(EncodedGraphs, AreDecodedAsTheyWere) {
  for_each_graph([](const PlannedGraph& made) {
    const EncodedGraph encoded = encode_graph(*made.graph, *made.plan).value();
    const DecodedGraph decoded = decode_graph(parts_of(encoded), made.registry).value();
    test::expect_same_graph(*made.graph, *decoded.graph);
    EXPECT_EQ(*made.plan, *decoded.plan);
    EXPECT_TRUE(missing_functions(*decoded.graph, made.registry).empty());
    for (std::uint32_t i = 0; i < made.graph->task_count(); ++i) {
      if (made.graph->task(TaskId{i}).kind == TaskKind::map) continue;
      EXPECT_EQ(&made.graph->function(TaskId{i}), &decoded.graph->function(TaskId{i}));
    }
  });
}

TEST_P(EncodedGraphs, HaveOneEncoding) {
  for_each_graph([](const PlannedGraph& made) {
    const EncodedGraph first = encode_graph(*made.graph, *made.plan).value();
    const DecodedGraph decoded = decode_graph(parts_of(first), made.registry).value();
    const EncodedGraph second = encode_graph(*decoded.graph, *decoded.plan).value();
    EXPECT_EQ(first.header, second.header);
    EXPECT_EQ(first.tasks, second.tasks);
    EXPECT_EQ(first.constants, second.constants);
  });
}

TEST_P(EncodedGraphs, ComeToTheSameOnceDecoded) {
  test::for_each_seed(GetParam(), [](std::uint64_t seed) {
    const PlannedGraph made = test::planned_sketch(seed, 8);
    const EncodedGraph encoded = encode_graph(*made.graph, *made.plan).value();
    const DecodedGraph decoded = decode_graph(parts_of(encoded), made.registry).value();
    test::Evaluation before{made.graph};
    test::Evaluation after{decoded.graph};
    for (const TaskId sink : made.graph->sinks()) {
      if (made.graph->task(sink).kind == TaskKind::map) continue;
      EXPECT_EQ(before.value_of(sink), after.value_of(sink));
    }
  });
}

/// What a worker's slice must say: its tasks as they are, of the others their numbers and names.
void expect_slice(const PlannedGraph& made, const DecodedGraph& slice,
                  const std::vector<TaskId>& tasks) {
  test::expect_same_header(*made.graph, *slice.graph);
  EXPECT_TRUE(slice.graph->topological_order().empty());
  const std::set<TaskId> there{tasks.begin(), tasks.end()};
  for (std::uint32_t i = 0; i < made.graph->task_count(); ++i) {
    const TaskId id{i};
    if (there.contains(id)) {
      test::expect_same_task(*made.graph, *slice.graph, id);
      EXPECT_EQ(slice.plan->placements[i], made.plan->placements[i]);
      continue;
    }
    EXPECT_EQ(slice.graph->task(id).kind, TaskKind::function);
    EXPECT_TRUE(slice.graph->arguments(id).empty());
    EXPECT_TRUE(slice.graph->dependencies(id).empty());
    EXPECT_TRUE(slice.graph->children(id).empty());
    EXPECT_EQ(slice.graph->options(id), TaskOptions{});
    EXPECT_EQ(slice.graph->named(id), made.graph->named(id));
    EXPECT_EQ(slice.plan->placements[i], Placement{.worker = flexible_worker});
  }
  for (const std::uint32_t index : constants_of(*made.graph, tasks)) {
    EXPECT_EQ(slice.graph->constants()[index], made.graph->constants()[index]);
  }
  EXPECT_EQ(slice.plan->workers, made.plan->workers);
  EXPECT_EQ(slice.plan->optimizations, made.plan->optimizations);
}

TEST_P(EncodedGraphs, AreDecodedInSlices) {
  for_each_graph([](const PlannedGraph& made) {
    const EncodedGraph encoded = encode_graph(*made.graph, *made.plan).value();
    std::set<TaskId> all;
    for (const PlannedWorker& worker : made.plan->workers) {
      const auto tasks = tasks_of_worker(*made.graph, *made.plan, worker.id);
      all.insert(tasks.begin(), tasks.end());
      if (tasks.size() == made.graph->task_count()) continue;
      const Blob packed = pack_slice(parts_of(encoded, tasks, constants_of(*made.graph, tasks)));
      const GraphParts parts = unpack_slice(packed).value();
      expect_slice(made, decode_graph(parts, made.registry).value(), tasks);
    }
    EXPECT_EQ(all.size(), made.graph->task_count());
  });
}

INSTANTIATE_TEST_SUITE_P(Seeds, EncodedGraphs, test::seed_blocks(WEFT_CODEC_SEEDS),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace weft
