#pragma once

#include <optional>
#include <string>
#include <vector>

#include "weft/apps/weft/text_style.hpp"
#include "weft/workflow/plan.hpp"
#include "weft/workflow/units.hpp"

namespace weft::cli {

/// The chain of tasks that takes longest by the hints of the workflow.
struct EstimatedPath {
  std::vector<TaskId> tasks;      ///< First to last; templates stand for one element.
  std::optional<Nanos> duration;  ///< Nothing when no task carries a hint.
};

[[nodiscard]] EstimatedPath estimated_path(const Graph& graph);

/// A plan for people: workers, how much each is given, and the estimated critical path.
[[nodiscard]] std::string plan_text(const Graph& graph, const Plan& plan, const TextStyle& style);

}  // namespace weft::cli
