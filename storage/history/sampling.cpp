#include "weft/storage/history/sampling.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace weft {

namespace {

Sample sample_of(const TaskMetrics& task) {
  return {.wait = task.inputs_ready - task.claimed,
          .execution = task.finished - task.started,
          .publish = task.committed - task.finished,
          .input_size = task.input_size,
          .output_size = task.output_size};
}

/// Which tasks of a batch may become samples of one series.
struct Candidates {
  TaskId any_template;
  WorkerClass worker_class;
  std::vector<std::size_t> tasks;
};

/// Functions of one graph are told apart by number, which is cheaper than by name.
using SeriesKey = std::tuple<TaskKind, std::uint32_t, WorkerClass>;

}  // namespace

std::vector<SampleSeries> Sampler::choose(const MetricsBatch& batch) {
  for (const SlotMetrics& slot : batch.slots) classes_[slot.worker] = slot.worker_class;

  std::map<SeriesKey, Candidates> by_series;
  for (std::size_t i = 0; i < batch.tasks.size(); ++i) {
    const TaskMetrics& task = batch.tasks[i];
    if (task.outcome != AttemptOutcome::committed) continue;
    if (task.template_task.number() >= graph_->task_count()) continue;
    const Task& stated = graph_->task(task.template_task);
    const WorkerClass worker_class = class_of(task.worker);
    Candidates& candidates = by_series[{stated.kind, stated.function, worker_class}];
    candidates.any_template = task.template_task;
    candidates.worker_class = worker_class;
    candidates.tasks.push_back(i);
  }

  std::vector<SampleSeries> chosen;
  for (const auto& [key, candidates] : by_series) {
    SampleSeries series{.function = to_string(graph_->function_name(candidates.any_template)),
                        .worker_class = candidates.worker_class};
    const std::size_t all = candidates.tasks.size();
    const std::size_t kept = std::min(all, max_per_batch_);
    for (std::size_t i = 0; i < kept; ++i) {
      Sample sample = sample_of(batch.tasks[candidates.tasks[i * all / kept]]);
      sample.function = series.function;
      sample.worker_class = series.worker_class;
      sample.at = submitted_;
      series.samples.push_back(std::move(sample));
    }
    if (kept > 0) chosen.push_back(std::move(series));
  }
  return chosen;
}

WorkerClass Sampler::class_of(WorkerId worker) const {
  const auto known = classes_.find(worker);
  return known == classes_.end() ? WorkerClass{} : known->second;
}

}  // namespace weft
