// Workflows of many tasks. Times are printed, and depend on the machine.

#include <pthread.h>

#include <thread>

#include "acceptance/durable_runs.hpp"
#include "weft/planning/planner.hpp"
#include "weft/workflow/clock.hpp"

namespace weft::test {

namespace {

void print_time(const char* what, TimePoint since) {
  std::cout << what << ": " << format_duration(SystemClock{}.now() - since) << "\n";
}

}  // namespace

/// Threads have a stack that a recursion of some ten bytes a task overflows.
class Sizes : public DurableRuns {
protected:
  Sizes() {
    pthread_attr_t attributes;
    pthread_getattr_default_np(&attributes);
    pthread_attr_getstacksize(&attributes, &usual_stack_);
    pthread_attr_destroy(&attributes);
    set_stack(std::size_t{1} << 20);
  }
  ~Sizes() override { set_stack(usual_stack_); }

  static void set_stack(std::size_t size) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, size);
    EXPECT_EQ(pthread_setattr_default_np(&attributes), 0);
    pthread_attr_destroy(&attributes);
  }

private:
  std::size_t usual_stack_ = 0;
};

TEST_F(Sizes, OfTenThousandTasksAreBuiltAndPlanned) {
  constexpr int width = 100, depth = 100;
  EngineOptions options;
  options.workers = 16;
  options.recorder.history = "";
  const Engine engine{durable_functions(), options};
  const TimePoint begin = SystemClock{}.now();
  Workflow workflow{"layers"};
  std::vector<Future<int>> layer;
  for (int i = 0; i < width; ++i) layer.push_back(workflow.task(pass, i));
  for (int level = 1; level < depth; ++level) {
    std::vector<Future<int>> below;
    for (std::size_t i = 0; i < width; ++i) {
      below.push_back(
        workflow.task(sum, std::vector{layer[i], layer[(i + 1) % width], layer[(i + 7) % width]}));
    }
    layer = std::move(below);
  }
  const GraphPtr graph = std::move(workflow).freeze(engine.registry()).value();
  const PlanPtr plan = engine.plan(graph).value();
  print_time("10,000 tasks built and planned", begin);
  EXPECT_EQ(graph->task_count(), 10'000u);
  EXPECT_EQ(graph->sinks().size(), static_cast<std::size_t>(width));
  EXPECT_EQ(plan->placements.size(), 10'000u);
  EXPECT_TRUE(check_plan(*graph, *plan, {.workers = 16}));
}

TEST_F(Sizes, OfTenThousandTasksRunInTheStore) {
  Engine engine{durable_functions(), processes(2)};
  Workflow workflow{"layers"};
  std::vector<Future<int>> layer;
  for (int i = 0; i < 100; ++i) layer.push_back(workflow.task(pass, 1));
  for (int level = 1; level < 99; ++level) {
    for (auto& one : layer) one = workflow.task(next, one);
  }
  std::vector<Future<int>> pairs;
  for (std::size_t i = 0; i < layer.size(); ++i) {
    pairs.push_back(workflow.task(add, layer[i], layer[(i + 1) % layer.size()]));
  }
  const auto total = workflow.task(sum, pairs);
  const TimePoint begin = SystemClock{}.now();
  const auto run = engine.submit(std::move(workflow), total);
  const auto result = result_in_time(run);
  print_time("10,001 tasks in Redis, by two processes", begin);
  ASSERT_TRUE(result) << to_string(result.error());
  EXPECT_EQ(*result, 100 * 2 * 99);
  EXPECT_EQ(run.record().tasks.committed, 10'001u);
}

/// Written, read back by somebody else, planned and ended: nothing of it recurses.
TEST_F(Sizes, OfAChainOfAHundredThousandTasksOverflowNoStack) {
  constexpr int length = 100'000;
  std::jthread{[&] {
    Engine engine{durable_functions(), client()};
    const TimePoint begin = SystemClock{}.now();
    Workflow workflow{"chain"};
    auto last = workflow.task(pass, 0);
    for (int i = 1; i < length; ++i) last = workflow.task(next, last);
    const auto run = engine.submit(std::move(workflow), last, SubmitOptions{.detached = true});
    Engine other{durable_functions(), client()};
    const auto handle = attached(other, run.id());
    print_time("a chain of 100,000 tasks built, planned, written and read", begin);
    EXPECT_EQ(handle->record().tasks.total, static_cast<std::uint64_t>(length));
    EXPECT_TRUE(handle->cancel("it was long enough"));
    EXPECT_TRUE(handle->wait_for(bound));
    EXPECT_TRUE(run.wait_for(bound));
    EXPECT_TRUE(other.acknowledge(run.id()));
  }}.join();
  expect_no_key_of_runs();
}

}  // namespace weft::test
