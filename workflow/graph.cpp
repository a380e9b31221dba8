#include "weft/workflow/graph.hpp"

#include <algorithm>
#include <charconv>

namespace weft {

FunctionName Graph::function_name(TaskId id) const {
  if (task(id).kind == TaskKind::map) return {.name = "weft.map"};
  return function(id).name();
}

std::string Graph::task_name(TaskId id) const {
  if (const auto named = names_.find(id); named != names_.end()) return named->second;
  return function_name(id).name + "-" + std::to_string(id.number());
}

std::optional<TaskId> Graph::find(std::string_view task_name) const {
  for (const auto& [id, name] : names_) {
    if (name == task_name) return id;
  }
  const std::size_t dash = task_name.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  std::uint32_t number = 0;
  const char* end = task_name.data() + task_name.size();
  const auto [rest, failure] = std::from_chars(task_name.data() + dash + 1, end, number);
  if (failure != std::errc{} || rest != end || number >= task_count()) return std::nullopt;
  if (names_.contains(TaskId{number}) || this->task_name(TaskId{number}) != task_name) {
    return std::nullopt;
  }
  return TaskId{number};
}

std::vector<TaskId> Graph::sinks() const {
  // Tasks that maps make are no children yet of what they wait for outside.
  std::vector<bool> awaited_inside(task_count());
  for (const Scope& scope : scopes_) {
    for (const TaskId id : scope.templates) {
      for (const Dependency& dependency : dependencies(id)) {
        if (dependency.kind != DependencyKind::item) {
          awaited_inside[dependency.task.number()] = true;
        }
      }
    }
  }
  std::vector<TaskId> sinks;
  for (const TaskId id : order_) {
    if (children(id).empty() && !awaited_inside[id.number()]) sinks.push_back(id);
  }
  return sinks;
}

}  // namespace weft
