#pragma once

#include <memory>
#include <string>

#include <caf/actor_system.hpp>

#include "weft/actors/launcher.hpp"
#include "weft/runtime/engine_options.hpp"

namespace weft {

/// What a process launcher stands on.
struct ProcessLauncherParts {
  PoolOptions pool;
  StoreOptions store;
  RecordPolicy record;
  std::string source;  ///< Of the functions; the processes make their registry of it.
  RunStoreHandle run_store;
  RecorderHandle recorder;  ///< Nothing when nothing is recorded.
  std::shared_ptr<const Clock> clock;
  ContextMaker make_context;
};

/// Spawns a launcher whose workers live in processes: it is their pool as well. A process hosts one
/// worker at a time; a worker that only waits gives its process back when another needs it. When a
/// process dies, what its worker held is ready again at once, and the task that it was calling is
/// charged with its end.
[[nodiscard]] ProcessLauncherHandle spawn_process_launcher(caf::actor_system& system,
                                                           ProcessLauncherParts parts);

}  // namespace weft
