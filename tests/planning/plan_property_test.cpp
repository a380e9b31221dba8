#include <random>

#include <gtest/gtest.h>

#include "planning/sample_graphs.hpp"
#include "weft/planning/plan_json.hpp"

namespace weft {
namespace {

using namespace sample;

/// Makes one random workflow from a seed: joins, gathers, maps, maps of maps, tasks inside of maps
/// that read outer ones, order without data, and whatever users may fix.
class RandomWorkflow {
public:
  explicit RandomWorkflow(std::uint32_t seed) : random_(seed) {}

  Workflow make() {
    const int count = 1 + below(60);
    for (int i = 0; i < count; ++i) add_task();
    return std::move(wf_);
  }

private:
  int below(int bound) { return static_cast<int>(random_() % static_cast<std::uint32_t>(bound)); }
  bool chance(int percent) { return below(100) < percent; }
  Future<int> any() { return values_[random_() % values_.size()]; }

  void add_task() {
    const auto added = values_.empty() ? wf_.task(number) : random_task();
    fix_something(added);
    if (values_.size() > 1 && chance(10)) wf_.after(added, any());
    values_.push_back(added);
  }

  Future<int> random_task() {
    switch (below(6)) {
      case 0:
        return wf_.task(number);
      case 1:
        return wf_.task(step, any());
      case 2:
        return wf_.task(join, any(), any());
      case 3:
        return wf_.task(sum, some());
      case 4:
        return mapped();
      default:
        return nested();
    }
  }

  std::vector<Future<int>> some() {
    std::vector<Future<int>> chosen;
    for (int i = below(8); i >= 0; --i) chosen.push_back(any());
    return chosen;
  }

  Future<int> mapped() {
    const auto outside = any();
    const auto each = wf_.for_each(wf_.task(range, any()), [&](Future<int> x) {
      const auto first = chance(50) ? wf_.task(join, x, outside) : wf_.task(step, x);
      fix_something(first);
      return wf_.task(step, first);
    });
    return wf_.task(sum, each);
  }

  Future<int> nested() {
    const auto outside = any();
    const auto each = wf_.for_each(wf_.task(numbers), [&](Future<int> x) {
      const auto inner = wf_.for_each(wf_.task(range, x), [&](Future<int> y) {
        const auto added = wf_.task(join, y, chance(50) ? x : outside);
        fix_something(added);
        return added;
      });
      return wf_.task(sum, inner);
    });
    return wf_.task(sum, each);
  }

  void fix_something(const AnyFuture& task) {
    TaskOptions& options = wf_.options(task);
    if (chance(10)) options.worker = WorkerId{static_cast<std::uint32_t>(below(12))};
    if (chance(10)) {
      options.worker_class = WorkerClass{.cpus = 0.5 + below(4), .memory = {random_() % 512}};
    }
    if (chance(50)) options.expected_time = std::chrono::milliseconds{below(3000)};
    if (chance(50)) options.expected_output = Bytes{random_() % 1000};
    if (chance(10)) options.optimizations.push_back({.kind = "first"});
    if (chance(10)) options.optimizations.push_back({.kind = "second", .wish = Wish::forbidden});
  }

  std::mt19937 random_;
  Workflow wf_{"random"};
  std::vector<Future<int>> values_;
};

/// Proposes itself for every other task.
class EveryOther final : public Optimization {
public:
  [[nodiscard]] std::string_view name() const override { return "second"; }
  [[nodiscard]] std::vector<Stage> stages() const override { return {Stage::execute}; }
  [[nodiscard]] std::vector<TaskId> candidates(const Graph& graph, const Plan&) const override {
    std::vector<TaskId> all;
    for (std::uint32_t i = 0; i < graph.task_count(); i += 2) all.emplace_back(i);
    return all;
  }
};

class PlansOfRandomWorkflows : public ::testing::TestWithParam<std::string> {
protected:
  OptimizationCatalogue catalogue{
    {std::make_shared<FakeOptimization>("first", std::vector{Stage::execute, Stage::hand_over}),
     std::make_shared<EveryOther>()}};
  std::shared_ptr<const Planner> planner = find_planner(GetParam()).value();

  PlanOptions options_for(std::uint32_t seed) {
    return {.workers = 1 + seed % 7,
            .largest_class = {.cpus = 4, .memory = {seed % 2 == 0 ? 0u : 512u}},
            .optimizations = &catalogue};
  }
};

constexpr std::uint32_t seeds = 1500;

TEST_P(PlansOfRandomWorkflows, AreAcceptedByTheCheck) {
  for (std::uint32_t seed = 0; seed < seeds; ++seed) {
    SCOPED_TRACE(seed);
    const auto graph = freeze(RandomWorkflow{seed}.make());
    const auto options = options_for(seed);
    const auto plan = planner->plan(*graph, options);
    ASSERT_TRUE(plan) << to_string(plan.error());
    const auto checked = check_plan(*graph, *plan, options);
    ASSERT_TRUE(checked) << to_string(checked.error());
  }
}

TEST_P(PlansOfRandomWorkflows, AreEqualForEqualArguments) {
  for (std::uint32_t seed = 0; seed < seeds; seed += 10) {
    SCOPED_TRACE(seed);
    const auto once = freeze(RandomWorkflow{seed}.make());
    const auto again = freeze(RandomWorkflow{seed}.make());
    const Plan plan = planner->plan(*once, options_for(seed)).value();
    ASSERT_EQ(plan, planner->plan(*again, options_for(seed)).value());
    ASSERT_EQ(to_json(*once, plan), to_json(*again, plan));
  }
}

TEST_P(PlansOfRandomWorkflows, RankNoTaskAboveOneThatItNeeds) {
  for (std::uint32_t seed = 0; seed < seeds; ++seed) {
    SCOPED_TRACE(seed);
    const auto graph = freeze(RandomWorkflow{seed}.make());
    const Plan plan = planner->plan(*graph, options_for(seed)).value();
    for (std::uint32_t i = 0; i < graph->task_count(); ++i) {
      for (const Dependency& dependency : graph->dependencies(TaskId{i})) {
        ASSERT_GE(plan.placements[dependency.task.number()].rank, plan.placements[i].rank);
      }
    }
  }
}

TEST_P(PlansOfRandomWorkflows, PutRowsOnWorkersThatHoldThem) {
  for (std::uint32_t seed = 0; seed < seeds; ++seed) {
    SCOPED_TRACE(seed);
    const auto graph = freeze(RandomWorkflow{seed}.make());
    const Plan plan = planner->plan(*graph, options_for(seed)).value();
    for (std::uint32_t i = 0; i < graph->task_count(); ++i) {
      const auto& wanted = graph->options(TaskId{i}).worker_class;
      if (graph->task(TaskId{i}).scope == 0 || !wanted) continue;
      for (std::uint32_t row = 0; row < 20; ++row) {
        const WorkerId worker = worker_of(plan, TaskId{i}, {row});
        const WorkerClass& given = plan.workers.at(worker.number()).worker_class;
        ASSERT_GE(given.cpus, wanted->cpus);
        ASSERT_GE(given.memory, wanted->memory);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllPlanners, PlansOfRandomWorkflows, ::testing::ValuesIn(planner_names()),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace weft
