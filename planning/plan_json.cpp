#include "weft/planning/plan_json.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft {

namespace {

using Json = nlohmann::ordered_json;

std::string_view name_of(Origin origin) {
  return origin == Origin::user ? "user" : "planner";
}

/// The number as its shortest decimal form reads, not as the nearest float is.
double shortest(float number) {
  return std::strtod(fmt::format("{}", number).c_str(), nullptr);
}

/// Walks the optimizations of a plan along with its tasks, in order.
class OptimizationCursor {
public:
  explicit OptimizationCursor(const Plan& plan) : rest_(plan.optimizations) {}

  std::span<const PlannedOptimization> of(TaskId task) {
    std::size_t count = 0;
    while (count < rest_.size() && rest_[count].task == task) ++count;
    const auto mine = rest_.first(count);
    rest_ = rest_.subspan(count);
    return mine;
  }

private:
  std::span<const PlannedOptimization> rest_;
};

Json json_of(const PlannedWorker& worker) {
  return {{"id", worker.id.number()},
          {"cpus", worker.worker_class.cpus},
          {"memory_mib", worker.worker_class.memory.count}};
}

Json json_of(const PlannedOptimization& optimization) {
  return {{"kind", optimization.choice.kind},
          {"origin", name_of(optimization.choice.origin)},
          {"parameters", optimization.choice.parameters}};
}

Json json_of(const Graph& graph, TaskId task, const Placement& placement) {
  Json json{{"id", task.number()},
            {"name", graph.task_name(task)},
            {"function", to_string(graph.function_name(task))}};
  if (const std::uint32_t scope = graph.task(task).scope; scope != 0) {
    json["repeated_by"] = graph.task_name(graph.scope(scope).map);
  }
  json["worker"] = placement.worker == flexible_worker ? Json() : Json(placement.worker.number());
  json["origin"] = name_of(placement.origin);
  json["rank"] = shortest(placement.rank);
  return json;
}

// -- the table ------------------------------------------------------------------------------------

using Row = std::array<std::string, 6>;

std::string worker_text(const Graph& graph, TaskId task, const Placement& placement) {
  if (placement.worker == flexible_worker) return "flexible";
  const bool rows = graph.task(task).scope != 0 && placement.origin == Origin::planner;
  return std::to_string(placement.worker.number()) + (rows ? " and on" : "");
}

std::string optimizations_text(std::span<const PlannedOptimization> optimizations) {
  std::string text;
  for (const PlannedOptimization& entry : optimizations) {
    if (!text.empty()) text += ", ";
    text += entry.choice.kind;
    if (entry.choice.origin == Origin::user) text += " (user)";
  }
  return text;
}

std::string table(const std::vector<Row>& rows) {
  Row::value_type text;
  std::array<std::size_t, std::tuple_size_v<Row>> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  return text;
}

}  // namespace

std::string to_json(const Graph& graph, const Plan& plan) {
  Json workers = Json::array();
  for (const PlannedWorker& worker : plan.workers) workers.push_back(json_of(worker));
  Json tasks = Json::array();
  OptimizationCursor cursor(plan);
  for (std::uint32_t i = 0; i < plan.placements.size(); ++i) {
    Json task = json_of(graph, TaskId{i}, plan.placements[i]);
    task["optimizations"] = Json::array();
    for (const auto& entry : cursor.of(TaskId{i})) task["optimizations"].push_back(json_of(entry));
    tasks.push_back(std::move(task));
  }
  const Json document{{"workflow", graph.name()},
                      {"planner", plan.planner},
                      {"workers", std::move(workers)},
                      {"tasks", std::move(tasks)}};
  // Text from files may be any bytes; JSON must be UTF-8.
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string to_text(const Graph& graph, const Plan& plan) {
  const std::size_t shown = std::min(plan.placements.size(), max_text_rows);
  std::vector<Row> rows{{"TASK", "FUNCTION", "WORKER", "BY", "RANK", "OPTIMIZATIONS"}};
  OptimizationCursor cursor(plan);
  for (std::uint32_t i = 0; i < shown; ++i) {
    const TaskId task{i};
    const Placement& placement = plan.placements[i];
    rows.push_back({graph.task_name(task), to_string(graph.function_name(task)),
                    worker_text(graph, task, placement), std::string(name_of(placement.origin)),
                    fmt::format("{:.6g}", placement.rank), optimizations_text(cursor.of(task))});
  }
  std::string text = fmt::format("{}: {} tasks on {} workers, planned by {}\n\n", graph.name(),
                                 plan.placements.size(), plan.workers.size(), plan.planner);
  text += table(rows);
  if (shown < plan.placements.size()) {
    text += fmt::format("and {} more; the JSON form has all\n", plan.placements.size() - shown);
  }
  return text;
}

}  // namespace weft
