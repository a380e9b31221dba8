#pragma once

#include <caf/actor_system.hpp>

#include "weft/actors/messages.hpp"
#include "weft/actors/recorder.hpp"

namespace weft {

/// Spawns the feed of a node. Each subscription has an actor of its own that calls its handler, so
/// that a slow one holds up nobody.
[[nodiscard]] FeedHandle spawn_feed(caf::actor_system& system, RunStoreHandle store,
                                    Placing handlers);

}  // namespace weft
