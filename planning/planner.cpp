#include "weft/planning/planner.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "weft/planning/planners/simple.hpp"
#include "weft/workflow/registry.hpp"

namespace weft {

namespace {

/// Every planner that there is.
const std::array<std::shared_ptr<const Planner>, 1>& catalogue() {
  static const std::array<std::shared_ptr<const Planner>, 1> planners{
    std::make_shared<SimplePlanner>(),
  };
  return planners;
}

bool by_task(const PlannedOptimization& a, const PlannedOptimization& b) {
  return a.task < b.task;
}

/// What the plan has on one task so far. @pre sorted by task
auto planned_on(const Plan& plan, TaskId task) {
  return std::ranges::equal_range(plan.optimizations, task, {}, &PlannedOptimization::task);
}

void merge_into(Plan& plan, std::vector<PlannedOptimization> more) {
  std::ranges::stable_sort(more, {}, &PlannedOptimization::task);
  const auto middle = static_cast<std::ptrdiff_t>(plan.optimizations.size());
  plan.optimizations.insert(plan.optimizations.end(), std::make_move_iterator(more.begin()),
                            std::make_move_iterator(more.end()));
  std::inplace_merge(plan.optimizations.begin(), plan.optimizations.begin() + middle,
                     plan.optimizations.end(), by_task);
}

void add_wanted(const Graph& graph, Plan& plan) {
  std::vector<PlannedOptimization> wanted;
  for (std::uint32_t i = 0; i < graph.task_count(); ++i) {
    for (const OptimizationChoice& choice : graph.options(TaskId{i}).optimizations) {
      if (choice.wish != Wish::wanted) continue;
      const auto planned = planned_on(plan, TaskId{i});
      const bool there = std::ranges::any_of(
        planned, [&](const auto& entry) { return entry.choice.kind == choice.kind; });
      if (!there) wanted.push_back({.task = TaskId{i}, .choice = choice});
    }
  }
  merge_into(plan, std::move(wanted));
}

/// Whether any entry owns a stage that is in `stages`. Entries that the catalogue does not know
/// count as owners of nothing: checking the plan reports them.
template <class Entries>
bool owns_any(const Entries& entries, const std::vector<Stage>& stages,
              const OptimizationCatalogue& known) {
  return std::ranges::any_of(entries, [&](const PlannedOptimization& entry) {
    const Optimization* other = known.find(entry.choice.kind);
    return other && std::ranges::any_of(other->stages(), [&](Stage stage) {
             return std::ranges::find(stages, stage) != stages.end();
           });
  });
}

void add_candidates(const Graph& graph, const OptimizationCatalogue& known,
                    const Optimization& optimization, Plan& plan) {
  auto candidates = optimization.candidates(graph, plan);
  std::ranges::sort(candidates);
  const auto repeated = std::ranges::unique(candidates);
  candidates.erase(repeated.begin(), repeated.end());

  const std::string kind{optimization.name()};
  const std::vector<Stage> stages = optimization.stages();
  std::vector<PlannedOptimization> added;
  for (const TaskId task : candidates) {
    if (task.number() >= graph.task_count()) continue;
    const auto& said = graph.options(task).optimizations;
    // Wanted: it is there already. Forbidden: it must not be.
    if (std::ranges::find(said, kind, &OptimizationChoice::kind) != said.end()) continue;
    const auto planned = planned_on(plan, task);
    const bool there =
      std::ranges::any_of(planned, [&](const auto& entry) { return entry.choice.kind == kind; });
    if (there || owns_any(planned, stages, known)) continue;
    added.push_back({.task = task, .choice = {.kind = kind, .origin = Origin::planner}});
  }
  merge_into(plan, std::move(added));
}

}  // namespace

Result<std::shared_ptr<const Planner>> find_planner(std::string_view name) {
  for (const auto& planner : catalogue()) {
    if (planner->name() == name) return planner;
  }
  return Error{.code = Errc::invalid_argument,
               .message = "there is no planner " + in_quotes(name),
               .hint = fmt::format("choose one of: {}", fmt::join(planner_names(), ", "))};
}

std::vector<std::string> planner_names() {
  std::vector<std::string> names;
  for (const auto& planner : catalogue()) names.emplace_back(planner->name());
  return names;
}

void add_optimizations(const Graph& graph, const PlanOptions& options, Plan& plan) {
  add_wanted(graph, plan);
  if (!options.optimizations) return;
  for (const auto& optimization : options.optimizations->all()) {
    add_candidates(graph, *options.optimizations, *optimization, plan);
  }
}

}  // namespace weft
