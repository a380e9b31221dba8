#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "weft/workflow/plan.hpp"

namespace weft {

/// Draws numbers the same way on every platform.
class Dice {
public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  /// 0 to `sides - 1`.
  std::uint32_t roll(std::size_t sides) { return static_cast<std::uint32_t>(engine_() % sides); }
  bool chance(std::uint32_t percent) { return roll(100) < percent; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[roll(from.size())];
  }

private:
  std::mt19937_64 engine_;
};

/// A workflow of any shape that the language allows, small enough to think about: maps in maps,
/// edges that skip levels, tasks that run after others without reading them, late roots and
/// many sinks.
struct RandomWorkflow {
  GraphPtr graph;
  std::shared_ptr<Plan> plan;
  std::vector<TaskId> kept;
};

[[nodiscard]] RandomWorkflow random_workflow(Dice& dice);

}  // namespace weft
