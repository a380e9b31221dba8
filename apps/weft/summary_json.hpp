#pragma once

#include "weft/apps/weft/json_text.hpp"
#include "weft/apps/weft/run_summary.hpp"

namespace weft::cli {

/// One line of `weft runs`: how a run stands.
[[nodiscard]] Json json_of(const RunRecord& record);

/// The whole summary; durations in nanoseconds.
[[nodiscard]] Json json_of(const RunSummary& summary);

}  // namespace weft::cli
