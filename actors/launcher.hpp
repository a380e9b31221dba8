#pragma once

#include <functional>
#include <memory>

#include <caf/actor_system.hpp>

#include "weft/actors/messages.hpp"
#include "weft/actors/services.hpp"

namespace weft {

/// Makes what the workers of a run share in this process out of what the store says of it.
/// Fails, for example, when functions of the run are unknown here.
using ContextMaker = std::function<Result<RunContextPtr>(RunId, const RunDescription&)>;

/// Spawns the launcher of a node whose workers are actors of this process.
///
/// Tasks for a worker that lives here are passed on to it. Any other worker is launched; if it lives
/// in another node, the store refuses that, and has the tasks told to it there. Runs of other nodes
/// are looked up in the store.
[[nodiscard]] LauncherHandle spawn_launcher(caf::actor_system& system,
                                            std::function<ServicesPtr()> services,
                                            ContextMaker make_context);

}  // namespace weft
