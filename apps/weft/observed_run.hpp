#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "weft/workflow/metrics.hpp"

namespace weft::cli {

/// Where the time of a task went. The parts add up to the time from when it was ready, which is
/// when the last task that it depends on committed, to its own commit.
struct Phases {
  Nanos queue{};    ///< Ready until a worker claimed it. 0 where the graph is not known.
  Nanos retries{};  ///< Attempts that failed, and the waits after them.
  Nanos inputs{};   ///< Claimed until all inputs were at hand.
  Nanos slot{};     ///< Inputs at hand until a slot called the function.
  Nanos execute{};  ///< The function's own time.
  Nanos publish{};  ///< Returned until committed.

  [[nodiscard]] Nanos total() const { return queue + retries + inputs + slot + execute + publish; }
  Phases& operator+=(const Phases& other);
  friend bool operator==(const Phases&, const Phases&) = default;
};

/// One task of a run as its workers saw it.
struct ObservedTask {
  TaskId task;
  std::string name;
  std::string function;
  WorkerId worker;             ///< Of the last attempt.
  std::uint32_t attempts = 0;  ///< 0: nobody measured it; it only stands between others.
  bool committed = false;
  Nanos begin{};     ///< Its first claim.
  Nanos end{};       ///< Its last attempt's end.
  Nanos called{};    ///< Its last attempt called the function.
  Nanos returned{};  ///< The function returned.
  Phases phases;
  /// Places in `ObservedRun::tasks` of the tasks that had to commit first.
  std::vector<std::uint32_t> dependencies;
};

/// All tasks of a run, joined with the graph that was kept with it.
struct ObservedRun {
  std::vector<ObservedTask> tasks;
  bool graph_known = false;  ///< False: the workflow was too large to be kept; no names, no edges.
};

/// More edges than these are not followed: a gather of everything by everything.
inline constexpr std::size_t max_observed_edges = 10'000'000;

/// Joins what was measured with what was planned. Pure.
///
/// A worker hears of its commit a little after the store has made it. What others began in between,
/// and the end of the run, show that a task had committed by then.
/// @param graph     empty when none was kept
/// @param makespan  of the run; nothing while it runs
[[nodiscard]] ObservedRun observe(std::span<const TaskMetrics> attempts,
                                  std::span<const RecordedTask> graph,
                                  std::optional<Nanos> makespan = {});

}  // namespace weft::cli
