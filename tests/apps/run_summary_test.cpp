#include "weft/apps/weft/run_summary.hpp"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/sample_runs.hpp"
#include "weft/apps/weft/summary_json.hpp"
#include "weft/apps/weft/summary_text.hpp"

namespace weft::cli {
namespace {

using namespace sample;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

RunSummary summary_of(const RunHistory& history) {
  return summarize(history.record, history.attempts, history.slots, history.graph);
}

std::vector<std::string> names_of(const CriticalPath& path) {
  std::vector<std::string> names;
  for (const CriticalStep& step : path.steps) names.push_back(step.task);
  return names;
}

TEST(ObservedRun, SplitsTheTimeOfATaskFromWhenItWasReady) {
  const ObservedRun run = observe(diamond().attempts, diamond().graph);
  const Phases& right = run.tasks[2].phases;
  EXPECT_EQ(right.queue, milliseconds{3});
  EXPECT_EQ(right.inputs, milliseconds{3});
  EXPECT_EQ(right.slot, milliseconds{7});
  EXPECT_EQ(right.execute, milliseconds{50});
  EXPECT_EQ(right.publish, milliseconds{5});
  EXPECT_EQ(right.total(), milliseconds{80 - 12});
}

TEST(ObservedRun, CountsEarlierAttemptsAsRetries) {
  auto attempts = diamond().attempts;
  TaskMetrics second = attempts[2];
  attempts[2].outcome = AttemptOutcome::failed;
  second.attempt = 2;
  second.claimed = second.inputs_ready = milliseconds{85};
  second.started = milliseconds{86};
  second.finished = milliseconds{90};
  second.committed = milliseconds{91};
  attempts.push_back(second);
  const ObservedRun run = observe(attempts, diamond().graph);
  EXPECT_EQ(run.tasks[2].attempts, 2u);
  EXPECT_TRUE(run.tasks[2].committed);
  EXPECT_EQ(run.tasks[2].phases.retries, milliseconds{85 - 15});
  EXPECT_EQ(run.tasks[2].phases.execute, milliseconds{4});
}

TEST(ObservedRun, JoinsTheElementsOfAMapWithTheirOwnKindAndWhoGathersThem) {
  // list, then map of two templates a and b over two rows, then a task that gathers b.
  const std::vector<RecordedTask> graph{
    recorded(0, "list", "list@1", {}), recorded(1, "map", "weft.map@1", {0}),
    recorded(2, "a", "a@1", {1}), recorded(3, "b", "b@1", {2}), recorded(4, "sum", "sum@1", {3})};
  const std::vector<TaskMetrics> attempts{
    attempt(0, 0, {0, 0, 0, 1, 1}),    attempt(1, 0, {1, 1, 1, 2, 2}),
    element(5, 2, 0, {2, 2, 2, 3, 3}), element(6, 3, 0, {3, 3, 3, 4, 4}),
    element(7, 2, 1, {2, 2, 2, 5, 5}), element(8, 3, 1, {5, 5, 5, 6, 6}),
    attempt(4, 0, {6, 6, 6, 7, 7})};
  const ObservedRun run = observe(attempts, graph);
  const auto names = [&](const ObservedTask& task) {
    std::vector<std::string> out;
    for (const std::uint32_t on : task.dependencies) out.push_back(run.tasks[on].name);
    return out;
  };
  std::map<std::string, std::vector<std::string>> needs;
  for (const ObservedTask& task : run.tasks) needs[task.name] = names(task);
  EXPECT_THAT(needs["a[1]"], ElementsAre("map"));
  EXPECT_THAT(needs["b[1]"], ElementsAre("a[1]"));
  EXPECT_THAT(needs["sum"], ElementsAre("b[0]", "b[1]"));
  EXPECT_EQ(run.tasks.size(), 7u);
}

TEST(ObservedRun, TakesATaskAsCommittedWhenAnotherBeganOnItOrTheRunEnded) {
  const std::vector<RecordedTask> graph{recorded(0, "a", "f@1", {}), recorded(1, "b", "f@1", {0})};
  const std::vector<TaskMetrics> attempts{attempt(0, 0, {0, 0, 0, 3, 9}),
                                          attempt(1, 1, {5, 5, 5, 8, 20})};
  const ObservedRun run = observe(attempts, graph, milliseconds{12});
  EXPECT_EQ(run.tasks[0].end, milliseconds{5});
  EXPECT_EQ(run.tasks[0].phases.publish, milliseconds{2});
  EXPECT_EQ(run.tasks[1].end, milliseconds{12});
  EXPECT_EQ(run.tasks[1].phases.total(), milliseconds{7});
}

TEST(ObservedRun, FollowsEdgesThroughTasksThatNobodyMeasured) {
  const std::vector<RecordedTask> graph{recorded(0, "a", "f@1", {}), recorded(1, "b", "f@1", {0}),
                                        recorded(2, "c", "f@1", {1})};
  const std::vector<TaskMetrics> attempts{attempt(0, 0, {0, 0, 0, 5, 5}),
                                          attempt(2, 0, {5, 5, 5, 9, 9})};
  const RunSummary summary = summarize({}, attempts, {}, graph);
  EXPECT_THAT(names_of(summary.critical_path), ElementsAre("a", "c"));
}

TEST(RunSummary, TakesTheChainThatDecidedTheEndAsTheCriticalPath) {
  const RunSummary summary = summary_of(diamond());
  EXPECT_THAT(names_of(summary.critical_path), ElementsAre("split", "right", "join"));
}

TEST(RunSummary, SplitsTheMakespanAlongTheCriticalPathUntilTheLastCommit) {
  EXPECT_EQ(summary_of(diamond()).critical_path.phases.total(), milliseconds{98});
}

TEST(RunSummary, TellsTheLongestChainOfExecutionAlone) {
  EXPECT_EQ(summary_of(diamond()).longest_execution, milliseconds{8 + 50 + 9});
}

TEST(RunSummary, SaysHowShortARunCanBecomeOfThoseThatSucceededAlone) {
  RunHistory history = diamond();
  EXPECT_THAT(summary_text(summary_of(history), {}), HasSubstr("no number of workers"));
  history.record.state = RunState::cancelled;
  EXPECT_THAT(summary_text(summary_of(history), {}), Not(HasSubstr("no number of workers")));
}

TEST(RunSummary, AddsUpTheTasksOfAFunctionAndSortsByExecution) {
  const RunSummary summary = summary_of(diamond());
  ASSERT_EQ(summary.functions.size(), 3u);
  EXPECT_EQ(summary.functions[0].function, "half@1");
  EXPECT_EQ(summary.functions[0].tasks, 2u);
  EXPECT_EQ(summary.functions[0].phases.execute, milliseconds{56});
  EXPECT_EQ(summary.functions[0].longest_execution, milliseconds{50});
}

TEST(RunSummary, CountsColdAndWarmStartsAndHowBusyWorkersWere) {
  const RunSummary summary = summary_of(diamond());
  EXPECT_EQ(summary.slots.cold, 1u);
  EXPECT_EQ(summary.slots.warm, 1u);
  EXPECT_EQ(summary.slots.starting, milliseconds{3});
  EXPECT_EQ(summary.slots.workers, 2u);
  EXPECT_DOUBLE_EQ(summary.slots.busy.value(), (8 + 6 + 50 + 9) / 200.0);
}

TEST(RunSummary, OfARunWithoutItsGraphHasNoCriticalPath) {
  RunHistory history = diamond();
  history.graph.clear();
  const RunSummary summary = summary_of(history);
  EXPECT_TRUE(summary.critical_path.steps.empty());
  EXPECT_EQ(summary.phases.queue, Nanos{});
  EXPECT_THAT(summary_text(summary, {}), Not(HasSubstr("critical path")));
}

TEST(RunSummary, OfARunThatHasDoneNothingYetIsShownAllTheSame) {
  const RunSummary summary = summarize({.workflow = "w"}, {}, {}, {});
  const std::string text = summary_text(summary, {});
  EXPECT_THAT(text, HasSubstr("running"));
  EXPECT_THAT(text, HasSubstr("not yet known"));
}

TEST(RunSummary, SurvivesAGraphThatIsNone) {
  const std::vector<RecordedTask> circle{recorded(0, "a", "f@1", {1}), recorded(1, "b", "f@1", {0}),
                                         recorded(2, "c", "f@1", {2, 77})};
  const std::vector<TaskMetrics> attempts{
    attempt(0, 0, {0, 0, 0, 5, 5}), attempt(1, 0, {5, 5, 5, 9, 9}), attempt(2, 0, {5, 5, 5, 9, 9})};
  EXPECT_THAT(names_of(summarize({}, attempts, {}, circle).critical_path), ElementsAre("c"));
}

TEST(RunSummary, FollowsAChainOfAHundredThousandTasks) {
  std::vector<RecordedTask> graph;
  std::vector<TaskMetrics> attempts;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    graph.push_back(recorded(
      i, "t", "f@1", i == 0 ? std::vector<std::uint32_t>{} : std::vector<std::uint32_t>{i - 1}));
    const int at = static_cast<int>(i);
    attempts.push_back(attempt(i, 0, {at, at, at, at + 1, at + 1}));
  }
  EXPECT_EQ(summarize({}, attempts, {}, graph).critical_path.steps.size(), 100'000u);
}

TEST(SummaryText, CutsALongPathInTheMiddleAndCountsWhatItLeavesOut) {
  RunSummary summary = summary_of(diamond());
  summary.critical_path.steps.assign(20, {"step", "f@1", WorkerId{0}, {}});
  summary.critical_path.steps.front().task = "first";
  summary.critical_path.steps.back().task = "last";
  const std::string text = summary_text(summary, {.critical_steps = 4});
  EXPECT_THAT(text, HasSubstr("... 16 more ..."));
  EXPECT_THAT(text, HasSubstr("first"));
  EXPECT_THAT(text, HasSubstr("last"));
}

TEST(SummaryText, ShowsErrorsWithTheirCauses) {
  RunHistory history = diamond();
  history.record.state = RunState::failed;
  history.record.tasks.failed = 7;
  history.record.errors = {{.code = Errc::task_failed,
                            .message = "boom",
                            .task = "right",
                            .attempt = 2,
                            .causes = {{.code = Errc::io_failed, .message = "disk"}}}};
  const std::string text = summary_text(summary_of(history), {});
  EXPECT_THAT(text, HasSubstr("boom"));
  EXPECT_THAT(text, HasSubstr("at task right, attempt 2"));
  EXPECT_THAT(text, HasSubstr("- disk"));
  EXPECT_THAT(text, HasSubstr("and 6 more"));
}

TEST(SummaryText, ShowsSharesOfTheMakespan) {
  EXPECT_EQ(share_text(milliseconds{12}, milliseconds{100}), "12 %");
  EXPECT_EQ(share_text(milliseconds{4}, milliseconds{1000}), "0.4 %");
  EXPECT_EQ(share_text(milliseconds{1}, milliseconds{0}), "-");
}

TEST(SummaryJson, HasTheVerdictAndTheCriticalPath) {
  const Json json = json_of(summary_of(diamond()));
  EXPECT_EQ(json["state"], "succeeded");
  EXPECT_EQ(json["makespan_ns"], 100'000'000);
  EXPECT_EQ(json["critical_path"]["steps"].size(), 3u);
  EXPECT_EQ(json["slots"]["cold_starts"], 1);
}

TEST(SummaryJson, SurvivesBytesThatAreNoText) {
  RunHistory history = diamond();
  history.record.errors = {{.message = "\xff\xfe"}};
  EXPECT_FALSE(text_of(json_of(summary_of(history)), JsonLayout::line).empty());
}

}  // namespace
}  // namespace weft::cli
