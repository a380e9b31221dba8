#include "weft/planning/planners/load_board.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(LoadBoard, FindsTheLeastLoadedAndTheLowestOfEquals) {
  LoadBoard board{4};
  EXPECT_EQ(board.least_loaded(0, 4), 0u);
  board.add(0, 2);
  board.add(1, 1);
  EXPECT_EQ(board.least_loaded(0, 4), 2u);
  EXPECT_EQ(board.least_loaded(0, 2), 1u);
  EXPECT_EQ(board.load(0), 2);
}

TEST(LoadBoard, AgreesWithALinearSearchForAnyRange) {
  std::mt19937 random{7};
  for (const std::uint32_t workers : {1u, 2u, 3u, 5u, 8u, 13u, 64u}) {
    LoadBoard board{workers};
    std::vector<double> loads(workers, 0);
    for (int i = 0; i < 200; ++i) {
      const auto worker = static_cast<std::uint32_t>(random() % workers);
      const auto cost = static_cast<double>(random() % 4);
      board.add(worker, cost);
      loads[worker] += cost;
      const auto first = static_cast<std::uint32_t>(random() % workers);
      const auto count = static_cast<std::uint32_t>(1 + random() % (workers - first));
      const auto expected = std::min_element(loads.begin() + first, loads.begin() + first + count);
      ASSERT_EQ(board.least_loaded(first, count),
                static_cast<std::uint32_t>(expected - loads.begin()));
    }
  }
}

TEST(LoadBoard, FillsUpTheLeastLoadedFirst) {
  LoadBoard board{3};
  board.add(0, 10);
  board.add(1, 4);
  EXPECT_DOUBLE_EQ(board.level_after(0, 3, 2), 2);    // Worker 2 alone.
  EXPECT_DOUBLE_EQ(board.level_after(0, 3, 6), 5);    // Workers 1 and 2.
  EXPECT_DOUBLE_EQ(board.level_after(0, 3, 22), 12);  // All.
  EXPECT_DOUBLE_EQ(board.level_after(1, 1, 1), 5);
}

}  // namespace
}  // namespace weft
