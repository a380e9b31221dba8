#include "weft/storage/history/sqlite.hpp"

#include <sqlite3.h>

namespace weft {

namespace {

std::string hint_for(int code) {
  switch (code & 0xff) {  // The low byte is the primary code.
    case SQLITE_NOTADB:
      return "name another file: this one is no history";
    case SQLITE_CORRUPT:
      return "move the file away, and a new history is made; or name another file";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another process holds the file; end it, or name another file";
    case SQLITE_FULL:
      return "make room on the disk";
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return "check that the file and its folder may be written, or name another file";
    case SQLITE_IOERR:
      return "check the disk, or name a file on another one";
    default:
      return {};
  }
}

[[noreturn]] void throw_failure(const std::string& file, std::string_view what, int code) {
  throw Exception(
    {.code = Errc::history_unavailable,
     .message = "the history " + in_quotes(file) + " cannot be used: " + std::string(what),
     .hint = hint_for(code)});
}

}  // namespace

// -- database -------------------------------------------------------------------------------------

SqliteDatabase::SqliteDatabase(const std::filesystem::path& file) : file_(file.string()) {
  sqlite3* handle = nullptr;
  // No mutex of SQLite's own: whoever owns the database lets one thread in at a time.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(file_.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);  // It must be closed even when opening failed.
  if (!handle) throw_failure(file_, "out of memory", SQLITE_NOMEM);
  if (code != SQLITE_OK) fail();
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, sqlite_busy_timeout_ms);
  // The file may come from anywhere: nothing that it contains is run as code.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  // SQLite opens a file that it may not write for reading, without a word.
  if (sqlite3_db_readonly(handle, "main") == 1) {
    throw_failure(file_, "it may not be written", SQLITE_READONLY);
  }
}

void SqliteDatabase::execute(const char* statements) {
  if (sqlite3_exec(handle_.get(), statements, nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

void SqliteDatabase::execute_patiently(const char* statement) {
  for (int waited_ms = 0; waited_ms < sqlite_busy_timeout_ms; waited_ms += sqlite3_sleep(1)) {
    const int code = sqlite3_exec(handle_.get(), statement, nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return;
    if ((code & 0xff) != SQLITE_BUSY) fail();
  }
  fail();
}

std::int64_t SqliteDatabase::number(const char* query) {
  SqliteStatement statement(*this, query);
  auto rows = statement.query();
  return rows.next() ? rows.integer(0) : 0;
}

std::int64_t SqliteDatabase::changes() const {
  return sqlite3_changes64(handle_.get());
}

void SqliteDatabase::fail() const {
  throw_failure(file_, sqlite3_errmsg(handle_.get()), sqlite3_extended_errcode(handle_.get()));
}

void SqliteDatabase::Close::operator()(sqlite3* handle) const {
  sqlite3_close_v2(handle);
}

// -- rows -----------------------------------------------------------------------------------------

SqliteRows::~SqliteRows() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool SqliteRows::next() {
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      database_->fail();
  }
}

std::int64_t SqliteRows::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::optional<std::int64_t> SqliteRows::optional_integer(int column) const {
  if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::nullopt;
  return integer(column);
}

double SqliteRows::real(int column) const {
  return sqlite3_column_double(statement_, column);
}

std::string_view SqliteRows::text(int column) const {
  return blob(column);  // UTF-8 as it was bound.
}

std::string_view SqliteRows::blob(int column) const {
  // In this order: the pointer call may convert, and so change the size.
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (!bytes) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

// -- statement ------------------------------------------------------------------------------------

SqliteStatement::SqliteStatement(SqliteDatabase& database, std::string_view sql)
  : database_(&database) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  statement_.reset(statement);
  if (code != SQLITE_OK) database.fail();
}

void SqliteStatement::bind(int index, std::int64_t value) {
  if (sqlite3_bind_int64(statement_.get(), index, value) != SQLITE_OK) database_->fail();
}

void SqliteStatement::bind(int index, double value) {
  if (sqlite3_bind_double(statement_.get(), index, value) != SQLITE_OK) database_->fail();
}

void SqliteStatement::bind(int index, std::string_view value) {
  if (sqlite3_bind_text64(statement_.get(), index, value.data(), value.size(), SQLITE_STATIC,
                          SQLITE_UTF8) != SQLITE_OK) {
    database_->fail();
  }
}

void SqliteStatement::bind(int index, BlobView value) {
  if (sqlite3_bind_blob64(statement_.get(), index, value.bytes.data(), value.bytes.size(),
                          SQLITE_STATIC) != SQLITE_OK) {
    database_->fail();
  }
}

void SqliteStatement::bind_null(int index) {
  if (sqlite3_bind_null(statement_.get(), index) != SQLITE_OK) database_->fail();
}

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

// -- transaction ----------------------------------------------------------------------------------

SqliteTransaction::SqliteTransaction(SqliteDatabase& database) : database_(&database) {
  // The write lock at once: upgrading a read lock later may fail without waiting.
  database.execute("BEGIN IMMEDIATE");
}

SqliteTransaction::~SqliteTransaction() {
  // Nothing to do about a failure: SQLite has rolled back itself, or does so when it is closed.
  if (open_) sqlite3_exec(database_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void SqliteTransaction::commit() {
  database_->execute("COMMIT");
  open_ = false;
}

}  // namespace weft
