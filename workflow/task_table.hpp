#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "weft/workflow/graph.hpp"

namespace weft {

/// One map of a run, expanded: `items` rows of `width` tasks, numbered row by row from `first`.
struct Expansion {
  TaskId map;               ///< As numbered in the run.
  std::uint32_t scope = 0;  ///< The scope whose templates it repeats.
  TaskId first;
  std::uint32_t items = 0;
  std::uint32_t width = 0;
};

/// Where a task of a run comes from: a task of the graph, and the element that it is for.
struct TaskOrigin {
  TaskId task;                           ///< The template, or the task itself.
  const Expansion* expansion = nullptr;  ///< Nothing for tasks of scope 0.
  std::uint32_t row = 0;
};

/// All tasks of a run: those of the graph, and those that maps have made so far. Numbers the
/// latter, and translates the graph's edges into edges between tasks of the run.
///
/// Pure; not thread-safe. References to expansions live until the next `expand`.
class TaskTable {
public:
  explicit TaskTable(GraphPtr graph);

  [[nodiscard]] const Graph& graph() const { return *graph_; }
  [[nodiscard]] const GraphPtr& graph_ptr() const { return graph_; }

  /// One more than the largest number in use. Templates of the graph count, though they never run.
  [[nodiscard]] std::uint32_t task_count() const { return next_; }

  [[nodiscard]] TaskOrigin origin(TaskId task) const;

  /// Numbers the tasks that `map` makes for `items` elements. @pre not expanded yet
  const Expansion& expand(TaskId map, std::uint32_t items);

  /// The expansion of a map; nothing before it.
  [[nodiscard]] const Expansion* expansion_of(TaskId map) const;

  /// The run's task that `target`, a task of the graph, is when seen from `from`: the one of the
  /// same element, or one that encloses it. @pre `target` is in the scope of `from` or around it
  [[nodiscard]] TaskId resolve(const TaskOrigin& from, TaskId target) const;

  /// Calls `visit(TaskId)` with each task that counts down when `task` commits.
  template <class Visit>
  void for_each_child(TaskId task, Visit&& visit) const;

  /// Calls `visit(slot, kind, TaskId)` for each dependency. For `gather` it is called once for each
  /// element, in order; for `item` with the map.
  template <class Visit>
  void for_each_dependency(TaskId task, Visit&& visit) const;

  /// `name`, or `name[row]` for an element's task, or `name[row][row]` for one of a nested map.
  [[nodiscard]] std::string name(TaskId task) const;

  /// The rows of the element that `task` is for, outermost first.
  [[nodiscard]] std::vector<std::uint32_t> path(TaskId task) const;

private:
  GraphPtr graph_;
  std::uint32_t next_;
  std::vector<Expansion> expansions_;  ///< By their first number.
  std::unordered_map<TaskId, std::size_t> expansion_of_;
};

template <class Visit>
void TaskTable::for_each_child(TaskId task, Visit&& visit) const {
  const TaskOrigin from = origin(task);
  if (!from.expansion) {
    for (const TaskId child : graph_->children(task)) visit(child);
    return;
  }
  for (const TaskId child : graph_->children(from.task)) visit(resolve(from, child));
}

template <class Visit>
void TaskTable::for_each_dependency(TaskId task, Visit&& visit) const {
  const TaskOrigin from = origin(task);
  const auto dependencies = graph_->dependencies(from.task);
  for (std::uint32_t slot = 0; slot < dependencies.size(); ++slot) {
    const Dependency& dependency = dependencies[slot];
    if (dependency.kind != DependencyKind::gather) {
      visit(slot, dependency.kind, resolve(from, dependency.task));
      continue;
    }
    const Scope& scope = graph_->scope(graph_->task(dependency.task).scope);
    const Expansion* expansion = expansion_of(resolve(from, scope.map));
    if (!expansion) continue;
    const std::uint32_t position = graph_->position(dependency.task);
    for (std::uint32_t row = 0; row < expansion->items; ++row) {
      visit(slot, dependency.kind,
            TaskId{expansion->first.number() + row * expansion->width + position});
    }
  }
}

}  // namespace weft
