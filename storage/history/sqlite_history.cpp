#include "weft/storage/history/sqlite_history.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "weft/storage/history/columns.hpp"
#include "weft/storage/history/schema.hpp"

namespace weft {

namespace {

/// SQLite's integers are signed; ids and sizes are not.
std::int64_t as_signed(std::uint64_t number) {
  return std::bit_cast<std::int64_t>(number);
}

std::uint64_t as_unsigned(std::int64_t number) {
  return std::bit_cast<std::uint64_t>(number);
}

std::int64_t as_limit(std::size_t limit) {
  return static_cast<std::int64_t>(std::min<std::size_t>(limit, INT64_MAX));
}

std::int64_t nanos_of(WallTime time) {
  return time.time_since_epoch().count();
}

/// Turns what is thrown inside of the history into what it answers.
template <class Body>
auto guarded(Body&& body) -> Result<decltype(body())> {
  try {
    if constexpr (std::is_void_v<decltype(body())>) {
      body();
      return {};
    } else {
      return body();
    }
  } catch (const Exception& failure) {
    return failure.error();
  }
}

}  // namespace

SqliteHistory::Statements::Statements(SqliteDatabase& database)
  : put_run(database,
            "INSERT INTO runs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) "
            "ON CONFLICT (id) DO UPDATE SET workflow = ?2, planner = ?3, submitted_ns = ?4, "
            "makespan_ns = ?5, state = ?6, tasks_total = ?7, tasks_committed = ?8, "
            "tasks_failed = ?9, tasks_skipped = ?10, retries = ?11, workers = ?12, errors = ?13"),
    drop_old_runs(database,
                  "DELETE FROM runs WHERE id IN (SELECT id FROM runs "
                  "ORDER BY submitted_ns DESC, id DESC LIMIT -1 OFFSET ?1)"),
    drop_beyond_tasks(database,
                      "DELETE FROM runs WHERE id IN (SELECT id FROM (SELECT id, "
                      "row_number() OVER newest AS place, sum(tasks_total) OVER newest AS tasks "
                      "FROM runs WINDOW newest AS (ORDER BY submitted_ns DESC, id DESC)) "
                      "WHERE place > 1 AND tasks > ?1)"),
    put_graph(database,
              "INSERT OR REPLACE INTO graphs (run, tasks) SELECT id, ?2 FROM runs WHERE id = ?1"),
    add_batch(database,
              "INSERT INTO batches (run, tasks, slots) SELECT id, ?2, ?3 FROM runs WHERE id = ?1"),
    number_samples(database,
                   "INSERT INTO sample_series (function, cpus, memory_mib, next) "
                   "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (function, cpus, memory_mib) "
                   "DO UPDATE SET next = next + ?4 RETURNING id, next"),
    add_sample(database, "INSERT INTO samples VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
    drop_old_samples(database, "DELETE FROM samples WHERE series = ?1 AND number < ?2"),
    run(database, "SELECT * FROM runs WHERE id = ?1"),
    runs(database, "SELECT * FROM runs ORDER BY submitted_ns DESC, id DESC LIMIT ?1"),
    runs_of_workflow(database,
                     "SELECT * FROM runs WHERE workflow = ?2 "
                     "ORDER BY submitted_ns DESC, id DESC LIMIT ?1"),
    task_batches(database, "SELECT tasks FROM batches WHERE run = ?1 ORDER BY id"),
    slot_batches(database, "SELECT slots FROM batches WHERE run = ?1 ORDER BY id"),
    graph(database, "SELECT tasks FROM graphs WHERE run = ?1"),
    samples(database,
            "SELECT cpus, memory_mib, at_ns, wait_ns, execution_ns, publish_ns, input_bytes, "
            "output_bytes FROM samples JOIN sample_series ON samples.series = sample_series.id "
            "WHERE function = ?1 ORDER BY at_ns DESC, number DESC, series LIMIT ?2") {}

SqliteHistory::SqliteHistory(const std::filesystem::path& file, const HistoryOptions& options)
  : options_(options), database_(file) {
  prepare_history(database_);
  statements_.emplace(database_);
  tasks_ = count_tasks();
}

// -- written by the recorder ----------------------------------------------------------------------

Result<void> SqliteHistory::start_run(const RunRecord& record, GraphPtr graph) {
  return guarded([&] {
    const bool kept = graph->task_count() <= options_.max_recorded_tasks;
    const Blob tasks = kept ? encode_graph(*graph) : Blob{};

    const std::scoped_lock lock(mutex_);
    // Known from here on, even if writing fails: its end may still be written.
    running_.insert_or_assign(
      record.id, Sampler(std::move(graph), record.submitted, options_.max_samples_per_batch));
    if (running_.size() > options_.max_runs) running_.erase(running_.begin());

    SqliteTransaction transaction(database_);
    put_run(record);
    if (kept) statements_->put_graph.execute(as_signed(record.id.number()), BlobView{tasks});
    transaction.commit();
  });
}

Result<void> SqliteHistory::append(const MetricsBatch& batch) {
  return guarded([&] {
    if (batch.tasks.empty() && batch.slots.empty()) return;
    const Blob tasks = encode_tasks(batch.tasks);
    Blob slots;
    encode(batch.slots, slots);

    const std::scoped_lock lock(mutex_);
    std::vector<SampleSeries> chosen;
    if (const auto run = running_.find(batch.run); run != running_.end()) {
      chosen = run->second.choose(batch);
    }
    SqliteTransaction transaction(database_);
    statements_->add_batch.execute(as_signed(batch.run.number()), BlobView{tasks}, BlobView{slots});
    if (database_.changes() == 0) return;  // Nobody started this run, or it is too old to be kept.
    for (const SampleSeries& series : chosen) add_samples(series);
    transaction.commit();
  });
}

Result<void> SqliteHistory::finish_run(const RunRecord& record) {
  return guarded([&] {
    const std::scoped_lock lock(mutex_);
    running_.erase(record.id);
    SqliteTransaction transaction(database_);
    put_run(record);
    tasks_ += record.tasks.total;
    if (tasks_ > options_.max_tasks) {
      statements_->drop_beyond_tasks.execute(as_limit(options_.max_tasks));
      tasks_ = count_tasks();
    }
    transaction.commit();
  });
}

std::uint64_t SqliteHistory::count_tasks() {
  return static_cast<std::uint64_t>(database_.number("SELECT total(tasks_total) FROM runs"));
}

void SqliteHistory::put_run(const RunRecord& record) {
  const std::size_t errors = std::min(record.errors.size(), max_recorded_errors);
  Blob encoded;
  encode(std::vector<Error>(record.errors.begin(),
                            record.errors.begin() + static_cast<std::ptrdiff_t>(errors)),
         encoded);
  std::optional<std::int64_t> makespan;
  if (record.makespan) makespan = record.makespan->count();
  const TaskCounts& tasks = record.tasks;
  statements_->put_run.execute(
    as_signed(record.id.number()), std::string_view(record.workflow),
    std::string_view(record.planner), nanos_of(record.submitted), makespan,
    static_cast<std::int64_t>(record.state), as_signed(tasks.total), as_signed(tasks.committed),
    as_signed(tasks.failed), as_signed(tasks.skipped), as_signed(tasks.retries),
    std::int64_t{record.workers}, BlobView{encoded});
  statements_->drop_old_runs.execute(as_limit(options_.max_runs));
}

void SqliteHistory::add_samples(const SampleSeries& series) {
  const auto count = static_cast<std::int64_t>(series.samples.size());
  std::int64_t id = 0;
  std::int64_t next = 0;
  {
    auto rows =
      statements_->number_samples.query(std::string_view(series.function), series.worker_class.cpus,
                                        as_signed(series.worker_class.memory.count), count);
    while (rows.next()) {
      id = rows.integer(0);
      next = rows.integer(1);
    }
  }
  std::int64_t number = next - count;
  for (const Sample& sample : series.samples) {
    statements_->add_sample.execute(id, number++, nanos_of(sample.at), sample.wait.count(),
                                    sample.execution.count(), sample.publish.count(),
                                    as_signed(sample.input_size.count),
                                    as_signed(sample.output_size.count));
  }
  statements_->drop_old_samples.execute(id, next - as_limit(options_.max_samples));
}

// -- read by planners, traces and people ----------------------------------------------------------

Result<std::vector<RunRecord>> SqliteHistory::runs(std::size_t limit,
                                                   const std::string& workflow) const {
  return guarded([&] {
    const std::scoped_lock lock(mutex_);
    std::vector<RunRecord> found;
    auto rows = workflow.empty() ? statements_->runs.query(as_limit(limit))
                                 : statements_->runs_of_workflow.query(as_limit(limit),
                                                                       std::string_view(workflow));
    while (rows.next()) found.push_back(read_run(rows));
    return found;
  });
}

Result<RunRecord> SqliteHistory::run(RunId id) const {
  return guarded([&] {
    const std::scoped_lock lock(mutex_);
    auto rows = statements_->run.query(as_signed(id.number()));
    if (!rows.next()) {
      throw Exception(
        {.code = Errc::run_unknown,
         .message = "the history " + in_quotes(database_.file()) + " has no run " + id.text(),
         .hint = "list the runs that it has; old ones are dropped"});
    }
    return read_run(rows);
  });
}

Result<std::vector<TaskMetrics>> SqliteHistory::tasks(RunId id) const {
  return guarded([&] {
    std::vector<TaskMetrics> tasks;
    for (const Blob& batch : read_blobs(statements_->task_batches, id)) {
      if (auto read = decode_tasks(batch, tasks); !read) {
        damaged("the task metrics of run " + id.text(), read.error());
      }
    }
    return tasks;
  });
}

Result<std::vector<SlotMetrics>> SqliteHistory::slots(RunId id) const {
  return guarded([&] {
    std::vector<SlotMetrics> slots;
    for (const Blob& batch : read_blobs(statements_->slot_batches, id)) {
      auto read = decode<std::vector<SlotMetrics>>(batch, history_limits);
      if (!read) damaged("the slot metrics of run " + id.text(), read.error());
      slots.insert(slots.end(), read->begin(), read->end());
    }
    return slots;
  });
}

Result<std::vector<RecordedTask>> SqliteHistory::graph(RunId id) const {
  return guarded([&] {
    std::vector<RecordedTask> tasks;
    for (const Blob& graph : read_blobs(statements_->graph, id)) {
      auto read = decode_graph(graph);
      if (!read) damaged("the graph of run " + id.text(), read.error());
      tasks = std::move(*read);
    }
    return tasks;
  });
}

Result<std::vector<Sample>> SqliteHistory::samples(const std::string& function,
                                                   std::size_t limit) const {
  return guarded([&] {
    const std::scoped_lock lock(mutex_);
    std::vector<Sample> found;
    auto rows = statements_->samples.query(std::string_view(function), as_limit(limit));
    while (rows.next()) {
      found.push_back(
        {.function = function,
         .worker_class = {.cpus = rows.real(0), .memory = {as_unsigned(rows.integer(1))}},
         .at = WallTime{Nanos{rows.integer(2)}},
         .wait = Nanos{rows.integer(3)},
         .execution = Nanos{rows.integer(4)},
         .publish = Nanos{rows.integer(5)},
         .input_size = {as_unsigned(rows.integer(6))},
         .output_size = {as_unsigned(rows.integer(7))}});
    }
    return found;
  });
}

RunRecord SqliteHistory::read_run(const SqliteRows& rows) const {
  RunRecord record{.id = RunId{as_unsigned(rows.integer(0))},
                   .workflow = std::string(rows.text(1)),
                   .planner = std::string(rows.text(2)),
                   .submitted = WallTime{Nanos{rows.integer(3)}}};
  if (const auto makespan = rows.optional_integer(4)) record.makespan = Nanos{*makespan};
  const std::int64_t state = rows.integer(5);
  if (state < 0 || state > static_cast<std::int64_t>(RunState::cancelled)) {
    damaged("the record of run " + record.id.text(),
            {.code = Errc::decode_failed,
             .message = "there is no state " + std::to_string(state) + " of a run"});
  }
  record.state = static_cast<RunState>(state);
  record.tasks = {.total = as_unsigned(rows.integer(6)),
                  .committed = as_unsigned(rows.integer(7)),
                  .failed = as_unsigned(rows.integer(8)),
                  .skipped = as_unsigned(rows.integer(9)),
                  .retries = as_unsigned(rows.integer(10))};
  record.workers = static_cast<std::uint32_t>(rows.integer(11));
  auto errors = decode<std::vector<Error>>(rows.blob(12), history_limits);
  if (!errors) damaged("the errors of run " + record.id.text(), errors.error());
  record.errors = std::move(*errors);
  return record;
}

/// Copies what a run has in one column, so that it is decoded without keeping others out.
std::vector<Blob> SqliteHistory::read_blobs(SqliteStatement& statement, RunId id) const {
  if (auto known = run(id); !known) throw Exception(known.error());
  const std::scoped_lock lock(mutex_);
  std::vector<Blob> blobs;
  auto rows = statement.query(as_signed(id.number()));
  while (rows.next()) blobs.emplace_back(rows.blob(0));
  return blobs;
}

void SqliteHistory::damaged(std::string what, Error cause) const {
  throw Exception({.code = Errc::history_unavailable,
                   .message = what + " in " + in_quotes(database_.file()) + " cannot be read",
                   .hint = "the file is damaged: move it away, and a new history is made",
                   .causes = {std::move(cause)}});
}

// -- opening --------------------------------------------------------------------------------------

Result<std::shared_ptr<HistoryStore>> open_sqlite_history(const std::filesystem::path& file,
                                                          const HistoryOptions& options) {
  const auto unusable = [&](const std::string& reason, std::string hint) {
    return Error{
      .code = Errc::history_unavailable,
      .message = "the history " + in_quotes(file.string()) + " cannot be used: " + reason,
      .hint = std::move(hint)};
  };
  if (file.empty()) return unusable("no file is named", "name one, or :memory:");
  if (const auto folder = file.parent_path(); file != ":memory:" && !folder.empty()) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure) {
      return unusable("its folder cannot be made: " + failure.message(),
                      "make " + in_quotes(folder.string()) + ", or name another file");
    }
  }
  return guarded([&]() -> std::shared_ptr<HistoryStore> {
    return std::make_shared<SqliteHistory>(file, options);
  });
}

}  // namespace weft
