#include "weft/apps/weft/graph_layout.hpp"

#include <gtest/gtest.h>

#include <random>

namespace weft::cli {
namespace {

std::vector<LayoutSize> boxes(std::size_t count) {
  return {count, {.width = 50, .height = 20}};
}

/// Random edges from smaller to larger numbers, without duplicates next to one another.
std::vector<LayoutEdge> random_edges(std::uint32_t nodes, std::uint32_t edges, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::vector<LayoutEdge> made;
  for (std::uint32_t i = 0; i < edges; ++i) {
    const auto a = static_cast<std::uint32_t>(random() % nodes);
    const auto b = static_cast<std::uint32_t>(random() % nodes);
    if (a != b) made.emplace_back(std::min(a, b), std::max(a, b));
  }
  return made;
}

TEST(GraphLayout, OfNothingIsEmpty) {
  const GraphLayout layout = lay_out({}, {});
  EXPECT_TRUE(layout.nodes.empty());
  EXPECT_EQ(layout.size.width, 0);
}

TEST(GraphLayout, PutsAChainOnOneStraightLine) {
  const GraphLayout layout = lay_out(boxes(4), {{0, 1}, {1, 2}, {2, 3}});
  for (const LayoutPoint& node : layout.nodes) EXPECT_DOUBLE_EQ(node.y, 0);
  EXPECT_LT(layout.nodes[0].x, layout.nodes[1].x);
  EXPECT_LT(layout.nodes[2].x, layout.nodes[3].x);
}

TEST(GraphLayout, PutsTheEndsOfAFanInTheMiddle) {
  const GraphLayout layout = lay_out(boxes(5), {{0, 1}, {0, 2}, {0, 3}, {1, 4}, {2, 4}, {3, 4}});
  EXPECT_NEAR(layout.nodes[0].y, layout.nodes[2].y, 1e-6);
  EXPECT_NEAR(layout.nodes[4].y, layout.nodes[2].y, 1e-6);
}

TEST(GraphLayout, MovesARootNextToWhoNeedsIt) {
  const GraphLayout layout = lay_out(boxes(5), {{0, 1}, {1, 2}, {2, 3}, {4, 3}});
  EXPECT_EQ(layout.nodes[4].x, layout.nodes[2].x);
}

TEST(GraphLayout, UntanglesWhatCanBeUntangled) {
  // Two columns whose lines all cross as they are numbered.
  const GraphLayout layout = lay_out(boxes(6), {{0, 5}, {1, 4}, {2, 3}});
  EXPECT_NEAR(layout.nodes[0].y, layout.nodes[5].y, 1e-6);
  EXPECT_NEAR(layout.nodes[1].y, layout.nodes[4].y, 1e-6);
}

TEST(GraphLayout, DrawsEdgesThatCloseACycleBackwards) {
  const GraphLayout layout = lay_out(boxes(3), {{0, 1}, {1, 2}, {2, 0}});
  EXPECT_GT(layout.edges[2].front().x, layout.edges[2].back().x);
  EXPECT_LT(layout.edges[0].front().x, layout.edges[0].back().x);
}

TEST(GraphLayout, NeverPutsOneNodeOverAnother) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const GraphLayout layout = lay_out(boxes(60), random_edges(60, 100, seed));
    for (std::size_t a = 0; a < 60; ++a) {
      for (std::size_t b = a + 1; b < 60; ++b) {
        const LayoutPoint& p = layout.nodes[a];
        const LayoutPoint& q = layout.nodes[b];
        const bool apart = std::abs(p.x - q.x) >= 50 || std::abs(p.y - q.y) >= 20 - 1e-6;
        ASSERT_TRUE(apart) << "seed " << seed << ", nodes " << a << " and " << b;
      }
    }
  }
}

TEST(GraphLayout, LeavesNoEmptyBandBetweenPartsThatNothingJoins) {
  // A wide fan, and nodes without any edge.
  std::vector<LayoutEdge> edges;
  for (std::uint32_t i = 1; i < 40; ++i) edges.emplace_back(0, i);
  const GraphLayout layout = lay_out(boxes(45), edges);
  EXPECT_LE(layout.size.height, 45 * (20 + 10));
}

TEST(GraphLayout, KeepsEverythingInsideOfThePictureAndLeadsEdgesToTheRight) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const auto edges = random_edges(40, 90, seed);
    const GraphLayout layout = lay_out(boxes(40), edges);
    for (const LayoutPoint& node : layout.nodes) {
      ASSERT_GE(node.y, -1e-6);
      ASSERT_LE(node.y + 20, layout.size.height + 1e-6);
      ASSERT_LE(node.x + 50, layout.size.width + 1e-6);
    }
    for (const auto& points : layout.edges) {
      for (std::size_t i = 1; i < points.size(); ++i) ASSERT_LE(points[i - 1].x, points[i].x);
    }
  }
}

TEST(GraphLayout, IsTheSameForTheSameGraph) {
  const auto edges = random_edges(40, 90, 7);
  const GraphLayout a = lay_out(boxes(40), edges);
  const GraphLayout b = lay_out(boxes(40), edges);
  EXPECT_EQ(a.nodes, b.nodes);
  EXPECT_EQ(a.edges, b.edges);
}

}  // namespace
}  // namespace weft::cli
