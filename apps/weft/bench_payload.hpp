#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "weft/apps/weft/json_text.hpp"
#include "weft/apps/weft/sample_summary.hpp"
#include "weft/runtime/engine_options.hpp"

namespace weft::cli {

/// What to measure: every payload in turn.
struct PayloadBench {
  std::string shape = "tree";
  std::uint32_t tasks = 1000;                                       ///< About so many.
  std::vector<std::uint64_t> payloads = {1024, 65'536, 1'048'576};  ///< Bytes of each task's value.
  std::uint32_t repetitions = 5;  ///< After one that is not counted.
  EngineOptions engine;
};

/// What was measured of one payload. Every value is written whole by its task and read whole by
/// each of its readers.
struct PayloadFigures {
  std::string shape;
  std::uint32_t tasks = 0;
  std::uint64_t payload_bytes = 0;
  SampleSummary us_per_task;
  double gigabytes_per_second = 0;  ///< Written and read together (10^9 bytes), at the median time.
  std::uint64_t peak_rss_bytes = 0;  ///< Of the process so far.
};

[[nodiscard]] Result<std::vector<PayloadFigures>> measure_payload(const PayloadBench& bench);

[[nodiscard]] Json json_of(const PayloadFigures& figures);

}  // namespace weft::cli
