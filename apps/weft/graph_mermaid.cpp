#include <set>

#include <fmt/format.h>

#include "weft/apps/weft/graph_view.hpp"

namespace weft::cli {

namespace {

/// Mermaid reads quotes, brackets and `#` in a label as its own: they are written as entities.
std::string in_mermaid(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '#' || c == '<' || c == '>' || c == '&') {
      out += fmt::format("#{};", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string mermaid_node(const GraphView& view, std::size_t index) {
  const GraphNode& node = view.nodes[index];
  return fmt::format("n{}{}{}{}:::f{}\n", index, node.map ? "{{" : "(", in_mermaid(label_of(node)),
                     node.map ? "}}" : ")", node.function % 12);
}

std::string mermaid_scope(const GraphView& view, std::uint32_t scope, std::size_t indent) {
  const std::string margin(indent, ' ');
  std::string out;
  for (std::size_t i = 0; i < view.nodes.size(); ++i) {
    if (view.nodes[i].scope == scope) out += margin + mermaid_node(view, i);
  }
  for (const GraphFrame& frame : view.frames) {
    if (frame.parent != scope) continue;
    out +=
      fmt::format("{}subgraph s{} [{}]\n{}{}end\n", margin, frame.scope, in_mermaid(frame.label),
                  mermaid_scope(view, frame.scope, indent + 2), margin);
  }
  return out;
}

std::string arrow_of(const GraphEdge& edge) {
  const std::string_view line = edge.data ? "-->" : "-.->";
  return edge.count > 1 ? fmt::format("{}|{}|", line, edge.count) : std::string(line);
}

}  // namespace

std::string mermaid_text(const GraphView& view) {
  std::string out = "flowchart LR\n" + mermaid_scope(view, 0, 2);
  for (const GraphEdge& edge : view.edges) {
    out += fmt::format("  n{} {} n{}\n", edge.from, arrow_of(edge), edge.to);
  }
  std::set<std::uint32_t> classes;
  for (const GraphNode& node : view.nodes) classes.insert(node.function % 12);
  for (const std::uint32_t function : classes) {
    out += fmt::format("  classDef f{} fill:{},stroke:#555,color:#111\n", function,
                       function_color(function));
  }
  return out;
}

}  // namespace weft::cli
