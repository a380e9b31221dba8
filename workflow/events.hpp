#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "weft/workflow/ids.hpp"
#include "weft/workflow/units.hpp"

namespace weft {

/// What happened in a run. Append only: the numbers are stored.
enum class RunEventKind : std::uint8_t {
  created = 1,         ///< The store accepted the run.
  task_started = 2,    ///< Progress: an attempt calls its function.
  task_progress = 3,   ///< Progress: a function reported how far it is.
  task_committed = 4,  ///< An attempt won; its output is readable.
  attempt_failed = 5,  ///< An attempt failed and another will follow.
  task_failed = 6,     ///< The last attempt failed.
  task_skipped = 7,    ///< A task that it needs failed.
  attempt_lost = 8,    ///< An attempt came to commit after another had, or after it was fenced off.
  task_requeued = 9,   ///< Its worker was lost; somebody else may claim it.
  map_expanded = 10,   ///< A map made its tasks.
  ended = 11,          ///< The run reached a terminal state.
};

[[nodiscard]] std::string_view to_string(RunEventKind kind);

/// One event of a run. Progress kinds may be dropped for slow watchers; the others never are.
struct RunEvent {
  RunEventKind kind = RunEventKind::created;
  Nanos at{};                 ///< Offset from the run's submission.
  TaskId task;                ///< Meaningful for task and map events.
  std::string name;           ///< Of the task.
  std::uint32_t attempt = 0;  ///< 0 where there is none.
  WorkerId worker;
  std::uint64_t count = 0;  ///< Tasks made by an expansion; thousandths done for progress.
  std::string message;      ///< Cause of a failure, note of progress, state at the end.

  friend bool operator==(const RunEvent&, const RunEvent&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, RunEvent& x) {
    auto kind = static_cast<std::uint8_t>(x.kind);
    const bool ok = f.object(x).fields(f.field("kind", kind), f.field("at", x.at),
                                       f.field("task", x.task), f.field("name", x.name),
                                       f.field("attempt", x.attempt), f.field("worker", x.worker),
                                       f.field("count", x.count), f.field("message", x.message));
    x.kind = static_cast<RunEventKind>(kind);
    return ok;
  }
};

/// One JSON object without line breaks: a line of an event log.
[[nodiscard]] std::string to_json(const RunEvent& event);

}  // namespace weft
