#pragma once

#include "weft/workflow/options.hpp"

namespace weft {

/// What a task without a hint counts for, beside those that carry one in seconds.
inline constexpr double unit_cost = 1;

/// How long a task is expected to take: the user's hint in seconds, else one unit.
[[nodiscard]] inline double expected_cost(const TaskOptions& options) {
  if (!options.expected_time) return unit_cost;
  return std::chrono::duration<double>(*options.expected_time).count();
}

}  // namespace weft
