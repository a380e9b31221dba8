#pragma once

#include <functional>
#include <optional>
#include <string>

#include "weft/workflow/registry.hpp"

namespace weft {

/// Makes the registry of a worker process out of what `EngineOptions::source` of its node says.
using RegistryMaker = std::function<Result<Registry>(const std::string& source)>;

/// Makes this process a worker of weft if that is what it was started for, and then answers its exit
/// code when it has ended; otherwise answers nothing at once. A program whose engines use worker
/// processes calls it before all else in `main`:
///
///     if (const auto code = weft::run_worker_if_asked(argc, argv, functions)) return *code;
///
/// The registry has to hold the same functions as that of the engine.
[[nodiscard]] std::optional<int> run_worker_if_asked(int argument_count, char** arguments,
                                                     const Registry& registry);
[[nodiscard]] std::optional<int> run_worker_if_asked(int argument_count, char** arguments,
                                                     const RegistryMaker& make_registry);

}  // namespace weft
