#pragma once

// The contract of run stores: maps that expand.

#include "storage/run_store_fixture.hpp"

namespace weft {

class RunStoreMaps : public RunStoreContract {
protected:
  /// A task of row `row` of an expansion that begins at `first`.
  static TaskId element(TaskId first, std::uint32_t row, std::uint32_t width = 1,
                        std::uint32_t position = 0) {
    return TaskId{first.number() + row * width + position};
  }

  static TaskId map_of(const Graph& graph, TaskId template_task) {
    return graph.scope(graph.task(template_task).scope).map;
  }

  static std::vector<Value> counted(int count) {
    std::vector<Value> all;
    for (int i = 0; i < count; ++i) all.push_back(Value::of(Counted{i}));
    return all;
  }
};

// -- elements ------------------------------------------------------------------------------------

TEST_P(RunStoreMaps, EachElementBecomesATask) {
  Workflow workflow{"elements"};
  const auto list = workflow.task(sample::numbers);
  const TaskId mapped = workflow.map(list, sample::step).task();
  const GraphPtr graph = sample::freeze(workflow);
  const TaskId map = map_of(*graph, mapped);
  const auto plan = sample::plan(*graph, 2);
  plan->placements[mapped.number()] = {.worker = worker_1, .rank = 3};
  start(graph, plan);
  EXPECT_EQ(status().tasks.total, 2u);
  complete(list.task(), Value::of(sample::Numbers{5, 6, 7}));

  const CommitAnswer answer = expand(map, {5, 6, 7});

  const TaskId first{graph->task_count()};
  EXPECT_THAT(answer.ready, ElementsAre(ReadyTask{element(first, 0), worker_1, 3},
                                        ReadyTask{element(first, 1), worker_0, 3},
                                        ReadyTask{element(first, 2), worker_1, 3}));
  EXPECT_EQ(status().tasks, (TaskCounts{.total = 5, .committed = 2}));
  const Grant grant = claim(element(first, 1));
  EXPECT_EQ(grant.template_task, mapped);
  EXPECT_THAT(grant.path, ElementsAre(1u));
  EXPECT_THAT(grant.dependencies, ElementsAre(map));
  EXPECT_EQ(number_in(grant.inputs.at(0)), 6);
  const auto expanded = events_of(RunEventKind::map_expanded);
  ASSERT_EQ(expanded.size(), 1u);
  EXPECT_EQ(expanded[0].task, map);
  EXPECT_EQ(expanded[0].count, 3u);
  complete(element(first, 0));
  EXPECT_EQ(events().back().name, "step-" + std::to_string(mapped.number()) + "[0]");
  commit(grant);
  EXPECT_TRUE(complete(element(first, 2)).run_ended);
}

TEST_P(RunStoreMaps, AnExpansionClaimsElementsAsACommitDoes) {
  Workflow workflow{"claims"};
  const auto list = workflow.task(sample::numbers);
  const TaskId mapped = workflow.map(list, sample::step).task();
  const GraphPtr graph = sample::freeze(workflow);
  start(graph);
  complete(list.task());
  ExpandRequest own{.commit = commit_of(claim(map_of(*graph, mapped))), .items = values({1, 2, 3})};
  own.commit.claim = ClaimChildren::own;
  const CommitAnswer answer = store.expand(own).value();
  EXPECT_THAT(tasks_of(answer.granted), ElementsAre(TaskId{3}, TaskId{5}));
  EXPECT_THAT(answer.ready, ElementsAre(ReadyTask{TaskId{4}, worker_1, 0}));
  EXPECT_EQ(number_in(answer.granted[1].inputs.at(0)), 3);
}

TEST_P(RunStoreMaps, AnEmptyListMakesWhoeverGathersItReady) {
  Workflow workflow{"empty"};
  const auto list = workflow.task(sample::numbers);
  const auto mapped = workflow.map(list, sample::step);
  const auto total = workflow.task(sample::sum, mapped);
  const GraphPtr graph = sample::freeze(workflow);
  start(graph);
  complete(list.task());
  EXPECT_THAT(tasks_of(expand(map_of(*graph, mapped.task()), {}).ready), ElementsAre(total.task()));
  const Grant grant = claim(total.task());
  EXPECT_THAT(grant.inputs.gathered(0), IsEmpty());
  EXPECT_TRUE(commit(grant).run_ended);
  EXPECT_EQ(state(), RunState::succeeded);
}

TEST_P(RunStoreMaps, AnEmptyMapAtTheEndEndsTheRun) {
  Workflow workflow{"empty_end"};
  const auto list = workflow.task(sample::numbers);
  const auto mapped = workflow.map(list, sample::step);
  const GraphPtr graph = sample::freeze(workflow);
  start(graph);
  complete(list.task());
  EXPECT_TRUE(expand(map_of(*graph, mapped.task()), {}).run_ended);
}

TEST_P(RunStoreMaps, AGatherWaitsForAllElementsAndReadsThemInOrder) {
  Workflow workflow{"gather"};
  const auto list = workflow.task(sample::numbers);
  const auto doubled = workflow.map(list, sample::step);
  const auto halved = workflow.map(doubled, sample::step);
  const auto total = workflow.task(sample::both, doubled, halved);
  const GraphPtr graph = sample::freeze(workflow);
  start(graph);
  complete(list.task());
  const TaskId first{graph->task_count()};
  EXPECT_THAT(tasks_of(expand(map_of(*graph, doubled.task()), {1, 2}).ready),
              ElementsAre(element(first, 0, 2), element(first, 1, 2)));

  EXPECT_THAT(tasks_of(complete(element(first, 1, 2, 0), 20).ready),
              ElementsAre(element(first, 1, 2, 1)))
    << "an element goes on whatever the others do";
  complete(element(first, 1, 2, 1), 21);
  complete(element(first, 0, 2, 0), 10);
  EXPECT_EQ(refusal(total.task()), ClaimRefusal::not_ready);
  EXPECT_THAT(tasks_of(complete(element(first, 0, 2, 1), 11).ready), ElementsAre(total.task()));

  const Grant grant = claim(total.task());
  EXPECT_EQ(numbers_in(grant.inputs.gathered(0)), (std::vector{10, 20}));
  EXPECT_EQ(numbers_in(grant.inputs.gathered(1)), (std::vector{11, 21}));
  EXPECT_TRUE(held(element(first, 0, 2, 0)));
  commit(grant);
  EXPECT_FALSE(held(element(first, 0, 2, 0)));
  EXPECT_FALSE(held(element(first, 1, 2, 1)));
}

TEST_P(RunStoreMaps, EveryElementOfAKeptTaskIsKept) {
  Workflow workflow{"kept"};
  const auto list = workflow.task(sample::numbers);
  const auto mapped = workflow.map(list, sample::step);
  const GraphPtr graph = sample::freeze(workflow);
  request.kept = {mapped.task()};
  start(graph);
  complete(list.task());
  expand(map_of(*graph, mapped.task()), {1, 2});
  complete(TaskId{3}, 10);
  complete(TaskId{4}, 20);
  EXPECT_EQ(state(), RunState::succeeded);
  EXPECT_EQ(number_in(fetch(TaskId{4})), 20);
}

TEST_P(RunStoreMaps, ExpandingTwiceChangesNothing) {
  Workflow workflow{"twice"};
  const auto list = workflow.task(sample::numbers);
  const auto mapped = workflow.map(list, sample::step);
  const GraphPtr graph = sample::freeze(workflow);
  start(graph);
  complete(list.task());
  const Grant grant = claim(map_of(*graph, mapped.task()));
  expand(grant, values({1, 2}));
  const CommitAnswer again = expand(grant, values({1, 2, 3}));
  EXPECT_EQ(again.outcome, CommitOutcome::lost);
  EXPECT_THAT(again.ready, IsEmpty());
  EXPECT_EQ(status().tasks.total, 4u);
}

TEST_P(RunStoreMaps, MapsAreExpandedAndFunctionsCommitted) {
  Workflow workflow{"kinds"};
  const auto list = workflow.task(sample::numbers);
  const auto mapped = workflow.map(list, sample::step);
  const GraphPtr graph = sample::freeze(workflow);
  start(graph);
  const Grant function = claim(list.task());
  EXPECT_EQ(store.expand({.commit = commit_of(function)}).error().code, Errc::invalid_argument);
  commit(function);
  const Grant map = claim(map_of(*graph, mapped.task()));
  EXPECT_EQ(store.commit(commit_of(map)).error().code, Errc::invalid_argument);
  EXPECT_EQ(status().tasks.committed, 1u);
}

TEST_P(RunStoreMaps, AMapWiderThanItsLimitIsRefused) {
  Workflow workflow{"wide"};
  const auto list = workflow.task(sample::numbers);
  const auto mapped = workflow.map(list, sample::step);
  workflow.map_options(mapped).max_items = 2;
  const GraphPtr graph = sample::freeze(workflow);
  start(graph);
  complete(list.task());
  const Grant grant = claim(map_of(*graph, mapped.task()));
  EXPECT_EQ(store.expand({.commit = commit_of(grant), .items = values({1, 2, 3})}).error().code,
            Errc::limit_exceeded);
  EXPECT_EQ(status().tasks.total, 2u);
  EXPECT_EQ(expand(grant, values({1, 2})).outcome, CommitOutcome::committed);
}

// -- what elements read from outside -------------------------------------------------------------

TEST_P(RunStoreMaps, AnElementWaitsForWhatItReadsOutsideOfItsMap) {
  Workflow workflow{"outer"};
  const auto list = workflow.task(sample::numbers);
  const auto slow = workflow.task(sample::number);
  const auto mapped = workflow.map(list, sample::join, slow);
  const GraphPtr graph = sample::freeze(workflow);
  start(graph);
  complete(list.task());
  const TaskId first{graph->task_count()};
  EXPECT_THAT(expand(map_of(*graph, mapped.task()), {1, 2}).ready, IsEmpty());
  EXPECT_EQ(refusal(element(first, 0)), ClaimRefusal::not_ready);

  EXPECT_THAT(tasks_of(complete(slow.task(), 9).ready),
              ElementsAre(element(first, 0), element(first, 1)));

  const Grant grant = claim(element(first, 1));
  EXPECT_THAT(grant.dependencies, ElementsAre(map_of(*graph, mapped.task()), slow.task()));
  EXPECT_EQ(numbers_in(grant.inputs.values()), (std::vector{2, 9}));
  commit(grant);
  EXPECT_TRUE(held(slow.task()));
  complete(element(first, 0));
  EXPECT_FALSE(held(slow.task()));
}

TEST_P(RunStoreMaps, AMapKeepsWhatItsElementsWillRead) {
  Workflow workflow{"retained"};
  const auto quick = workflow.task(sample::number);
  const auto other = workflow.task(sample::step, quick);
  const auto list = workflow.task(sample::numbers);
  const auto mapped = workflow.map(list, sample::join, quick);
  const GraphPtr graph = sample::freeze(workflow);
  start(graph);
  complete(quick.task(), 4);
  complete(other.task());
  complete(list.task());
  EXPECT_TRUE(held(quick.task()));
  expand(map_of(*graph, mapped.task()), {1, 2});
  complete(TaskId{graph->task_count()});
  EXPECT_TRUE(held(quick.task()));
  complete(TaskId{graph->task_count() + 1});
  EXPECT_FALSE(held(quick.task()));
}

TEST_P(RunStoreMaps, AnEmptyMapReadsNothing) {
  Workflow workflow{"unread"};
  const auto quick = workflow.task(sample::number);
  const auto list = workflow.task(sample::numbers);
  const auto mapped = workflow.map(list, sample::join, quick);
  workflow.task(sample::number);
  const GraphPtr graph = sample::freeze(workflow);
  start(graph);
  complete(quick.task(), 4);
  complete(list.task(), 1);
  expand(map_of(*graph, mapped.task()), {});
  EXPECT_FALSE(held(quick.task()));
  EXPECT_FALSE(held(list.task()));
}

TEST_P(RunStoreMaps, TheListMayBeReadInsideItsMapToo) {
  Workflow workflow{"list_inside"};
  const auto list = workflow.task(sample::numbers);
  const auto mapped = workflow.for_each(list, [&](Future<int> item) {
    return workflow.task(sample::join, item, workflow.task(sample::sum, list));
  });
  const GraphPtr graph = sample::freeze(workflow);
  start(graph);
  complete(list.task(), 1);
  const TaskId first{graph->task_count()};
  expand(map_of(*graph, mapped.task()), {5});
  EXPECT_TRUE(held(list.task()));
  complete(element(first, 0, 2, 0), 1);
  EXPECT_FALSE(held(list.task()));
}

TEST_P(RunStoreMaps, AnElementMayRunAfterATaskOutside) {
  Workflow workflow{"after"};
  const auto list = workflow.task(sample::numbers);
  const auto gate = workflow.task(sample::number);
  const auto mapped = workflow.map(list, sample::step);
  workflow.after(mapped, gate);
  const GraphPtr graph = sample::freeze(workflow);
  start(graph);
  complete(list.task());
  EXPECT_THAT(expand(map_of(*graph, mapped.task()), {1}).ready, IsEmpty());
  EXPECT_THAT(tasks_of(complete(gate.task(), 1).ready), ElementsAre(TaskId{graph->task_count()}));
  EXPECT_FALSE(held(gate.task()));
}

TEST_P(RunStoreMaps, AnElementIsKeptForTheTasksThatReadIt) {
  if (!backend->holds_objects()) GTEST_SKIP() << "the store does not hold objects";
  Workflow workflow{"items"};
  const auto list = workflow.task(sample::numbers);
  const auto first_step = workflow.map(list, sample::step);
  workflow.map(first_step, sample::step);
  const GraphPtr graph = sample::freeze(workflow);
  start(graph);
  complete(list.task());
  const int before = Counted::alive;
  expand(claim(map_of(*graph, first_step.task())), counted(3));
  EXPECT_EQ(Counted::alive, before + 3);
  const TaskId first{graph->task_count()};
  complete(element(first, 1, 2, 0));
  EXPECT_EQ(Counted::alive, before + 2) << "the second step does not read the element";
  store.cancel(run, "").value();
  EXPECT_EQ(Counted::alive, before);
}

TEST_P(RunStoreMaps, ElementsThatNobodyReadsAreNotKept) {
  if (!backend->holds_objects()) GTEST_SKIP() << "the store does not hold objects";
  Workflow workflow{"unread_items"};
  const auto list = workflow.task(sample::numbers);
  const auto mapped =
    workflow.for_each(list, [&](Future<int>) { return workflow.task(sample::number); });
  const GraphPtr graph = sample::freeze(workflow);
  start(graph);
  complete(list.task());
  const int before = Counted::alive;
  expand(claim(map_of(*graph, mapped.task())), counted(3));
  EXPECT_EQ(Counted::alive, before);
}

}  // namespace weft
