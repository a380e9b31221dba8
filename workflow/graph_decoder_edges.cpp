// How a graph decoder checks that tasks fit together, and sorts them.

#include <utility>

#include <fmt/format.h>

#include "weft/workflow/graph_decoder.hpp"

namespace weft {

namespace {

constexpr TaskId not_counted{0xffff'ffff};

Error damaged_graph(std::string message) {
  return {.code = Errc::decode_failed, .message = std::move(message)};
}

}  // namespace

Result<void> GraphCodec::check_edges() {
  counted_.assign(graph_->task_count(), not_counted);
  for (std::uint32_t i = 0; i < graph_->task_count(); ++i) {
    if (!present_[i]) continue;
    if (auto problem = edge_problem(TaskId{i})) {
      return damaged_graph(fmt::format("the record of task {}: {}", i, *problem));
    }
  }
  return {};
}

std::optional<std::string> GraphCodec::edge_problem(TaskId id) {
  const Task& task = graph_->task(id);
  for (const TaskId child : graph_->children(id)) {
    if (child.number() >= graph_->task_count()) {
      return fmt::format("child {} is beyond the {} tasks", child.number(), graph_->task_count());
    }
    if (!scopes_.encloses(graph_->task(child).scope, task.scope)) {
      return fmt::format("child {} is inside of a map", child.number());
    }
  }
  if (auto problem = dependency_problem(id)) return problem;
  if (task.kind == TaskKind::map && !reads_a_list(id)) return "it is a map, but reads no list";
  if (const std::uint32_t count = awaited(id); count != graph_->pending(id)) {
    return fmt::format("it says that it waits for {} commits, not {}", graph_->pending(id), count);
  }
  return argument_problem(graph_->arguments(id), graph_->dependencies(id), header_.constants);
}

std::optional<std::string> GraphCodec::dependency_problem(TaskId id) const {
  for (const Dependency& dependency : graph_->dependencies(id)) {
    const std::uint32_t other = dependency.task.number();
    if (other >= graph_->task_count()) {
      return fmt::format("dependency {} is beyond the {} tasks", other, graph_->task_count());
    }
    if (!may_depend(id, dependency)) return fmt::format("it is not where it sees task {}", other);
    if (header_.ascending && !ascends(id, dependency)) {
      return fmt::format("it depends on task {}, which should follow it", other);
    }
  }
  return std::nullopt;
}

/// A task may take what its own scope and those around it make. Of the maps in its scope it may
/// take all elements at once.
bool GraphCodec::may_depend(TaskId id, const Dependency& dependency) const {
  const std::uint32_t scope = graph_->task(id).scope;
  const Task& other = graph_->task(dependency.task);
  switch (dependency.kind) {
    case DependencyKind::item:
      return other.kind == TaskKind::map && scopes_.encloses(other.body, scope);
    case DependencyKind::gather:
      return other.scope != 0 && graph_->scope(other.scope).parent == scope;
    default:
      return scopes_.encloses(other.scope, scope);
  }
}

bool GraphCodec::ascends(TaskId id, const Dependency& dependency) const {
  if (dependency.kind == DependencyKind::item) return true;  // There as soon as the task is.
  if (dependency.kind == DependencyKind::gather && map_around(dependency.task) >= id) return false;
  return dependency.task < id;
}

/// Whether a map is as all that workflows can state: its one argument is the first that it reads.
bool GraphCodec::reads_a_list(TaskId map) const {
  const auto arguments = graph_->arguments(map);
  const auto dependencies = graph_->dependencies(map);
  return arguments.size() == 1 && arguments[0] == ArgNode{ArgKind::input, 0} &&
         !dependencies.empty();
}

/// Commits that a task waits for: each of its own scope once, and of a map whose elements it
/// gathers the map's.
std::uint32_t GraphCodec::awaited(TaskId id) {
  const std::uint32_t scope = graph_->task(id).scope;
  std::uint32_t count = 0;
  for (const Dependency& dependency : graph_->dependencies(id)) {
    if (dependency.kind == DependencyKind::item) continue;
    const bool gathers = dependency.kind == DependencyKind::gather;
    const TaskId on = gathers ? map_around(dependency.task) : dependency.task;
    if (graph_->task(on).scope != scope) continue;  // Counted when the map expands.
    if (std::exchange(counted_[on.number()], id) != id) ++count;
  }
  return count;
}

TaskId GraphCodec::map_around(TaskId inner) const {
  return graph_->scope(graph_->task(inner).scope).map;
}

// -- order ----------------------------------------------------------------------------------------

/// Orders the tasks of a whole graph as they were when it was frozen.
Result<void> GraphCodec::sort() {
  if (!whole()) return {};
  auto& order = graph_->order_;
  if (header_.ascending) {
    order.reserve(graph_->task_count());
    for (std::uint32_t i = 0; i < graph_->task_count(); ++i) order.emplace_back(i);
  } else {
    TopologicalOrder found = topological_order(graph_->task_count(), precedences(), 1);
    if (!found.cycles.empty()) {
      return damaged_graph(
        fmt::format("task {} waits for itself", found.cycles[0].front().number()));
    }
    order = std::move(found.tasks);
  }
  std::erase_if(order, [this](TaskId task) { return graph_->task(task).scope != 0; });
  return {};
}

std::vector<Precedence> GraphCodec::precedences() const {
  std::vector<Precedence> all;
  all.reserve(graph_->dependencies_.size());
  for (std::uint32_t i = 0; i < graph_->task_count(); ++i) {
    for (const Dependency& dependency : graph_->dependencies(TaskId{i})) {
      if (dependency.kind == DependencyKind::item) continue;
      all.push_back({dependency.task, TaskId{i}});
      if (dependency.kind != DependencyKind::gather) continue;
      all.push_back({map_around(dependency.task), TaskId{i}});
    }
  }
  return all;
}

}  // namespace weft
