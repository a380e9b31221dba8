#pragma once

#include <cstdint>
#include <vector>

#include "weft/workflow/ids.hpp"
#include "weft/workflow/units.hpp"
#include "weft/workflow/value.hpp"

namespace weft {

/// How one task of a run stands.
///
///     waiting --> ready <--> claimed --> committed
///        |                      |
///        +--> skipped           +--> failed
enum class TaskStatus : std::uint8_t {
  absent,   ///< A template of the graph, or a number that no task has: it never runs.
  waiting,  ///< Something that it depends on has not committed.
  ready,    ///< May be claimed.
  claimed,  ///< One attempt, and those that joined it, may commit.
  committed,
  failed,   ///< Its last attempt failed.
  skipped,  ///< Something that it depends on failed or was skipped.
};

/// All that is kept of one task of a run in memory. There is one for each of up to millions of
/// tasks, so what few tasks have (chunks, errors, edges into maps) is kept elsewhere.
struct TaskState {
  Value output;               ///< Missing unless it is committed, stored and still to be read.
  Nanos since{};              ///< When it became ready, as an offset from the run's creation.
  std::uint32_t pending = 0;  ///< Commits to wait for.
  std::uint32_t readers = 0;  ///< Tasks that have yet to read the output.
  Fence fence{1};             ///< Of the claim that holds it, or of the next one.
  std::uint32_t attempt = 1;  ///< The one that runs, or the next one.
  WorkerId worker;            ///< That holds the claim, or that committed.
  TaskId previous, next;      ///< In the list of ready tasks, or in that of its worker's claims.
  TaskStatus status = TaskStatus::absent;
  bool kept = false;       ///< The output stays whoever has read it. Elements inherit it.
  bool chunked = false;    ///< The output came in chunks.
  bool has_edges = false;  ///< Tasks inside maps wait for it: see `MemoryRun`.
};
static_assert(sizeof(TaskState) <= 64, "a million tasks have a million of these");

/// The states of all tasks of a run, by their numbers.
class TaskStates {
public:
  [[nodiscard]] TaskState& operator[](TaskId task) { return states_[task.number()]; }
  [[nodiscard]] const TaskState& operator[](TaskId task) const { return states_[task.number()]; }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(states_.size()); }
  void resize(std::uint32_t count) { states_.resize(count); }
  [[nodiscard]] std::vector<TaskState>& all() { return states_; }

private:
  std::vector<TaskState> states_;
};

/// A list of tasks in the order in which they were appended, threaded through their states. A task
/// is in one list at most.
class TaskList {
public:
  static constexpr TaskId none{0xffff'ffff};

  [[nodiscard]] bool empty() const { return first_ == none; }
  /// `none` when empty.
  [[nodiscard]] TaskId front() const { return first_; }

  void append(TaskStates& states, TaskId task) {
    states[task].previous = last_;
    states[task].next = none;
    (last_ == none ? first_ : states[last_].next) = task;
    last_ = task;
  }

  /// @pre `task` is in this list
  void remove(TaskStates& states, TaskId task) {
    const TaskId previous = states[task].previous;
    const TaskId next = states[task].next;
    (previous == none ? first_ : states[previous].next) = next;
    (next == none ? last_ : states[next].previous) = previous;
  }

private:
  TaskId first_ = none;
  TaskId last_ = none;
};

}  // namespace weft
