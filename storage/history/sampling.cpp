#include "weft/storage/history/sampling.hpp"

#include <algorithm>

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

}  // namespace

std::vector<SampleSeries> Sampler::choose(const MetricsBatch& batch) {
  for (const SlotMetrics& slot : batch.slots) classes_[slot.worker] = slot.worker_class;

  std::map<SeriesKey, Candidates> by_series;
  // Neighbours are mostly of one series: those need not be looked up again.
  SeriesKey last_key;
  WorkerId last_worker;
  Candidates* last = nullptr;
  for (std::size_t i = 0; i < batch.tasks.size(); ++i) {
    const TaskMetrics& task = batch.tasks[i];
    if (task.outcome != AttemptOutcome::committed) continue;
    if (task.template_task.number() >= graph_->task_count()) continue;
    const Task& stated = graph_->task(task.template_task);
    if (last && task.worker == last_worker && stated.kind == std::get<0>(last_key) &&
        stated.function == std::get<1>(last_key)) {
      last->tasks.push_back(i);
      continue;
    }
    const WorkerClass worker_class = class_of(task.worker);
    last_key = {stated.kind, stated.function, worker_class};
    last_worker = task.worker;
    Candidates& candidates = by_series[last_key];
    last = &candidates;
    candidates.any_template = task.template_task;
    candidates.worker_class = worker_class;
    candidates.tasks.push_back(i);
  }

  std::vector<SampleSeries> chosen;
  for (const auto& [key, candidates] : by_series) {
    SampleSeries series{.function = to_string(graph_->function_name(candidates.any_template)),
                        .worker_class = candidates.worker_class};
    const std::size_t all = candidates.tasks.size();
    const std::size_t kept = std::min(all, bound_of(key));
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

std::size_t Sampler::bound_of(const SeriesKey& series) {
  constexpr std::size_t full_batches = 4;
  const std::size_t before = batches_[series]++;
  if (before < full_batches) return max_per_batch_;
  return std::max<std::size_t>(1, max_per_batch_ * full_batches / (before + 1));
}

WorkerClass Sampler::class_of(WorkerId worker) const {
  const auto known = classes_.find(worker);
  return known == classes_.end() ? WorkerClass{} : known->second;
}

}  // namespace weft
