#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "weft/planning/planner.hpp"

namespace weft {

/// The largest worker that a user may name, since workers are numbered without gaps.
inline constexpr std::uint32_t max_user_worker = 9'999;

/// Whether a worker of this class can run a task that asks for `wanted`.
[[nodiscard]] bool holds(const WorkerClass& worker, const WorkerClass& wanted);

/// Whether a pool whose largest class is `largest` can host a worker of class `wanted`.
[[nodiscard]] bool can_host(const WorkerClass& largest, const WorkerClass& wanted);

/// Workers of one class with consecutive numbers.
struct WorkerGroup {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  WorkerClass worker_class;

  [[nodiscard]] bool contains(WorkerId worker) const {
    return worker.number() >= first && worker.number() - first < count;
  }
};

/// Which workers a plan asks for, before anything is placed on them: the ordinary ones first, then
/// those that only the user names, then a few for each class that is larger than ordinary.
///
/// Immutable. Shared by all planners, so that each keeps the user's workers and classes.
class WorkerLayout {
public:
  /// Fails with `plan_infeasible` and the name of each task that no worker could run.
  [[nodiscard]] static Result<WorkerLayout> make(const Graph& graph, const PlanOptions& options);

  [[nodiscard]] const std::vector<PlannedWorker>& workers() const { return workers_; }

  /// The first group is the ordinary one.
  [[nodiscard]] std::span<const WorkerGroup> groups() const { return groups_; }

  /// Index of the group on which a planner may put a task with these options.
  [[nodiscard]] std::size_t group_for(const TaskOptions& options) const;

private:
  void add_workers(std::uint32_t count, const WorkerClass& worker_class);
  void add_named_workers(const Graph& graph);
  void add_large_workers(const Graph& graph, std::uint32_t limit);

  std::vector<PlannedWorker> workers_;
  std::vector<WorkerGroup> groups_;
};

}  // namespace weft
