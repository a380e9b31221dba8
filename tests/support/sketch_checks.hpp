#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/random_workflow.hpp"
#include "support/sketch_oracle.hpp"
#include "weft/runtime/run.hpp"

namespace weft::test {

/// A sketch, ready to be run.
struct SketchRun {
  Sketch sketch;
  GraphPtr graph;
  std::vector<AnyFuture> futures;  ///< By node.
  std::vector<TaskId> kept;        ///< The sinks, and what the sketch keeps.
};

[[nodiscard]] SketchRun prepare(Sketch sketch);

/// What a run of a sketch left behind.
struct Played {
  RunRecord record;
  std::vector<RunEvent> events;
  std::map<TaskId, Value> outputs;  ///< Of the kept tasks, if it succeeded.
};

/// Reads what is left of a run that has ended; the events come from a watcher.
[[nodiscard]] Played collect(const SketchRun& run, RunHandle& handle, std::vector<RunEvent> events);

enum class OnFailure : std::uint8_t { stop, go_on };

/// Expects a run to have come to what the oracle says, and its events to keep the run protocol.
void check_played(const SketchRun& run, const Played& played, OnFailure on_failure);

/// How many calls of user functions a run makes. Nothing when that is a matter of luck, since the
/// run stops at its first failure.
[[nodiscard]] std::optional<std::uint64_t> calls_of(const SketchRun& run, OnFailure on_failure);

/// Whether watchers may miss it.
[[nodiscard]] bool is_progress(const RunEvent& event);

/// Expects events from the first to the last, in order, each task committed at most once and not
/// before what it depends on.
void check_events(const GraphPtr& graph, const std::vector<RunEvent>& events);

}  // namespace weft::test
