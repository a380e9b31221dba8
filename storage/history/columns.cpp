#include "weft/storage/history/columns.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace weft {

namespace {

template <class T>
using Column = std::vector<T>;

/// Differences as numbers that wrap around: hostile ones must not overflow.
std::int64_t difference(Nanos later, Nanos earlier) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(later.count()) -
                                   static_cast<std::uint64_t>(earlier.count()));
}

Nanos sum(Nanos earlier, std::int64_t difference) {
  return Nanos{static_cast<std::int64_t>(static_cast<std::uint64_t>(earlier.count()) +
                                         static_cast<std::uint64_t>(difference))};
}

/// Task metrics by column. Times are differences: `claimed` to the row before, the others to the
/// step before.
struct TaskColumns {
  Column<std::uint32_t> task, template_task, attempt, worker, outcome;
  Column<std::int64_t> claimed, inputs_ready, started, finished, committed;
  Column<std::uint64_t> input_bytes, fetched_bytes, output_bytes;
  Column<std::uint32_t> depth, rows;  ///< Length of each path; all paths one after another.

  template <class Inspector>
  friend bool inspect(Inspector& f, TaskColumns& x) {
    return f.object(x).fields(
      f.field("task", x.task), f.field("template_task", x.template_task),
      f.field("attempt", x.attempt), f.field("worker", x.worker), f.field("outcome", x.outcome),
      f.field("claimed", x.claimed), f.field("inputs_ready", x.inputs_ready),
      f.field("started", x.started), f.field("finished", x.finished),
      f.field("committed", x.committed), f.field("input_bytes", x.input_bytes),
      f.field("fetched_bytes", x.fetched_bytes), f.field("output_bytes", x.output_bytes),
      f.field("depth", x.depth), f.field("rows", x.rows));
  }

  /// Calls `visit` with each column that has a row for each task.
  template <class Visit>
  void for_each_column(Visit&& visit) {
    visit(task), visit(template_task), visit(attempt), visit(worker), visit(outcome);
    visit(claimed), visit(inputs_ready), visit(started), visit(finished), visit(committed);
    visit(input_bytes), visit(fetched_bytes), visit(output_bytes), visit(depth);
  }

  void push(const TaskMetrics& x, Nanos claimed_before) {
    task.push_back(x.task.number());
    template_task.push_back(x.template_task.number());
    attempt.push_back(x.attempt);
    worker.push_back(x.worker.number());
    outcome.push_back(static_cast<std::uint32_t>(x.outcome));
    claimed.push_back(difference(x.claimed, claimed_before));
    inputs_ready.push_back(difference(x.inputs_ready, x.claimed));
    started.push_back(difference(x.started, x.inputs_ready));
    finished.push_back(difference(x.finished, x.started));
    committed.push_back(difference(x.committed, x.finished));
    input_bytes.push_back(x.input_size.count);
    fetched_bytes.push_back(x.fetched_size.count);
    output_bytes.push_back(x.output_size.count);
    depth.push_back(static_cast<std::uint32_t>(x.path.size()));
    rows.insert(rows.end(), x.path.begin(), x.path.end());
  }

  [[nodiscard]] TaskMetrics at(std::size_t i, Nanos claimed_before, std::size_t path) const {
    TaskMetrics x{.task = TaskId{task[i]},
                  .template_task = TaskId{template_task[i]},
                  .attempt = attempt[i],
                  .worker = WorkerId{worker[i]},
                  .outcome = static_cast<AttemptOutcome>(outcome[i])};
    x.claimed = sum(claimed_before, claimed[i]);
    x.inputs_ready = sum(x.claimed, inputs_ready[i]);
    x.started = sum(x.inputs_ready, started[i]);
    x.finished = sum(x.started, finished[i]);
    x.committed = sum(x.finished, committed[i]);
    x.input_size = {input_bytes[i]};
    x.fetched_size = {fetched_bytes[i]};
    x.output_size = {output_bytes[i]};
    const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(path);
    x.path.assign(begin, begin + depth[i]);
    return x;
  }

  [[nodiscard]] bool consistent() {
    bool even = true;
    for_each_column([&](const auto& column) { even = even && column.size() == task.size(); });
    return even && lengths_add_up(depth, rows.size()) &&
           std::ranges::all_of(outcome, [](std::uint32_t number) {
             return number <= static_cast<std::uint32_t>(AttemptOutcome::lost);
           });
  }

  static bool lengths_add_up(const Column<std::uint32_t>& lengths, std::size_t total) {
    return std::accumulate(lengths.begin(), lengths.end(), std::uint64_t{0}) == total;
  }
};

