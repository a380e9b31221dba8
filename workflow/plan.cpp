#include "weft/workflow/plan.hpp"

#include <algorithm>

namespace weft {

WorkerId worker_of(const Plan& plan, TaskId template_task, const std::vector<std::uint32_t>& path) {
  const Placement& placement = plan.placements[template_task.number()];
  if (path.empty() || placement.origin == Origin::user || placement.worker == flexible_worker) {
    return placement.worker;
  }
  std::uint64_t offset = 0;
  for (const std::uint32_t row : path) offset += row;
  const auto count = static_cast<std::uint64_t>(plan.workers.size());
  return plan.workers[(placement.worker.number() + offset) % count].id;
}

bool must_store(const Graph& graph, const Plan& plan, TaskId task, bool kept) {
  const WorkerId worker = plan.placements[task.number()].worker;
  if (kept) return true;
  if (graph.readers(task) == 0) return false;  // Others may wait for it, but nobody reads it.
  if (worker == flexible_worker) return true;
  const std::uint32_t scope = graph.task(task).scope;
  return std::ranges::any_of(
           graph.children(task),
           [&](TaskId child) {
             // A map hands what it reads to tasks that nobody has placed yet, and whoever gathers
             // elements reads them from everywhere.
             return graph.task(child).kind == TaskKind::map || graph.task(child).scope != scope ||
                    plan.placements[child.number()].worker != worker ||
                    plan.placements[child.number()].origin != plan.placements[task.number()].origin;
           }) ||
         graph.read_inside_maps(task);
}

}  // namespace weft
