#pragma once

#include <caf/actor_system.hpp>

#include "weft/actors/messages.hpp"

namespace weft {

/// Spawns the sweeper of a node: looks, once in each `period`, for leases that have run out, tasks
/// that nobody has claimed and runs that have passed their retention, and has the tasks launched.
/// The store sees to it that nodes take turns.
[[nodiscard]] SweeperHandle spawn_sweeper(caf::actor_system& system, RunStoreHandle store,
                                          LauncherHandle launcher, Nanos period);

}  // namespace weft
