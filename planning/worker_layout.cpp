#include "weft/planning/worker_layout.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "weft/planning/violations.hpp"

namespace weft {

namespace {

WorkerClass larger_of(const WorkerClass& a, const WorkerClass& b) {
  return {.cpus = std::max(a.cpus, b.cpus), .memory = std::max(a.memory, b.memory)};
}

/// Finds what no pool of this size can run.
Result<void> check_feasible(const Graph& graph, const PlanOptions& options) {
  Violations violations;
  if (options.workers == 0) {
    violations.add({.code = Errc::plan_infeasible,
                    .message = "the pool has no worker",
                    .hint = "allow at least one"});
  }
  for (std::uint32_t i = 0; i < graph.task_count(); ++i) {
    const TaskOptions& wanted = graph.options(TaskId{i});
    if (wanted.worker_class && !can_host(options.largest_class, *wanted.worker_class)) {
      violations.add(
        {.code = Errc::plan_infeasible,
         .message = fmt::format("needs a worker of {}; the largest that the pool has is {}",
                                to_string(*wanted.worker_class), to_string(options.largest_class)),
         .task = graph.task_name(TaskId{i}),
         .hint = "ask for less, or give the pool larger slots"});
    }
    if (wanted.worker && wanted.worker->number() > max_user_worker) {
      violations.add(
        {.code = Errc::plan_infeasible,
         .message = fmt::format("is fixed to worker {}; the last that can be named is {}",
                                wanted.worker->number(), max_user_worker),
         .task = graph.task_name(TaskId{i}),
         .hint = "number workers from 0 without large gaps"});
    }
  }
  return std::move(violations).result();
}

/// What every worker of the plan must hold. Rows of a map go round all workers, so each of them is
/// as large as any template asks.
WorkerClass ordinary_class(const Graph& graph, const PlanOptions& options) {
  WorkerClass ordinary{.cpus = std::min(1.0, options.largest_class.cpus), .memory = {}};
  for (std::uint32_t s = 1; s < graph.scope_count(); ++s) {
    for (const TaskId task : graph.scope(s).templates) {
      const TaskOptions& wanted = graph.options(task);
      if (!wanted.worker && wanted.worker_class) {
        ordinary = larger_of(ordinary, *wanted.worker_class);
      }
    }
  }
  return ordinary;
}

}  // namespace

bool holds(const WorkerClass& worker, const WorkerClass& wanted) {
  return wanted.cpus <= worker.cpus && wanted.memory <= worker.memory;
}

bool can_host(const WorkerClass& largest, const WorkerClass& wanted) {
  return wanted.cpus <= largest.cpus &&
         (largest.memory == MemoryMiB{} || wanted.memory <= largest.memory);
}

Result<WorkerLayout> WorkerLayout::make(const Graph& graph, const PlanOptions& options) {
  if (auto feasible = check_feasible(graph, options); !feasible) return feasible.error();
  WorkerLayout layout;
  const WorkerClass ordinary = ordinary_class(graph, options);
  layout.groups_.push_back({.first = 0, .count = options.workers, .worker_class = ordinary});
  layout.add_workers(options.workers, ordinary);
  layout.add_named_workers(graph);
  layout.add_large_workers(graph, options.workers);
  return layout;
}

std::size_t WorkerLayout::group_for(const TaskOptions& options) const {
  if (!options.worker_class) return 0;
  const auto found = std::ranges::find_if(groups_, [&](const WorkerGroup& group) {
    return holds(group.worker_class, *options.worker_class);
  });
  check(found != groups_.end(), "every class that a task asks for has a group");
  return static_cast<std::size_t>(found - groups_.begin());
}

void WorkerLayout::add_workers(std::uint32_t count, const WorkerClass& worker_class) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const WorkerId id{static_cast<std::uint32_t>(workers_.size())};
    workers_.push_back({.id = id, .worker_class = worker_class});
  }
}

void WorkerLayout::add_named_workers(const Graph& graph) {
  const WorkerClass ordinary = groups_.front().worker_class;
  for (std::uint32_t i = 0; i < graph.task_count(); ++i) {
    const TaskOptions& wanted = graph.options(TaskId{i});
    if (!wanted.worker) continue;
    const std::uint32_t number = wanted.worker->number();
    if (number >= workers_.size()) {
      add_workers(number + 1 - static_cast<std::uint32_t>(workers_.size()), ordinary);
    }
    if (wanted.worker_class) {
      WorkerClass& named = workers_[number].worker_class;
      named = larger_of(named, *wanted.worker_class);
    }
  }
}

/// Adds at most `limit` workers for the classes that ordinary ones do not hold. Neighbouring
/// classes share a group when there are more of them than workers.
void WorkerLayout::add_large_workers(const Graph& graph, std::uint32_t limit) {
  const WorkerClass ordinary = groups_.front().worker_class;
  std::vector<WorkerClass> large;
  for (const TaskId task : graph.topological_order()) {
    const TaskOptions& wanted = graph.options(task);
    if (!wanted.worker && wanted.worker_class && !holds(ordinary, *wanted.worker_class)) {
      large.push_back(larger_of(ordinary, *wanted.worker_class));
    }
  }
  std::ranges::sort(large);
  std::vector<WorkerClass> distinct;
  std::vector<std::uint32_t> tasks;  // How many ask for each.
  for (const WorkerClass& worker_class : large) {
    if (distinct.empty() || distinct.back() != worker_class) {
      distinct.push_back(worker_class);
      tasks.push_back(0);
    }
    ++tasks.back();
  }
  const std::size_t group_count = std::min<std::size_t>(distinct.size(), limit);
  for (std::size_t g = 0; g < group_count; ++g) {
    const std::size_t begin = g * distinct.size() / group_count;
    const std::size_t end = (g + 1) * distinct.size() / group_count;
    WorkerGroup group{.first = static_cast<std::uint32_t>(workers_.size()),
                      .worker_class = ordinary};
    std::uint64_t wanted_by = 0;
    for (std::size_t i = begin; i < end; ++i) {
      group.worker_class = larger_of(group.worker_class, distinct[i]);
      wanted_by += tasks[i];
    }
    const std::uint64_t share = limit / group_count;
    group.count = static_cast<std::uint32_t>(std::min(share, wanted_by));
    add_workers(group.count, group.worker_class);
    groups_.push_back(group);
  }
}

}  // namespace weft
