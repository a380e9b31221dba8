#pragma once

#include <algorithm>

#include "weft/workflow/options.hpp"

namespace weft {

/// What a task without a hint counts for, beside those that carry one in seconds.
inline constexpr double unit_cost = 1;

/// No task counts for less, in seconds: it takes about 10 us to claim, call and commit one whose
/// function does nothing. If some cost nothing, they would all fit on one worker.
inline constexpr double least_cost = 1e-5;

/// How long a task is expected to take: the user's hint in seconds, else one unit.
[[nodiscard]] inline double expected_cost(const TaskOptions& options) {
  if (!options.expected_time) return unit_cost;
  return std::max(least_cost, std::chrono::duration<double>(*options.expected_time).count());
}

}  // namespace weft
