#include <gtest/gtest.h>

#include "planning/sample_graphs.hpp"

namespace weft {
namespace {

using namespace sample;

float rank(const std::vector<float>& ranks, const AnyFuture& future) {
  return ranks[future.task().number()];
}

TEST(UpwardRanks, CountTasksToTheFarthestSink) {
  Workflow wf{"ranks"};
  const auto root = wf.task(number);
  const auto middle = wf.task(step, root);
  const auto sink = wf.task(join, root, middle);
  const auto alone = wf.task(number);
  const auto ranks = upward_ranks(*freeze(wf));

  EXPECT_EQ(rank(ranks, sink), 1);
  EXPECT_EQ(rank(ranks, middle), 2);
  EXPECT_EQ(rank(ranks, root), 3);
  EXPECT_EQ(rank(ranks, alone), 1);
}

TEST(UpwardRanks, AddUpSecondsWhereTasksCarryHints) {
  Workflow wf{"ranks"};
  const auto root = wf.task(number);
  const auto slow = wf.task(step, root);
  const auto quick = wf.task(step, root);
  wf.options(root).expected_time = std::chrono::milliseconds{500};
  wf.options(slow).expected_time = std::chrono::seconds{8};
  wf.options(quick).expected_time = std::chrono::milliseconds{250};
  const auto ranks = upward_ranks(*freeze(wf));

  EXPECT_FLOAT_EQ(rank(ranks, slow), 8);
  EXPECT_FLOAT_EQ(rank(ranks, quick), 0.25);
  EXPECT_FLOAT_EQ(rank(ranks, root), 8.5);
}

TEST(UpwardRanks, FollowOrderWithoutData) {
  Workflow wf{"ranks"};
  const auto earlier = wf.task(number);
  const auto later = wf.task(number);
  wf.after(later, earlier);
  const auto ranks = upward_ranks(*freeze(wf));

  EXPECT_EQ(rank(ranks, earlier), 2);
  EXPECT_EQ(rank(ranks, later), 1);
}

TEST(UpwardRanks, CountATemplateAsOneElement) {
  Workflow wf{"ranks"};
  const auto list = wf.task(numbers);
  const auto each = wf.map(list, step);
  const auto twice = wf.map(each, step);
  const auto total = wf.task(sum, twice);
  const auto graph = freeze(wf);
  const auto ranks = upward_ranks(*graph);
  const TaskId map = graph->scope(1).map;

  EXPECT_EQ(rank(ranks, total), 1);
  EXPECT_EQ(rank(ranks, twice), 2);
  EXPECT_EQ(rank(ranks, each), 3);
  EXPECT_EQ(ranks[map.number()], 4);
  EXPECT_EQ(rank(ranks, list), 5);
}

TEST(UpwardRanks, ReachThroughMapsOfMaps) {
  Workflow wf{"ranks"};
  const auto outer = wf.for_each(
    wf.task(numbers), [&](Future<int> x) { return wf.task(sum, wf.map(wf.task(range, x), step)); });
  const auto total = wf.task(sum, outer);
  const auto ranks = upward_ranks(*freeze(wf));

  // total, sum, step, inner map, range, outer map, numbers
  EXPECT_EQ(rank(ranks, total), 1);
  EXPECT_EQ(ranks[0], 7);
}

TEST(UpwardRanks, CountWhatTasksInsideAMapTakeFromOutside) {
  Workflow wf{"ranks"};
  const auto outside = wf.task(number);
  const auto each =
    wf.for_each(wf.task(numbers), [&](Future<int> x) { return wf.task(join, x, outside); });
  (void)wf.task(sum, each);
  const auto ranks = upward_ranks(*freeze(wf));

  EXPECT_EQ(rank(ranks, outside), 3);
}

TEST(UpwardRanks, OfAChainOf100000TasksNeedNoDeepStack) {
  constexpr int length = 100'000;
  Workflow wf{"chain"};
  auto last = wf.task(number);
  const auto first = last;
  for (int i = 1; i < length; ++i) last = wf.task(step, last);
  const auto ranks = upward_ranks(*freeze(wf));

  EXPECT_EQ(rank(ranks, first), length);
  EXPECT_EQ(rank(ranks, last), 1);
}

}  // namespace
}  // namespace weft
