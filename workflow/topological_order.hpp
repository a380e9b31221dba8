#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "weft/workflow/ids.hpp"

namespace weft {

/// A task that must commit before another.
struct Precedence {
  TaskId earlier;
  TaskId later;
};

/// Tasks in an order that their precedences allow, or the cycles that allow none.
struct TopologicalOrder {
  std::vector<TaskId> tasks;  ///< Each after those that precede it, if there is no cycle.
  std::vector<std::vector<TaskId>>
    cycles;  ///< In each, every task precedes the next, the last the first.
};

/// Sorts the tasks 0 to `count - 1`. Finds at most `max_cycles` cycles that have no task in common.
/// Takes time linear in tasks and precedences, and as much again for each cycle.
[[nodiscard]] TopologicalOrder topological_order(std::uint32_t count,
                                                 const std::vector<Precedence>& precedences,
                                                 std::size_t max_cycles);

}  // namespace weft
