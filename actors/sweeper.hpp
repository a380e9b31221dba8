#pragma once

#include <cstdint>

#include <caf/actor_system.hpp>

#include "weft/actors/messages.hpp"

namespace weft {

struct SweeperOptions {
  Nanos period{};          ///< Between two sweeps, on average.
  std::uint64_t seed = 0;  ///< Of how far each is from it.
};

/// Spawns the sweeper of a node: looks, once in about each `period`, for leases that have run out,
/// tasks that nobody has claimed and runs that have passed their retention, and has the tasks
/// launched. The store gives each turn to one node; that the periods vary sees to it that every
/// node gets some, since what one finds may be for another to run.
[[nodiscard]] SweeperHandle spawn_sweeper(caf::actor_system& system, RunStoreHandle store,
                                          LauncherHandle launcher, const SweeperOptions& options);

}  // namespace weft
