#pragma once

#include <functional>
#include <string>
#include <vector>

#include "weft/storage/redis/history_calls.hpp"
#include "weft/storage/redis/history_rows.hpp"

namespace weft::redis {

/// A sample and what decides on its place among those of the same run.
struct NumberedSample {
  Sample sample;
  std::uint64_t number = 0;   ///< Within its series.
  std::uint64_t ordinal = 0;  ///< Of its series.
};

/// Newest first.
[[nodiscard]] bool is_newer(const NumberedSample& one, const NumberedSample& other);

/// The newest samples of one series, `limit` at most, in any order: those of the latest runs, not
/// those that came last. Reads backwards until nothing later can follow, which is mostly at once.
/// Fails as `HistoryCalls::ask`.
/// @param key of the series
/// @param left_out told of each row that cannot be read
[[nodiscard]] Result<std::vector<NumberedSample>> read_series(
  HistoryCalls& calls, const std::string& key, const SeriesState& state, std::size_t limit,
  const std::function<void(Error)>& left_out);

}  // namespace weft::redis
