#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "weft/apps/weft/json_text.hpp"
#include "weft/apps/weft/sample_summary.hpp"
#include "weft/runtime/engine_options.hpp"

namespace weft::cli {

/// What to measure: engines that start, run workflows of one task one after another, and end.
struct StartupBench {
  std::uint32_t engines = 20;  ///< After one that is not counted.
  std::uint32_t runs = 50;     ///< In each engine, after its first.
  EngineOptions engine;
};

/// One step, over all engines and runs.
struct StartupFigures {
  std::string step;
  SampleSummary microseconds;
};

/// In the order in which the steps happen: an engine's start; of its first run and of later ones
/// the time from submit until the function is entered and until the result is readable; its end.
[[nodiscard]] Result<std::vector<StartupFigures>> measure_startup(const StartupBench& bench);

[[nodiscard]] Json json_of(const StartupFigures& figures);

}  // namespace weft::cli
