#include "weft/storage/redis/series_reader.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

namespace weft::redis {

namespace {

/// Rows that are asked for together: with the samples that a batch gives, more than planners want.
constexpr std::size_t page_rows = 64;

/// Far more than a series has: an end for one that others have made.
constexpr std::size_t rows_max = 1'000'000;

/// A row of a series as Redis answers it: its id, and the fields `m` and `v` in this order.
struct SeriesRow {
  std::uint64_t after = 0;  ///< The number behind its last sample.
  WallTime latest_before;   ///< The latest submission in older rows.
  std::vector<Sample> samples;
};

Result<SeriesRow> row_in(const Reply& entry) {
  SeriesRow row;
  const std::string_view id = entry[0].text();
  const auto [end, failure] = std::from_chars(id.data(), id.data() + id.size(), row.after);
  const Reply& fields = entry[1];
  const auto latest = time_of(fields[1].text());
  if (failure != std::errc{} || fields[0].text() != "m" || fields[2].text() != "v" || !latest) {
    return Error{.code = Errc::decode_failed, .message = "the row is not one of samples"};
  }
  row.latest_before = *latest;
  auto samples = read_samples(fields[3].text());
  if (!samples) return std::move(samples).error();
  row.samples = std::move(*samples);
  if (row.samples.size() > row.after) {
    return Error{.code = Errc::decode_failed,
                 .message = "the row has more samples than its id says"};
  }
  return row;
}

/// Samples before the first that counts are left out: a series is cut a little behind it.
void take(SeriesRow row, const SeriesState& state, std::vector<NumberedSample>& found) {
  std::uint64_t number = row.after - row.samples.size();
  for (Sample& sample : row.samples) {
    if (number >= state.first) {
      found.push_back({.sample = std::move(sample), .number = number, .ordinal = state.ordinal});
    }
    ++number;
  }
}

void keep_newest(std::vector<NumberedSample>& found, std::size_t limit) {
  if (found.size() <= limit) return;
  std::ranges::nth_element(found, found.begin() + static_cast<std::ptrdiff_t>(limit), is_newer);
  found.resize(limit);
}

/// Whether no older row can have one of the `limit` newest samples. @pre found is cut to the limit
bool is_complete(const std::vector<NumberedSample>& found, std::size_t limit, WallTime before) {
  return found.size() == limit &&
         std::ranges::all_of(found, [&](const NumberedSample& x) { return x.sample.at >= before; });
}

}  // namespace

bool is_newer(const NumberedSample& one, const NumberedSample& other) {
  return std::tuple{one.sample.at, one.number, other.ordinal} >
         std::tuple{other.sample.at, other.number, one.ordinal};
}

Result<std::vector<NumberedSample>> read_series(HistoryCalls& calls, const std::string& key,
                                                const SeriesState& state, std::size_t limit,
                                                const std::function<void(Error)>& left_out) {
  std::vector<NumberedSample> found;
  const std::string oldest = std::to_string(state.first + 1);
  const std::size_t count = std::min(limit, page_rows);
  std::string from = "+";
  for (std::size_t rows = 0; rows < rows_max; rows += count) {
    auto page = calls.ask(Command{"XREVRANGE", key, from, oldest, "COUNT", count}, key);
    if (!page) return std::move(page).error();
    const bool is_last = page->size() < count;
    for (const Reply& entry : page->elements()) {
      auto row = row_in(entry);
      if (!row) {
        left_out(std::move(row).error());
        continue;
      }
      const WallTime before = row->latest_before;
      take(std::move(*row), state, found);
      keep_newest(found, limit);
      if (is_complete(found, limit, before)) return found;
    }
    if (is_last) return found;
    from = "(" + std::string{(*page)[page->size() - 1][0].text()};
  }
  return found;
}

}  // namespace weft::redis
