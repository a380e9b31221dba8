#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "weft/storage/history/history_store.hpp"
#include "weft/storage/history/sampling.hpp"
#include "weft/storage/redis/history_calls.hpp"
#include "weft/storage/redis/keys.hpp"
#include "weft/storage/redis/series_reader.hpp"

namespace weft {

/// How a history is kept in Redis. Clients that share one should agree on its bounds: each applies
/// its own when it writes.
struct RedisHistoryOptions {
  HistoryOptions bounds;
  /// Of one workflow, so that one that runs all the time does not crowd out the others.
  std::size_t max_runs_per_workflow = 250;
  std::string prefix = "weft";        ///< Of every key.
  std::size_t max_batches = 100'000;  ///< Of one run, about; the oldest go first.
  std::size_t max_classes = 64;       ///< Of one function; the one that was quiet for longest goes.
  /// What nobody has written to for so long goes: at least a millisecond.
  Nanos life = std::chrono::hours{24 * 90};
  /// How long nothing is asked after Redis was out of reach; what is recorded then is lost.
  Nanos pause = std::chrono::seconds{5};
  std::shared_ptr<const Clock> clock;  ///< Of the pause; nothing: the machine's.
  /// Told once when something that cannot be read was left out of an answer; may be empty.
  std::function<void(const Error&)> warn;
};

/// The history in Redis, where the processes of several machines share one.
///
/// Each batch is one step inside of Redis: it is there as a whole or not at all, and once, however
/// often it had to be sent. `runs` and `samples` leave out what cannot be read, and fail when
/// nothing else is there; what is asked about one run fails. Task metrics and graphs of a run go
/// when nobody has added to them for `RedisHistoryOptions::life`; then they read as empty.
///
/// Thread-safe. Every operation waits for Redis, at most for the client's patience for each call.
class RedisHistory final : public HistoryStore {
public:
  /// Fails with `history_unavailable`: also when another program uses the keys.
  /// @param client best of its own: large batches hold up what shares their connection
  /// @param name of the history in messages, as its URL
  static Result<std::shared_ptr<HistoryStore>> open(std::shared_ptr<redis::Client> client,
                                                    std::string name,
                                                    RedisHistoryOptions options = {});

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
  /// What was left out of an answer.
  struct LeftOut {
    std::size_t count = 0;
    std::optional<Error> first;
  };
  struct SeriesName {
    std::string function;      ///< `name@version`
    std::string worker_class;  ///< As `redis::class_text` spells it.
  };
  using TakeRow = std::function<Result<void>(std::string_view bytes)>;

  RedisHistory(std::shared_ptr<redis::Client> client, std::string name,
               RedisHistoryOptions options);

  [[nodiscard]] Result<void> check_keys() const;
  Result<void> put_run(const RunRecord& record, Blob graph);
  [[nodiscard]] redis::Command batch_command(const MetricsBatch& batch,
                                             const std::vector<SampleSeries>& series);
  [[nodiscard]] Result<void> known(RunId id) const;
  [[nodiscard]] Result<void> read_rows(RunId id, const std::string& key, const TakeRow& take) const;
  [[nodiscard]] Result<void> read_records(const std::vector<std::string>& places,
                                          std::vector<RunRecord>& found, LeftOut& left_out) const;
  [[nodiscard]] Result<void> read_series(const SeriesName& name, std::string_view state_text,
                                         std::size_t limit,
                                         std::vector<redis::NumberedSample>& found,
                                         LeftOut& left_out) const;
  [[nodiscard]] Error unknown(RunId id) const;
  [[nodiscard]] Error damaged(const std::string& what, Error cause) const;
  /// Tells of what was left out; fails when nothing was found besides.
  [[nodiscard]] Result<void> checked(const LeftOut& left_out, bool found_any) const;

  std::string name_;
  RedisHistoryOptions options_;
  redis::HistoryKeys keys_;
  std::string writer_;  ///< A name that no other client has.
  mutable redis::HistoryCalls calls_;
  mutable std::atomic<bool> has_warned_ = false;

  std::mutex mutex_;  ///< Guards what follows, and keeps batches in the order of their numbers.
  std::map<RunId, Sampler> running_;
  std::uint64_t batches_ = 0;  ///< Numbers given so far.
};

}  // namespace weft
