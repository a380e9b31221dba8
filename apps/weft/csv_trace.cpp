#include <map>

#include <fmt/format.h>

#include "weft/apps/weft/run_timeline.hpp"

namespace weft::cli {

namespace {

std::string cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    out += c;
    if (c == '"') out += c;
  }
  return out + "\"";
}

}  // namespace

TraceCounts write_csv_trace(const RunHistory& history, const TextSink& sink) {
  sink(
    "task,name,function,attempt,worker,outcome,claimed_ns,inputs_ready_ns,started_ns,"
    "finished_ns,committed_ns,input_bytes,fetched_bytes,output_bytes\n");
  const ObservedRun run = observe(history.attempts, history.graph, history.record.makespan);
  std::map<TaskId, const ObservedTask*> tasks;
  for (const ObservedTask& task : run.tasks) tasks[task.task] = &task;
  TraceCounts counts;
  for (const TaskMetrics& x : history.attempts) {
    const ObservedTask& task = *tasks.at(x.task);
    sink(fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", x.task.number(),
                     cell(task.name), cell(task.function), x.attempt, x.worker.number(),
                     to_string(x.outcome), x.claimed.count(), x.inputs_ready.count(),
                     x.started.count(), x.finished.count(), x.committed.count(), x.input_size.count,
                     x.fetched_size.count, x.output_size.count));
    ++counts.slices;
  }
  return counts;
}

}  // namespace weft::cli
