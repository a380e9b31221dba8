#pragma once

#include <cstdint>
#include <string>

#include "weft/apps/weft/json_text.hpp"
#include "weft/apps/weft/sample_summary.hpp"
#include "weft/workflow/error.hpp"

namespace weft::cli {

/// What to measure: a workflow of the shape is written and frozen, and not run.
struct BuildBench {
  std::string shape = "fan";
  std::uint32_t tasks = 1'000'000;  ///< About so many.
  std::uint32_t repetitions = 5;    ///< After one that is not counted.
};

struct BuildFigures {
  std::string shape;
  std::uint32_t tasks = 0;  ///< As many as the shape really has.
  SampleSummary write_us_per_task;
  SampleSummary freeze_us_per_task;
  SampleSummary seconds;               ///< Of both, for the whole workflow.
  double workflow_bytes_per_task = 0;  ///< On the heap, once written; 0: not known here.
  double graph_bytes_per_task = 0;     ///< On the heap, once frozen.
};

[[nodiscard]] Result<BuildFigures> measure_build(const BuildBench& bench);

[[nodiscard]] Json json_of(const BuildFigures& figures);

}  // namespace weft::cli
