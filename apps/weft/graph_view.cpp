#include "weft/apps/weft/graph_view.hpp"

#include <array>
#include <map>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace weft::cli {

namespace {

class ViewBuilder {
public:
  ViewBuilder(const Graph& graph, GraphGrouping grouping) : graph_(graph) {
    view_.name = graph.name();
    view_.grouping = grouping;
    view_.tasks = graph.task_count();
  }

  GraphView build() && {
    for (std::uint32_t i = 0; i < graph_.task_count(); ++i) add_task(TaskId{i});
    for (std::uint32_t i = 0; i < graph_.task_count(); ++i) add_edges(TaskId{i});
    for (auto& [ends, edge] : edges_) view_.edges.push_back(edge);
    if (view_.grouping == GraphGrouping::tasks) add_frames();
    return std::move(view_);
  }

private:
  void add_task(TaskId task) {
    const std::uint32_t function = index_of(to_string(graph_.function_name(task)));
    if (view_.grouping == GraphGrouping::functions && function < node_of_function_.size()) {
      ++view_.nodes[node_of_function_[function]].tasks;
      node_of_task_.push_back(node_of_function_[function]);
      return;
    }
    const auto node = static_cast<std::uint32_t>(view_.nodes.size());
    if (view_.grouping == GraphGrouping::functions) node_of_function_.push_back(node);
    node_of_task_.push_back(node);
    const bool single = view_.grouping == GraphGrouping::tasks;
    view_.nodes.push_back({.label = single ? graph_.task_name(task) : view_.functions[function],
                           .function = function,
                           .map = graph_.task(task).kind == TaskKind::map,
                           .scope = single ? graph_.task(task).scope : 0});
  }

  std::uint32_t index_of(const std::string& function) {
    const auto next = static_cast<std::uint32_t>(view_.functions.size());
    const auto [found, added] = function_index_.try_emplace(function, next);
    if (added) view_.functions.push_back(function);
    return found->second;
  }

  void add_edges(TaskId task) {
    const std::uint32_t to = node_of_task_[task.number()];
    for (const Dependency& dependency : graph_.dependencies(task)) {
      ++view_.edges_total;
      const std::uint32_t from = node_of_task_[dependency.task.number()];
      if (from == to) {
        ++view_.nodes[to].inner_edges;
        continue;
      }
      const bool data = dependency.kind != DependencyKind::order;
      auto [found, added] = edges_.try_emplace({from, to}, GraphEdge{from, to, 0, data});
      ++found->second.count;
      found->second.data = found->second.data || data;
    }
  }

  void add_frames() {
    for (std::uint32_t i = 1; i < graph_.scope_count(); ++i) {
      const Scope& scope = graph_.scope(i);
      view_.frames.push_back({i, scope.parent, "each of " + graph_.task_name(scope.map)});
    }
  }

  const Graph& graph_;
  GraphView view_;
  std::unordered_map<std::string, std::uint32_t> function_index_;
  std::vector<std::uint32_t> node_of_function_;
  std::vector<std::uint32_t> node_of_task_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, GraphEdge> edges_;
};

}  // namespace

GraphView view_of(const Graph& graph, std::optional<GraphGrouping> grouping) {
  const auto fitting =
    graph.task_count() <= max_drawn_tasks ? GraphGrouping::tasks : GraphGrouping::functions;
  return ViewBuilder{graph, grouping.value_or(fitting)}.build();
}

std::string_view function_color(std::uint32_t function) {
  constexpr std::array<std::string_view, 12> colors{"#c6dbef", "#fdd0a2", "#c7e9c0", "#dadaeb",
                                                    "#fcbba1", "#d9d9d9", "#fde0dd", "#ccece6",
                                                    "#fff7bc", "#d4b9da", "#e5d8bd", "#b3cde3"};
  return colors[function % colors.size()];
}

std::string label_of(const GraphNode& node) {
  return node.tasks == 1 ? node.label : fmt::format("{} x{}", node.label, node.tasks);
}

}  // namespace weft::cli
