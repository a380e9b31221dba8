#include "weft/workflow/task_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "weft/workflow/workflow.hpp"
#include "workflow/sample_tasks.hpp"

namespace weft {
namespace {

using sample::Numbers;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<TaskId> children(const TaskTable& table, TaskId task) {
  std::vector<TaskId> all;
  table.for_each_child(task, [&](TaskId child) { all.push_back(child); });
  return all;
}

using Edge = std::tuple<std::uint32_t, DependencyKind, TaskId>;

std::vector<Edge> dependencies(const TaskTable& table, TaskId task) {
  std::vector<Edge> all;
  table.for_each_dependency(task, [&](std::uint32_t slot, DependencyKind kind, TaskId on) {
    all.emplace_back(slot, kind, on);
  });
  return all;
}

constexpr auto output = DependencyKind::output;
constexpr auto gather = DependencyKind::gather;
constexpr auto item = DependencyKind::item;

/// A list, a map of two steps that reads a number outside, and who gathers both steps.
class OneMap : public testing::Test {
protected:
  Workflow workflow{"one_map"};
  Future<Numbers> list = workflow.task(sample::range, 3);            // 0
  Future<int> outer = workflow.task(sample::number, 1);              // 1
  Mapped<int> first = workflow.map(list, sample::twice);             // 2, 3
  Mapped<int> second = workflow.map(first, sample::add, outer);      // 4
  Future<Numbers> all = workflow.task(sample::both, first, second);  // 5
  TaskId map{2};
  TaskTable table{sample::freeze(workflow)};
};

TEST_F(OneMap, NumbersItsTasksBehindThoseOfTheGraph) {
  EXPECT_EQ(table.task_count(), 6u);
  const Expansion& rows = table.expand(map, 3);
  EXPECT_EQ(rows.map, map);
  EXPECT_EQ(rows.first, TaskId{6});
  EXPECT_EQ(rows.items, 3u);
  EXPECT_EQ(rows.width, 2u);
  EXPECT_EQ(table.task_count(), 12u);
}

TEST_F(OneMap, IsKnownOnceItHasExpanded) {
  EXPECT_EQ(table.expansion_of(map), nullptr);
  table.expand(map, 3);
  ASSERT_NE(table.expansion_of(map), nullptr);
  EXPECT_EQ(table.expansion_of(map)->items, 3u);
  EXPECT_EQ(table.expansion_of(list.task()), nullptr);
}

TEST_F(OneMap, TellsTheOriginOfEachTask) {
  table.expand(map, 3);
  for (std::uint32_t number = 0; number < 6; ++number) {
    EXPECT_EQ(table.origin(TaskId{number}).task, TaskId{number});
    EXPECT_EQ(table.origin(TaskId{number}).expansion, nullptr);
  }
  for (std::uint32_t row = 0; row < 3; ++row) {
    const TaskOrigin a = table.origin(TaskId{6 + 2 * row});
    const TaskOrigin b = table.origin(TaskId{7 + 2 * row});
    EXPECT_EQ(a.task, first.task());
    EXPECT_EQ(b.task, second.task());
    EXPECT_EQ(a.row, row);
    EXPECT_EQ(b.row, row);
    EXPECT_EQ(a.expansion, table.expansion_of(map));
  }
}

TEST_F(OneMap, NamesItsTasksByTheirRow) {
  table.expand(map, 3);
  EXPECT_EQ(table.name(TaskId{0}), "range-0");
  EXPECT_EQ(table.name(TaskId{10}), "twice-3[2]");
  EXPECT_EQ(table.name(TaskId{7}), "add-4[0]");
  EXPECT_THAT(table.path(TaskId{10}), ElementsAre(2u));
  EXPECT_THAT(table.path(list.task()), IsEmpty());
}

TEST_F(OneMap, ResolvesATaskOfTheGraphToThatOfTheSameRow) {
  table.expand(map, 3);
  const TaskOrigin from = table.origin(TaskId{11});  // Step two of row 2.
  EXPECT_EQ(table.resolve(from, first.task()), TaskId{10});
  EXPECT_EQ(table.resolve(from, second.task()), TaskId{11});
  EXPECT_EQ(table.resolve(from, outer.task()), outer.task());
  EXPECT_EQ(table.resolve(from, map), map);
  EXPECT_EQ(table.resolve(table.origin(all.task()), list.task()), list.task());
}

TEST_F(OneMap, CountsDownTheNextStepOfTheRowAndWhoGathers) {
  table.expand(map, 3);
  EXPECT_THAT(children(table, TaskId{8}), ElementsAre(TaskId{9}, all.task()));
  EXPECT_THAT(children(table, TaskId{9}), ElementsAre(all.task()));
  EXPECT_THAT(children(table, map), ElementsAre(all.task()));
  EXPECT_THAT(children(table, list.task()), ElementsAre(map));
}

TEST_F(OneMap, DependsOnElementsOnceTheyAreThere) {
  EXPECT_THAT(dependencies(table, all.task()), IsEmpty());
  table.expand(map, 2);
  EXPECT_THAT(dependencies(table, all.task()),
              ElementsAre(Edge{0, gather, TaskId{6}}, Edge{0, gather, TaskId{8}},
                          Edge{1, gather, TaskId{7}}, Edge{1, gather, TaskId{9}}));
  EXPECT_THAT(dependencies(table, TaskId{8}), ElementsAre(Edge{0, item, map}));
  EXPECT_THAT(dependencies(table, TaskId{9}),
              ElementsAre(Edge{0, output, TaskId{8}}, Edge{1, output, outer.task()}));
  EXPECT_THAT(dependencies(table, map), ElementsAre(Edge{0, output, list.task()}));
}

TEST_F(OneMap, OfAnEmptyListHasNoTasksAndTakesANumberAllTheSame) {
  const Expansion& rows = table.expand(map, 0);
  EXPECT_EQ(rows.items, 0u);
  EXPECT_EQ(table.task_count(), 7u);
  EXPECT_THAT(dependencies(table, all.task()), IsEmpty());
  EXPECT_NE(table.expansion_of(map), nullptr);
}

TEST_F(OneMap, MayBeAMillionElementsWide) {
  const Expansion rows = table.expand(map, 1'000'000);
  const TaskId last{rows.first.number() + 2 * 1'000'000 - 1};
  EXPECT_EQ(table.name(last), "add-4[999999]");
  EXPECT_EQ(table.resolve(table.origin(last), first.task()), TaskId{last.number() - 1});
}

TEST_F(OneMap, ExpandsOnce) {
  table.expand(map, 1);
  EXPECT_DEATH(table.expand(map, 1), "a map is expanded once");
}

TEST_F(OneMap, KnowsNoNumbersThatAreNotInUse) {
  EXPECT_DEATH(static_cast<void>(table.origin(TaskId{6})), "a number in use");
  table.expand(map, 1);
  EXPECT_DEATH(static_cast<void>(table.origin(TaskId{8})), "a number in use");
}

/// A map over lists; inside it a map over the list, which reads an element and an output of the
/// outer one; a task that gathers it; and a task that gathers those.
class MapInAMap : public testing::Test {
protected:
  Workflow workflow{"map_in_a_map"};
  Future<sample::Lists> lists = workflow.task(sample::triangle, 3);  // 0
  TaskId outer_map{1};
  TaskId inner_map{3};
  Future<int> length;  // 2
  Mapped<int> leaf;    // 4
  Mapped<int> rows = workflow.for_each(lists, [this](Future<Numbers> row) {
    length = workflow.task(sample::sum, row);
    leaf = workflow.map(row, sample::add, length);
    return workflow.task(sample::sum, leaf);  // 5
  });
  Future<int> total = workflow.task(sample::sum, rows);  // 6
  TaskTable table{sample::freeze(workflow)};

