// How a history in Redis is read.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "weft/storage/history/columns.hpp"
#include "weft/storage/redis/history_rows.hpp"
#include "weft/storage/redis/redis_history.hpp"
#include "weft/storage/redis/series_reader.hpp"

namespace weft {

namespace {

using redis::Command;
using redis::Reply;

/// Records that are asked for together; one with all its errors may have 100 KB.
constexpr std::size_t page_records = 256;

/// Batches that are asked for together: half a megabyte with what workers send unless told else.
constexpr std::size_t page_batches = 16;

/// Far more than a run has: an end for one that others have made.
constexpr std::size_t batches_max = 2'000'000;

/// Places without a record that are passed over until a list of runs ends.
constexpr std::size_t gaps_max = 100'000;

}  // namespace

// -- runs -----------------------------------------------------------------------------------------

Result<std::vector<RunRecord>> RedisHistory::runs(std::size_t limit,
                                                  const std::string& workflow) const {
  const std::string key = workflow.empty() ? keys_.runs() : keys_.workflow(workflow);
  std::vector<RunRecord> found;
  LeftOut left_out;
  std::string before = "+";
  for (std::size_t seen = 0; found.size() < limit && seen < found.size() + gaps_max;) {
    const std::size_t count = std::min(limit - found.size(), page_records);
    auto page = calls_.ask(Command{"ZREVRANGEBYLEX", key, before, "-", "LIMIT", 0, count}, key);
    if (!page) return std::move(page).error();
    std::vector<std::string> places;
    for (Reply& place : page->elements()) places.push_back(place.take_text());
    if (places.empty()) break;
    if (auto read = read_records(places, found, left_out); !read) return read.error();
    if (places.size() < count) break;
    seen += places.size();
    before = "(" + places.back();
  }
  if (auto readable = checked(left_out, !found.empty()); !readable) return readable.error();
  return found;
}

/// Appends the records of the runs at these places. Those that were dropped meanwhile are none.
Result<void> RedisHistory::read_records(const std::vector<std::string>& places,
                                        std::vector<RunRecord>& found, LeftOut& left_out) const {
  const auto leave_out = [&](Error error) {
    if (left_out.count++ == 0) left_out.first = std::move(error);
  };
  std::vector<RunId> ids;
  Command command{"HMGET", keys_.records()};
  for (const std::string& place : places) {
    if (const auto id = redis::run_at(place)) {
      ids.push_back(*id);
      command.add(id->text());
    } else {
      leave_out(damaged("a run " + in_quotes(place),
                        {.code = Errc::decode_failed, .message = "that is no place of a run"}));
    }
  }
  if (ids.empty()) return {};
  auto rows = calls_.ask(std::move(command), keys_.records());
  if (!rows) return std::move(rows).error();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if ((*rows)[i].is_nil()) continue;
    auto record = redis::read_record(ids[i], (*rows)[i].text());
    if (record) {
      found.push_back(std::move(*record));
    } else {
      leave_out(damaged("the record of run " + ids[i].text(), std::move(record).error()));
    }
  }
  return {};
}

Result<RunRecord> RedisHistory::run(RunId id) const {
  const std::string key = keys_.records();
  auto row = calls_.ask(Command{"HGET", key, id.text()}, key);
  if (!row) return std::move(row).error();
  if (row->is_nil()) return unknown(id);
  auto record = redis::read_record(id, row->text());
  if (!record) return damaged("the record of run " + id.text(), std::move(record).error());
  return record;
}

// -- what belongs to a run ------------------------------------------------------------------------

Result<void> RedisHistory::known(RunId id) const {
  const std::string key = keys_.records();
  auto there = calls_.ask(Command{"HEXISTS", key, id.text()}, key);
  if (!there) return std::move(there).error();
  if (there->integer() != 1) return unknown(id);
  return {};
}

/// Calls `take` with what each row of a stream of batches says, the oldest first, until it fails.
Result<void> RedisHistory::read_rows(RunId id, const std::string& key, const TakeRow& take) const {
  if (auto there = known(id); !there) return there;
  std::string from = "-";
  for (std::size_t rows = 0; rows < batches_max; rows += page_batches) {
    auto page = calls_.ask(Command{"XRANGE", key, from, "+", "COUNT", page_batches}, key);
    if (!page) return std::move(page).error();
    for (const Reply& entry : page->elements()) {
      auto bytes = redis::bytes_of(entry[1][1].text());
      if (!bytes) return std::move(bytes).error();
      if (auto taken = take(*bytes); !taken) return taken;
    }
    if (page->size() < page_batches) break;
    from = "(" + std::string{(*page)[page->size() - 1][0].text()};
  }
  return {};
}

Result<std::vector<TaskMetrics>> RedisHistory::tasks(RunId id) const {
  std::vector<TaskMetrics> tasks;
  const auto take = [&tasks](std::string_view bytes) -> Result<void> {
    if (tasks.size() > history_limits.items) {
      return Error{.code = Errc::limit_exceeded, .message = "there are more than any run has"};
    }
    return decode_tasks(bytes, tasks);
  };
  auto read = read_rows(id, keys_.tasks(id), take);
  if (!read) return damaged("the task metrics of run " + id.text(), read.error());
  return tasks;
}

