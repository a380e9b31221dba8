#include "weft/storage/redis/redis_history.hpp"

#include <random>
#include <utility>

#include <fmt/format.h>

#include "weft/storage/history/columns.hpp"
#include "weft/storage/redis/history_rows.hpp"
#include "weft/storage/redis/history_scripts.hpp"

// How a history is opened and written; history_queries.cpp is how it is read.

namespace weft {

namespace {

std::string new_writer() {
  std::random_device source;
  return fmt::format("{:08x}{:08x}{:08x}", source(), source(), source());
}

std::int64_t millis_of(Nanos life) {
  return life / std::chrono::milliseconds{1};
}

Result<void> done(const Result<redis::Reply>& written) {
  if (!written) return written.error();
  return {};
}

}  // namespace

RedisHistory::RedisHistory(std::shared_ptr<redis::Client> client, std::string name,
                           RedisHistoryOptions options)
  : name_(std::move(name)),
    options_(std::move(options)),
    keys_(options_.prefix),
    writer_(new_writer()),
    calls_(std::move(client), options_.pause, options_.clock) {}

Result<std::shared_ptr<HistoryStore>> RedisHistory::open(std::shared_ptr<redis::Client> client,
                                                         std::string name,
                                                         RedisHistoryOptions options) {
  const std::shared_ptr<RedisHistory> history{
    new RedisHistory{std::move(client), std::move(name), std::move(options)}};
  if (auto usable = history->check_keys(); !usable) return usable.error();
  return std::shared_ptr<HistoryStore>{history};
}

/// What another program keeps under the keys of a history is found when it is opened, and not by
/// the first run.
Result<void> RedisHistory::check_keys() const {
  for (const auto& [key, kind] :
       {std::pair{keys_.runs(), "zset"}, std::pair{keys_.records(), "hash"},
        std::pair{keys_.total(), "string"}}) {
    auto type = calls_.ask(redis::Command{"TYPE", key}, key);
    if (!type) return std::move(type).error();
    if (type->text() == kind || type->text() == "none") continue;
    return Error{
      .code = Errc::history_unavailable,
      .message = fmt::format("the history {} cannot be used: the key {} holds a {}, not a {}",
                             name_, key, type->text(), kind),
      .hint =
        "another program keeps something there: choose another store.prefix or another "
        "database"};
  }
  return {};
}

Result<void> RedisHistory::start_run(const RunRecord& record, GraphPtr graph) {
  const bool kept = graph->task_count() <= options_.bounds.max_recorded_tasks;
  Blob row = kept ? redis::row_of(encode_graph(*graph)) : Blob{};

  const std::lock_guard lock{mutex_};
  // Known from here on, even if writing fails: its end may still be written.
  running_.insert_or_assign(
    record.id, Sampler{std::move(graph), record.submitted, options_.bounds.max_samples_per_batch});
  if (running_.size() > options_.bounds.max_runs) running_.erase(running_.begin());
  return put_run(record, std::move(row));
}

Result<void> RedisHistory::finish_run(const RunRecord& record) {
  const std::lock_guard lock{mutex_};
  running_.erase(record.id);
  return put_run(record, {});
}

/// @param graph its row; empty: there is none, or it has been kept
Result<void> RedisHistory::put_run(const RunRecord& record, Blob graph) {
  auto row = redis::record_row(record);
  if (!row) return std::move(row).error();
  redis::Command command{redis::put_run_script(), {keys_.base()}};
  command.add(record.id.text())
    .add(redis::place_of(record))
    .add(std::string_view{record.workflow})
    .add(redis::counted_tasks(record))
    .add(std::move(*row))
    .add(std::move(graph))
    .add(options_.bounds.max_runs)
    .add(options_.max_runs_per_workflow)
    .add(options_.bounds.max_tasks)
    .add(millis_of(options_.life));
  return done(calls_.ask(std::move(command)));
}

Result<void> RedisHistory::append(const MetricsBatch& batch) {
  if (batch.tasks.empty() && batch.slots.empty()) return {};
  const std::lock_guard lock{mutex_};
  std::vector<SampleSeries> chosen;
  if (const auto run = running_.find(batch.run); run != running_.end()) {
    chosen = run->second.choose(batch);
  }
  return done(calls_.ask(batch_command(batch, chosen)));
}

redis::Command RedisHistory::batch_command(const MetricsBatch& batch,
                                           const std::vector<SampleSeries>& series) {
  Blob slots;
  if (!batch.slots.empty()) encode(batch.slots, slots);
  redis::Command command{redis::add_batch_script(), {keys_.base()}};
  command.add(batch.run.text())
    .add(std::string_view{writer_})
    .add(++batches_)
    .add(batch.tasks.empty() ? Blob{} : redis::row_of(encode_tasks(batch.tasks)))
    .add(slots.empty() ? Blob{} : redis::row_of(std::move(slots)))
    .add(options_.max_batches)
    .add(options_.bounds.max_samples)
    .add(options_.max_classes)
    .add(millis_of(options_.life));
  for (const SampleSeries& one : series) {
    command.add(std::string_view{one.function})
      .add(redis::class_text(one.worker_class))
      .add(one.samples.size())
      .add(redis::ordered_text(one.samples.front().at))
      .add(redis::samples_row(one.samples));
  }
  return command;
}

}  // namespace weft
