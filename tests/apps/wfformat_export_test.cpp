#include "weft/apps/weft/wfformat_export.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "apps/sample_runs.hpp"
#include "weft/apps/weft/run_reference.hpp"
#include "weft/runtime/harness.hpp"
#include "weft/workflow/generators/generator.hpp"
#include "weft/workflow/importers/replay.hpp"
#include "weft/workflow/importers/wfformat.hpp"

namespace weft::cli {
namespace {

using namespace sample;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

std::string text_of(const ExportedRun& run) {
  std::string text;
  write_wfformat(run.trace, run.document, [&text](std::string_view part) { text += part; }).value();
  return text;
}

/// What a trace is apart from times and sizes: the parents of each task, by name.
std::map<std::string, std::set<std::string>> structure_of(const Trace& trace) {
  std::map<std::string, std::set<std::string>> structure;
  for (const TraceTask& task : trace.tasks) {
    auto& parents = structure[task.name];
    for (const std::uint32_t parent : task.parents) parents.insert(trace.tasks[parent].name);
  }
  return structure;
}

std::map<std::string, std::string> categories_of(const Trace& trace) {
  std::map<std::string, std::string> categories;
  for (const TraceTask& task : trace.tasks) categories[task.name] = task.category;
  return categories;
}

/// What the harness's engine records of one run, in a file that is gone afterwards.
RunHistory history_of(Registry registry, Workflow workflow) {
  const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
  const std::filesystem::path folder =
    std::filesystem::path(testing::TempDir()) / (std::string("weft-export-") + test->name());
  std::filesystem::remove_all(folder);
  EngineOptions options{.pool = {.slots = 16}};
  options.recorder.history = folder / "history.db";
  RunRecord record;
  {
    Harness harness{std::move(registry), {.seed = 1, .engine = options}};
    const auto run = harness.submit(std::move(workflow));
    harness.run_until_idle();
    record = run.record();
  }
  RunHistory history = read_run(*open_sqlite_history(options.recorder.history).value(), record);
  std::filesystem::remove_all(folder);
  return history;
}

// -- what is written ------------------------------------------------------------------------------

TEST(WfFormatExport, KeepsNamesFunctionsRuntimesAndEdges) {
  const Trace trace = exported_run(diamond()).value().trace;
  EXPECT_EQ(trace.name, "diamond");
  EXPECT_EQ(
    structure_of(trace),
    (std::map<std::string, std::set<std::string>>{
      {"split", {}}, {"left", {"split"}}, {"right", {"split"}}, {"join", {"left", "right"}}}));
  EXPECT_EQ(trace.tasks[2].category, "half");
  EXPECT_EQ(trace.tasks[2].runtime, Nanos{50ms});
}

TEST(WfFormatExport, WritesEachOutputAsAFileThatAllChildrenRead) {
  const Trace trace = exported_run(diamond()).value().trace;
  EXPECT_EQ(trace.files[0], (TraceFile{"split.out", Bytes{100}}));
  EXPECT_THAT(trace.tasks[0].outputs, ElementsAre(0u));
  EXPECT_THAT(trace.tasks[1].inputs, ElementsAre(0u));
  EXPECT_THAT(trace.tasks[3].inputs, ElementsAre(1u, 2u));
}

TEST(WfFormatExport, SaysWhenAndWhereEachTaskWasExecuted) {
  RunHistory history = diamond();
  history.record.submitted = WallTime{1000s};
  const WfFormatOptions document = exported_run(history).value().document;
  EXPECT_EQ(document.execution.executed_at, WallTime{1000s});
  EXPECT_EQ(document.execution.makespan, Nanos{100ms});
  EXPECT_EQ(document.created_at, WallTime{1000s + 100ms});
  ASSERT_EQ(document.execution.machines.size(), 2u);
  const TaskExecution& right = document.execution.tasks[2];
  EXPECT_EQ(document.execution.machines[right.machine.value()].name, "worker-1");
  EXPECT_EQ(right.executed_at, WallTime{1000s + 25ms});
  EXPECT_EQ(right.read, Bytes{10});
  EXPECT_EQ(right.written, Bytes{100});
}

TEST(WfFormatExport, IsReadBackAsTheSameTrace) {
  const ExportedRun run = exported_run(diamond()).value();
  EXPECT_EQ(parse_wfformat(text_of(run), "exported").value(), run.trace);
}

TEST(WfFormatExport, TellsTheAttemptThatCommittedOfSeveral) {
  RunHistory history = diamond();
  TaskMetrics failed = history.attempts[2];
  failed.outcome = AttemptOutcome::failed;
  failed.finished = milliseconds{30};
  failed.output_size = {};
  history.attempts[2].attempt = 2;
  history.attempts.push_back(failed);
  const Trace trace = exported_run(history).value().trace;
  EXPECT_EQ(trace.tasks.size(), 4u);
  EXPECT_EQ(trace.tasks[2].runtime, Nanos{50ms});
  EXPECT_EQ(trace.files[trace.tasks[2].outputs.at(0)].size, Bytes{100});
}

TEST(WfFormatExport, WritesTasksThatFailedWithoutAnOutputAndLeavesOutThoseNeverTried) {
  RunHistory history = diamond();
  history.record.state = RunState::failed;
  history.record.tasks = {.total = 4, .committed = 2, .failed = 1, .skipped = 1};
  history.attempts[2].outcome = AttemptOutcome::failed;
  history.attempts.pop_back();
  const ExportedRun run = exported_run(history).value();
  EXPECT_EQ(run.never_tried, 1u);
  EXPECT_EQ(run.trace.tasks.size(), 3u);
  EXPECT_TRUE(run.trace.tasks[2].outputs.empty());
  EXPECT_EQ(run.trace.tasks[2].runtime, Nanos{50ms});
  EXPECT_FALSE(run.document.execution.tasks[2].written);
  EXPECT_THAT(run.document.description, HasSubstr("failed, 2 of 4 tasks committed"));
  EXPECT_EQ(parse_wfformat(text_of(run), "exported").value(), run.trace);
}

TEST(WfFormatExport, FollowsEdgesThroughTasksThatNobodyMeasured) {
  RunHistory history = diamond();
  history.attempts.erase(history.attempts.begin() + 1);  // What `left` measured got lost.
  const Trace trace = exported_run(history).value().trace;
  EXPECT_EQ(structure_of(trace),
            (std::map<std::string, std::set<std::string>>{
              {"split", {}}, {"right", {"split"}}, {"join", {"split", "right"}}}));
}

TEST(WfFormatExport, HasIdsThatTheSchemaAllowsWhateverTasksAreCalled) {
  RunHistory history = diamond();
  history.graph[1].name = "left:1+2@home";
  history.graph[2].name = "left_1=2@home";
  const Trace trace = exported_run(history).value().trace;
  EXPECT_EQ(trace.tasks[1].name, "left_1_2_home");
  EXPECT_EQ(trace.tasks[2].name, "left_1_2_home-2");
  EXPECT_EQ(trace.files[2].name, "left_1_2_home-2.out");
}

// -- what is refused ------------------------------------------------------------------------------

TEST(WfFormatExport, RefusesARunThatHasNotEnded) {
  RunHistory history = diamond();
  history.record.makespan.reset();
  EXPECT_THAT(exported_run(history).error().message, HasSubstr("has not ended"));
}

TEST(WfFormatExport, RefusesARunOfWhichNoEdgesAreKnown) {
  RunHistory history = diamond();
  history.graph.clear();
  EXPECT_EQ(exported_run(history).error().code, Errc::limit_exceeded);
}

TEST(WfFormatExport, RefusesARunThatTriedNothing) {
  RunHistory history = diamond();
  history.attempts.clear();
  EXPECT_THAT(exported_run(history).error().message, HasSubstr("no task"));
}

// -- real runs ------------------------------------------------------------------------------------

TEST(WfFormatExport, OfAReplayHasTheStructureTimesAndKindsOfTheOriginal) {
  for (const GeneratedShape& shape : generated_shapes()) {
    SCOPED_TRACE(shape.name);
    const Trace original =
      generate({.shape = std::string(shape.name), .tasks = {}, .seed = 1, .name = {}}).value();
    Registry registry;
    add_replay_functions(registry, original);
    const RunHistory history = history_of(
      std::move(registry), replay(original, {.time_scale = 1, .data_scale = 0.00001}).value());
    EXPECT_EQ(history.record.state, RunState::succeeded);
    EXPECT_EQ(history.record.tasks.committed, original.tasks.size());
    const Trace exported = exported_run(history).value().trace;
    EXPECT_EQ(structure_of(exported), structure_of(original));
    EXPECT_EQ(categories_of(exported), categories_of(original));
    for (std::size_t i = 0; i < original.tasks.size(); ++i) {
      EXPECT_EQ(exported.tasks[i].runtime, original.tasks[i].runtime) << original.tasks[i].name;
    }
  }
}

TEST(WfFormatExport, OfFixedTimesHasTheMakespanThatIsKnownBeforehand) {
  const Trace trace =
    generate({.shape = "fixed_times", .tasks = {}, .seed = 1, .name = {}}).value();
  Registry registry;
  add_replay_functions(registry, trace);
  const auto run = exported_run(history_of(std::move(registry), replay(trace).value())).value();
  EXPECT_EQ(run.document.execution.makespan, Nanos{3s});  // A chain of five, and the sink.
}

TEST(WfFormatExport, OfAnExportThatIsReplayedIsTheSameAgain) {
  const auto replayed = [](const Trace& trace) {
    Registry registry;
    add_replay_functions(registry, trace);
    return exported_run(history_of(std::move(registry), replay(trace).value())).value().trace;
  };
  const Trace once =
    replayed(generate({.shape = "fixed_times", .tasks = {}, .seed = 1, .name = {}}).value());
  const Trace twice = replayed(once);
  EXPECT_EQ(structure_of(twice), structure_of(once));
  EXPECT_EQ(categories_of(twice), categories_of(once));
}

TEST(WfFormatExport, HasATaskForEachRowOfAMap) {
  const Function list{"list@1", [] { return std::vector{10, 20, 30}; }};
  const Function half{"half@1", [](int x) { return x / 2; }};
  const Function sum{"sum@1", [](const std::vector<int>& all) {
                       int total = 0;
                       for (const int each : all) total += each;
                       return total;
                     }};
  Registry registry;
  registry.add(list).add(half).add(sum);
  Workflow workflow{"mapped"};
  const auto source = workflow.task(list);
  const auto rows = workflow.map(source, half);
  const auto total = workflow.task(sum, rows);
  workflow.name(total, "total");
  const ExportedRun run =
    exported_run(history_of(std::move(registry), std::move(workflow))).value();
  std::set<std::string> halves;
  for (const TraceTask& task : run.trace.tasks) {
    if (task.category == "half") halves.insert(task.name);
  }
  EXPECT_EQ(halves, (std::set<std::string>{"half-2.0", "half-2.1", "half-2.2"}));
  EXPECT_EQ(structure_of(run.trace).at("total"), halves);
  for (const TraceTask& task : run.trace.tasks) {
    if (task.category != "half") continue;
    ASSERT_EQ(task.inputs.size(), 1u);  // Its element of the list, which the map hands on.
    EXPECT_EQ(run.trace.files[task.inputs[0]], (TraceFile{task.name + ".in", Bytes{4}}));
  }
  EXPECT_EQ(run.never_tried, 0u);
  EXPECT_EQ(parse_wfformat(text_of(run), "exported").value(), run.trace);
}

}  // namespace
}  // namespace weft::cli
