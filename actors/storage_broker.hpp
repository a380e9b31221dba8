#pragma once

#include <memory>

#include <caf/actor_system.hpp>

#include "weft/actors/messages.hpp"

namespace weft {

/// When a run store answers.
enum class StoreAnswers : std::uint8_t {
  at_once,  ///< On the calling thread, before the call returns.
  later,    ///< On a thread of its own.
};

/// Spawns a broker over a run store. It carries out what tasks, workers, runs and feeds ask of the
/// store, and passes the store's hints on to watchers and its messages on to workers.
/// @param store shared with other brokers of the node; must be thread-safe
[[nodiscard]] StorageBrokerHandle spawn_storage_broker(
  caf::actor_system& system, std::shared_ptr<RunStore> store,
  StoreAnswers answers = StoreAnswers::at_once);

}  // namespace weft