  /// The tasks of row `row` of the outer map.
  TaskId length_of(std::uint32_t row) { return {TaskId{7 + 3 * row}}; }
  TaskId map_of(std::uint32_t row) { return {TaskId{8 + 3 * row}}; }
  TaskId sum_of(std::uint32_t row) { return {TaskId{9 + 3 * row}}; }
};

TEST_F(MapInAMap, ExpandsForEachElementOnItsOwn) {
  table.expand(outer_map, 3);
  const TaskId second = table.expand(map_of(1), 2).first;
  const TaskId third = table.expand(map_of(2), 0).first;
  const TaskId first = table.expand(map_of(0), 1).first;
  EXPECT_EQ(second, TaskId{16});
  EXPECT_EQ(third, TaskId{18});
  EXPECT_EQ(first, TaskId{19});
  EXPECT_EQ(table.task_count(), 20u);
  EXPECT_EQ(table.expansion_of(map_of(1))->first, second);
  EXPECT_EQ(table.expansion_of(map_of(0))->first, first);
  EXPECT_EQ(table.origin(first).expansion->map, map_of(0));
  EXPECT_EQ(table.origin(TaskId{17}).row, 1u);
}

TEST_F(MapInAMap, NamesItsTasksByTheirRowsFromOutsideIn) {
  table.expand(outer_map, 3);
  table.expand(map_of(2), 4);
  EXPECT_EQ(table.name(TaskId{19}), "add-4[2][3]");
  EXPECT_THAT(table.path(TaskId{19}), ElementsAre(2u, 3u));
  EXPECT_EQ(table.name(map_of(1)), "weft.map-3[1]");
}

TEST_F(MapInAMap, ResolvesToTheEnclosingRows) {
  table.expand(outer_map, 3);
  table.expand(map_of(0), 1);
  table.expand(map_of(2), 2);
  const TaskOrigin from = table.origin(TaskId{18});  // Row 1 of row 2.
  EXPECT_EQ(table.resolve(from, leaf.task()), TaskId{18});
  EXPECT_EQ(table.resolve(from, length.task()), length_of(2));
  EXPECT_EQ(table.resolve(from, inner_map), map_of(2));
  EXPECT_EQ(table.resolve(from, outer_map), outer_map);
  EXPECT_EQ(table.resolve(from, lists.task()), lists.task());
}

TEST_F(MapInAMap, HasEdgesThatStayWithinTheirRow) {
  table.expand(outer_map, 3);
  table.expand(map_of(1), 2);
  EXPECT_THAT(children(table, TaskId{17}), ElementsAre(sum_of(1)));
  EXPECT_THAT(children(table, map_of(1)), ElementsAre(sum_of(1)));
  EXPECT_THAT(children(table, sum_of(1)), ElementsAre(total.task()));
  EXPECT_THAT(dependencies(table, TaskId{17}),
              ElementsAre(Edge{0, item, map_of(1)}, Edge{1, output, length_of(1)}));
  EXPECT_THAT(dependencies(table, sum_of(1)),
              ElementsAre(Edge{0, gather, TaskId{16}}, Edge{0, gather, TaskId{17}}));
  EXPECT_THAT(dependencies(table, sum_of(2)), IsEmpty()) << "its map has not expanded";
  EXPECT_THAT(dependencies(table, map_of(2)), ElementsAre(Edge{0, item, outer_map}));
  EXPECT_THAT(dependencies(table, total.task()),
              ElementsAre(Edge{0, gather, sum_of(0)}, Edge{0, gather, sum_of(1)},
                          Edge{0, gather, sum_of(2)}));
}

}  // namespace
}  // namespace weft
