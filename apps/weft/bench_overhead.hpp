#pragma once

#include <cstdint>
#include <string>

#include "weft/runtime/engine_options.hpp"

namespace weft::cli {

/// What to measure.
struct OverheadBench {
  std::string shape = "fan";
  std::uint32_t tasks = 100'000;
  std::uint64_t payload = 0;      ///< Bytes of each task's value.
  std::uint32_t repetitions = 5;  ///< After one that is not counted.
  EngineOptions engine;
};

/// What was measured. Times are medians over the repetitions.
struct OverheadFigures {
  std::string shape;
  std::uint32_t tasks = 0;  ///< As many as the shape really has.
  std::uint64_t payload_bytes = 0;
  double us_per_task = 0;  ///< From submit to result readable; the graph is built before.
  double us_per_task_min = 0;
  double us_per_task_max = 0;
  double build_us_per_task = 0;      ///< Writing the workflow and freezing it.
  std::uint64_t peak_rss_bytes = 0;  ///< Of the process so far.
  std::uint32_t repetitions = 0;
};

[[nodiscard]] Result<OverheadFigures> measure_overhead(const OverheadBench& bench);

/// One JSON object on one line.
[[nodiscard]] std::string to_json(const OverheadFigures& figures);

}  // namespace weft::cli
