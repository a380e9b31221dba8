#include "weft/workflow/events.hpp"

#include <nlohmann/json.hpp>

namespace weft {

std::string_view to_string(RunEventKind kind) {
  switch (kind) {
    case RunEventKind::created:
      return "created";
    case RunEventKind::task_started:
      return "task_started";
    case RunEventKind::task_progress:
      return "task_progress";
    case RunEventKind::task_committed:
      return "task_committed";
    case RunEventKind::attempt_failed:
      return "attempt_failed";
    case RunEventKind::task_failed:
      return "task_failed";
    case RunEventKind::task_skipped:
      return "task_skipped";
    case RunEventKind::attempt_lost:
      return "attempt_lost";
    case RunEventKind::task_requeued:
      return "task_requeued";
    case RunEventKind::map_expanded:
      return "map_expanded";
    case RunEventKind::ended:
      return "ended";
  }
  return "unknown";
}

std::string to_json(const RunEvent& event) {
  nlohmann::ordered_json line;
  line["event"] = to_string(event.kind);
  line["at_ns"] = event.at.count();
  const bool of_run = event.kind == RunEventKind::created || event.kind == RunEventKind::ended;
  if (!of_run) {
    line["task"] = event.name;
    if (event.attempt > 0) line["attempt"] = event.attempt;
    line["worker"] = event.worker.number();
  }
  if (event.count > 0) line["count"] = event.count;
  if (!event.message.empty()) line["message"] = event.message;
  // Messages come from user code: bytes that are no text must not end the log.
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace weft