Result<std::vector<SlotMetrics>> RedisHistory::slots(RunId id) const {
  std::vector<SlotMetrics> slots;
  const auto take = [&slots](std::string_view bytes) -> Result<void> {
    auto some = decode<std::vector<SlotMetrics>>(bytes, history_limits);
    if (!some) return std::move(some).error();
    if (slots.size() > history_limits.items) {
      return Error{.code = Errc::limit_exceeded, .message = "there are more than any run has"};
    }
    slots.insert(slots.end(), some->begin(), some->end());
    return {};
  };
  auto read = read_rows(id, keys_.slots(id), take);
  if (!read) return damaged("the slot metrics of run " + id.text(), read.error());
  return slots;
}

Result<std::vector<RecordedTask>> RedisHistory::graph(RunId id) const {
  if (auto there = known(id); !there) return there.error();
  const std::string key = keys_.graph(id);
  auto row = calls_.ask(Command{"GET", key}, key);
  if (!row) return std::move(row).error();
  if (row->is_nil()) return std::vector<RecordedTask>{};
  auto bytes = redis::bytes_of(row->text());
  if (!bytes) return damaged("the graph of run " + id.text(), std::move(bytes).error());
  auto tasks = decode_graph(*bytes);
  if (!tasks) return damaged("the graph of run " + id.text(), std::move(tasks).error());
  return tasks;
}

// -- samples --------------------------------------------------------------------------------------

Result<std::vector<Sample>> RedisHistory::samples(const std::string& function,
                                                  std::size_t limit) const {
  if (limit == 0) return std::vector<Sample>{};
  const std::string key = keys_.function(function);
  auto series = calls_.ask(Command{"HGETALL", key}, key);
  if (!series) return std::move(series).error();
  std::vector<redis::NumberedSample> found;
  LeftOut left_out;
  const std::size_t last = std::min(series->size(), 2 * options_.max_classes);
  for (std::size_t i = 0; i + 1 < last; i += 2) {
    const SeriesName name{.function = function, .worker_class = std::string{(*series)[i].text()}};
    auto read = read_series(name, (*series)[i + 1].text(), limit, found, left_out);
    if (!read) return read.error();
  }
  if (auto readable = checked(left_out, !found.empty()); !readable) return readable.error();
  std::ranges::sort(found, redis::is_newer);
  std::vector<Sample> newest;
  for (std::size_t i = 0; i < std::min(limit, found.size()); ++i) {
    newest.push_back(std::move(found[i].sample));
  }
  return newest;
}

/// Appends the newest samples of a series.
Result<void> RedisHistory::read_series(const SeriesName& name, std::string_view state_text,
                                       std::size_t limit, std::vector<redis::NumberedSample>& found,
                                       LeftOut& left_out) const {
  const auto leave_out = [&](Error error) {
    if (left_out.count++ > 0) return;
    left_out.first = damaged("a row of samples of " + in_quotes(name.function), std::move(error));
  };
  const auto worker_class = redis::class_of(name.worker_class);
  const auto state = redis::read_series_state(state_text);
  if (!worker_class || !state) {
    leave_out({.code = Errc::decode_failed, .message = "the series is not one of samples"});
    return {};
  }
  const std::string key = keys_.samples(name.function, name.worker_class);
  auto some = redis::read_series(calls_, key, *state, limit, leave_out);
  if (!some) return std::move(some).error();
  for (redis::NumberedSample& one : *some) {
    one.sample.function = name.function;
    one.sample.worker_class = *worker_class;
    found.push_back(std::move(one));
  }
  return {};
}

// -- what goes wrong ------------------------------------------------------------------------------

Result<void> RedisHistory::checked(const LeftOut& left_out, bool found_any) const {
  if (left_out.count == 0) return {};
  if (!found_any) return *left_out.first;
  if (options_.warn && !has_warned_.exchange(true)) options_.warn(*left_out.first);
  return {};
}

Error RedisHistory::unknown(RunId id) const {
  return {.code = Errc::run_unknown,
          .message = "the history " + in_quotes(name_) + " has no run " + id.text(),
          .hint = "list the runs that it has; old ones are dropped"};
}

/// What Redis itself answered, and that there is no such run, stays as it is.
Error RedisHistory::damaged(const std::string& what, Error cause) const {
  if (cause.code == Errc::history_unavailable || cause.code == Errc::run_unknown) return cause;
  return {.code = Errc::history_unavailable,
          .message = fmt::format("{} in the history {} cannot be read", what, in_quotes(name_)),
          .hint =
            "another version of weft may have written it; else it is damaged, and goes when "
            "newer runs are recorded",
          .causes = {std::move(cause)}};
}

}  // namespace weft
