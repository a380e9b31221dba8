#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "weft/workflow/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace weft {

/// How long an operation waits for another process that is writing the same file.
inline constexpr int sqlite_busy_timeout_ms = 5'000;

/// Bytes to bind as a BLOB, where text would be bound as TEXT. Must outlive the query.
struct BlobView {
  std::string_view bytes;
};

/// One open SQLite database: closed by the destructor. Every operation on it throws `Exception`
/// with `history_unavailable`, the file's path and what to do, when SQLite refuses it.
///
/// Not thread-safe: one thread at a time may use it and its statements.
class SqliteDatabase {
public:
  /// @param file a path, or `:memory:`
  explicit SqliteDatabase(const std::filesystem::path& file);

  /// Runs statements that yield no rows, separated by semicolons.
  void execute(const char* statements);

  /// The same for what SQLite refuses at once when the file is busy, instead of waiting: a change
  /// of the journal's mode. Tries again for as long as other statements would wait.
  void execute_patiently(const char* statement);

  /// The one number that a query yields.
  [[nodiscard]] std::int64_t number(const char* query);

  /// Rows changed by the last statement.
  [[nodiscard]] std::int64_t changes() const;

  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }
  [[nodiscard]] const std::string& file() const { return file_; }

  /// Throws what SQLite says went wrong last.
  [[noreturn]] void fail() const;

private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };

  std::string file_;
  std::unique_ptr<sqlite3, Close> handle_;
};

/// The rows of one query, from its start until the object is gone. Columns count from 0; what is
/// read as text or bytes lives until the next row.
class SqliteRows {
public:
  SqliteRows(SqliteDatabase& database, sqlite3_stmt* statement)
    : database_(&database), statement_(statement) {}
  SqliteRows(const SqliteRows&) = delete;
  SqliteRows& operator=(const SqliteRows&) = delete;
  ~SqliteRows();

  [[nodiscard]] bool next();
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::optional<std::int64_t> optional_integer(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::string_view blob(int column) const;

private:
  SqliteDatabase* database_;
  sqlite3_stmt* statement_;
};

/// A prepared statement. Lives no longer than its database; runs one query at a time.
class SqliteStatement {
public:
  SqliteStatement(SqliteDatabase& database, std::string_view sql);

  /// Starts the query. Parameters are integers, doubles, text, `BlobView`s and optionals of such.
  template <class... Parameters>
  [[nodiscard]] SqliteRows query(const Parameters&... parameters) {
    int index = 0;
    (bind(++index, parameters), ...);
    return {*database_, statement_.get()};
  }

  /// Runs a statement that yields no rows.
  template <class... Parameters>
  void execute(const Parameters&... parameters) {
    auto rows = query(parameters...);
    while (rows.next()) {
    }
  }

private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  void bind(int index, std::int64_t value);
  void bind(int index, double value);
  void bind(int index, std::string_view value);
  void bind(int index, BlobView value);
  void bind_null(int index);
  template <class T>
  void bind(int index, const std::optional<T>& value) {
    value ? bind(index, *value) : bind_null(index);
  }

  SqliteDatabase* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// A write transaction: rolled back unless committed.
class SqliteTransaction {
public:
  explicit SqliteTransaction(SqliteDatabase& database);
  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;
  ~SqliteTransaction();

  void commit();

private:
  SqliteDatabase* database_;
  bool open_ = true;
};

}  // namespace weft
