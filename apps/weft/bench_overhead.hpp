#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "weft/apps/weft/json_text.hpp"
#include "weft/apps/weft/sample_summary.hpp"
#include "weft/runtime/engine_options.hpp"

namespace weft::cli {

/// What to measure: every size of the shape in turn.
struct OverheadBench {
  std::string shape = "fan";
  std::vector<std::uint32_t> sizes = {100'000};  ///< About so many tasks.
  std::uint64_t payload = 0;                     ///< Bytes of each task's value.
  std::uint32_t repetitions = 5;                 ///< After one that is not counted.
  EngineOptions engine;
  bool recorded = false;  ///< Each run a second time, recorded in a history.
};

/// What was measured of one size.
struct OverheadFigures {
  std::string shape;
  std::uint32_t tasks = 0;  ///< As many as the shape really has.
  std::uint64_t payload_bytes = 0;
  SampleSummary us_per_task;     ///< From submit to result readable; the graph is built before.
  double build_us_per_task = 0;  ///< Writing the workflow and freezing it; measured once.
  /// Against the first size, in pairs of neighbours in time.
  double growth = 1;
  std::optional<SampleSummary> recorded_us_per_task;
  /// Of the recorded runs against the others, in such pairs.
  std::optional<double> recording_ratio;
  std::uint64_t peak_rss_bytes = 0;  ///< Of the process so far.
};

[[nodiscard]] Result<std::vector<OverheadFigures>> measure_overhead(const OverheadBench& bench);

[[nodiscard]] Json json_of(const OverheadFigures& figures);

}  // namespace weft::cli
