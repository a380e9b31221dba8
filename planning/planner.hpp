#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "weft/planning/optimization.hpp"

namespace weft {

/// What a planner may count on.
struct PlanOptions {
  std::uint32_t workers = 1;    ///< Workers of the pool's class that may run at once; at least 1.
  WorkerClass largest_class{};  ///< The largest that the pool hosts; memory 0: any.
  const OptimizationCatalogue* optimizations =
    nullptr;  ///< Nothing: only what tasks ask for fails.
};

/// A planning policy: makes a plan from a graph. Pure: no clock, no random device, no I/O; equal
/// arguments give equal plans. Immutable; any thread may call it.
class Planner {
public:
  virtual ~Planner() = default;

  /// The name by which users choose it.
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// Places every task, keeps what the user fixed, and adds optimizations.
  /// Fails with `plan_infeasible` or `plan_conflict`, naming the tasks concerned.
  [[nodiscard]] virtual Result<Plan> plan(const Graph& graph, const PlanOptions& options) const = 0;
};

/// The planner of that name, or `invalid_argument` with the names that there are.
[[nodiscard]] Result<std::shared_ptr<const Planner>> find_planner(std::string_view name);

[[nodiscard]] std::vector<std::string> planner_names();

/// Length of the longest path from each task to a sink, in seconds where tasks carry hints
/// (`expected_time`), else one unit a task. By number of the graph's task; templates count as one
/// element.
[[nodiscard]] std::vector<float> upward_ranks(const Graph& graph);

/// Whether a plan can be carried out: every task placed on a worker that is planned or flexible,
/// large enough for it, as the user fixed it; every optimization known, none forbidden by the user,
/// no stage of a task owned twice. All violations are named.
[[nodiscard]] Result<void> check_plan(const Graph& graph, const Plan& plan,
                                      const PlanOptions& options);

/// Puts the optimizations on a plan: those that the user wants, then what the catalogue's planning
/// halves propose, except where the user forbids it or another owns the stage already.
void add_optimizations(const Graph& graph, const PlanOptions& options, Plan& plan);

}  // namespace weft
