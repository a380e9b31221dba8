#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "weft/apps/weft/observed_run.hpp"
#include "weft/workflow/metrics.hpp"

namespace weft::cli {

/// Where written text goes, piece by piece: a trace may be larger than memory should hold twice.
using TextSink = std::function<void(std::string_view)>;

/// What a run's history holds. A plain value.
struct RunHistory {
  RunRecord record;
  std::vector<TaskMetrics> attempts;
  std::vector<SlotMetrics> slots;
  std::vector<RecordedTask> graph;  ///< Empty when the workflow was too large to be kept.
};

/// What a written trace holds.
struct TraceCounts {
  std::size_t slices = 0;  ///< One for each attempt.
  std::size_t arrows = 0;  ///< One for each dependency between tasks that ran.
};

/// Writes a trace in the JSON format of Chrome's tracing, which Perfetto reads: one lane for each
/// worker (more where attempts on one worker overlap), a slice for each attempt's execution, and an
/// arrow along each dependency. Starts of slots are asynchronous slices on the lane of their
/// worker.
TraceCounts write_chrome_trace(const RunHistory& history, const TextSink& sink);

/// Writes one line of comma-separated values for each attempt, below a line of titles. Texts are
/// quoted where they must be (RFC 4180); times are nanoseconds since the run's submission.
TraceCounts write_csv_trace(const RunHistory& history, const TextSink& sink);

}  // namespace weft::cli
