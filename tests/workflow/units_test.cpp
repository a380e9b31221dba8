#include "weft/workflow/units.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace weft {
namespace {

using namespace std::chrono_literals;

constexpr Nanos longest = Nanos::max();

Nanos duration(std::string_view text) {
  const auto parsed = parse_duration(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed ? *parsed : Nanos{-1};
}

std::uint64_t bytes(std::string_view text) {
  const auto parsed = parse_bytes(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed ? parsed->count : 0;
}

TEST(ParseDuration, ReadsEveryUnit) {
  EXPECT_EQ(duration("5ns"), 5ns);
  EXPECT_EQ(duration("10us"), 10us);
  EXPECT_EQ(duration("250ms"), 250ms);
  EXPECT_EQ(duration("30s"), 30s);
  EXPECT_EQ(duration("5m"), 5min);
  EXPECT_EQ(duration("1h"), 1h);
}

TEST(ParseDuration, ReadsFractionsExactly) {
  EXPECT_EQ(duration("1.5s"), 1500ms);
  EXPECT_EQ(duration("0.1s"), 100ms);
  EXPECT_EQ(duration("1.000000001s"), 1000000001ns);
  EXPECT_EQ(duration("0.5h"), 30min);
  EXPECT_EQ(duration("9007199254740993.0ns"), Nanos{9007199254740993});  // Beyond a double.
}

TEST(ParseDuration, RoundsToTheNearestNanosecond) {
  EXPECT_EQ(duration("1.4999us"), 1500ns);
  EXPECT_EQ(duration("1.0004us"), 1000ns);
  EXPECT_EQ(duration("0.33333333333333333333333333333s"), 333333333ns);
}

TEST(ParseDuration, ReadsZeroWithAUnit) {
  EXPECT_EQ(duration("0s"), 0s);
}

TEST(ParseDuration, AsksForAUnitWhenThereIsNone) {
  for (const std::string_view text : {"30", "0", "1.5"}) {
    const auto parsed = parse_duration(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, Errc::invalid_argument);
    EXPECT_EQ(parsed.error().hint, "durations need a unit, for example 30s");
  }
}

TEST(ParseDuration, RefusesWhatIsNotOneNumberAndOneUnit) {
  for (const std::string_view text :
       {"",     "s",   "-1s", "+1s",   " 1s",    "1s ",  "1 s",   "1S",  "1sec", "1h30m",
        "1,5s", "1.s", ".5s", "1..5s", "1.5.2s", "1e3s", "0x10s", "nan", "infs", "1\0s"}) {
    const auto parsed = parse_duration(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, Errc::invalid_argument) << text;
    EXPECT_FALSE(parsed.error().hint.empty()) << text;
  }
}

TEST(ParseDuration, NamesTheTextThatIsWrong) {
  EXPECT_EQ(parse_duration("soon").error().message, "'soon' is not a duration");
}

TEST(ParseDuration, ReadsTheLongestDurationAndNothingLonger) {
  EXPECT_EQ(duration("9223372036854775807ns"), longest);
  EXPECT_EQ(duration("2562047h"), 2562047h);
  for (const std::string_view text :
       {"9223372036854775808ns", "2562048h", "999999999999999999h", "99999999999999999999999s"}) {
    EXPECT_EQ(parse_duration(text).error().code, Errc::limit_exceeded) << text;
  }
  EXPECT_FALSE(parse_duration(std::string(100'000, '9') + "s").has_value());
}

TEST(ParseDuration, RefusesWhatWouldBecomeZero) {
  EXPECT_EQ(parse_duration("0.1ns").error().code, Errc::limit_exceeded);
}

TEST(ParseBytes, ReadsBinaryAndDecimalUnits) {
  EXPECT_EQ(bytes("100B"), 100u);
  EXPECT_EQ(bytes("64KiB"), 65536u);
  EXPECT_EQ(bytes("512MiB"), 512u << 20);
  EXPECT_EQ(bytes("1GiB"), 1u << 30);
  EXPECT_EQ(bytes("2TiB"), 2ull << 40);
  EXPECT_EQ(bytes("10KB"), 10'000u);
  EXPECT_EQ(bytes("10kB"), 10'000u);
  EXPECT_EQ(bytes("10MB"), 10'000'000u);
  EXPECT_EQ(bytes("1GB"), 1'000'000'000u);
  EXPECT_EQ(bytes("1TB"), 1'000'000'000'000u);
  EXPECT_EQ(bytes("1.5KiB"), 1536u);
}

TEST(ParseBytes, AsksForAUnitWhenThereIsNone) {
  EXPECT_EQ(parse_bytes("512").error().hint, "sizes need a unit, for example 512MiB");
}

TEST(ParseBytes, RefusesWhatIsNotOneNumberAndOneUnit) {
  for (const std::string_view text : {"", "MiB", "-1B", "1 MiB", "1M", "1mb", "1Mib", "1KiB/s"}) {
    const auto parsed = parse_bytes(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, Errc::invalid_argument) << text;
    EXPECT_FALSE(parsed.error().hint.empty()) << text;
  }
}

TEST(ParseBytes, ReadsTheLargestSizeAndNothingLarger) {
  EXPECT_EQ(bytes("18446744073709551615B"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(bytes("16777215TiB"), 16777215ull << 40);
  EXPECT_EQ(parse_bytes("18446744073709551616B").error().code, Errc::limit_exceeded);
  EXPECT_EQ(parse_bytes("16777216TiB").error().code, Errc::limit_exceeded);
}

TEST(FormatDuration, ShowsThreeFiguresInTheUnitThatSuits) {
  EXPECT_EQ(format_duration(5ns), "5ns");
  EXPECT_EQ(format_duration(42us), "42.0us");
  EXPECT_EQ(format_duration(310ms), "310ms");
  EXPECT_EQ(format_duration(1250ms), "1.25s");
  EXPECT_EQ(format_duration(90s), "1.50m");
  EXPECT_EQ(format_duration(100h), "100h");
}

TEST(FormatDuration, TakesTheNextUnitWhenRoundingReachesIt) {
  EXPECT_EQ(format_duration(999ns), "999ns");
  EXPECT_EQ(format_duration(9'994ns), "9.99us");
  EXPECT_EQ(format_duration(9'996ns), "10.0us");
  EXPECT_EQ(format_duration(999'400ns), "999us");
  EXPECT_EQ(format_duration(999'600ns), "1.00ms");
  EXPECT_EQ(format_duration(59'940ms), "59.9s");
  EXPECT_EQ(format_duration(59'960ms), "1.00m");
  EXPECT_EQ(format_duration(3599s), "1.00h");
}

TEST(FormatDuration, ShowsTheExtremes) {
  EXPECT_EQ(format_duration(Nanos::zero()), "0s");
  EXPECT_EQ(format_duration(-1500ms), "-1.50s");
  EXPECT_EQ(format_duration(Nanos::max()), "2562048h");
  EXPECT_EQ(format_duration(Nanos::min()), "-2562048h");
}

TEST(FormatDuration, CanBeReadAgain) {
  for (const Nanos shown : {Nanos{5ns}, Nanos{42us}, Nanos{310ms}, Nanos{1250ms}, Nanos{90s}}) {
    EXPECT_EQ(duration(format_duration(shown)), shown);
  }
}

TEST(FormatBytes, ShowsThreeFiguresInABinaryUnit) {
  EXPECT_EQ(format_bytes({0}), "0B");
  EXPECT_EQ(format_bytes({1023}), "1023B");
  EXPECT_EQ(format_bytes({1024}), "1.00KiB");
  EXPECT_EQ(format_bytes({1'572'864}), "1.50MiB");
  EXPECT_EQ(format_bytes({10ull << 30}), "10.0GiB");
  EXPECT_EQ(format_bytes({500ull << 40}), "500TiB");
}

TEST(FormatBytes, TakesTheNextUnitWhenRoundingReachesIt) {
  EXPECT_EQ(format_bytes({1023 * 1024}), "1023KiB");
  EXPECT_EQ(format_bytes({1024 * 1024 - 1}), "1.00MiB");
  EXPECT_EQ(format_bytes({std::numeric_limits<std::uint64_t>::max()}), "16.0EiB");
}

TEST(FormatTime, ShowsCalendarTimeInUtcWithMilliseconds) {
  using namespace std::chrono;
  const WallTime noon = sys_days{2026y / January / 31} + 12h + 123ms + 999us;
  EXPECT_EQ(format_time(noon), "2026-01-31T12:00:00.123Z");
  EXPECT_EQ(format_time(WallTime{}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(WallTime{-1ns}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_time(sys_days{2024y / February / 29} + 23h + 59min + 59s),
            "2024-02-29T23:59:59.000Z");
}

TEST(Bytes, AddUp) {
  Bytes total{1};
  total += Bytes{2};
  EXPECT_EQ(total + Bytes{3}, Bytes{6});
  EXPECT_LT(Bytes{1}, total);
}

}  // namespace
}  // namespace weft
