#include "weft/storage/event_log.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace weft {

void EventLog::failed(RunEventKind kind, Nanos at, TaskId task, WorkerId worker,
                      std::uint32_t attempt, std::string message) {
  add(kind, at, task, worker, attempt, keep(std::move(message)));
}

void EventLog::ended(Nanos at, std::string message) {
  add(RunEventKind::ended, at, {}, {}, 0, keep(std::move(message)));
}

std::vector<RunEvent> EventLog::read(std::uint64_t first, std::size_t limit,
                                     const TaskTable& table) const {
  std::vector<RunEvent> events;
  if (first >= records_.size()) return events;
  const std::size_t count = std::min<std::size_t>(limit, records_.size() - first);
  events.reserve(count);
  for (std::size_t i = 0; i < count; ++i) events.push_back(render(records_[first + i], table));
  return events;
}

std::uint32_t EventLog::keep(std::string message) {
  messages_.push_back(std::move(message));
  return static_cast<std::uint32_t>(messages_.size() - 1);
}

RunEvent EventLog::render(const Record& record, const TaskTable& table) const {
  RunEvent event{.kind = static_cast<RunEventKind>(record.kind),
                 .at = record.at,
                 .task = record.task,
                 .attempt = record.attempt,
                 .worker = record.worker};
  switch (event.kind) {
    case RunEventKind::created:
      return event;
    case RunEventKind::ended:
      event.message = messages_[record.detail];
      return event;
    case RunEventKind::map_expanded:
      event.count = record.detail;
      break;
    case RunEventKind::attempt_failed:
    case RunEventKind::task_failed:
      event.message = messages_[record.detail];
      break;
    case RunEventKind::task_skipped:
      event.message =
        fmt::format("it needs {}, which did not succeed", table.name(TaskId{record.detail}));
      break;
    case RunEventKind::attempt_lost:
      event.message = static_cast<LostCause>(record.detail) == LostCause::committed
                        ? "another attempt had committed before"
                        : "its claim was no longer valid";
      break;
    case RunEventKind::task_requeued:
      event.message = record.detail == 0
                        ? fmt::format("the lease of worker {} ran out", record.worker.number())
                        : messages_[record.detail - 1];
      break;
    default:
      break;
  }
  event.name = table.name(record.task);
  return event;
}

}  // namespace weft
