#include "weft/apps/weft/progress_meter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

ProgressMeter after(Nanos elapsed, TaskCounts counts) {
  ProgressMeter meter;
  meter.update(elapsed, counts);
  return meter;
}

TEST(ProgressMeter, KnowsNoEndBeforeThereIsSomethingToGoBy) {
  EXPECT_EQ(after(seconds{1}, {.total = 100}).remaining(), std::nullopt);
  EXPECT_EQ(after(seconds{1}, {.total = 100, .committed = 2}).remaining(), std::nullopt);
}

TEST(ProgressMeter, ExpectsTheRestToGoLikeWhatIsDone) {
  EXPECT_EQ(after(seconds{10}, {.total = 100, .committed = 25}).remaining(), seconds{30});
}

TEST(ProgressMeter, HasNothingLeftWhenAllIsDone) {
  EXPECT_EQ(after(seconds{10}, {.total = 9, .committed = 5, .failed = 2, .skipped = 2}).remaining(),
            std::nullopt);
}

TEST(ProgressMeter, FollowsTheRateOfLate) {
  ProgressMeter meter;
  meter.update(seconds{1}, {.total = 1000, .committed = 10});
  EXPECT_DOUBLE_EQ(meter.rate(), 10);
  for (int i = 2; i <= 40; ++i) {
    meter.update(seconds{i},
                 {.total = 1000, .committed = static_cast<std::uint64_t>(10 + 20 * (i - 1))});
  }
  EXPECT_NEAR(meter.rate(), 20, 0.1);
}

TEST(ProgressMeter, OfARunThatIsJoinedLateCountsOnlyWhatIsDoneFromThenOn) {
  ProgressMeter meter{seconds{100}, {.total = 20, .committed = 9}};
  EXPECT_EQ(meter.remaining(), std::nullopt);
  for (int i = 1; i <= 4; ++i) {
    meter.update(seconds{100 + i}, {.total = 20, .committed = static_cast<std::uint64_t>(9 + i)});
  }
  EXPECT_DOUBLE_EQ(meter.rate(), 1);
  EXPECT_EQ(meter.remaining(), seconds{7});
  EXPECT_EQ(meter.elapsed(), seconds{104});
}

TEST(ProgressMeter, DoesNotLetTimeGoBack) {
  ProgressMeter meter;
  meter.update(seconds{2}, {.total = 10, .committed = 4});
  meter.update(seconds{1}, {.total = 10, .committed = 4});
  EXPECT_EQ(meter.elapsed(), seconds{2});
}

TEST(ProgressBar, NeverTakesMoreThanTheTerminalHas) {
  const TaskCounts counts{
    .total = 123456, .committed = 45678, .failed = 12, .skipped = 3, .retries = 7};
  const ProgressMeter meter = after(seconds{4000}, counts);
  for (std::size_t columns = 0; columns < 200; ++columns) {
    for (const bool fancy : {false, true}) {
      const TextStyle style{.color = fancy, .unicode = fancy};
      EXPECT_LE(columns_of(progress_bar(meter, "workflow", columns, style)),
                std::max<std::size_t>(columns, 2))
        << columns;
    }
  }
}

TEST(ProgressBar, ShowsCountsShareRateAndTimeLeft) {
  const std::string bar =
    progress_bar(after(seconds{10}, {.total = 100, .committed = 25}), "mosaic", 120, {});
  EXPECT_EQ(
    bar, "mosaic  [==========------------------------------]  25/100   25 %  ETA 30s  2.5/s  10s");
}

TEST(ProgressBar, KeepsTheCountsLongest) {
  EXPECT_EQ(progress_bar(after(seconds{10}, {.total = 100, .committed = 25}), "mosaic", 15, {}),
            "25/100   25 %");
}

TEST(ProgressBar, HasNoEscapesWithoutColor) {
  const std::string bar =
    progress_bar(after(seconds{1}, {.total = 4, .committed = 1, .failed = 1}), "w", 100, {});
  EXPECT_THAT(bar, Not(HasSubstr("\x1b")));
  EXPECT_THAT(bar, HasSubstr("1 failed"));
}

TEST(ProgressBar, OfARunWithoutTasksIsEmptyRatherThanWrong) {
  EXPECT_THAT(progress_bar(after(seconds{1}, {}), "w", 60, {}), HasSubstr("0/0"));
}

TEST(ProgressLine, SaysHowTheRunGoesInOneLine) {
  EXPECT_EQ(progress_line(after(seconds{90}, {.total = 100, .committed = 50, .retries = 1}), "w"),
            "w: 50 of 100 tasks  1 retry, 0.6/s, after 1m30s, about 1m30s left");
}

TEST(ProgressLine, CountsWholeSecondsThatHavePassed) {
  EXPECT_THAT(progress_line(after(milliseconds{1990}, {.total = 9, .committed = 1}), "w"),
              HasSubstr("after 1s"));
}

TEST(ProgressLine, ComesLessOftenInALongRun) {
  EXPECT_EQ(progress_interval(milliseconds{100}), seconds{1});
  EXPECT_EQ(progress_interval(seconds{30}), seconds{5});
  EXPECT_EQ(progress_interval(seconds{300}), seconds{30});
}

}  // namespace
}  // namespace weft::cli
