#pragma once

#include <cstdint>

#include "weft/storage/history/sqlite.hpp"

namespace weft {

/// The newest schema that this version of weft reads and writes.
[[nodiscard]] std::int64_t history_schema_version();

/// Brings a database to the newest schema, from none or from any older one, in one transaction; and
/// sets how the connection writes. Throws `Exception` with `history_unavailable` when the database
/// belongs to another program or to a newer version of weft.
void prepare_history(SqliteDatabase& database);

}  // namespace weft