/// A graph by column. Tasks are numbered by place; functions are named once.
struct GraphColumns {
  Column<std::string> functions;
  Column<std::string> name;        ///< Empty: `function-number`, as most are called.
  Column<std::uint32_t> function;  ///< Index into `functions`.
  Column<std::uint32_t> dependency_count, dependencies;

  template <class Inspector>
  friend bool inspect(Inspector& f, GraphColumns& x) {
    return f.object(x).fields(
      f.field("functions", x.functions), f.field("name", x.name), f.field("function", x.function),
      f.field("dependency_count", x.dependency_count), f.field("dependencies", x.dependencies));
  }

  [[nodiscard]] bool consistent() const {
    return function.size() == name.size() && dependency_count.size() == name.size() &&
           TaskColumns::lengths_add_up(dependency_count, dependencies.size()) &&
           std::ranges::all_of(function, [this](std::uint32_t f) { return f < functions.size(); });
  }
};

/// Distinct tasks that had to commit before `task`; the map that repeats it is one of them.
/// @param found where they are put
void find_predecessors(const Graph& graph, TaskId task, std::vector<std::uint32_t>& found) {
  found.clear();
  for (const Dependency& dependency : graph.dependencies(task)) {
    found.push_back(dependency.task.number());
  }
  if (const std::uint32_t scope = graph.task(task).scope; scope != 0) {
    found.push_back(graph.scope(scope).map.number());
  }
  if (found.size() < 2) return;
  std::ranges::sort(found);
  const auto repeated = std::ranges::unique(found);
  found.erase(repeated.begin(), repeated.end());
}

Error inconsistent() {
  return {.code = Errc::decode_failed, .message = "the columns of a table do not fit together"};
}

}  // namespace

Blob encode_tasks(const std::vector<TaskMetrics>& tasks) {
  TaskColumns columns;
  columns.for_each_column([&](auto& column) { column.reserve(tasks.size()); });
  Nanos claimed_before{};
  for (const TaskMetrics& task : tasks) {
    columns.push(task, claimed_before);
    claimed_before = task.claimed;
  }
  Blob bytes;
  encode(columns, bytes);
  return bytes;
}

Result<void> decode_tasks(std::string_view bytes, std::vector<TaskMetrics>& tasks) {
  auto columns = decode<TaskColumns>(bytes, history_limits);
  if (!columns) return std::move(columns).error();
  if (!columns->consistent()) return inconsistent();
  Nanos claimed_before{};
  std::size_t path = 0;
  for (std::size_t i = 0; i < columns->task.size(); ++i) {
    tasks.push_back(columns->at(i, claimed_before, path));
    claimed_before = tasks.back().claimed;
    path += columns->depth[i];
  }
  return {};
}

Blob encode_graph(const Graph& graph) {
  GraphColumns columns;
  // By kind and number: names are made once for each function.
  std::map<std::pair<TaskKind, std::uint32_t>, std::uint32_t> index;
  std::vector<std::uint32_t> before;
  columns.name.reserve(graph.task_count());
  columns.function.reserve(graph.task_count());
  columns.dependency_count.reserve(graph.task_count());
  for (std::uint32_t i = 0; i < graph.task_count(); ++i) {
    const TaskId task{i};
    const auto next = static_cast<std::uint32_t>(columns.functions.size());
    const Task& stated = graph.task(task);
    const auto [entry, fresh] = index.emplace(std::pair{stated.kind, stated.function}, next);
    if (fresh) columns.functions.push_back(to_string(graph.function_name(task)));
    columns.name.push_back(graph.named(task) ? graph.task_name(task) : std::string());
    columns.function.push_back(entry->second);
    find_predecessors(graph, task, before);
    columns.dependency_count.push_back(static_cast<std::uint32_t>(before.size()));
    columns.dependencies.insert(columns.dependencies.end(), before.begin(), before.end());
  }
  Blob bytes;
  encode(columns, bytes);
  return bytes;
}

Result<std::vector<RecordedTask>> decode_graph(std::string_view bytes) {
  auto columns = decode<GraphColumns>(bytes, history_limits);
  if (!columns) return std::move(columns).error();
  if (!columns->consistent()) return inconsistent();
  std::vector<RecordedTask> tasks(columns->name.size());
  auto next = columns->dependencies.begin();
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    tasks[i].task = TaskId{static_cast<std::uint32_t>(i)};
    tasks[i].name = std::move(columns->name[i]);
    tasks[i].function = columns->functions[columns->function[i]];
    if (tasks[i].name.empty()) {
      const std::string& function = tasks[i].function;
      tasks[i].name = function.substr(0, function.find('@')) + "-" + std::to_string(i);
    }
    for (std::uint32_t d = 0; d < columns->dependency_count[i]; ++d) {
      tasks[i].dependencies.emplace_back(*next++);
    }
  }
  return tasks;
}

}  // namespace weft
