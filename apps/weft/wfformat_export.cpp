#include "weft/apps/weft/wfformat_export.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "weft/apps/weft/program_version.hpp"
#include "weft/workflow/importers/plain_names.hpp"

namespace weft::cli {

namespace {

constexpr std::uint32_t left_out = std::numeric_limits<std::uint32_t>::max();

/// `name` out of `name@version`, as the trace called it that the run may have replayed.
std::string category_of_function(std::string_view function) {
  constexpr std::string_view replayed = "replay.";
  std::string_view name = function.substr(0, function.rfind('@'));
  if (name.starts_with(replayed) && name.size() > replayed.size()) {
    name.remove_prefix(replayed.size());
  }
  return std::string(name);
}

/// `name.2.0` of `name[2][0]`.
std::string dotted_rows(std::string_view name) {
  std::string dotted;
  for (const char c : name) {
    if (c != ']') dotted += c == '[' ? '.' : c;
  }
  return dotted;
}

class RunExporter {
public:
  explicit RunExporter(const RunHistory& history)
    : history_(history), run_(observe(history.attempts, history.graph, history.record.makespan)) {
    for (const TaskMetrics& attempt : history.attempts) {
      const TaskMetrics*& kept = attempts_[attempt.task];
      if (!kept || supersedes(attempt, *kept)) kept = &attempt;
    }
  }

  ExportedRun run() && {
    exported_.trace.name = history_.record.workflow;
    number_tasks();
    describe_machines();
    for (const ObservedTask& task : run_.tasks) {
      if (task.attempts > 0) add_task(task);
    }
    for (std::uint32_t i = 0; i < run_.tasks.size(); ++i) {
      if (number_[i] != left_out) link(i);
    }
    describe_run();
    return std::move(exported_);
  }

private:
  /// The attempt that committed says more of a task than any other, and a later one more.
  static bool supersedes(const TaskMetrics& attempt, const TaskMetrics& other) {
    const bool committed = attempt.outcome == AttemptOutcome::committed;
    if (committed != (other.outcome == AttemptOutcome::committed)) return committed;
    return attempt.attempt > other.attempt;
  }

  static bool is_map(const ObservedTask& task) { return task.function.starts_with("weft.map@"); }

  void number_tasks() {
    number_.assign(run_.tasks.size(), left_out);
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < run_.tasks.size(); ++i) {
      if (run_.tasks[i].attempts > 0) number_[i] = next++;
    }
  }

  void describe_machines() {
    for (const ObservedTask& task : run_.tasks) {
      if (task.attempts > 0) machines_.try_emplace(task.worker, 0);
    }
    auto& described = exported_.document.execution.machines;
    for (auto& [worker, index] : machines_) {
      index = static_cast<std::uint32_t>(described.size());
      described.push_back(
        {.name = fmt::format("worker-{}", worker.number()), .cores = cores_of(worker)});
    }
  }

  /// Whole CPUs of a worker's slot; nothing when it has but a part of one.
  [[nodiscard]] std::optional<std::uint32_t> cores_of(WorkerId worker) const {
    const auto slot = std::ranges::find(history_.slots, worker, &SlotMetrics::worker);
    if (slot == history_.slots.end() || !(slot->worker_class.cpus >= 1)) return std::nullopt;
    return static_cast<std::uint32_t>(std::min(slot->worker_class.cpus, 1e6));
  }

  void add_task(const ObservedTask& task) {
    const TaskMetrics& attempt = *attempts_.at(task.task);
    Trace& trace = exported_.trace;
    TraceTask made{.name = ids_.take(dotted_rows(task.name)),
                   .category = category_of_function(task.function),
                   .runtime = task.returned - task.called};
    TaskExecution execution{.executed_at = history_.record.submitted + task.called,
                            .machine = machines_.at(task.worker),
                            .read = attempt.input_size,
                            .written = {}};
    if (task.committed) execution.written = attempt.output_size;
    if (task.committed && !is_map(task)) {
      made.outputs = {static_cast<std::uint32_t>(trace.files.size())};
      trace.files.push_back({.name = made.name + ".out", .size = attempt.output_size});
    }
    maps_.push_back(is_map(task));
    trace.tasks.push_back(std::move(made));
    exported_.document.execution.tasks.push_back(execution);
  }

