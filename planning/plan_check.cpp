#include <algorithm>

#include <fmt/format.h>

#include "weft/planning/planner.hpp"
#include "weft/planning/violations.hpp"
#include "weft/planning/worker_layout.hpp"
#include "weft/workflow/registry.hpp"

namespace weft {

namespace {

/// Checks one plan; one object, one check.
class PlanCheck {
public:
  PlanCheck(const Graph& graph, const Plan& plan, const PlanOptions& options)
    : graph_(graph), plan_(plan), options_(options) {}

  Result<void> run() && {
    check_workers();
    if (plan_.placements.size() != graph_.task_count()) {
      conflict(
        fmt::format("the plan places {} tasks of {}", plan_.placements.size(), graph_.task_count()),
        "make the plan from the graph that it is for");
      return std::move(violations_).result();
    }
    for (std::uint32_t i = 0; i < graph_.task_count(); ++i) check_placement(TaskId{i});
    check_optimizations();
    return std::move(violations_).result();
  }

private:
  void check_workers() {
    for (std::size_t i = 0; i < plan_.workers.size(); ++i) {
      const PlannedWorker& worker = plan_.workers[i];
      if (worker.id.number() != i) {
        conflict(fmt::format("worker {} stands at place {}", worker.id.number(), i),
                 "number workers from 0 without gaps");
      }
      if (!can_host(options_.largest_class, worker.worker_class)) {
        infeasible(fmt::format("worker {} is of {}; the largest that the pool has is {}",
                               worker.id.number(), to_string(worker.worker_class),
                               to_string(options_.largest_class)));
      }
      smallest_.cpus = std::min(smallest_.cpus, worker.worker_class.cpus);
      smallest_.memory = std::min(smallest_.memory, worker.worker_class.memory);
    }
  }

  void check_placement(TaskId task) {
    const Placement& placement = plan_.placements[task.number()];
    const TaskOptions& wanted = graph_.options(task);
    if (wanted.worker && (placement.worker != *wanted.worker || placement.origin != Origin::user)) {
      conflict(fmt::format("the user fixed it to worker {}; the plan has it elsewhere",
                           wanted.worker->number()),
               "keep what the user fixed", task);
    }
    if (placement.worker == flexible_worker) return;
    if (placement.worker.number() >= plan_.workers.size()) {
      conflict(
        fmt::format("is placed on worker {}, which is not planned", placement.worker.number()),
        "plan that worker, or place the task on another", task);
      return;
    }
    if (!wanted.worker_class) return;
    // Rows of a map go round all workers, unless the user fixed their template to one.
    const bool rows = graph_.task(task).scope != 0 && placement.origin == Origin::planner;
    const WorkerClass& given =
      rows ? smallest_ : plan_.workers[placement.worker.number()].worker_class;
    if (!holds(given, *wanted.worker_class)) {
      infeasible(fmt::format("needs a worker of {}; {} is of {}", to_string(*wanted.worker_class),
                             rows ? std::string("one that its rows may go to")
                                  : fmt::format("worker {}", placement.worker.number()),
                             to_string(given)),
                 task);
    }
  }

  void check_optimizations() {
    const auto& planned = plan_.optimizations;
    if (!std::ranges::is_sorted(planned, {}, &PlannedOptimization::task)) {
      conflict("the optimizations of the plan are not sorted by task", "sort them");
      return;
    }
    auto begin = planned.begin();
    for (std::uint32_t i = 0; i < graph_.task_count(); ++i) {
      const TaskId task{i};
      const auto end = std::find_if(
        begin, planned.end(), [&](const PlannedOptimization& entry) { return entry.task != task; });
      check_task({begin, end}, task);
      begin = end;
    }
    if (begin != planned.end()) {
      conflict(fmt::format("an optimization is on task {}, which the graph does not have",
                           begin->task.number()),
               "make the plan from the graph that it is for");
    }
  }

  void check_task(std::span<const PlannedOptimization> planned, TaskId task) {
    const auto carries = [&](const std::string& kind) {
      return std::ranges::any_of(planned,
                                 [&](const auto& entry) { return entry.choice.kind == kind; });
    };
    for (const OptimizationChoice& choice : graph_.options(task).optimizations) {
      if (choice.wish == Wish::wanted && !carries(choice.kind)) {
        conflict("the user wants the optimization '" + choice.kind + "' on it; the plan lacks it",
                 "keep what the user fixed", task);
      } else if (choice.wish == Wish::forbidden && carries(choice.kind)) {
        conflict("the user forbids the optimization '" + choice.kind + "' on it",
                 "leave it out of the plan", task);
      }
    }
    check_stages(planned, task);
  }

  void check_stages(std::span<const PlannedOptimization> planned, TaskId task) {
    std::vector<std::pair<Stage, std::string_view>> owners;
    for (const PlannedOptimization& entry : planned) {
      const std::string& kind = entry.choice.kind;
      const Optimization* optimization =
        options_.optimizations ? options_.optimizations->find(kind) : nullptr;
      if (!optimization) {
        conflict("there is no optimization " + in_quotes(kind), known_names(kind), task);
        continue;
      }
      for (const Stage stage : optimization->stages()) {
        const auto owner = std::ranges::find(owners, stage, [](const auto& o) { return o.first; });
        if (owner == owners.end()) {
          owners.emplace_back(stage, kind);
        } else {
          conflict(fmt::format("the optimizations '{}' and '{}' both own the stage {}",
                               owner->second, kind, to_string(stage)),
                   "keep one of them", task);
        }
      }
    }
  }

  [[nodiscard]] std::string known_names(std::string_view typed) const {
    std::vector<std::string> names;
    if (options_.optimizations) names = options_.optimizations->names();
    if (names.empty()) return "the engine knows none; give it the plug-in";
    auto nearest = nearest_names(typed, names);
    return fmt::format("the engine knows {}", fmt::join(nearest.empty() ? names : nearest, ", "));
  }

  void conflict(std::string message, std::string hint, std::optional<TaskId> task = {}) {
    violations_.add({.code = Errc::plan_conflict,
                     .message = std::move(message),
                     .task = task ? graph_.task_name(*task) : "",
                     .hint = std::move(hint)});
  }

  void infeasible(std::string message, std::optional<TaskId> task = {}) {
    violations_.add({.code = Errc::plan_infeasible,
                     .message = std::move(message),
                     .task = task ? graph_.task_name(*task) : "",
                     .hint = "ask for less, or give the pool larger slots"});
  }

  const Graph& graph_;
  const Plan& plan_;
  const PlanOptions& options_;
  Violations violations_;
  /// What every worker has at least. Starts as more than any has.
  WorkerClass smallest_{.cpus = 1e300, .memory = {~std::uint64_t{0}}};
};

}  // namespace

Result<void> check_plan(const Graph& graph, const Plan& plan, const PlanOptions& options) {
  return PlanCheck(graph, plan, options).run();
}

}  // namespace weft
