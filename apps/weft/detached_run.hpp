#pragma once

#include "weft/apps/weft/command_line.hpp"
#include "weft/runtime/engine.hpp"

namespace weft::cli {

/// What a run in this store may lose, in a line. Throws `Exception` with `invalid_config` when the
/// store does not give the durability that the options ask for, naming what is configured.
[[nodiscard]] std::string durability_note(const StoreOptions& options);

/// Leaves a run in the store that the options name, for nodes that work there, and prints its id.
/// The outputs of its sinks are kept. Throws `Exception` when it could not be stored.
[[nodiscard]] ExitCode submit_detached(Session& session, EngineOptions options, Registry registry,
                                       const GraphPtr& graph, SubmitOptions submission);

}  // namespace weft::cli
