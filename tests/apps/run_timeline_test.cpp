#include "weft/apps/weft/run_timeline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <set>

#include "apps/sample_runs.hpp"

namespace weft::cli {
namespace {

using namespace sample;
using testing::HasSubstr;
using Json = nlohmann::json;

std::string chrome_text(const RunHistory& history) {
  std::string text;
  write_chrome_trace(history, [&text](std::string_view part) { text += part; });
  return text;
}

std::vector<Json> events_of(const RunHistory& history, std::string_view phase) {
  std::vector<Json> found;
  const Json trace = Json::parse(chrome_text(history));
  for (const Json& event : trace["traceEvents"]) {
    if (event["ph"] == phase) found.push_back(event);
  }
  return found;
}

TEST(ChromeTrace, HasASliceForEachTaskOnTheLaneOfItsWorker) {
  const auto slices = events_of(diamond(), "X");
  ASSERT_EQ(slices.size(), 4u);
  std::map<std::string, int> lanes;
  for (const Json& slice : slices) lanes[slice["name"]] = slice["tid"];
  EXPECT_EQ(lanes["split"], lanes["left"]);
  EXPECT_NE(lanes["left"], lanes["right"]);
}

TEST(ChromeTrace, TellsTimesInMicroseconds) {
  for (const Json& slice : events_of(diamond(), "X")) {
    if (slice["name"] != "right") continue;
    EXPECT_EQ(slice["ts"], 25'000.0);
    EXPECT_EQ(slice["dur"], 50'000.0);
    EXPECT_EQ(slice["args"]["wait_for_slot"], "7.00ms");
  }
}

TEST(ChromeTrace, NamesTheProcessAndEachLane) {
  std::set<std::string> names;
  for (const Json& event : events_of(diamond(), "M")) {
    if (event["name"] == "thread_name") names.insert(event["args"]["name"]);
  }
  EXPECT_EQ(names, (std::set<std::string>{"worker 0", "worker 1"}));
}

TEST(ChromeTrace, DrawsAnArrowFromWithinEachParentToEachChild) {
  const auto starts = events_of(diamond(), "s");
  const auto ends = events_of(diamond(), "f");
  ASSERT_EQ(starts.size(), 4u);
  ASSERT_EQ(ends.size(), 4u);
  for (const Json& start : starts) {
    bool inside = false;
    for (const Json& slice : events_of(diamond(), "X")) {
      const double begin = slice["ts"];
      const double end = begin + slice["dur"].get<double>();
      inside |= slice["tid"] == start["tid"] && begin <= start["ts"] && start["ts"] < end;
    }
    EXPECT_TRUE(inside) << start;
  }
}

TEST(ChromeTrace, GivesAttemptsThatOverlapOnOneWorkerLanesOfTheirOwn) {
  RunHistory history = diamond();
  for (TaskMetrics& attempt : history.attempts) attempt.worker = WorkerId{0};
  history.attempts[1].started = milliseconds{30};
  history.attempts[1].finished = milliseconds{40};
  std::set<int> lanes;
  for (const Json& slice : events_of(history, "X")) lanes.insert(slice["tid"].get<int>());
  EXPECT_EQ(lanes.size(), 2u);
}

TEST(ChromeTrace, ShowsEveryAttemptOfATask) {
  RunHistory history = diamond();
  TaskMetrics failed = history.attempts[2];
  failed.outcome = AttemptOutcome::failed;
  failed.finished = milliseconds{30};
  history.attempts[2].attempt = 2;
  history.attempts[2].started = milliseconds{40};
  history.attempts.push_back(failed);
  EXPECT_EQ(events_of(history, "X").size(), 5u);
}

TEST(ChromeTrace, EscapesNamesWhateverTheyHold) {
  RunHistory history = diamond();
  history.graph[0].name = "a\"b\\c\n\xff</script>";
  history.record.workflow = "\"";
  EXPECT_EQ(events_of(history, "X").size(), 4u);
}

TEST(ChromeTrace, OfARunThatMeasuredNothingIsStillATrace) {
  EXPECT_TRUE(Json::parse(chrome_text({})).contains("traceEvents"));
}

TEST(CsvTrace, HasALineForEachAttemptBelowTheTitles) {
  RunHistory history = diamond();
  history.graph[0].name = "a,\"b\"";
  std::string text;
  EXPECT_EQ(write_csv_trace(history, [&text](std::string_view part) { text += part; }).slices, 4u);
  EXPECT_THAT(text, HasSubstr("\n0,\"a,\"\"b\"\"\",split@1,1,0,committed,1000000,"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
}

}  // namespace
}  // namespace weft::cli
