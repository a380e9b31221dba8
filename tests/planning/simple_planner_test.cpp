#include "weft/planning/planners/simple.hpp"

#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planning/sample_graphs.hpp"

namespace weft {
namespace {

using namespace sample;
using ::testing::HasSubstr;

Plan planned(const Workflow& wf, std::uint32_t workers) {
  return plan_simple(freeze(wf), {.workers = workers}).value();
}

/// How many of these tasks each worker has.
template <class Futures>
std::map<WorkerId, int> spread_of(const Plan& plan, const Futures& futures) {
  std::map<WorkerId, int> spread;
  for (const auto& future : futures) ++spread[worker_of(plan, future)];
  return spread;
}

TEST(Planners, AreFoundByName) {
  EXPECT_THAT(planner_names(), ::testing::Contains("simple"));
  EXPECT_EQ(find_planner("simple").value()->name(), "simple");
}

TEST(Planners, ThatDoNotExistAreAnsweredWithThoseThatDo) {
  const auto found = find_planner("smiple");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::invalid_argument);
  EXPECT_THAT(found.error().message, HasSubstr("smiple"));
  EXPECT_THAT(found.error().hint, HasSubstr("simple"));
}

TEST(SimplePlanner, NamesItselfAndNumbersItsWorkersFromZero) {
  Workflow wf{"one"};
  (void)wf.task(number);
  const Plan plan = planned(wf, 3);

  EXPECT_EQ(plan.planner, "simple");
  ASSERT_EQ(plan.workers.size(), 3u);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(plan.workers[i].id, WorkerId{i});
}

TEST(SimplePlanner, KeepsAChainOnOneWorker) {
  Workflow wf{"chains"};
  std::vector<Future<int>> chains{wf.task(number), wf.task(number)};
  std::vector<std::vector<Future<int>>> tasks(2);
  for (int i = 0; i < 20; ++i) {
    for (std::size_t c = 0; c < 2; ++c) {
      tasks[c].push_back(chains[c]);
      chains[c] = wf.task(step, chains[c]);
    }
  }
  const Plan plan = planned(wf, 2);

  EXPECT_EQ(spread_of(plan, tasks[0]).size(), 1u);
  EXPECT_EQ(spread_of(plan, tasks[1]).size(), 1u);
  EXPECT_NE(worker_of(plan, tasks[0][0]), worker_of(plan, tasks[1][0]));
}

TEST(SimplePlanner, GivesTheMostUrgentChildTheWorkerOfItsParent) {
  Workflow wf{"fork"};
  const auto root = wf.task(number);
  const auto idle = wf.task(step, root);
  const auto urgent = wf.task(step, root);
  (void)wf.task(step, wf.task(step, urgent));
  const Plan plan = planned(wf, 2);

  EXPECT_EQ(worker_of(plan, urgent), worker_of(plan, root));
  EXPECT_NE(worker_of(plan, idle), worker_of(plan, root));
}

TEST(SimplePlanner, RanksTasksByTheTaskThatLeavesTheirWorker) {
  Workflow wf{"levels"};
  const auto first = wf.task(number);
  const auto last = wf.task(step, wf.task(step, first));
  const auto other = wf.task(number);
  const auto total = wf.task(join, last, wf.task(step, other));
  wf.options(other).worker = WorkerId{1};
  wf.options(first).worker = wf.options(last).worker = wf.options(total).worker = WorkerId{0};
  const Plan plan = planned(wf, 2);

  // Nobody else waits for any of worker 0's: it may follow its outputs as it likes.
  EXPECT_EQ(rank_of(plan, first), rank_of(plan, total));
  EXPECT_EQ(rank_of(plan, last), rank_of(plan, total));
  // Worker 0 waits for the last one of worker 1's, and so for the first.
  EXPECT_GE(rank_of(plan, other), 2);
}

TEST(SimplePlanner, PutsAFanInWhereMostOfItsInputBytesAre) {
  for (const bool large_first : {true, false}) {
    Workflow wf{"join"};
    const auto first = wf.task(number);
    const auto second = wf.task(number);
    const auto total = wf.task(join, first, second);
    wf.options(first).expected_output = Bytes{large_first ? 1'000'000u : 10u};
    wf.options(second).expected_output = Bytes{large_first ? 10u : 1'000'000u};
    const Plan plan = planned(wf, 2);

    ASSERT_NE(worker_of(plan, first), worker_of(plan, second));
    EXPECT_EQ(worker_of(plan, total), worker_of(plan, large_first ? first : second));
  }
}

TEST(SimplePlanner, PutsAFanInWhereMostOfItsInputsAreWithoutHints) {
  Workflow wf{"join"};
  std::vector<Future<int>> inputs;
  for (std::uint32_t i = 0; i < 5; ++i) {
    inputs.push_back(wf.task(number));
    wf.options(inputs.back()).worker = WorkerId{i < 2 ? 0u : 1u};
  }
  const auto total = wf.task(sum, inputs);
  EXPECT_EQ(worker_of(planned(wf, 2), total), WorkerId{1});
}

TEST(SimplePlanner, PutsAFanInBackWhereAFanOutBegan) {
  Workflow wf{"diamond"};
  const auto root = wf.task(number);
  std::vector<Future<int>> middle;
  for (int i = 0; i < 4; ++i) middle.push_back(wf.task(step, root));
  const auto sink = wf.task(sum, middle);
  const Plan plan = planned(wf, 4);

  EXPECT_EQ(spread_of(plan, middle).size(), 4u);
  EXPECT_EQ(spread_of(plan, middle).count(worker_of(plan, sink)), 1u);
}

TEST(SimplePlanner, SpreadsRootsEvenly) {
  Workflow wf{"roots"};
  std::vector<Future<int>> roots;
  for (int i = 0; i < 103; ++i) roots.push_back(wf.task(number));
  const auto spread = spread_of(planned(wf, 4), roots);

  ASSERT_EQ(spread.size(), 4u);
  for (const auto& [worker, tasks] : spread) EXPECT_THAT(tasks, ::testing::AnyOf(25, 26));
}

TEST(SimplePlanner, SpreadsAFanOutEvenly) {
  Workflow wf{"fan"};
  const auto root = wf.task(number);
  std::vector<Future<int>> leaves;
  for (int i = 0; i < 100; ++i) leaves.push_back(wf.task(step, root));
  const auto spread = spread_of(planned(wf, 8), leaves);
  ASSERT_EQ(spread.size(), 8u);
  for (const auto& [worker, tasks] : spread) {
    EXPECT_GE(tasks, 11) << worker.number();
    EXPECT_LE(tasks, 13) << worker.number();
  }
}

TEST(SimplePlanner, SpreadsTasksThatDoNotDivideEvenly) {
  Workflow wf{"uneven"};
  std::vector<Future<int>> roots;
  for (int i = 0; i < 800; ++i) roots.push_back(wf.task(number));
  const auto spread = spread_of(planned(wf, 64), roots);

  ASSERT_EQ(spread.size(), 64u);
  for (const auto& [worker, tasks] : spread) EXPECT_THAT(tasks, ::testing::AnyOf(12, 13));
}

TEST(SimplePlanner, BalancesSecondsWhereTasksCarryHints) {
  Workflow wf{"uneven"};
  const auto slow = wf.task(number);
  wf.options(slow).expected_time = std::chrono::seconds{9};
  std::vector<Future<int>> quick;
  for (int i = 0; i < 9; ++i) {
    quick.push_back(wf.task(number));
    wf.options(quick.back()).expected_time = std::chrono::seconds{1};
  }
  const Plan plan = planned(wf, 2);
  EXPECT_EQ(spread_of(plan, quick).count(worker_of(plan, slow)), 0u);
}

TEST(SimplePlanner, SpreadsTasksThatAreExpectedToTakeNoTime) {
  Workflow wf{"instant"};
  std::vector<Future<int>> roots;
  for (int i = 0; i < 100; ++i) {
    roots.push_back(wf.task(number));
    wf.options(roots.back()).expected_time = Nanos{0};
  }
  const auto spread = spread_of(planned(wf, 4), roots);

  ASSERT_EQ(spread.size(), 4u);
  for (const auto& [worker, tasks] : spread) EXPECT_EQ(tasks, 25) << worker.number();
}

TEST(SimplePlanner, KeepsNeighboursTogetherSoThatATreeNeedsFewTransfers) {
  Workflow wf{"tree"};
  std::vector<Future<int>> level;
  for (int i = 0; i < 256; ++i) level.push_back(wf.task(number));
  while (level.size() > 1) {
    std::vector<Future<int>> next;
    for (std::size_t i = 0; i < level.size(); i += 2) {
      next.push_back(wf.task(join, level[i], level[i + 1]));
    }
    level = next;
  }
  const auto graph = freeze(wf);
  const Plan plan = plan_simple(graph, {.workers = 4}).value();

  int transfers = 0;
  for (const TaskId task : graph->topological_order()) {
    for (const Dependency& input : graph->dependencies(task)) {
      if (plan.placements[input.task.number()].worker != plan.placements[task.number()].worker) {
        ++transfers;
      }
    }
  }
  EXPECT_EQ(transfers, 3);  // One for each worker but the one that has the root.
}

TEST(SimplePlanner, DoesNotLetOneWorkerDrawAllFanIns) {
  // Every task of a layer reads two of the layer before; without a bound the first worker that
  // has more than its share would have ever more.
  Workflow wf{"layers"};
  std::vector<Future<int>> layer;
  for (int i = 0; i < 30; ++i) layer.push_back(wf.task(number));
  std::vector<Future<int>> all = layer;
  for (int l = 0; l < 20; ++l) {
    std::vector<Future<int>> next;
    for (std::size_t i = 0; i < layer.size(); ++i) {
      next.push_back(wf.task(join, layer[(i * 7) % 30], layer[(i * i + 3) % 30]));
    }
    layer = next;
    all.insert(all.end(), layer.begin(), layer.end());
  }
  for (const auto& [worker, tasks] : spread_of(planned(wf, 3), all)) {
    EXPECT_NEAR(tasks, 210, 21) << worker.number();
  }
}

// -- maps -----------------------------------------------------------------------------------------

TEST(SimplePlanner, PutsAllTemplatesOfAMapOnItsWorker) {
  Workflow wf{"maps"};
  const auto list = wf.task(numbers);
  const auto each = wf.map(list, step);
  const auto twice = wf.map(each, step);
  const auto total = wf.task(sum, twice);
  const auto graph = freeze(wf);
  const Plan plan = plan_simple(graph, {.workers = 4}).value();
  const WorkerId map_worker = plan.placements[graph->scope(1).map.number()].worker;

  EXPECT_EQ(map_worker, worker_of(plan, list));
  EXPECT_EQ(worker_of(plan, each), map_worker);
  EXPECT_EQ(worker_of(plan, twice), map_worker);
  EXPECT_EQ(worker_of(plan, total), map_worker);
}

TEST(SimplePlanner, PutsAnInnerMapWithTheRowThatItIsPartOf) {
  Workflow wf{"maps"};
  const auto outer = wf.for_each(
    wf.task(numbers), [&](Future<int> x) { return wf.task(sum, wf.map(wf.task(range, x), step)); });
  (void)wf.task(sum, outer);
  const auto graph = freeze(wf);
  const Plan plan = plan_simple(graph, {.workers = 4}).value();

  std::set<WorkerId> workers;
  for (std::uint32_t s = 1; s < graph->scope_count(); ++s) {
    for (const TaskId task : graph->scope(s).templates) {
      workers.insert(plan.placements[task.number()].worker);
    }
  }
  EXPECT_EQ(workers.size(), 1u);
}

TEST(SimplePlanner, MakesEveryWorkerAsLargeAsATemplateAsks) {
  Workflow wf{"maps"};
  const auto each = wf.map(wf.task(numbers), step);
  wf.options(each).worker_class = WorkerClass{.cpus = 2, .memory = {512}};
  const auto pinned = wf.task(number);
  wf.options(pinned).worker = WorkerId{4};
  const Plan plan = plan_simple(freeze(wf), {.workers = 2, .largest_class = {.cpus = 4}}).value();

  ASSERT_EQ(plan.workers.size(), 5u);
  for (const PlannedWorker& worker : plan.workers) {
    EXPECT_EQ(worker.worker_class, (WorkerClass{.cpus = 2, .memory = {512}}));
  }
}

// -- what the user fixes --------------------------------------------------------------------------

TEST(SimplePlanner, KeepsWorkersThatTheUserFixed) {
  Workflow wf{"fixed"};
  const auto root = wf.task(number);
  const auto child = wf.task(step, root);
  const auto each = wf.map(wf.task(numbers), step);
  wf.options(child).worker = WorkerId{1};
  wf.options(each).worker = WorkerId{0};
  const Plan plan = planned(wf, 2);

  for (const auto& [future, worker] :
       std::vector<std::pair<AnyFuture, WorkerId>>{{child, WorkerId{1}}, {each, WorkerId{0}}}) {
    EXPECT_EQ(worker_of(plan, future), worker);
    EXPECT_EQ(plan.placements[future.task().number()].origin, Origin::user);
  }
  EXPECT_EQ(plan.placements[root.task().number()].origin, Origin::planner);
}

TEST(SimplePlanner, AddsWorkersUpToTheOneThatTheUserNames) {
  Workflow wf{"named"};
  const auto pinned = wf.task(number);
  wf.options(pinned).worker = WorkerId{7};
  std::vector<Future<int>> others;
  for (int i = 0; i < 10; ++i) others.push_back(wf.task(number));
  const Plan plan = planned(wf, 2);

  ASSERT_EQ(plan.workers.size(), 8u);
  EXPECT_EQ(plan.workers[7].id, WorkerId{7});
  EXPECT_EQ(worker_of(plan, pinned), WorkerId{7});
  for (const auto& other : others) EXPECT_LT(worker_of(plan, other), WorkerId{2});
}

TEST(SimplePlanner, RefusesAWorkerFarBeyondTheOthers) {
  Workflow wf{"named"};
  wf.options(wf.task(number)).worker = WorkerId{10'000};
  const auto refused = plan_simple(freeze(wf), {.workers = 2});

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::plan_infeasible);
  EXPECT_EQ(refused.error().task, "number-0");
  EXPECT_THAT(refused.error().message, HasSubstr("10000"));
}

TEST(SimplePlanner, MakesTheWorkerThatTheUserNamesAsLargeAsItsTasksAsk) {
  Workflow wf{"named"};
  const auto pinned = wf.task(number);
  wf.options(pinned).worker = WorkerId{1};
  wf.options(pinned).worker_class = WorkerClass{.cpus = 3};
  const Plan plan = plan_simple(freeze(wf), {.workers = 2, .largest_class = {.cpus = 4}}).value();

  ASSERT_EQ(plan.workers.size(), 2u);
  EXPECT_EQ(plan.workers[0].worker_class.cpus, 1);
  EXPECT_EQ(plan.workers[1].worker_class.cpus, 3);
}

// -- worker classes -------------------------------------------------------------------------------

TEST(SimplePlanner, PutsLargeTasksOnWorkersOfTheirClass) {
  Workflow wf{"classes"};
  const WorkerClass large{.cpus = 4, .memory = {1024}};
  std::vector<Future<int>> large_tasks;
  for (int i = 0; i < 9; ++i) {
    large_tasks.push_back(wf.task(number));
    wf.options(large_tasks.back()).worker_class = large;
  }
  const auto ordinary = wf.task(number);
  const Plan plan = plan_simple(freeze(wf), {.workers = 3, .largest_class = {.cpus = 8}}).value();

  ASSERT_EQ(plan.workers.size(), 6u);
  for (std::uint32_t i = 3; i < 6; ++i) EXPECT_EQ(plan.workers[i].worker_class, large);
  EXPECT_LT(worker_of(plan, ordinary), WorkerId{3});
  const auto spread = spread_of(plan, large_tasks);
  ASSERT_EQ(spread.size(), 3u);
  for (const auto& [worker, tasks] : spread) {
    EXPECT_GE(worker, WorkerId{3});
    EXPECT_EQ(tasks, 3);
  }
}

TEST(SimplePlanner, AddsNoMoreLargeWorkersThanThereAreTasksForThem) {
  Workflow wf{"classes"};
  const auto task = wf.task(number);
  wf.options(task).worker_class = WorkerClass{.cpus = 2};
  const Plan plan = plan_simple(freeze(wf), {.workers = 8, .largest_class = {.cpus = 2}}).value();

  EXPECT_EQ(plan.workers.size(), 9u);
  EXPECT_EQ(worker_of(plan, task), WorkerId{8});
}

TEST(SimplePlanner, BoundsLargeWorkersHoweverManyClassesThereAre) {
  Workflow wf{"classes"};
  std::vector<Future<int>> tasks;
  for (std::uint32_t i = 0; i < 50; ++i) {
    tasks.push_back(wf.task(number));
    wf.options(tasks.back()).worker_class = WorkerClass{.cpus = 2.0 + i % 7, .memory = {i}};
  }
  const auto graph = freeze(wf);
  const PlanOptions options{.workers = 4, .largest_class = {.cpus = 8, .memory = {64}}};
  const Plan plan = plan_simple(graph, options).value();

  EXPECT_LE(plan.workers.size(), 8u);
  EXPECT_TRUE(check_plan(*graph, plan, options));
}

TEST(SimplePlanner, NamesTasksThatNoWorkerCanRun) {
  Workflow wf{"too-large"};
  const auto much = wf.task(number);
  const auto more = wf.task(number);
  wf.name(much, "much-cpu");
  wf.name(more, "more-memory");
  wf.options(much).worker_class = WorkerClass{.cpus = 16};
  wf.options(more).worker_class = WorkerClass{.cpus = 1, .memory = {4096}};
  const auto refused =
    plan_simple(freeze(wf), {.workers = 2, .largest_class = {.cpus = 2, .memory = {1024}}});

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::plan_infeasible);
  ASSERT_EQ(refused.error().causes.size(), 2u);
  const Error& first = refused.error().causes[0];
  EXPECT_EQ(first.task, "much-cpu");
  EXPECT_THAT(first.message, HasSubstr("16 cpus"));
  EXPECT_THAT(first.message, HasSubstr("2 cpus, 1024 MiB"));
  EXPECT_EQ(refused.error().causes[1].task, "more-memory");
}

