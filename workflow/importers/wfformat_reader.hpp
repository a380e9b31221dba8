#pragma once

#include <nlohmann/json.hpp>

#include "weft/workflow/importers/trace_linker.hpp"
#include "weft/workflow/importers/wfformat.hpp"

namespace weft {

/// Reads the fields of a WfFormat document, either version. What is returned points into the
/// document; each field that is missing or malformed becomes a problem.
[[nodiscard]] RecordedTrace read_wfformat(const nlohmann::json& document, const TraceLimits& limits,
                                          ProblemList& problems);

}  // namespace weft
