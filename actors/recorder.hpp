#pragma once

#include <memory>

#include <caf/actor_system.hpp>

#include "weft/actors/messages.hpp"
#include "weft/storage/history/history_store.hpp"

namespace weft {

/// Where an actor that may block runs: on a thread of its own, or with the others under the
/// harness.
enum class Placing : std::uint8_t { own_thread, scheduler };

/// Spawns the recorder: writes runs and metrics to the history. A history that fails is reported in
/// the log, once for each change between working and failing; runs go on without it.
[[nodiscard]] RecorderHandle spawn_recorder(caf::actor_system& system,
                                            std::shared_ptr<HistoryStore> history, Placing placing);

}  // namespace weft
