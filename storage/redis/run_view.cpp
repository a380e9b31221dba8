#include "weft/storage/redis/run_view.hpp"

#include <fmt/format.h>

#include "weft/storage/redis/errors.hpp"
#include "weft/storage/redis/run_messages.hpp"
#include "weft/workflow/codec.hpp"

namespace weft::redis {

namespace {

constexpr std::uint32_t no_task = 0xffff'ffff;
enum ErrorKind : std::uint8_t { reported = 0, toll = 1 };

/// Stands in messages where the name of their task belongs.
constexpr char name_mark = '\1';

std::string named(const RunView& view, TaskId task) {
  return task.number() < view.table.task_count() ? view.table.name(task)
                                                 : fmt::format("task {}", task.number());
}

}  // namespace

Result<RunEvent> read_event(std::string_view entry) {
  Unpacker in{entry};
  RunEvent event;
  const std::uint8_t kind = in.u8();
  event.at = Nanos{static_cast<std::int64_t>(in.f64_big())};
  event.task = TaskId{in.u32_big()};
  event.worker = WorkerId{in.u32_big()};
  event.attempt = in.u32_big();
  event.count = in.u32_big();
  event.message = in.rest();
  if (!in.complete() || kind < static_cast<std::uint8_t>(RunEventKind::created) ||
      kind > static_cast<std::uint8_t>(RunEventKind::ended)) {
    return unreadable("an event");
  }
  event.kind = static_cast<RunEventKind>(kind);
  return event;
}

TaskId last_named(const RunEvent& event) {
  if (event.kind == RunEventKind::created) return TaskId{};
  if (event.kind != RunEventKind::task_skipped) return event.task;
  return std::max(event.task, TaskId{static_cast<std::uint32_t>(event.count)});
}

void complete(RunEvent& event, const RunView& view) {
  const auto detail = static_cast<std::uint32_t>(event.count);
  if (event.kind != RunEventKind::map_expanded) event.count = 0;
  if (const std::size_t mark = event.message.find(name_mark); mark != std::string::npos) {
    event.message.replace(mark, 1, named(view, event.task) + " ");
  }
  switch (event.kind) {
    case RunEventKind::created:
      return;
    case RunEventKind::ended:
      event.task = TaskId{};
      return;
    case RunEventKind::task_skipped:
      event.message =
        fmt::format("it needs {}, which did not succeed", named(view, TaskId{detail}));
      break;
    case RunEventKind::attempt_lost:
      event.message =
        detail == 0 ? "another attempt had committed before" : "its claim was no longer valid";
      break;
    default:
      break;
  }
  event.name = named(view, event.task);
}

Result<KeptError> read_error(std::string_view entry) {
  Unpacker in{entry};
  KeptError kept;
  kept.task = TaskId{in.u32_big()};
  kept.of_task = kept.task.number() != no_task;
  const std::uint32_t attempt = in.u32_big();
  const WorkerId worker{in.u32_big()};
  kept.kind = in.u8();
  const std::string message{in.bytes(in.u32_big())};
  if (!in.complete()) return unreadable("an error");
  const std::string_view encoded = in.rest();
  if (!encoded.empty()) {
    if (!decode_into(kept.error, encoded)) return unreadable("an error");
  }
  if (kept.kind == toll) {
    Error cause = std::move(kept.error);
    kept.error = {.code = Errc::task_failed,
                  .message = message,
                  .node = cause.node,
                  .hint = "see how its workers ended: a crash, or more memory than they have"};
    if (!encoded.empty()) kept.error.causes.push_back(std::move(cause));
  }
  if (!kept.of_task) return kept;
  kept.error.attempt = attempt;
  if (kept.error.node.empty()) kept.error.node = fmt::format("worker {}", worker.number());
  return kept;
}

void complete(KeptError& kept, const RunView& view) {
  if (!kept.of_task) return;
  if (kept.error.task.empty()) kept.error.task = named(view, kept.task);
  if (kept.kind == toll && kept.error.message.starts_with(name_mark)) {
    kept.error.message.replace(0, 1, kept.error.task + " ");
  }
}

}  // namespace weft::redis
