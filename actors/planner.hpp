#pragma once

#include <memory>

#include <caf/actor_system.hpp>

#include "weft/actors/messages.hpp"
#include "weft/planning/planner.hpp"

namespace weft {

/// Spawns the actor that hosts a planning policy. Plans are checked before they are given out.
[[nodiscard]] PlannerHandle spawn_planner(caf::actor_system& system,
                                          std::shared_ptr<const Planner> policy,
                                          PlanOptions options,
                                          std::shared_ptr<const OptimizationCatalogue> catalogue);

}  // namespace weft
