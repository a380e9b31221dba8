#pragma once

// The contract of run stores: what they tell of a run to those who did not create it.

#include "storage/run_store_fixture.hpp"

namespace weft {

TEST_P(RunStoreContract, ARunIsDescribedAsItWasCreated) {
  Workflow workflow{"described"};
  const auto a = workflow.task(sample::number);
  const auto b = workflow.task(sample::step, a);
  const GraphPtr graph = sample::freeze(workflow);
  const auto plan = sample::plan(*graph, 2);
  plan->planner = "by hand";
  plan->placements[b.task().number()] = {.worker = worker_1, .rank = 3};
  request.kept = {b.task()};
  request.fail_fast = false;
  request.retention = std::chrono::minutes{5};
  request.submitted_wall = WallTime{} + std::chrono::hours{24 * 365 * 50};
  start(graph, plan);

  const RunDescription all = store.describe(run).value();

  EXPECT_EQ(all.graph->name(), "described");
  ASSERT_EQ(all.graph->task_count(), graph->task_count());
  EXPECT_EQ(all.graph->task_name(b.task()), graph->task_name(b.task()));
  EXPECT_EQ(*all.plan, *plan);
  EXPECT_THAT(all.kept, ElementsAre(b.task()));
  EXPECT_FALSE(all.fail_fast);
  EXPECT_EQ(all.retention, request.retention);
  EXPECT_EQ(all.lease, lease);
  EXPECT_EQ(all.submitted, request.submitted_wall);
}

TEST_P(RunStoreContract, ARunThatHasEndedIsStillDescribed) {
  Workflow workflow{"ended"};
  const TaskId task = workflow.task(sample::number).task();
  start(workflow);
  complete(task);
  EXPECT_EQ(store.describe(run).value().graph->name(), "ended");
  store.erase(run).value();
  EXPECT_EQ(store.describe(run).error().code, Errc::run_unknown);
}

TEST_P(RunStoreContract, RunsAreListedOldestFirst) {
  EXPECT_THAT(store.runs().value(), IsEmpty());
  Workflow workflow{"listed"};
  workflow.task(sample::number);
  start(workflow);
  for (const std::uint64_t number : std::vector<std::uint64_t>{0xffff'ffff'0000'0001, 9, 3, 8}) {
    request.run = RunId{number};
    store.create(request).value();
  }
  store.cancel(RunId{3}, "").value();
  store.erase(RunId{8}).value();
  EXPECT_THAT(store.runs().value(),
              ElementsAre(RunId{3}, run, RunId{9}, RunId{0xffff'ffff'0000'0001}));
}

}  // namespace weft
