// Rows of a history in Redis: what is written is read back, and anything else is refused.

#include <limits>
#include <random>

#include "storage/history/history_fixture.hpp"
#include "weft/storage/redis/history_rows.hpp"

namespace weft::test {
namespace {

using ::testing::HasSubstr;

RunRecord full_record() {
  RunRecord run = record(7);
  run.makespan = Nanos{-5};
  run.state = RunState::cancelled;
  run.tasks = {.total = ~std::uint64_t{0}, .committed = 2, .failed = 1, .skipped = 3, .retries = 4};
  run.workers = 9;
  run.errors = {{.code = Errc::task_failed, .message = "no luck", .attempt = 2}};
  return run;
}

std::vector<Sample> some_samples() {
  std::vector<Sample> samples(3);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i].at = WallTime{Nanos{77}};
    samples[i].wait = Nanos{static_cast<std::int64_t>(i) - 1};
    samples[i].execution = Nanos{std::numeric_limits<std::int64_t>::max()};
    samples[i].output_size = {~std::uint64_t{0}};
  }
  return samples;
}

/// Every row that is cut short, has more behind it, or has a byte changed is read or refused.
template <class Read>
void spoil(const Blob& row, Read read) {
  for (std::size_t size = 0; size < row.size(); ++size) {
    EXPECT_FALSE(read(row.substr(0, size))) << "cut to " << size;
  }
  EXPECT_FALSE(read(row + '\0'));
  std::mt19937 dice{1};
  for (int i = 0; i < 5'000; ++i) {
    Blob spoilt = row;
    spoilt[dice() % row.size()] = static_cast<char>(dice());
    (void)read(spoilt);
  }
}

TEST(HistoryRows, KeepRecordsWhole) {
  const Blob row = redis::record_row(full_record()).value();
  EXPECT_EQ(redis::read_record(RunId{7}, row).value(), full_record());
  spoil(row, [](std::string_view bytes) { return redis::read_record(RunId{7}, bytes); });
}

TEST(HistoryRows, KeepSamplesWithoutFunctionAndClass) {
  const Blob row = redis::samples_row(some_samples());
  EXPECT_EQ(redis::read_samples(row).value(), some_samples());
  spoil(row, [](std::string_view bytes) { return redis::read_samples(bytes); });
}

TEST(HistoryRows, OfAnotherLayoutAreRefusedWithBothLayouts) {
  Blob row = redis::row_of("anything");
  EXPECT_EQ(redis::bytes_of(row).value(), "anything");
  row[0] = 9;
  const Error error = redis::bytes_of(row).error();
  EXPECT_EQ(error.code, Errc::decode_failed);
  EXPECT_THAT(error.message, HasSubstr("layout 9, this weft knows layout 1"));
}

TEST(HistoryRows, TellPlacesInTheOrderOfSubmission) {
  std::vector<std::string> places;
  constexpr auto last = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t at : {-last, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, last}) {
    RunRecord run = record(3);
    run.submitted = WallTime{Nanos{at}};
    places.push_back(redis::place_of(run));
    EXPECT_EQ(redis::time_of(redis::ordered_text(run.submitted)), run.submitted);
    EXPECT_EQ(redis::run_at(places.back()), run.id);
  }
  EXPECT_TRUE(std::ranges::is_sorted(places));
  EXPECT_FALSE(redis::run_at("nothing"));
  EXPECT_FALSE(redis::time_of("-000000000000001"));
}

TEST(HistoryRows, SpellWorkerClasses) {
  for (const WorkerClass& one : {WorkerClass{}, WorkerClass{.cpus = 0.1, .memory = {512}},
                                 WorkerClass{.cpus = 1e300, .memory = {~std::uint64_t{0}}}}) {
    EXPECT_EQ(redis::class_of(redis::class_text(one)), one);
  }
  for (const char* text : {"", "x", "1x", "x1", "1x2x", "1 x2", "1x-2"}) {
    EXPECT_FALSE(redis::class_of(text)) << text;
  }
}

TEST(HistoryRows, RefuseStatesOfSeriesThatAreNone) {
  const auto state = redis::read_series_state("1 20 3 1700000000 0000");
  ASSERT_TRUE(state);
  EXPECT_EQ(state->ordinal, 1u);
  EXPECT_EQ(state->after, 20u);
  EXPECT_EQ(state->first, 3u);
  for (const char* text : {"", "1 2", "1 2 3", "a b c d", "1 -2 3 4", "1  2 3 4"}) {
    EXPECT_FALSE(redis::read_series_state(text)) << text;
  }
}

TEST(HistoryRows, DoNotTakeAWorkflowWhoseNameIsTooLong) {
  EXPECT_EQ(redis::record_row(record(1, std::string(70'000, 'x'))).error().code,
            Errc::limit_exceeded);
}

}  // namespace
}  // namespace weft::test
