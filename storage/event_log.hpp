#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "weft/workflow/events.hpp"
#include "weft/workflow/task_table.hpp"

namespace weft {

/// Why an attempt came too late to commit or to fail.
enum class LostCause : std::uint8_t {
  committed,  ///< Another attempt had committed.
  fenced,     ///< Its claim was no longer valid.
};

/// The events of one run, oldest first, in a compact form: names and most messages are made when
/// they are read.
///
/// Owned by `MemoryRun`; not thread-safe.
class EventLog {
public:
  /// A message that is kept once.
  struct Note {
    std::uint32_t number = 0;
  };

  void reserve(std::size_t events) { records_.reserve(events); }
  [[nodiscard]] std::size_t size() const { return records_.size(); }

  void created(Nanos at) { add(RunEventKind::created, at, {}, {}, 0, 0); }
  void committed(Nanos at, TaskId task, WorkerId worker, std::uint32_t attempt) {
    add(RunEventKind::task_committed, at, task, worker, attempt, 0);
  }
  void expanded(Nanos at, TaskId map, WorkerId worker, std::uint32_t tasks) {
    add(RunEventKind::map_expanded, at, map, worker, 0, tasks);
  }
  void skipped(Nanos at, TaskId task, TaskId cause) {
    add(RunEventKind::task_skipped, at, task, {}, 0, cause.number());
  }
  /// @param cause nothing: the lease of the worker ran out
  void requeued(Nanos at, TaskId task, WorkerId worker, std::uint32_t attempt,
                std::optional<Note> cause) {
    add(RunEventKind::task_requeued, at, task, worker, attempt, cause ? cause->number + 1 : 0);
  }
  /// @param attempt 0 when it is not known any more
  void lost(Nanos at, TaskId task, WorkerId worker, std::uint32_t attempt, LostCause cause) {
    add(RunEventKind::attempt_lost, at, task, worker, attempt, static_cast<std::uint32_t>(cause));
  }
  /// @param kind `attempt_failed` or `task_failed`
  void failed(RunEventKind kind, Nanos at, TaskId task, WorkerId worker, std::uint32_t attempt,
              std::string message);
  void ended(Nanos at, std::string message);

  /// Keeps a message that several events will have.
  [[nodiscard]] Note note(std::string message) { return {keep(std::move(message))}; }

  /// Events from number `first` on, at most `limit`.
  [[nodiscard]] std::vector<RunEvent> read(std::uint64_t first, std::size_t limit,
                                           const TaskTable& table) const;

private:
  struct Record {
    Nanos at;
    TaskId task;
    WorkerId worker;
    std::uint32_t kind : 8;
    std::uint32_t attempt : 24;
    std::uint32_t detail;  ///< By kind: see `render`.
  };
  static_assert(sizeof(Record) == 24, "every task has at least one");

  void add(RunEventKind kind, Nanos at, TaskId task, WorkerId worker, std::uint32_t attempt,
           std::uint32_t detail) {
    constexpr std::uint32_t attempt_max = (1u << 24) - 1;  // What the record has room for.
    records_.push_back({at, task, worker, static_cast<std::uint8_t>(kind),
                        std::min(attempt, attempt_max) & attempt_max, detail});
  }
  [[nodiscard]] std::uint32_t keep(std::string message);
  [[nodiscard]] RunEvent render(const Record& record, const TaskTable& table) const;

  std::vector<Record> records_;
  std::vector<std::string> messages_;
};

}  // namespace weft
