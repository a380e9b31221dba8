#pragma once

#include <memory>

#include <caf/actor_system.hpp>

#include "weft/actors/messages.hpp"

namespace weft {

/// Spawns a broker over a run store that answers on the calling thread. It carries out what tasks,
/// workers, runs and feeds ask of the store, and passes the store's hints on to watchers.
/// @param store shared with other brokers of the node; must be thread-safe
[[nodiscard]] StorageBrokerHandle spawn_storage_broker(caf::actor_system& system,
                                                       std::shared_ptr<RunStore> store);

}  // namespace weft
