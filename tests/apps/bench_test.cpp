#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "weft/apps/weft/bench_graph.hpp"
#include "weft/apps/weft/bench_runs.hpp"
#include "weft/apps/weft/bench_shapes.hpp"
#include "weft/apps/weft/bench_values.hpp"
#include "weft/apps/weft/sample_summary.hpp"

namespace weft::cli {
namespace {

TEST(SampleSummary, TakesTheMiddleOfSamplesInAnyOrder) {
  const SampleSummary summary = summarize({9, 1, 5});
  EXPECT_EQ(summary.median, 5);
  EXPECT_EQ(summary.min, 1);
  EXPECT_EQ(summary.max, 9);
  EXPECT_EQ(summary.count, 3u);
}

TEST(SampleSummary, TakesTheMeanOfTheTwoInTheMiddle) {
  EXPECT_EQ(summarize({4, 1, 3, 2}).median, 2.5);
}

TEST(SampleSummary, OneSampleIsAllOfItsFigures) {
  const SampleSummary summary = summarize({7});
  EXPECT_EQ(summary.median, 7);
  EXPECT_EQ(summary.p99, 7);
}

TEST(SampleSummary, LeavesOneOfAHundredAboveItsNinetyNinthPercentile) {
  std::vector<double> samples;
  for (int i = 200; i >= 1; --i) samples.push_back(i);
  EXPECT_EQ(summarize(samples).p99, 198);
}

TEST(MedianRatio, ComparesNeighboursAndNotMedians) {
  // The machine became ten times slower after the first pair; what is compared did not change.
  EXPECT_EQ(median_ratio({2, 20, 20}, {1, 10, 10}), 2);
  EXPECT_EQ(median_ratio({30, 1, 8}, {10, 2, 4}), 2);
}

TEST(BenchGraph, HasAboutAsManyTasksAsAreAskedFor) {
  for (const std::string& shape : bench_shape_names()) {
    for (const std::uint32_t tasks : {100u, 10'000u}) {
      const auto graph = make_bench_graph(shape, tasks);
      ASSERT_TRUE(graph) << shape;
      EXPECT_NEAR(graph->task_count(), tasks, 0.5 * tasks) << shape;
    }
  }
}

TEST(BenchGraph, LeadsFromEveryTaskToTheResultInEveryShapeButLayered) {
  for (const std::string& shape : bench_shape_names()) {
    const BenchGraph graph = *make_bench_graph(shape, 200);
    std::vector<bool> read(graph.task_count(), false);
    for (std::uint32_t task = 0; task < graph.task_count(); ++task) {
      for (const std::uint32_t input : graph.inputs(task)) {
        ASSERT_LT(input, task) << shape << ": a task reads only what was there before";
        read[input] = true;
      }
    }
    EXPECT_FALSE(read[graph.result()]) << shape;
    if (shape == "layered") continue;  // Chance leaves some of its outputs unread.
    read.pop_back();
    EXPECT_EQ(std::ranges::count(read, false), 0) << shape;
  }
}

TEST(BenchGraph, IsTheSameEveryTime) {
  const BenchGraph first = *make_bench_graph("layered", 1000);
  const BenchGraph second = *make_bench_graph("layered", 1000);
  EXPECT_EQ(expected_sum(first, 64), expected_sum(second, 64));
  EXPECT_EQ(first.input_count(), second.input_count());
}

TEST(BenchGraph, TakesTheSmallestNumberOfTasks) {
  for (const std::string& shape : bench_shape_names()) {
    EXPECT_GE(make_bench_graph(shape, 1)->task_count(), 1u) << shape;
  }
}

TEST(BenchGraph, IsNothingForAShapeThatIsNone) {
  EXPECT_FALSE(make_bench_graph("ring", 10));
}

TEST(BenchValues, AreWholeWordsAndAtLeastOne) {
  EXPECT_EQ(value_bytes(0), 8u);
  EXPECT_EQ(value_bytes(8), 8u);
  EXPECT_EQ(value_bytes(9), 16u);
  EXPECT_EQ(value_bytes(1 << 20), 1u << 20);
}

TEST(BenchValues, HaveTheSumThatIsForetold) {
  for (const std::uint64_t sum : {std::uint64_t{0}, std::uint64_t{1} << 63, std::uint64_t{12345}}) {
    for (const std::size_t bytes : {8u, 16u, 4096u}) {
      EXPECT_EQ(sum_of_words(make_value(sum, bytes)), sum_of_value(sum, bytes));
    }
  }
}

TEST(BenchValues, TellWhetherATaskReadAllOfItsInputs) {
  const BenchGraph whole = *make_bench_graph("fan", 10);
  BenchGraph lacking;
  const std::uint32_t root = lacking.add({});
  std::vector<std::uint32_t> middle;
  for (int i = 0; i < 9; ++i) middle.push_back(lacking.add({&root, 1}));
  lacking.add(middle);
  EXPECT_NE(expected_sum(whole, 8), expected_sum(lacking, 8));
}

TEST(BenchCase, RunsEveryShapeToTheResultThatItMustHave) {
  Registry registry;
  add_bench_functions(registry);
  EngineOptions options;
  options.pool.slots = 2;
  Engine engine{registry, options};
  for (const std::string& shape : bench_shape_names()) {
    const auto bench = make_bench_case(shape, 60, 100, engine.registry());
    ASSERT_TRUE(bench) << shape;
    EXPECT_TRUE(run_bench_case(engine, *bench)) << shape;
  }
}

TEST(BenchCase, RefusesAResultThatIsNotWhatItMustBe) {
  Registry registry;
  add_bench_functions(registry);
  Engine engine{registry};
  auto bench = make_bench_case("tree", 9, 0, engine.registry());
  ASSERT_TRUE(bench);
  ++bench->expected;
  const auto took = run_bench_case(engine, *bench);
  ASSERT_FALSE(took);
  EXPECT_NE(took.error().message.find("'tree' has a wrong result"), std::string::npos);
}

TEST(MeasureInTurn, LeavesTheFirstRoundOutAndKeepsTheOrder) {
  std::vector<int> order;
  int calls = 0;
  const auto measure = [&](int which) {
    return [&, which]() -> Result<double> {
      order.push_back(which);
      return static_cast<double>(calls++);
    };
  };
  const auto samples = measure_in_turn({measure(0), measure(1)}, 2);
  ASSERT_TRUE(samples);
  EXPECT_EQ(order, (std::vector{0, 1, 0, 1, 0, 1}));
  EXPECT_EQ((*samples)[0], (std::vector<double>{2, 4}));
  EXPECT_EQ((*samples)[1], (std::vector<double>{3, 5}));
}

TEST(MeasureInTurn, EndsAtTheFirstFailure) {
  int calls = 0;
  const Measure fails = [&]() -> Result<double> {
    ++calls;
    return Error{.code = Errc::internal, .message = "no"};
  };
  EXPECT_FALSE(measure_in_turn({fails, fails}, 5));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace weft::cli