  /// Finds the parents of a task, also behind tasks that nobody measured, as those of a map that
  /// had no rows.
  void link(std::uint32_t index) {
    TraceTask& task = exported_.trace.tasks[number_[index]];
    std::vector<std::uint32_t> open = run_.tasks[index].dependencies;
    std::vector<std::uint32_t> passed;
    while (!open.empty()) {
      const std::uint32_t at = open.back();
      open.pop_back();
      if (number_[at] != left_out) {
        task.parents.push_back(number_[at]);
      } else if (std::ranges::find(passed, at) == passed.end()) {
        passed.push_back(at);
        const auto& behind = run_.tasks[at].dependencies;
        open.insert(open.end(), behind.begin(), behind.end());
      }
    }
    std::ranges::sort(task.parents);
    task.parents.erase(std::ranges::unique(task.parents).begin(), task.parents.end());
    link_files(number_[index]);
  }

  /// A task reads the outputs of its parents. What it read beyond these, if it is a row of a map,
  /// is its element of the list.
  void link_files(std::uint32_t number) {
    Trace& trace = exported_.trace;
    TraceTask& task = trace.tasks[number];
    std::uint64_t element = exported_.document.execution.tasks[number].read->count;
    std::optional<std::uint32_t> map;
    for (const std::uint32_t parent : task.parents) {
      if (maps_[parent]) {
        map = parent;
        continue;
      }
      for (const std::uint32_t file : trace.tasks[parent].outputs) {
        task.inputs.push_back(file);
        element -= std::min(element, trace.files[file].size.count);
      }
    }
    if (!map) return;
    const auto file = static_cast<std::uint32_t>(trace.files.size());
    trace.files.push_back({.name = task.name + ".in", .size = {element}});
    task.inputs.push_back(file);
    trace.tasks[*map].outputs.push_back(file);
  }

  void describe_run() {
    const RunRecord& record = history_.record;
    WfFormatOptions& document = exported_.document;
    document.description =
      fmt::format("Run {} by weft: {}, {} of {} tasks committed.", record.id.text(),
                  to_string(record.state), record.tasks.committed, record.tasks.total);
    document.created_at = record.submitted + *record.makespan;
    document.system =
      TraceSystem{.name = "weft", .version = std::string(program_version().version), .url = {}};
    document.execution.executed_at = record.submitted;
    document.execution.makespan = record.makespan;
    const std::size_t tried = exported_.trace.tasks.size();
    exported_.never_tried = record.tasks.total > tried ? record.tasks.total - tried : 0;
  }

  const RunHistory& history_;
  ObservedRun run_;
  std::unordered_map<TaskId, const TaskMetrics*> attempts_;  ///< The one that counts, of each task.
  std::map<WorkerId, std::uint32_t> machines_;
  std::vector<std::uint32_t> number_;  ///< In the trace, of each observed task.
  std::vector<bool> maps_;             ///< Whether each task of the trace is a map.
  /// The schema of the format allows no other characters in ids.
  PlainNames ids_{"_.-", 256};
  ExportedRun exported_;
};

}  // namespace

Result<ExportedRun> exported_run(const RunHistory& history) {
  const std::string run = "run " + history.record.id.text();
  if (!history.record.makespan) {
    return Error{.code = Errc::invalid_argument,
                 .message = run + " has not ended, or nobody wrote down how it did",
                 .hint = "--format csv writes the attempts that are known"};
  }
  if (history.graph.empty()) {
    return Error{.code = Errc::limit_exceeded,
                 .message = "the workflow of " + run +
                            " was too large to be kept: its edges are "
                            "not known",
                 .hint = "--format csv writes its attempts"};
  }
  if (history.attempts.empty()) {
    return Error{.code = Errc::invalid_argument,
                 .message = "no task of " + run + " was tried: there is nothing to write",
                 .hint = "weft show says how the run went"};
  }
  return RunExporter{history}.run();
}

}  // namespace weft::cli
