#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace weft::cli {

struct LayoutPoint {
  double x = 0;
  double y = 0;

  friend bool operator==(const LayoutPoint&, const LayoutPoint&) = default;
};

struct LayoutSize {
  double width = 0;
  double height = 0;
};

struct LayoutOptions {
  double column_gap = 60;  ///< Between the widest nodes of neighbouring columns.
  double row_gap = 10;     ///< Between nodes of a column.
  double line_gap = 6;     ///< Around a line that passes through a column.
  int sweeps = 12;         ///< Passes that reduce crossings, and passes that straighten lines.
};

using LayoutEdge = std::pair<std::uint32_t, std::uint32_t>;

/// Where everything goes. The upper left corner of the picture is (0, 0).
struct GraphLayout {
  LayoutSize size;
  std::vector<LayoutPoint> nodes;               ///< Upper left corners.
  std::vector<std::vector<LayoutPoint>> edges;  ///< From the first node to the second: a pair of
                                                ///< points for each column gap that it crosses.
};

/// Lays a graph out in columns from left to right, in the manner of Sugiyama: edges that close a
/// cycle are turned, nodes are put as far left as their inputs allow, lines that cross few others
/// are preferred, then made straight. Equal arguments give equal layouts. Pure.
[[nodiscard]] GraphLayout lay_out(const std::vector<LayoutSize>& nodes,
                                  const std::vector<LayoutEdge>& edges,
                                  const LayoutOptions& options = {});

}  // namespace weft::cli
