#pragma once

#include <memory>

#include "weft/planning/optimization.hpp"
#include "weft/workflow/clock.hpp"
#include "weft/workflow/graph.hpp"
#include "weft/workflow/metrics.hpp"
#include "weft/workflow/plan.hpp"

namespace weft {

/// Whether watchers of a run hear of every start and progress, or of what changed its state only.
enum class ProgressEvents : std::uint8_t { off, on };

/// Whether a run ends with its process, or lies in a store that outlives it.
enum class Durability : std::uint8_t { process, store };

/// All that is fixed about a run when it is launched. Immutable; shared by every actor of the run
/// in this process.
struct RunContext {
  RunId id;
  GraphPtr graph;
  PlanPtr plan;
  std::shared_ptr<const OptimizationCatalogue> optimizations;
  std::shared_ptr<const Clock> clock;
  TimePoint submitted;
  WallTime submitted_wall;
  std::vector<TaskId> kept;     ///< Sorted.
  std::vector<TaskId> movable;  ///< Tasks of the graph that may run elsewhere than planned. Sorted.
  ProgressEvents progress = ProgressEvents::off;
  Durability durability = Durability::process;
  Nanos lease = std::chrono::seconds{10};  ///< Of workers, where they have one.

  /// Time since the submission.
  [[nodiscard]] Nanos now() const { return clock->now() - submitted; }
};

using RunContextPtr = std::shared_ptr<const RunContext>;

}  // namespace weft
