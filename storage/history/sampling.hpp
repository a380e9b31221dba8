#pragma once

#include <map>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "weft/storage/history/history_store.hpp"

namespace weft {

/// Observations of one function on one worker class.
struct SampleSeries {
  std::string function;  ///< `name@version`
  WorkerClass worker_class;
  std::vector<Sample> samples;
};

/// Chooses what predictions shall learn from the batches of one run.
///
/// Not thread-safe; kept by the history from the start to the end of a run.
class Sampler {
public:
  Sampler(GraphPtr graph, WallTime submitted, std::size_t max_per_batch)
    : graph_(std::move(graph)), submitted_(submitted), max_per_batch_(max_per_batch) {}

  /// Committed attempts, by function and class; evenly thinned to the bound of a batch, which falls
  /// with each further batch: a long run must not crowd out what others have taught. The class
  /// of a worker is what its slot said, in this batch or an earlier one; the ordinary one until
  /// then.
  [[nodiscard]] std::vector<SampleSeries> choose(const MetricsBatch& batch);

private:
  /// Functions of one graph are told apart by number, which is cheaper than by name.
  using SeriesKey = std::tuple<TaskKind, std::uint32_t, WorkerClass>;

  [[nodiscard]] std::size_t bound_of(const SeriesKey& series);
  [[nodiscard]] WorkerClass class_of(WorkerId worker) const;

  GraphPtr graph_;
  WallTime submitted_;
  std::size_t max_per_batch_;
  std::unordered_map<WorkerId, WorkerClass> classes_;
  std::map<SeriesKey, std::size_t> batches_;  ///< That have given samples so far.
};

}  // namespace weft
