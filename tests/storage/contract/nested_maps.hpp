#pragma once

// The contract of run stores: maps within maps, and maps in runs that go on after failures.

#include "storage/contract/maps.hpp"

namespace weft {

// -- maps within maps ----------------------------------------------------------------------------

TEST_P(RunStoreMaps, AMapInsideAMapExpandsForEachElement) {
  Workflow workflow{"nested"};
  const auto outer = workflow.task(sample::number);
  const auto lists = workflow.task(sample::number_lists);
  TaskId leaf;
  const auto sums = workflow.for_each(lists, [&](Future<sample::Numbers> row) {
    const auto each = workflow.map(row, sample::join, outer);
    leaf = each.task();
    return workflow.task(sample::both, each, row);
  });
  const auto total = workflow.task(sample::sum, sums);
  const GraphPtr graph = sample::freeze(workflow);
  start(graph);
  complete(outer.task(), 100);
  complete(lists.task());

  // Rows of two tasks: the inner map and the task that sums it up.
  const TaskId rows{graph->task_count()};
  const TaskId outer_map = map_of(*graph, sums.task());
  const std::vector<Value> items{Value::of(sample::Numbers{1, 2}), Value::of(sample::Numbers{})};
  EXPECT_THAT(tasks_of(expand(claim(outer_map), items).ready),
              ElementsAre(element(rows, 0, 2, 0), element(rows, 1, 2, 0)));
  const TaskId inner{rows.number() + 4};
  const Grant map_0 = claim(element(rows, 0, 2, 0));
  EXPECT_EQ(**map_0.inputs.at(0).as<sample::Numbers>(), (sample::Numbers{1, 2}));
  EXPECT_THAT(tasks_of(expand(map_0, values({1, 2})).ready),
              ElementsAre(element(inner, 0), element(inner, 1)));
  EXPECT_THAT(tasks_of(expand(element(rows, 1, 2, 0), {}).ready),
              ElementsAre(element(rows, 1, 2, 1)));

  const Grant leaf_1 = claim(element(inner, 1));
  EXPECT_EQ(leaf_1.template_task, leaf);
  EXPECT_THAT(leaf_1.path, ElementsAre(0u, 1u));
  EXPECT_THAT(leaf_1.dependencies, ElementsAre(map_0.task, outer.task()));
  EXPECT_EQ(numbers_in(leaf_1.inputs.values()), (std::vector{2, 100}));
  commit(leaf_1, Value::of(102));
  EXPECT_EQ(events().back().name, "join-" + std::to_string(leaf.number()) + "[0][1]");
  EXPECT_TRUE(held(outer.task()));
  EXPECT_THAT(tasks_of(complete(element(inner, 0), 101).ready),
              ElementsAre(element(rows, 0, 2, 1)));
  EXPECT_FALSE(held(outer.task()));

  const Grant sum_0 = claim(element(rows, 0, 2, 1));
  EXPECT_EQ(numbers_in(sum_0.inputs.gathered(0)), (std::vector{101, 102}));
  EXPECT_EQ(**sum_0.inputs.at(1).as<sample::Numbers>(), (sample::Numbers{1, 2}));
  commit(sum_0, Value::of(203));
  EXPECT_FALSE(held(element(inner, 0)));
  EXPECT_THAT(tasks_of(complete(element(rows, 1, 2, 1), 0).ready), ElementsAre(total.task()));
  EXPECT_TRUE(complete(total.task()).run_ended);
  EXPECT_EQ(status().tasks, (TaskCounts{.total = 10, .committed = 10}));
}

TEST_P(RunStoreMaps, AnInnerMapReadsTheElementOfTheOuterOne) {
  Workflow workflow{"outer_item"};
  const auto list = workflow.task(sample::numbers);
  const auto inner_list = workflow.task(sample::numbers);
  const auto rows = workflow.for_each(list, [&](Future<int> x) {
    return workflow.for_each(inner_list,
                             [&](Future<int> y) { return workflow.task(sample::join, x, y); });
  });
  const GraphPtr graph = sample::freeze(workflow);
  start(graph);
  complete(list.task());
  complete(inner_list.task(), 1);
  const int before = Counted::alive;
  expand(claim(map_of(*graph, rows.task())), counted(2));
  const TaskId first{graph->task_count()};
  EXPECT_TRUE(held(inner_list.task()));
  expand(claim(first), values({7, 8}));
  const Grant leaf = claim(TaskId{first.number() + 5});
  EXPECT_EQ((**leaf.inputs.at(0).as<Counted>()).number, 0);
  EXPECT_EQ(number_in(leaf.inputs.at(1)), 8);
  expand(claim(element(first, 1, 2, 0)), {});
  EXPECT_FALSE(held(inner_list.task()));
  if (backend->holds_objects()) {
    EXPECT_EQ(Counted::alive, before + 1) << "row 1 has no reader left";
  }
}

TEST_P(RunStoreMaps, AnInnerMapMayTakeItsListFromOutsideAndReadItInside) {
  Workflow workflow{"list_from_outside"};
  const auto list = workflow.task(sample::numbers);
  const auto shared = workflow.task(sample::numbers);
  const auto rows = workflow.for_each(list, [&](Future<int>) {
    return workflow.for_each(shared, [&](Future<int> item) {
      return workflow.task(sample::join, item, workflow.task(sample::sum, shared));
    });
  });
  const GraphPtr graph = sample::freeze(workflow);
  start(graph);
  complete(list.task());
  complete(shared.task(), 1);
  expand(map_of(*graph, rows.task()), {1});
  const TaskId inner_map{graph->task_count()};
  const TaskId inner_first{inner_map.number() + 2};
  EXPECT_TRUE(held(shared.task()));
  EXPECT_EQ(expand(inner_map, {5}).ready.size(), 1u);
  EXPECT_TRUE(held(shared.task()));
  complete(inner_first);
  EXPECT_FALSE(held(shared.task()));
}

TEST_P(RunStoreMaps, ManyMapsExpandAtAnyDepth) {
  Workflow workflow{"deep"};
  const auto list = workflow.task(sample::numbers);
  const auto deepest = workflow.for_each(list, [&](Future<int>) {
    return workflow.for_each(list, [&](Future<int>) {
      return workflow.for_each(list,
                               [&](Future<int> item) { return workflow.task(sample::step, item); });
    });
  });
  workflow.task(sample::number);
  const GraphPtr graph = sample::freeze(workflow);
  start(graph);
  std::vector<TaskId> ready{TaskId{0}, TaskId{graph->task_count() - 1}};
  std::uint32_t leaves = 0;
  while (!ready.empty()) {
    const Grant grant = claim(ready.back());
    ready.pop_back();
    const bool is_map = graph->task(grant.template_task).kind == TaskKind::map;
    if (!is_map && grant.path.size() == 3) ++leaves;
    const CommitAnswer answer =
      is_map ? expand(grant, values({1, 2, 3})) : commit(grant, Value::of(1));
    for (const TaskId task : tasks_of(answer.ready)) ready.push_back(task);
  }
  EXPECT_EQ(state(), RunState::succeeded);
  EXPECT_EQ(leaves, 27u);
  EXPECT_FALSE(held(list.task()));
  EXPECT_NE(deepest.task(), list.task());
}

// -- failures ------------------------------------------------------------------------------------

TEST_P(RunStoreMaps, ASkippedMapNeverExpandsAndWhoeverGathersItIsSkipped) {
  Workflow workflow{"skipped_map"};
  const auto bad = workflow.task(sample::numbers);
  const auto read = workflow.task(sample::number);
  const auto mapped = workflow.map(bad, sample::join, read);
  workflow.task(sample::sum, mapped);
  workflow.task(sample::number);
  request.fail_fast = false;
  start(workflow);
  complete(read.task(), 1);
  fail(bad.task());
  EXPECT_EQ(status().tasks, (TaskCounts{.total = 5, .committed = 1, .failed = 1, .skipped = 2}));
  EXPECT_FALSE(held(read.task())) << "the elements that would have read it will never be";
}

TEST_P(RunStoreMaps, AFailedElementSkipsWhoeverGathersIt) {
  Workflow workflow{"failed_element"};
  const auto list = workflow.task(sample::numbers);
  const auto mapped = workflow.map(list, sample::step);
  const auto again = workflow.map(mapped, sample::step);
  workflow.task(sample::sum, again);
  const GraphPtr graph = sample::freeze(workflow);
  request.fail_fast = false;
  start(graph);
  complete(list.task());
  const TaskId first{graph->task_count()};
  expand(map_of(*graph, mapped.task()), {1, 2});
  complete(element(first, 1, 2, 0), 1);
  complete(element(first, 1, 2, 1), 2);
  EXPECT_TRUE(held(element(first, 1, 2, 1)));
  EXPECT_TRUE(fail(element(first, 0, 2, 0)).run_ended);
  EXPECT_EQ(status().tasks, (TaskCounts{.total = 7, .committed = 4, .failed = 1, .skipped = 2}));
  EXPECT_FALSE(held(element(first, 1, 2, 1)));
}

TEST_P(RunStoreMaps, AnElementThatNeedsAFailedTaskIsSkippedAtBirth) {
  Workflow workflow{"stillborn"};
  const auto list = workflow.task(sample::numbers);
  const auto bad = workflow.task(sample::number);
  const auto mapped = workflow.map(list, sample::join, bad);
  const auto again = workflow.map(mapped, sample::step);
  workflow.task(sample::sum, again);
  const GraphPtr graph = sample::freeze(workflow);
  request.fail_fast = false;
  start(graph);
  fail(bad.task());
  complete(list.task());
  const CommitAnswer answer = expand(map_of(*graph, mapped.task()), {1, 2});
  EXPECT_THAT(answer.ready, IsEmpty());
  EXPECT_TRUE(answer.run_ended);
  EXPECT_EQ(status().tasks, (TaskCounts{.total = 8, .committed = 2, .failed = 1, .skipped = 5}));
}

TEST_P(RunStoreMaps, ElementsWaitForAnOuterTaskThatFailsLater) {
  Workflow workflow{"later"};
  const auto list = workflow.task(sample::numbers);
  const auto bad = workflow.task(sample::number);
  const auto mapped = workflow.map(list, sample::join, bad);
  const GraphPtr graph = sample::freeze(workflow);
  request.fail_fast = false;
  start(graph);
  complete(list.task());
  expand(map_of(*graph, mapped.task()), {1, 2});
  EXPECT_TRUE(fail(bad.task()).run_ended);
  EXPECT_EQ(status().tasks.skipped, 2u);
}

TEST_P(RunStoreMaps, WhatOnlyASkippedTaskWouldGatherIsNotStored) {
  Workflow workflow{"ungathered"};
  const auto list = workflow.task(sample::numbers);
  const auto bad = workflow.task(sample::numbers);
  const auto mapped = workflow.map(list, sample::step);
  workflow.task(sample::both, mapped, bad);
  const GraphPtr graph = sample::freeze(workflow);
  request.fail_fast = false;
  start(graph);
  fail(bad.task());
  complete(list.task());
  expand(map_of(*graph, mapped.task()), {1, 2});
  complete(TaskId{graph->task_count()}, 1);
  EXPECT_FALSE(held(TaskId{graph->task_count()}));
}

}  // namespace weft
