#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "weft/workflow/graph.hpp"
#include "weft/workflow/metrics.hpp"

namespace weft {

/// One observation of a function: what predictions learn from. Shared by all workflows that use it.
struct Sample {
  std::string function;  ///< `name@version`
  WorkerClass worker_class;
  WallTime at;        ///< When the run that it comes from was submitted.
  Nanos wait{};       ///< Claimed until all inputs were at hand.
  Nanos execution{};  ///< The function's own time.
  Nanos publish{};    ///< Returned until committed.
  Bytes input_size;
  Bytes output_size;

  friend bool operator==(const Sample&, const Sample&) = default;
};

struct HistoryOptions {
  std::size_t max_runs = 1000;        ///< Older runs are dropped, with all that belongs to them.
  std::size_t max_tasks = 2'000'000;  ///< Nor more runs than have so many tasks; the newest stays.
  std::size_t max_samples = 2000;     ///< Of one function and worker class; the oldest go first.
  /// Of one function and class out of one batch, evenly thinned.
  std::size_t max_samples_per_batch = 64;
  /// The graph of a larger workflow is not kept with its runs.
  std::size_t max_recorded_tasks = 100'000;
};

/// What is known of past runs: records, task metrics for traces, samples for predictions. Bounded.
///
/// Thread-safe. Every operation fails with `history_unavailable` when the store cannot be used.
class HistoryStore {
public:
  virtual ~HistoryStore() = default;

  // -- written by the recorder --------------------------------------------------------------------

  /// Keeps a record of a run that starts; `graph` names its tasks and functions until `finish_run`.
  virtual Result<void> start_run(const RunRecord& record, GraphPtr graph) = 0;

  /// Keeps what a worker measured, in one transaction. Batches of unknown runs are ignored.
  virtual Result<void> append(const MetricsBatch& batch) = 0;

  /// Replaces the record of a run by its final one.
  virtual Result<void> finish_run(const RunRecord& record) = 0;

  // -- read by planners, traces and people --------------------------------------------------------

  /// Newest first. @param workflow empty: of all workflows
  [[nodiscard]] virtual Result<std::vector<RunRecord>> runs(std::size_t limit,
                                                            const std::string& workflow) const = 0;
  /// Fails with `run_unknown`.
  [[nodiscard]] virtual Result<RunRecord> run(RunId id) const = 0;
  [[nodiscard]] virtual Result<std::vector<TaskMetrics>> tasks(RunId id) const = 0;
  [[nodiscard]] virtual Result<std::vector<SlotMetrics>> slots(RunId id) const = 0;
  /// The tasks of the workflow; empty when it was too large to be kept.
  [[nodiscard]] virtual Result<std::vector<RecordedTask>> graph(RunId id) const = 0;
  /// Newest first. @param function `name@version`
  [[nodiscard]] virtual Result<std::vector<Sample>> samples(const std::string& function,
                                                            std::size_t limit) const = 0;
};

/// Opens, and creates or migrates, the embedded history.
/// @param file path of the SQLite file; its folder is created; `:memory:` for one without a file
[[nodiscard]] Result<std::shared_ptr<HistoryStore>> open_sqlite_history(
  const std::filesystem::path& file, const HistoryOptions& options = {});

}  // namespace weft
