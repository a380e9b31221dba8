#include <algorithm>

#include <fmt/format.h>

#include "weft/apps/weft/graph_layout.hpp"
#include "weft/apps/weft/graph_view.hpp"
#include "weft/apps/weft/text_style.hpp"

namespace weft::cli {

namespace {

constexpr double margin = 16;
constexpr double title_height = 32;
constexpr double node_height = 24;
constexpr double character_width = 6.7;  // Of the monospace fonts named below, at 11 pixels.
constexpr std::size_t max_label = 36;
constexpr double legend_row = 20;

std::string in_xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string shown_label(const GraphNode& node) {
  return cut_middle(printable(label_of(node)), max_label, {.unicode = true});
}

/// A smooth line through the gaps between columns, straight within them.
std::string path_of(const std::vector<LayoutPoint>& points) {
  std::string out = fmt::format("M{:.1f} {:.1f}", points[0].x, points[0].y);
  for (std::size_t i = 1; i < points.size(); ++i) {
    const LayoutPoint& from = points[i - 1];
    const LayoutPoint& to = points[i];
    if (from.y == to.y) {
      out += fmt::format("L{:.1f} {:.1f}", to.x, to.y);
      continue;
    }
    const double middle = (from.x + to.x) / 2;
    out += fmt::format("C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", middle, from.y, middle, to.y,
                       to.x, to.y);
  }
  return out;
}

class SvgWriter {
public:
  explicit SvgWriter(const GraphView& view) : view_(view) {
    std::vector<LayoutSize> sizes;
    for (const GraphNode& node : view.nodes) {
      const auto columns = static_cast<double>(columns_of(shown_label(node)));
      sizes.push_back({columns * character_width + 16, node_height});
    }
    std::vector<LayoutEdge> edges;
    for (const GraphEdge& edge : view.edges) edges.emplace_back(edge.from, edge.to);
    sizes_ = sizes;
    layout_ = lay_out(sizes, edges);
  }

  std::string text() && {
    head();
    out_ += fmt::format("<g transform=\"translate({} {})\">\n", margin, margin + title_height);
    for (std::size_t i = 0; i < view_.edges.size(); ++i) edge(i);
    for (std::size_t i = 0; i < view_.nodes.size(); ++i) node(i);
    out_ += "</g>\n";
    legend();
    return std::move(out_) + "</svg>\n";
  }

private:
  [[nodiscard]] std::string title() const {
    std::string text =
      fmt::format("{}: {} tasks, {} edges", view_.name, view_.tasks, view_.edges_total);
    if (view_.grouping == GraphGrouping::functions) text += ", grouped by function";
    return text;
  }

  void head() {
    std::size_t longest = columns_of(title());
    for (const std::string& function : view_.functions) {
      longest = std::max(longest, columns_of(function) + 4);
    }
    const double text_width = static_cast<double>(longest) * 8;
    const double width = std::max(layout_.size.width, text_width) + 2 * margin;
    const double height = layout_.size.height + 3 * margin + title_height +
                          legend_row * static_cast<double>(view_.functions.size());
    out_ += fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\" font-family=\"ui-monospace, Menlo, Consolas, monospace\" "
      "font-size=\"11\">\n<title>{2}</title>\n"
      "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" "
      "markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#777\"/></marker></defs>"
      "\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
      "<text x=\"{3}\" y=\"{4}\" font-size=\"13\" font-weight=\"bold\" fill=\"#111\">{2}</text>\n",
      width, height, in_xml(printable(title())), margin, margin + 12);
  }

  void edge(std::size_t index) {
    const GraphEdge& edge = view_.edges[index];
    out_ += fmt::format(
      "<path d=\"{}\" fill=\"none\" stroke=\"#777\" stroke-width=\"{}\"{} "
      "marker-end=\"url(#arrow)\">",
      path_of(layout_.edges[index]), edge.count > 1 ? "1.6" : "1",
      edge.data ? "" : " stroke-dasharray=\"4 3\"");
    out_ += fmt::format("<title>{} to {}{}</title></path>\n",
                        in_xml(printable(view_.nodes[edge.from].label)),
                        in_xml(printable(view_.nodes[edge.to].label)),
                        edge.count > 1 ? fmt::format(", {} edges", edge.count) : "");
  }

  void node(std::size_t index) {
    const GraphNode& node = view_.nodes[index];
    const LayoutPoint& at = layout_.nodes[index];
    const LayoutSize& size = sizes_[index];
    out_ += fmt::format(
      "<g><title>{}{}</title><rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
      "rx=\"{}\" fill=\"{}\" stroke=\"#555\"{}/>",
      in_xml(printable(label_of(node) + " (" + view_.functions[node.function] + ")")),
      node.inner_edges > 0 ? fmt::format(", {} edges among them", node.inner_edges) : "", at.x,
      at.y, size.width, size.height, node.map ? 12 : 4, function_color(node.function),
      node.map || node.scope > 0 ? " stroke-dasharray=\"5 2\"" : "");
    out_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"#111\">{}</text></g>\n", at.x + 8,
                        at.y + size.height / 2 + 4, in_xml(shown_label(node)));
  }

  void legend() {
    double y = layout_.size.height + 2 * margin + title_height;
    std::vector<std::uint64_t> tasks(view_.functions.size(), 0);
    for (const GraphNode& node : view_.nodes) tasks[node.function] += node.tasks;
    for (std::uint32_t i = 0; i < view_.functions.size(); ++i, y += legend_row) {
      out_ += fmt::format(
        "<rect x=\"{}\" y=\"{:.1f}\" width=\"12\" height=\"12\" fill=\"{}\" "
        "stroke=\"#555\"/><text x=\"{}\" y=\"{:.1f}\" fill=\"#111\">{} x{}</text>"
        "\n",
        margin, y, function_color(i), margin + 20, y + 10, in_xml(printable(view_.functions[i])),
        tasks[i]);
    }
  }

  const GraphView& view_;
  std::vector<LayoutSize> sizes_;
  GraphLayout layout_;
  std::string out_;
};

}  // namespace

std::string svg_text(const GraphView& view) {
  return SvgWriter{view}.text();
}

}  // namespace weft::cli