TEST(SimplePlanner, TakesMemoryAsUnlimitedWhereThePoolSaysNothingOfIt) {
  Workflow wf{"memory"};
  wf.options(wf.task(number)).worker_class = WorkerClass{.cpus = 1, .memory = {1 << 20}};
  EXPECT_TRUE(plan_simple(freeze(wf), {.workers = 1}));
}

TEST(SimplePlanner, PlansForAPoolOfSharesOfACpu) {
  Workflow wf{"shares"};
  (void)wf.task(number);
  const auto plan = plan_simple(freeze(wf), {.workers = 1, .largest_class = {.cpus = 0.5}});
  ASSERT_TRUE(plan) << to_string(plan.error());
  EXPECT_EQ(plan->workers[0].worker_class.cpus, 0.5);
}

TEST(SimplePlanner, RefusesToPlanForNoWorkers) {
  Workflow wf{"none"};
  (void)wf.task(number);
  const auto refused = plan_simple(freeze(wf), {.workers = 0});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::plan_infeasible);
}

TEST(SimplePlanner, ReportsSoManyProblemsAndCountsTheOthers) {
  Workflow wf{"too-large"};
  for (int i = 0; i < 150; ++i) wf.options(wf.task(number)).worker_class = WorkerClass{.cpus = 9};
  const auto refused = plan_simple(freeze(wf), {.workers = 2});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().causes.size(), 100u);
  EXPECT_THAT(refused.error().message, HasSubstr("150 problems"));
}

// -- size -----------------------------------------------------------------------------------------

TEST(SimplePlanner, PlansAChainOf100000TasksWithoutADeepStack) {
  Workflow wf{"chain"};
  auto last = wf.task(number);
  for (int i = 1; i < 100'000; ++i) last = wf.task(step, last);
  const Plan plan = planned(wf, 4);
  EXPECT_TRUE(std::ranges::all_of(
    plan.placements, [](const Placement& placement) { return placement.worker == WorkerId{0}; }));
}

TEST(SimplePlanner, PlacesTasksThatTakeNoTimeAfterThoseThatTheyNeed) {
  Workflow wf{"instant"};
  std::vector<Future<int>> roots;
  std::vector<Future<int>> children;
  for (int i = 0; i < 10; ++i) {
    roots.push_back(wf.task(number));
    children.push_back(wf.task(step, roots.back()));
    wf.options(roots.back()).expected_time = Nanos{0};
    wf.options(children.back()).expected_time = Nanos{0};
  }
  const Plan plan = planned(wf, 3);
  for (std::size_t i = 0; i < roots.size(); ++i) {
    EXPECT_EQ(worker_of(plan, roots[i]), worker_of(plan, children[i]));
  }
}

}  // namespace
}  // namespace weft
