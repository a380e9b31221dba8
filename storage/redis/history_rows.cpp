#include "weft/storage/redis/history_rows.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <tuple>

#include <fmt/format.h>

namespace weft::redis {

namespace {

constexpr std::size_t time_digits = 16;
constexpr std::size_t place_size = 29;  // And 13 characters of an id.

/// Layout, tasks, place, length of the workflow's name; as the script that puts runs unpacks them.
constexpr std::size_t header_size = 1 + 4 + place_size + 2;

/// Enough for the errors of a run.
constexpr DecodeLimits record_limits{.items = 10'000, .bytes = 16u << 20, .depth = 32};

/// Many more than a batch gives.
constexpr std::size_t samples_of_row_max = 100'000;

Error damaged(std::string problem) {
  return {.code = Errc::decode_failed, .message = std::move(problem)};
}

void append_big_endian(Blob& bytes, std::uint64_t number, int size) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    bytes += static_cast<char>(number >> shift & 0xff);
  }
}

/// Everything of a record that its header does not say.
using RecordBody = std::tuple<std::string, std::int64_t, std::optional<std::int64_t>, std::uint8_t,
                              std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t,
                              std::uint64_t, std::uint32_t, std::vector<Error>>;

RecordBody body_of(const RunRecord& record) {
  std::optional<std::int64_t> makespan;
  if (record.makespan) makespan = record.makespan->count();
  const auto errors = std::min(record.errors.size(), max_recorded_errors);
  return {record.planner,
          record.submitted.time_since_epoch().count(),
          makespan,
          static_cast<std::uint8_t>(record.state),
          record.tasks.total,
          record.tasks.committed,
          record.tasks.failed,
          record.tasks.skipped,
          record.tasks.retries,
          record.workers,
          {record.errors.begin(), record.errors.begin() + static_cast<std::ptrdiff_t>(errors)}};
}

Result<RunRecord> record_of(RunId run, std::string_view workflow, RecordBody body) {
  auto& [planner, submitted, makespan, state, total, committed, failed, skipped, retries, workers,
         errors] = body;
  if (state > static_cast<std::uint8_t>(RunState::cancelled)) {
    return damaged(fmt::format("there is no state {} of a run", state));
  }
  RunRecord record{.id = run,
                   .workflow = std::string{workflow},
                   .planner = std::move(planner),
                   .submitted = WallTime{Nanos{submitted}},
                   .state = static_cast<RunState>(state),
                   .tasks = {.total = total,
                             .committed = committed,
                             .failed = failed,
                             .skipped = skipped,
                             .retries = retries},
                   .workers = workers,
                   .errors = std::move(errors)};
  if (makespan) record.makespan = Nanos{*makespan};
  return record;
}

template <class Number>
std::optional<Number> number_in(std::string_view text, int base = 10) {
  Number number{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

Blob row_of(Blob bytes) {
  bytes.insert(bytes.begin(), static_cast<char>(row_layout));
  return bytes;
}

Result<std::string_view> bytes_of(std::string_view row) {
  if (row.empty()) return damaged("the row is empty");
  if (row.size() > row_max.count) {
    return Error{.code = Errc::limit_exceeded, .message = "the row is larger than any is"};
  }
  if (const auto layout = static_cast<std::uint8_t>(row.front()); layout != row_layout) {
    return damaged(
      fmt::format("the row has layout {}, this weft knows layout {}", layout, row_layout));
  }
  return row.substr(1);
}

// -- records of runs ------------------------------------------------------------------------------

std::string ordered_text(WallTime time) {
  constexpr auto sign = std::uint64_t{1} << 63;  // Negative times come first.
  const auto number = static_cast<std::uint64_t>(time.time_since_epoch().count()) ^ sign;
  return fmt::format("{:016x}", number);
}

std::optional<WallTime> time_of(std::string_view text) {
  constexpr auto sign = std::uint64_t{1} << 63;
  if (text.size() != time_digits) return std::nullopt;
  const auto number = number_in<std::uint64_t>(text, 16);
  if (!number) return std::nullopt;
  return WallTime{Nanos{static_cast<std::int64_t>(*number ^ sign)}};
}

std::string place_of(const RunRecord& record) {
  return ordered_text(record.submitted) + record.id.text();
}

std::optional<RunId> run_at(std::string_view place) {
  if (place.size() != place_size) return std::nullopt;
  return RunId::parse(place.substr(time_digits));
}

std::uint32_t counted_tasks(const RunRecord& record) {
  // Ids of tasks have 32 bits, so no run has more.
  constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::min(record.tasks.total, most));
}

Result<Blob> record_row(const RunRecord& record) {
  constexpr std::size_t name_max = std::numeric_limits<std::uint16_t>::max();
  if (record.workflow.size() > name_max) {
    return Error{.code = Errc::limit_exceeded,
                 .message = "the name of the workflow of run " + record.id.text() +
                            " is too long to be recorded",
                 .hint = "names of workflows have at most 128 characters"};
  }
  Blob row(1, static_cast<char>(row_layout));
  append_big_endian(row, counted_tasks(record), 4);
  row += place_of(record);
  append_big_endian(row, record.workflow.size(), 2);
  row += record.workflow;
  encode(body_of(record), row);
  return row;
}

Result<RunRecord> read_record(RunId run, std::string_view row) {
  auto bytes = bytes_of(row);
  if (!bytes) return std::move(bytes).error();
  if (row.size() < header_size) return damaged("the row ends too early");
  const auto high = static_cast<std::uint8_t>(row[header_size - 2]);
  const auto low = static_cast<std::uint8_t>(row[header_size - 1]);
  const std::size_t name_size = std::size_t{high} * 256 + low;
  row.remove_prefix(header_size);
  if (row.size() < name_size) return damaged("the row ends too early");
  auto body = decode<RecordBody>(row.substr(name_size), record_limits);
  if (!body) return std::move(body).error();
  return record_of(run, row.substr(0, name_size), std::move(*body));
}

// -- samples --------------------------------------------------------------------------------------

std::string class_text(const WorkerClass& worker_class) {
  return fmt::format("{}x{}", worker_class.cpus, worker_class.memory.count);
}

std::optional<WorkerClass> class_of(std::string_view text) {
  const auto cross = text.rfind('x');
  if (cross == std::string_view::npos) return std::nullopt;
  const auto cpus_text = text.substr(0, cross);
  double cpus = 0;
  const char* const cpus_end = cpus_text.data() + cpus_text.size();
  const auto [end, failure] = std::from_chars(cpus_text.data(), cpus_end, cpus);
  const auto memory = number_in<std::uint64_t>(text.substr(cross + 1));
  if (failure != std::errc{} || end != cpus_end || !memory) return std::nullopt;
  return WorkerClass{.cpus = cpus, .memory = {*memory}};
}

namespace {

/// When the run was submitted; then for each sample what the columns are called in `Sample`.
using SampleColumns =
  std::tuple<std::int64_t, std::vector<std::int64_t>, std::vector<std::int64_t>,
             std::vector<std::int64_t>, std::vector<std::uint64_t>, std::vector<std::uint64_t>>;

}  // namespace

Blob samples_row(const std::vector<Sample>& samples) {
  SampleColumns columns;
  auto& [at, wait, execution, publish, input_size, output_size] = columns;
  at = samples.front().at.time_since_epoch().count();
  for (const Sample& sample : samples) {
    wait.push_back(sample.wait.count());
    execution.push_back(sample.execution.count());
    publish.push_back(sample.publish.count());
    input_size.push_back(sample.input_size.count);
    output_size.push_back(sample.output_size.count);
  }
  Blob row(1, static_cast<char>(row_layout));
  encode(columns, row);
  return row;
}

Result<std::vector<Sample>> read_samples(std::string_view row) {
  auto bytes = bytes_of(row);
  if (!bytes) return std::move(bytes).error();
  constexpr DecodeLimits limits{.items = samples_of_row_max, .bytes = 1u << 20, .depth = 4};
  auto columns = decode<SampleColumns>(*bytes, limits);
  if (!columns) return std::move(columns).error();
  const auto& [at, wait, execution, publish, input_size, output_size] = *columns;
  const std::array sizes{execution.size(), publish.size(), input_size.size(), output_size.size()};
  if (std::ranges::any_of(sizes, [&](std::size_t size) { return size != wait.size(); })) {
    return damaged("the columns of a row of samples do not fit together");
  }
  std::vector<Sample> samples(wait.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i].at = WallTime{Nanos{at}};
    samples[i].wait = Nanos{wait[i]};
    samples[i].execution = Nanos{execution[i]};
    samples[i].publish = Nanos{publish[i]};
    samples[i].input_size = {input_size[i]};
    samples[i].output_size = {output_size[i]};
  }
  return samples;
}

std::optional<SeriesState> read_series_state(std::string_view text) {
  std::array<std::uint64_t, 3> numbers{};
  for (std::uint64_t& number : numbers) {
    const auto space = text.find(' ');
    const auto read = number_in<std::uint64_t>(text.substr(0, space));
    if (!read || space == std::string_view::npos) return std::nullopt;
    number = *read;
    text.remove_prefix(space + 1);
  }
  return SeriesState{.ordinal = numbers[0], .after = numbers[1], .first = numbers[2]};
}

}  // namespace weft::redis
