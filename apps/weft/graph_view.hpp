#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/workflow/graph.hpp"

namespace weft::cli {

/// What a node of a picture stands for.
enum class GraphGrouping : std::uint8_t {
  tasks,      ///< One task.
  functions,  ///< All tasks of one function.
};

struct GraphNode {
  std::string label;
  std::uint32_t function = 0;  ///< Index into `GraphView::functions`.
  std::uint64_t tasks = 1;
  std::uint64_t inner_edges = 0;  ///< Edges between tasks of a group.
  bool map = false;               ///< It makes its tasks at run time.
  std::uint32_t scope = 0;        ///< The map's scope that it is part of; 0: none.
};

struct GraphEdge {
  std::uint32_t from = 0;  ///< Index into `GraphView::nodes`.
  std::uint32_t to = 0;
  std::uint64_t count = 1;
  bool data = true;  ///< False: only an order.
};

/// A map's scope, as a frame around nodes.
struct GraphFrame {
  std::uint32_t scope = 0;
  std::uint32_t parent = 0;
  std::string label;
};

/// What is drawn of a workflow, whatever the format. A plain value.
struct GraphView {
  std::string name;
  GraphGrouping grouping = GraphGrouping::tasks;
  std::uint64_t tasks = 0;
  std::uint64_t edges_total = 0;
  std::vector<std::string> functions;
  std::vector<GraphNode> nodes;
  std::vector<GraphEdge> edges;
  std::vector<GraphFrame> frames;
};

/// Larger workflows are drawn by function unless the user says otherwise.
inline constexpr std::uint32_t max_drawn_tasks = 200;

/// @param grouping nothing: tasks up to `max_drawn_tasks`, functions beyond
[[nodiscard]] GraphView view_of(const Graph& graph, std::optional<GraphGrouping> grouping);

[[nodiscard]] std::string dot_text(const GraphView& view);
[[nodiscard]] std::string mermaid_text(const GraphView& view);
[[nodiscard]] std::string svg_text(const GraphView& view);

/// Fill colour of a function's nodes, as `#rrggbb`. Pale, so that dark text reads well on it.
[[nodiscard]] std::string_view function_color(std::uint32_t function);

/// `mProject x45` for groups, the name for single tasks.
[[nodiscard]] std::string label_of(const GraphNode& node);

}  // namespace weft::cli
