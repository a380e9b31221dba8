#include "weft/apps/weft/plan_report.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "weft/apps/weft/text_table.hpp"
#include "weft/planning/planner.hpp"

namespace weft::cli {

namespace {

Nanos expected_time(const Graph& graph, TaskId task) {
  return graph.options(task).expected_time.value_or(Nanos{});
}

/// What is placed on one worker.
struct WorkerLoad {
  std::uint64_t tasks = 0;
  Nanos expected{};
};

std::map<WorkerId, WorkerLoad> loads_of(const Graph& graph, const Plan& plan) {
  std::map<WorkerId, WorkerLoad> loads;
  for (const PlannedWorker& worker : plan.workers) loads[worker.id];
  for (std::uint32_t i = 0; i < graph.task_count(); ++i) {
    if (graph.task(TaskId{i}).scope != 0) continue;  // How many there will be is not yet known.
    WorkerLoad& load = loads[plan.placements[i].worker];
    ++load.tasks;
    load.expected += expected_time(graph, TaskId{i});
  }
  return loads;
}

std::string workers_text(const Graph& graph, const Plan& plan, const TextStyle& style) {
  std::map<WorkerId, std::string> classes;
  for (const PlannedWorker& worker : plan.workers) {
    classes[worker.id] = to_string(worker.worker_class);
  }
  TextTable table{{{"worker", Align::right},
                   {"tasks", Align::right},
                   {"expected time", Align::right},
                   {"class"}}};
  for (const auto& [worker, load] : loads_of(graph, plan)) {
    const bool flexible = worker == flexible_worker;
    table.add({flexible ? "flexible" : fmt::format("{}", worker.number()),
               fmt::format("{}", load.tasks), format_duration(load.expected),
               flexible ? "" : classes[worker]});
  }
  return table.text(style, 2);
}

std::string path_text(const Graph& graph, const EstimatedPath& path, const TextStyle& style) {
  if (path.tasks.empty()) return {};
  std::string out =
    fmt::format("\n{} {} tasks, {}\n", style.bold("critical path"), path.tasks.size(),
                path.duration ? format_duration(*path.duration) + " by the hints"
                              : "no hints of how long they take");
  constexpr std::size_t shown = 12;
  TextTable table{{{"task"}, {"function"}, {"expected", Align::right}}};
  for (std::size_t i = 0; i < path.tasks.size(); ++i) {
    if (path.tasks.size() > shown && i == shown / 2) {
      table.add({fmt::format("... {} more ...", path.tasks.size() - shown), "", ""});
      i = path.tasks.size() - shown / 2;
    }
    const TaskId task = path.tasks[i];
    table.add({cut_middle(printable(graph.task_name(task)), 40, style),
               cut_middle(printable(to_string(graph.function_name(task))), 40, style),
               format_duration(expected_time(graph, task))});
  }
  return out + table.text(style, 2);
}

}  // namespace

EstimatedPath estimated_path(const Graph& graph) {
  const std::vector<float> ranks = upward_ranks(graph);
  EstimatedPath path;
  Nanos duration{};
  std::vector<TaskId> next = graph.topological_order();
  while (!next.empty()) {
    const TaskId task =
      *std::ranges::max_element(next, {}, [&ranks](TaskId each) { return ranks[each.number()]; });
    path.tasks.push_back(task);
    duration += expected_time(graph, task);
    const auto children = graph.children(task);
    next.assign(children.begin(), children.end());
    if (graph.task(task).kind != TaskKind::map) continue;
    const auto& templates = graph.scope(graph.task(task).body).templates;
    next.insert(next.end(), templates.begin(), templates.end());
  }
  if (duration > Nanos{}) path.duration = duration;
  return path;
}

std::string plan_text(const Graph& graph, const Plan& plan, const TextStyle& style) {
  std::string out = fmt::format("{}: {} tasks on {} workers, planned by {}\n\n",
                                style.bold(printable(graph.name())), graph.task_count(),
                                plan.workers.size(), plan.planner);
  out += workers_text(graph, plan, style);
  Nanos work{};
  for (const TaskId task : graph.topological_order()) work += expected_time(graph, task);
  const EstimatedPath path = estimated_path(graph);
  out += path_text(graph, path, style);
  if (path.duration && !plan.workers.empty()) {
    const Nanos shared = work / static_cast<Nanos::rep>(plan.workers.size());
    out += fmt::format("\nall work {}; the run takes at least {}\n", format_duration(work),
                       format_duration(std::max(shared, *path.duration)));
  }
  return out;
}

}  // namespace weft::cli
