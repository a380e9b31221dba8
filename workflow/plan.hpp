#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weft/workflow/graph.hpp"
#include "weft/workflow/options.hpp"

namespace weft {

/// A worker that a plan asks for.
struct PlannedWorker {
  WorkerId id;
  WorkerClass worker_class;

  friend bool operator==(const PlannedWorker&, const PlannedWorker&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, PlannedWorker& x) {
    return f.object(x).fields(f.field("id", x.id), f.field("worker_class", x.worker_class));
  }
};

/// Where one task runs and how urgent it is.
struct Placement {
  /// `WorkerId` of a planned worker, or `flexible_worker`: whoever makes it ready.
  WorkerId worker;
  Origin origin = Origin::planner;
  /// The larger, the sooner its worker should run it. Planners start from the length of the longest
  /// path from here to a sink.
  float rank = 0;

  friend bool operator==(const Placement&, const Placement&) = default;
};

/// No worker is planned for the task.
inline constexpr WorkerId flexible_worker{0xffff'ffff};

/// An optimization that a task carries, and who put it there.
struct PlannedOptimization {
  TaskId task;
  OptimizationChoice choice;

  friend bool operator==(const PlannedOptimization&, const PlannedOptimization&) = default;
};

/// How a run shall go: made by a planner from a graph, immutable, carried out by workers.
///
/// Written by planning/planners; read by the run store (who gets what became ready), by workers and
/// by `weft plan`.
struct Plan {
  std::string planner;
  std::vector<PlannedWorker> workers;
  /// By number of the graph's task. For a template: of its element 0; see `placement_of`.
  std::vector<Placement> placements;
  std::vector<PlannedOptimization> optimizations;  ///< Sorted by task.

  friend bool operator==(const Plan&, const Plan&) = default;
};

using PlanPtr = std::shared_ptr<const Plan>;

/// Worker of a task made by a map: rows go round the workers, and a row stays together, so that
/// what flows from step to step of one element does not travel. User-fixed and flexible templates
/// stay so.
/// @param path rows of the element that the task is for, outermost first
[[nodiscard]] WorkerId worker_of(const Plan& plan, TaskId template_task,
                                 const std::vector<std::uint32_t>& path);

/// Whether an output must be stored, because somebody other than `worker` needs it or may need it.
/// False means that all readers run on the worker that made it.
[[nodiscard]] bool must_store(const Graph& graph, const Plan& plan, TaskId task, bool kept);

}  // namespace weft
