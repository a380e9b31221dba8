#include <algorithm>

#include "weft/planning/expected_cost.hpp"
#include "weft/planning/planner.hpp"

namespace weft {

namespace {

/// Calls `visit(TaskId)` with each task that must commit before `task` can run. A template follows
/// the map that repeats it; who gathers elements follows their map, too. May name a task twice.
template <class Visit>
void for_each_predecessor(const Graph& graph, TaskId task, Visit&& visit) {
  for (const Dependency& dependency : graph.dependencies(task)) {
    visit(dependency.task);
    if (dependency.kind == DependencyKind::gather) {
      visit(graph.scope(graph.task(dependency.task).scope).map);
    }
  }
  if (const std::uint32_t scope = graph.task(task).scope; scope != 0) {
    visit(graph.scope(scope).map);
  }
}

}  // namespace

std::vector<float> upward_ranks(const Graph& graph) {
  const std::uint32_t count = graph.task_count();
  std::vector<std::uint32_t> waiting(count, 0);  // Successors whose rank is not known yet.
  for (std::uint32_t i = 0; i < count; ++i) {
    for_each_predecessor(graph, TaskId{i}, [&](TaskId before) { ++waiting[before.number()]; });
  }
  std::vector<TaskId> known;
  known.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (waiting[i] == 0) known.emplace_back(i);
  }
  std::vector<float> ranks(count, 0);  // Until a task is known: the largest of its successors.
  for (std::size_t done = 0; done < known.size(); ++done) {
    const TaskId task = known[done];
    float& rank = ranks[task.number()];
    rank += static_cast<float>(expected_cost(graph.options(task)));
    for_each_predecessor(graph, task, [&](TaskId before) {
      float& longest = ranks[before.number()];
      longest = std::max(longest, rank);
      if (--waiting[before.number()] == 0) known.push_back(before);
    });
  }
  return ranks;
}

}  // namespace weft
