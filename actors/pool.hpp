#pragma once

#include <memory>

#include <caf/actor_system.hpp>

#include "weft/actors/executor.hpp"
#include "weft/actors/messages.hpp"
#include "weft/actors/pool_core.hpp"
#include "weft/workflow/clock.hpp"

namespace weft {

/// Spawns the pool of a node: its slots, each with an executor while it is not cold.
[[nodiscard]] PoolHandle spawn_pool(caf::actor_system& system, PoolPolicy policy,
                                    std::shared_ptr<ExecutorFactory> executors,
                                    std::shared_ptr<const Clock> clock);

}  // namespace weft
