#pragma once

#include <map>
#include <mutex>

#include "weft/storage/history/history_store.hpp"
#include "weft/storage/history/sampling.hpp"
#include "weft/storage/history/sqlite.hpp"

namespace weft {

/// The history in one SQLite file. Several processes may have it open; a process that dies loses
/// nothing of what was answered for.
///
/// Thread-safe: one thread at a time is let in. Runs started here are sampled until they finish;
/// the batches of runs that another process started are kept without samples.
class SqliteHistory final : public HistoryStore {
public:
  /// Throws `Exception` with `history_unavailable`. @param file a path, or `:memory:`
  SqliteHistory(const std::filesystem::path& file, const HistoryOptions& options);

  Result<void> start_run(const RunRecord& record, GraphPtr graph) override;
  Result<void> append(const MetricsBatch& batch) override;
  Result<void> finish_run(const RunRecord& record) override;

  [[nodiscard]] Result<std::vector<RunRecord>> runs(std::size_t limit,
                                                    const std::string& workflow) const override;
  [[nodiscard]] Result<RunRecord> run(RunId id) const override;
  [[nodiscard]] Result<std::vector<TaskMetrics>> tasks(RunId id) const override;
  [[nodiscard]] Result<std::vector<SlotMetrics>> slots(RunId id) const override;
  [[nodiscard]] Result<std::vector<RecordedTask>> graph(RunId id) const override;
  [[nodiscard]] Result<std::vector<Sample>> samples(const std::string& function,
                                                    std::size_t limit) const override;

private:
  /// What the history asks of its database, prepared once.
  struct Statements {
    explicit Statements(SqliteDatabase& database);

    SqliteStatement put_run;
    SqliteStatement drop_old_runs;
    SqliteStatement drop_beyond_tasks;
    SqliteStatement put_graph;
    SqliteStatement add_batch;
    SqliteStatement number_samples;
    SqliteStatement add_sample;
    SqliteStatement drop_old_samples;
    SqliteStatement run;
    SqliteStatement runs;
    SqliteStatement runs_of_workflow;
    SqliteStatement task_batches;
    SqliteStatement slot_batches;
    SqliteStatement graph;
    SqliteStatement samples;
  };

  void put_run(const RunRecord& record);
  [[nodiscard]] std::uint64_t count_tasks();
  void add_samples(const SampleSeries& series);
  [[nodiscard]] RunRecord read_run(const SqliteRows& rows) const;
  [[nodiscard]] std::vector<Blob> read_blobs(SqliteStatement& statement, RunId id) const;
  [[noreturn]] void damaged(std::string what, Error cause) const;

  HistoryOptions options_;
  mutable std::mutex mutex_;  ///< Guards all below.
  mutable SqliteDatabase database_;
  mutable std::optional<Statements> statements_;
  std::map<RunId, Sampler> running_;
  /// Of all runs, and of those that were dropped since the last count, which takes a while.
  std::uint64_t tasks_ = 0;
};

}  // namespace weft
