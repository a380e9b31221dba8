#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/storage/history/history_store.hpp"
#include "weft/workflow/codec.hpp"

namespace weft::redis {

// Rows of the history as they lie in Redis: a byte that tells their layout, then what it says.
// Pure.
//
// What is read back may be of another version of weft, damaged or hostile: reading fails with
// `decode_failed` or `limit_exceeded`.

/// The layout of rows that this version of weft writes, and the only one that it reads.
inline constexpr std::uint8_t row_layout = 1;

/// More than a row ever has.
inline constexpr Bytes row_max{std::uint64_t{256} << 20};

/// A row that says `bytes`.
[[nodiscard]] Blob row_of(Blob bytes);

/// What a row says; a view into it.
[[nodiscard]] Result<std::string_view> bytes_of(std::string_view row);

// -- records of runs ------------------------------------------------------------------------------

/// Where a run stands among others: ordered as text, by submission and then by id, oldest first. 16
/// hexadecimal digits of the former and the text of the latter.
[[nodiscard]] std::string place_of(const RunRecord& record);

/// The run that stands there; nothing when it is no such text.
[[nodiscard]] std::optional<RunId> run_at(std::string_view place);

/// Tasks of a run as they count for the bound of all.
[[nodiscard]] std::uint32_t counted_tasks(const RunRecord& record);

/// The row of a record; begins with what the scripts have to know when they drop a run, in every
/// layout. Fails with `limit_exceeded` when the workflow's name is too long.
[[nodiscard]] Result<Blob> record_row(const RunRecord& record);

[[nodiscard]] Result<RunRecord> read_record(RunId run, std::string_view row);

// -- samples --------------------------------------------------------------------------------------

/// A time as text in the same order, and back; nothing when it is no such text.
[[nodiscard]] std::string ordered_text(WallTime time);
[[nodiscard]] std::optional<WallTime> time_of(std::string_view text);

/// A worker class as text, and back; nothing when it is no such text.
[[nodiscard]] std::string class_text(const WorkerClass& worker_class);
[[nodiscard]] std::optional<WorkerClass> class_of(std::string_view text);

/// A row of samples of one function, class and run. @pre there is one
[[nodiscard]] Blob samples_row(const std::vector<Sample>& samples);

/// The samples, without function and class.
[[nodiscard]] Result<std::vector<Sample>> read_samples(std::string_view row);

/// What is known of a series (see history_scripts.cpp).
struct SeriesState {
  std::uint64_t ordinal = 0;  ///< Among the function's series, in the order of their making.
  std::uint64_t after = 0;    ///< The number of the next sample.
  std::uint64_t first = 0;    ///< The number of the oldest that counts.
};

[[nodiscard]] std::optional<SeriesState> read_series_state(std::string_view text);

}  // namespace weft::redis
