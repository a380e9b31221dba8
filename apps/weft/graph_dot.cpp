#include <fmt/format.h>

#include "weft/apps/weft/graph_view.hpp"

namespace weft::cli {

namespace {

std::string in_dot(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string node_line(const GraphView& view, std::size_t index) {
  const GraphNode& node = view.nodes[index];
  return fmt::format("n{} [label={}, fillcolor=\"{}\", tooltip={}{}];\n", index,
                     in_dot(label_of(node)), function_color(node.function),
                     in_dot(view.functions[node.function]), node.map ? ", shape=hexagon" : "");
}

/// The nodes of a scope, and within them the frames of the scopes that it holds.
std::string scope_lines(const GraphView& view, std::uint32_t scope, std::size_t indent) {
  const std::string margin(indent, ' ');
  std::string out;
  for (std::size_t i = 0; i < view.nodes.size(); ++i) {
    if (view.nodes[i].scope == scope) out += margin + node_line(view, i);
  }
  for (const GraphFrame& frame : view.frames) {
    if (frame.parent != scope) continue;
    out +=
      fmt::format("{}subgraph cluster_{} {{\n{}  label={};\n{}{}}}\n", margin, frame.scope, margin,
                  in_dot(frame.label), scope_lines(view, frame.scope, indent + 2), margin);
  }
  return out;
}

}  // namespace

std::string dot_text(const GraphView& view) {
  std::string out = "digraph " + in_dot(view.name) + " {\n  rankdir=LR;\n" +
                    "  node [shape=box, style=\"rounded,filled\", fontname=\"monospace\"];\n";
  out += scope_lines(view, 0, 2);
  for (const GraphEdge& edge : view.edges) {
    out += fmt::format("  n{} -> n{}{}{};\n", edge.from, edge.to,
                       edge.count > 1 ? fmt::format(" [label=\"{}\"]", edge.count) : "",
                       edge.data ? "" : " [style=dashed]");
  }
  return out + "}\n";
}

}  // namespace weft::cli
