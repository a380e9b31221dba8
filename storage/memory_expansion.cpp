// How a map of a run in memory makes its rows.

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "weft/storage/memory_run.hpp"

namespace weft {

Result<CommitAnswer> MemoryRun::expand(ExpandRequest& request, Nanos now) {
  CommitRequest& commit = request.commit;
  if (auto usable = check_commit(commit, TaskKind::map); !usable) return std::move(usable).error();
  if (auto fits = check_width(commit.task, request.items.size()); !fits) {
    return std::move(fits).error();
  }
  const CommitOutcome outcome = admit(commit.task, commit.fence, commit.worker, now);
  if (outcome != CommitOutcome::committed) return CommitAnswer{.outcome = outcome};

  commit.chunks = 0;  // What a map yields is its elements.
  settle(commit, now);
  const Expansion rows =
    table_.expand(commit.task, static_cast<std::uint32_t>(request.items.size()));
  events_.expanded(now, commit.task, commit.worker, rows.items * rows.width);
  add_rows(rows, std::move(request.items), now);
  count_down_dependents(commit.task);
  release_inputs(commit.task);
  return go_on(commit, now);
}

Result<void> MemoryRun::check_width(TaskId map, std::size_t items) const {
  const TaskId stated = table_.origin(map).task;
  const std::uint64_t limit = graph().options(stated).max_items.value_or(default_max_items);
  if (items > limit) {
    return Error{.code = Errc::limit_exceeded,
                 .message = fmt::format("{} has {} elements, more than its limit of {}",
                                        table_.name(map), items, limit),
                 .hint = "set max_items of the map to what the list may hold"};
  }
  const std::uint64_t width = graph().scope(graph().task(stated).body).templates.size();
  constexpr std::uint64_t numbers = std::numeric_limits<std::uint32_t>::max();
  if (table_.task_count() + items * width >= numbers) {
    return Error{
      .code = Errc::limit_exceeded,
      .message = fmt::format("{} would take the run beyond {} tasks", table_.name(map), numbers),
      .hint = "let one task handle several elements"};
  }
  return {};
}

void MemoryRun::add_rows(const Expansion& rows, std::vector<Value> items, Nanos now) {
  counts_.total += std::uint64_t{rows.items} * rows.width;
  states_.resize(table_.task_count());
  std::vector<TaskState> pattern = row_pattern(rows);
  await_outer(rows, pattern);
  std::uint32_t number = rows.first.number();
  for (std::uint32_t row = 0; row < rows.items; ++row) {
    for (const TaskState& state : pattern) {
      states_[TaskId{number}] = state;
      if (state.pending == 0) fresh_.push_back(ready_task(TaskId{number}));
      ++number;
    }
  }
  retain_inputs(rows, std::move(items));
  skip_rows(rows, now);
}

/// The states that the tasks of each row start with, as far as the row's own scope tells.
std::vector<TaskState> MemoryRun::row_pattern(const Expansion& rows) {
  const Scope& scope = graph().scope(rows.scope);
  std::vector<TaskState> pattern(rows.width);
  for (std::uint32_t position = 0; position < rows.width; ++position) {
    const TaskId stated = scope.templates[position];
    pattern[position].status = TaskStatus::waiting;
    pattern[position].pending = graph().pending(stated);
    pattern[position].readers = graph().readers(stated);
    pattern[position].kept = states_[stated].kept;
  }
  const TaskOrigin from = table_.origin(rows.map);
  for (const ScopeFacts::Gatherer& gatherer : facts_[rows.scope].gatherers) {
    TaskState& state = states_[table_.resolve(from, gatherer.task)];
    if (state.status == TaskStatus::waiting) {
      state.pending += rows.items * static_cast<std::uint32_t>(gatherer.positions.size());
      continue;
    }
    // It was skipped before there was anything to gather.
    for (const std::uint32_t position : gatherer.positions) --pattern[position].readers;
  }
  return pattern;
}

/// Makes the rows wait for what has not committed outside of them.
void MemoryRun::await_outer(const Expansion& rows, std::vector<TaskState>& pattern) {
  const TaskOrigin from = table_.origin(rows.map);
  for (const ScopeFacts::OuterWait& wait : facts_[rows.scope].waits) {
    const TaskId outer = table_.resolve(from, wait.task);
    TaskState& state = states_[outer];
    if (state.status == TaskStatus::committed) continue;
    ++pattern[wait.position].pending;
    state.has_edges = true;
    edges_[outer].push_back({.first = TaskId{rows.first.number() + wait.position},
                             .stride = rows.width,
                             .count = rows.items});
  }
}

/// Counts the rows as readers of what they take from outside, and keeps their elements.
void MemoryRun::retain_inputs(const Expansion& rows, std::vector<Value> items) {
  const TaskOrigin from = table_.origin(rows.map);
  for (const Scope::OuterInput& outer : graph().scope(rows.scope).outer_inputs) {
    states_[table_.resolve(from, outer.task)].readers += rows.items * outer.uses;
  }
  const TaskId stated = graph().scope(rows.scope).map;
  bool read_here = false;
  for (const ScopeFacts::ItemUse& use : facts_[rows.scope].item_uses) {
    if (use.map == stated) {
      read_here = true;
      if (rows.items > 0) items_.add(rows.first, std::move(items), use.uses);
    } else {
      const TaskOrigin row = row_of(from, use.map);
      items_.retain(row.expansion->first, row.row, rows.items * use.uses);
    }
  }
  if (read_here) return;
  for (Value& item : items) released_.push_back(std::move(item));
}

/// Skips those that need a task which has failed or was skipped already.
void MemoryRun::skip_rows(const Expansion& rows, Nanos now) {
  if (counts_.failed == 0) return;
  const TaskOrigin from = table_.origin(rows.map);
  for (const ScopeFacts::OuterWait& wait : facts_[rows.scope].waits) {
    const TaskId outer = table_.resolve(from, wait.task);
    const TaskStatus status = states_[outer].status;
    if (status == TaskStatus::failed || status == TaskStatus::skipped) {
      skip_dependents(outer, outer, now);
    }
  }
}

}  // namespace weft
