#include "weft/workflow/task_table.hpp"

#include <algorithm>

namespace weft {

TaskTable::TaskTable(GraphPtr graph) : graph_(std::move(graph)), next_(graph_->task_count()) {}

TaskOrigin TaskTable::origin(TaskId task) const {
  if (task.number() < graph_->task_count()) return {.task = task};
  const auto after =
    std::upper_bound(expansions_.begin(), expansions_.end(), task,
                     [](TaskId id, const Expansion& expansion) { return id < expansion.first; });
  check(after != expansions_.begin() && task.number() < next_,
        "a task of the run has a number in use");
  const Expansion& expansion = *std::prev(after);
  const std::uint32_t offset = task.number() - expansion.first.number();
  return {.task = graph_->scope(expansion.scope).templates[offset % expansion.width],
          .expansion = &expansion,
          .row = offset / expansion.width};
}

const Expansion& TaskTable::expand(TaskId map, std::uint32_t items) {
  const std::uint32_t scope = graph_->task(origin(map).task).body;
  const auto width = static_cast<std::uint32_t>(graph_->scope(scope).templates.size());
  const bool fresh = expansion_of_.emplace(map, expansions_.size()).second;
  check(fresh, "a map is expanded once");
  // An empty expansion takes a number all the same: first numbers stay distinct and sorted.
  const std::uint32_t numbers = std::max(items * width, 1u);
  expansions_.push_back(
    {.map = map, .scope = scope, .first = TaskId{next_}, .items = items, .width = width});
  next_ += numbers;
  return expansions_.back();
}

const Expansion* TaskTable::expansion_of(TaskId map) const {
  const auto found = expansion_of_.find(map);
  return found == expansion_of_.end() ? nullptr : &expansions_[found->second];
}

TaskId TaskTable::resolve(const TaskOrigin& from, TaskId target) const {
  const std::uint32_t scope = graph_->task(target).scope;
  TaskOrigin at = from;
  while (at.expansion && at.expansion->scope != scope) at = origin(at.expansion->map);
  if (!at.expansion) return target;
  return TaskId{at.expansion->first.number() + at.row * at.expansion->width +
                graph_->position(target)};
}

std::string TaskTable::name(TaskId task) const {
  std::string name = graph_->task_name(origin(task).task);
  for (const std::uint32_t row : path(task)) name += "[" + std::to_string(row) + "]";
  return name;
}

std::vector<std::uint32_t> TaskTable::path(TaskId task) const {
  std::vector<std::uint32_t> rows;
  for (TaskOrigin at = origin(task); at.expansion; at = origin(at.expansion->map)) {
    rows.push_back(at.row);
  }
  std::reverse(rows.begin(), rows.end());
  return rows;
}

}  // namespace weft
