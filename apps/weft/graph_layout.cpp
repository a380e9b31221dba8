#include "weft/apps/weft/graph_layout.hpp"

#include <algorithm>

#include "weft/apps/weft/layout_columns.hpp"

namespace weft::cli {

namespace {

/// Turns the edges around that would close a cycle in a depth-first walk, so that the rest has
/// none.
std::vector<LayoutEdge> without_cycles(std::size_t nodes, std::vector<LayoutEdge> edges) {
  enum class Mark : std::uint8_t { fresh, open, done };
  std::vector<std::vector<std::size_t>> out(nodes);
  for (std::size_t i = 0; i < edges.size(); ++i) out[edges[i].first].push_back(i);
  std::vector<Mark> marks(nodes, Mark::fresh);
  std::vector<std::size_t> turned;
  std::vector<std::pair<std::uint32_t, std::size_t>> walk;  // A node, and its next edge.
  for (std::uint32_t root = 0; root < nodes; ++root) {
    if (marks[root] != Mark::fresh) continue;
    marks[root] = Mark::open;
    walk.emplace_back(root, 0);
    while (!walk.empty()) {
      auto& [node, next] = walk.back();
      if (next == out[node].size()) {
        marks[node] = Mark::done;
        walk.pop_back();
        continue;
      }
      const std::size_t edge = out[node][next++];
      const std::uint32_t target = edges[edge].second;
      if (marks[target] == Mark::open) turned.push_back(edge);
      if (marks[target] != Mark::fresh) continue;
      marks[target] = Mark::open;
      walk.emplace_back(target, 0);
    }
  }
  for (const std::size_t edge : turned) std::swap(edges[edge].first, edges[edge].second);
  return edges;
}

/// The column of each node: one behind its last input. Nodes without inputs move up to the first
/// that needs them.
std::vector<std::uint32_t> columns_for(std::size_t nodes, const std::vector<LayoutEdge>& edges) {
  std::vector<std::vector<std::uint32_t>> out(nodes);
  std::vector<std::uint32_t> pending(nodes, 0);
  for (const auto& [from, to] : edges) {
    out[from].push_back(to);
    ++pending[to];
  }
  const std::vector<std::uint32_t> inputs = pending;
  std::vector<std::uint32_t> columns(nodes, 0);
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < nodes; ++i) {
    if (pending[i] == 0) order.push_back(i);
  }
  for (std::size_t done = 0; done < order.size(); ++done) {
    for (const std::uint32_t to : out[order[done]]) {
      columns[to] = std::max(columns[to], columns[order[done]] + 1);
      if (--pending[to] == 0) order.push_back(to);
    }
  }
  for (std::uint32_t i = 0; i < nodes; ++i) {
    if (inputs[i] > 0 || out[i].empty()) continue;
    std::uint32_t first = columns[out[i].front()];
    for (const std::uint32_t to : out[i]) first = std::min(first, columns[to]);
    columns[i] = first - 1;
  }
  return columns;
}

}  // namespace

GraphLayout lay_out(const std::vector<LayoutSize>& nodes, const std::vector<LayoutEdge>& edges,
                    const LayoutOptions& options) {
  const auto forward = without_cycles(nodes.size(), edges);
  LayoutColumns columns{nodes, columns_for(nodes.size(), forward), forward, options};
  columns.reduce_crossings();
  columns.straighten();
  columns.close_gaps();
  GraphLayout layout = columns.layout();
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (edges[i] != forward[i]) std::ranges::reverse(layout.edges[i]);
  }
  return layout;
}

}  // namespace weft::cli
