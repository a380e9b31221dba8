#pragma once

#include "weft/planning/planner.hpp"

namespace weft {

/// The policy `simple`: needs no history, takes time proportional to the graph.
///
/// Tasks are placed most urgent first (by `upward_ranks`). The most urgent child of a task goes on
/// on its worker, so chains stay together; a task with several parents goes where most of its input
/// bytes are (where most of its inputs are, without hints), unless that worker has more than its
/// share of the load already and its parents there go on with other children; all others are spread
/// evenly. What a map repeats stands on the map's worker.
class SimplePlanner final : public Planner {
public:
  [[nodiscard]] std::string_view name() const override { return "simple"; }
  [[nodiscard]] Result<Plan> plan(const Graph& graph, const PlanOptions& options) const override;
};

}  // namespace weft
