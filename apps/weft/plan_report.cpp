#include "weft/apps/weft/plan_report.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "weft/apps/weft/text_table.hpp"

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
  TextTable table{{{"worker", Align::right}, {"tasks", Align::right},
                   {"expected time", Align::right}, {"class"}}};
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
  std::string out = fmt::format("\n{} {} tasks, {}\n", style.bold("critical path"),
                                path.tasks.size(),
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
    table.add({cut_to(printable(graph.task_name(task)), 40, style),
               cut_to(printable(to_string(graph.function_name(task))), 40, style),
               format_duration(expected_time(graph, task))});
  }
  return out + table.text(style, 2);
}

}  // namespace

EstimatedPath estimated_path(const Graph& graph) {
  constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();
  std::vector<Nanos> times(graph.task_count());
  std::vector<std::uint32_t> lengths(graph.task_count(), 0);
  std::vector<std::uint32_t> before(graph.task_count(), nobody);
  std::uint32_t last = nobody;
  const auto longer = [&](std::uint32_t a, std::uint32_t b) {
    return std::pair(times[a], lengths[a]) > std::pair(times[b], lengths[b]);
  };
  for (const TaskId task : graph.topological_order()) {
    const std::uint32_t i = task.number();
    for (const Dependency& dependency : graph.dependencies(task)) {
      const std::uint32_t from = dependency.task.number();
      if (graph.task(dependency.task).scope != 0) continue;
      if (before[i] == nobody || longer(from, before[i])) before[i] = from;
    }
    times[i] = expected_time(graph, task);
    lengths[i] = 1;
    if (before[i] != nobody) {
      times[i] += times[before[i]];
      lengths[i] += lengths[before[i]];
    }
    if (last == nobody || longer(i, last)) last = i;
  }
  EstimatedPath path;
  if (last == nobody) return path;
  if (times[last] > Nanos{}) path.duration = times[last];
  for (std::uint32_t i = last; i != nobody; i = before[i]) path.tasks.push_back(TaskId{i});
  std::ranges::reverse(path.tasks);
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
