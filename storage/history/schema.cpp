#include "weft/storage/history/schema.hpp"

#include <array>

namespace weft {

namespace {

/// What SQLite calls the application id of a file: "weft" in ASCII.
constexpr std::int64_t application_id = 0x77656674;

/// Step `i` leads from schema `i` to `i + 1`. Append only: files of every version are out there.
///
/// Task metrics are one BLOB a batch and graphs one BLOB a run, since they are only ever read as a
/// whole. Samples are numbered within their series, so that the oldest are found without a search.
constexpr std::array migrations{
  R"sql(
    CREATE TABLE runs (
      id INTEGER PRIMARY KEY,
      workflow TEXT NOT NULL,
      planner TEXT NOT NULL,
      submitted_ns INTEGER NOT NULL,
      makespan_ns INTEGER,
      state INTEGER NOT NULL,
      tasks_total INTEGER NOT NULL,
      tasks_committed INTEGER NOT NULL,
      tasks_failed INTEGER NOT NULL,
      tasks_skipped INTEGER NOT NULL,
      retries INTEGER NOT NULL,
      workers INTEGER NOT NULL,
      errors BLOB NOT NULL
    ) STRICT;
    CREATE INDEX runs_by_time ON runs (submitted_ns, id);
    CREATE INDEX runs_by_workflow ON runs (workflow, submitted_ns, id);

    CREATE TABLE graphs (
      run INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
      tasks BLOB NOT NULL
    ) STRICT;

    CREATE TABLE batches (
      id INTEGER PRIMARY KEY,
      run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      tasks BLOB NOT NULL,
      slots BLOB NOT NULL
    ) STRICT;
    CREATE INDEX batches_by_run ON batches (run, id);

    CREATE TABLE sample_series (
      id INTEGER PRIMARY KEY,
      function TEXT NOT NULL,
      cpus REAL NOT NULL,
      memory_mib INTEGER NOT NULL,
      next INTEGER NOT NULL,
      UNIQUE (function, cpus, memory_mib)
    ) STRICT;

    CREATE TABLE samples (
      series INTEGER NOT NULL REFERENCES sample_series (id) ON DELETE CASCADE,
      number INTEGER NOT NULL,
      at_ns INTEGER NOT NULL,
      wait_ns INTEGER NOT NULL,
      execution_ns INTEGER NOT NULL,
      publish_ns INTEGER NOT NULL,
      input_bytes INTEGER NOT NULL,
      output_bytes INTEGER NOT NULL,
      PRIMARY KEY (series, number)
    ) STRICT, WITHOUT ROWID;
  )sql",
};

[[noreturn]] void refuse(const SqliteDatabase& database, std::string_view reason,
                         std::string_view hint) {
  throw Exception({.code = Errc::history_unavailable,
                   .message = "the history " + in_quotes(database.file()) +
                              " cannot be used: " + std::string(reason),
                   .hint = std::string(hint)});
}

/// @return the version of the schema that is there
std::int64_t checked_version(SqliteDatabase& database) {
  const std::int64_t version = database.number("PRAGMA user_version");
  const std::int64_t owner = database.number("PRAGMA application_id");
  const bool empty = database.number("SELECT count(*) FROM sqlite_master") == 0;
  if (owner != application_id && !(empty && owner == 0 && version == 0)) {
    refuse(database, "it is a database of another program", "name another file");
  }
  if (version > history_schema_version() || version < 0) {
    refuse(database,
           "its schema is version " + std::to_string(version) +
             ", this weft knows versions up to " + std::to_string(history_schema_version()),
           "use the weft that wrote it, or name another file");
  }
  return version;
}

void migrate(SqliteDatabase& database) {
  SqliteTransaction transaction(database);
  // Again, as another process may have been faster.
  const std::int64_t version = checked_version(database);
  for (auto step = static_cast<std::size_t>(version); step < migrations.size(); ++step) {
    database.execute(migrations[step]);
  }
  const std::string stamp = "PRAGMA application_id = " + std::to_string(application_id) +
                            "; PRAGMA user_version = " + std::to_string(history_schema_version());
  database.execute(stamp.c_str());
  transaction.commit();
}

}  // namespace

std::int64_t history_schema_version() {
  return static_cast<std::int64_t>(migrations.size());
}

void prepare_history(SqliteDatabase& database) {
  // Before anything is written: a file that is not ours stays as it is. In one transaction, so that
  // nobody else's migration is seen by halves; closing the database ends it on failure.
  database.execute("BEGIN");
  const std::int64_t version = checked_version(database);
  database.execute("COMMIT");
  // With a write-ahead log readers and a writer do not wait for one another. NORMAL loses nothing
  // when a process dies; when the machine does, it may lose the newest transactions, but not the
  // file. The log is cut to 16 MiB after a large transaction has made it grow.
  database.execute_patiently("PRAGMA journal_mode = WAL");
  database.execute(
    "PRAGMA synchronous = NORMAL;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA journal_size_limit = 16777216");
  if (version < history_schema_version()) migrate(database);
}

}  // namespace weft
