#pragma once

#include <optional>
#include <string>

#include "weft/apps/weft/json_text.hpp"
#include "weft/apps/weft/stored_runs.hpp"
#include "weft/apps/weft/text_style.hpp"

namespace weft::cli {

/// Since its submission: until its end, or until now.
[[nodiscard]] Nanos age_of(const StoredRun& run);

/// A run that lies in a store, with its workers; durations in nanoseconds.
[[nodiscard]] Json json_of(const StoredRun& run);

/// State, counts, workers and errors, in several lines.
[[nodiscard]] std::string stored_run_text(const StoredRun& run, const TextStyle& style);

/// What people look for among events: losses, failures, the end. Empty when there are none.
[[nodiscard]] std::string notable_events_text(const std::vector<RunEvent>& events,
                                              const TextStyle& style);

/// Whether an event is one of those.
[[nodiscard]] bool is_notable(const RunEvent& event);

/// Of a run that was submitted without `--detach`.
inline constexpr std::string_view no_outputs_kept =
  "it keeps no outputs: only runs with --detach do";

/// The command that comes next for such a run, and why.
[[nodiscard]] std::string next_step(const StoredRun& run);

/// How a run that somebody waited for has ended: state, times, counts, errors.
[[nodiscard]] std::string ending_text(const RunRecord& record, const TextStyle& style);

/// What to tell whoever waited when the store went away under the run, which is then no end of the
/// run; nothing when it is one.
[[nodiscard]] std::optional<Error> lost_sight(const RunRecord& record, std::string hint);

/// A value: itself when it is a text, a number or a truth value, or a small list or record of them,
/// as the outputs of a command are; else its kind and size.
[[nodiscard]] std::string value_text(const Value& value);
[[nodiscard]] Json json_of(const Value& value);

}  // namespace weft::cli
