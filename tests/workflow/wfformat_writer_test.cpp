#include "weft/workflow/exporters/wfformat_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "support/dice.hpp"
#include "support/seeds.hpp"
#include "weft/workflow/generators/generator.hpp"
#include "weft/workflow/importers/wfformat.hpp"
#include "workflow/wfformat_samples.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Json = nlohmann::json;

std::string written(const Trace& trace, const WfFormatOptions& options = {}) {
  std::string text;
  write_wfformat(trace, options, [&text](std::string_view part) { text += part; }).value();
  return text;
}

void expect_read_back(const Trace& trace) {
  const auto again = parse_wfformat(written(trace), "written");
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_EQ(*again, trace);
}

Trace counting() {
  return parse_wfformat(test::sample_15().dump(), "sample").value();
}

Error refused(const Trace& trace, const WfFormatOptions& options = {}) {
  std::string text;
  const auto result =
    write_wfformat(trace, options, [&text](std::string_view part) { text += part; });
  EXPECT_EQ(text, "");
  return result ? Error{} : result.error();
}

// -- what is read back ----------------------------------------------------------------------------

TEST(WfFormatWriter, IsReadBackAsTheSameTrace) {
  expect_read_back(counting());
}

TEST(WfFormatWriter, IsReadBackForEveryShape) {
  for (const GeneratedShape& shape : generated_shapes()) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      const auto tasks = static_cast<std::uint32_t>(shape.least + 50 * seed);
      expect_read_back(
        generate({.shape = std::string(shape.name), .tasks = tasks, .seed = seed, .name = {}})
          .value());
    }
  }
}

/// Those of the examples, and those of a folder that `WEFT_TRACES` names.
TEST(WfFormatWriter, IsReadBackForRecordedWorkflows) {
  std::vector<std::filesystem::path> folders{WEFT_SOURCE_DIR "/examples/traces"};
  if (const char* more = std::getenv("WEFT_TRACES")) folders.emplace_back(more);
  int traces = 0;
  for (const auto& folder : folders) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".json") continue;
      SCOPED_TRACE(entry.path());
      expect_read_back(load_wfformat(entry.path()).value());
      ++traces;
    }
  }
  EXPECT_GE(traces, 3);
}

std::string odd_name(test::Dice& dice, std::size_t number) {
  static const std::vector<std::string> odd{"a",  " ",    "\"",       "\\",   "\n", "\x01", "/",
                                            "_1", "_ID7", "\xc3\xa9", "\x7f", "{}", ",",    "名"};
  std::string name;
  for (std::uint32_t i = dice.roll(5); i > 0; --i) name += dice.pick(odd);
  return name + "#" + std::to_string(number);  // Unique.
}

/// Any graph, with names, times and sizes that no application has.
Trace odd_trace(test::Dice& dice) {
  static const std::vector<std::string> categories{"tool",       "tool_3", "two words", "a/path",
                                                   "\"quoted\"", "名",     "_1",        "/"};
  Trace trace{.name = odd_name(dice, 0), .tasks = {}, .files = {}};
  const std::uint32_t files = dice.roll(20);
  for (std::uint32_t i = 0; i < files; ++i) {
    trace.files.push_back({odd_name(dice, i), {dice.seed() >> (11 + dice.roll(53))}});
  }
  const std::uint32_t tasks = 1 + dice.roll(20);
  for (std::uint32_t i = 0; i < tasks; ++i) {
    TraceTask task{.name = odd_name(dice, i), .category = dice.pick(categories)};
    task.runtime = Nanos{static_cast<std::int64_t>(dice.seed() % 1'700'000'000'000'000)};
    for (std::uint32_t other = 0; other < i; ++other) {
      if (dice.chance(20)) task.parents.push_back(other);
    }
    for (std::uint32_t file = 0; file < files; ++file) {
      if (dice.chance(10)) task.inputs.push_back(file);
      if (dice.chance(10)) task.outputs.push_back(file);
    }
    std::reverse(task.inputs.begin(), task.inputs.end());
    trace.tasks.push_back(std::move(task));
  }
  return trace;
}

TEST(WfFormatWriter, IsReadBackWhateverNamesTimesAndSizesAre) {
  test::for_each_seed(0, [](std::uint64_t seed) {
    test::Dice dice{seed};
    expect_read_back(odd_trace(dice));
  });
}

TEST(WfFormatWriter, ReplacesBytesThatAreNoUtf8) {
  Trace trace = counting();
  trace.tasks[0].name = "a\xff";
  EXPECT_EQ(parse_wfformat(written(trace), "written").value().tasks[0].name, "a\xef\xbf\xbd");
}

// -- the layout -----------------------------------------------------------------------------------

TEST(WfFormatWriter, StatesEdgesAtBothEnds) {
  const Json document = Json::parse(written(counting()));
  const Json& tasks = document["workflow"]["specification"]["tasks"];
  EXPECT_EQ(tasks[0]["children"], (Json{"count_1", "count_2", "report"}));
  EXPECT_EQ(tasks[3]["parents"], (Json{"split_1", "count_1", "count_2"}));
  EXPECT_EQ(tasks[3]["children"], Json::array());
}

TEST(WfFormatWriter, StatesAllThatTheFormatRequires) {
  const Json document = Json::parse(written(counting()));
  EXPECT_EQ(document["schemaVersion"], "1.5");
  const Json& execution = document["workflow"]["execution"];
  EXPECT_EQ(execution["executedAt"], "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(execution["tasks"][1],
            (Json{{"id", "count_1"}, {"runtimeInSeconds", 2}, {"command", {{"program", "wc"}}}}));
  for (const Json& task : document["workflow"]["specification"]["tasks"]) {
    for (const auto* key : {"id", "name", "parents", "children", "inputFiles", "outputFiles"}) {
      EXPECT_TRUE(task.contains(key)) << key;
    }
  }
  EXPECT_EQ(document["workflow"]["specification"]["files"][0],
            (Json{{"id", "text"}, {"sizeInBytes", 3000}}));
}

TEST(WfFormatWriter, TakesTheLongestChainForAMakespanThatNobodyMeasured) {
  const Json document = Json::parse(written(counting()));
  EXPECT_EQ(document["workflow"]["execution"]["makespanInSeconds"], 4.75);
}

TEST(WfFormatWriter, SaysHowAndWhereTasksWereExecuted) {
  WfFormatOptions options{.description = "a test",
                          .created_at = WallTime{2s},
                          .system = TraceSystem{"weft", "1", "u"},
                          .execution = {.executed_at = WallTime{1s},
                                        .makespan = 9s,
                                        .machines = {{"one", 4}, {"two", {}}},
                                        .tasks = std::vector<TaskExecution>(4)}};
  options.execution.tasks[2] = {
    .executed_at = WallTime{1500ms}, .machine = 1, .read = Bytes{7}, .written = Bytes{8}};
  const Json document = Json::parse(written(counting(), options));
  EXPECT_EQ(document["description"], "a test");
  EXPECT_EQ(document["createdAt"], "1970-01-01T00:00:02.000Z");
  EXPECT_EQ(document["runtimeSystem"], (Json{{"name", "weft"}, {"version", "1"}, {"url", "u"}}));
  const Json& execution = document["workflow"]["execution"];
  EXPECT_EQ(execution["makespanInSeconds"], 9);
  EXPECT_EQ(execution["executedAt"], "1970-01-01T00:00:01.000Z");
  EXPECT_EQ(execution["machines"],
            (Json{{{"nodeName", "one"}, {"cpu", {{"coreCount", 4}}}}, {{"nodeName", "two"}}}));
  const Json& task = execution["tasks"][2];
  EXPECT_EQ(task["executedAt"], "1970-01-01T00:00:01.500Z");
  EXPECT_EQ(task["machines"], Json{"two"});
  EXPECT_EQ(task["readBytes"], 7);
  EXPECT_EQ(task["writtenBytes"], 8);
  EXPECT_FALSE(execution["tasks"][0].contains("machines"));
}

TEST(WfFormatWriter, HandsTheTextOnInPieces) {
  const Trace trace =
    generate({.shape = "random_layers", .tasks = 20'000, .seed = 1, .name = {}}).value();
  std::size_t longest = 0;
  std::size_t pieces = 0;
  write_wfformat(trace, {}, [&](std::string_view part) {
    longest = std::max(longest, part.size());
    ++pieces;
  }).value();
  EXPECT_LE(longest, std::size_t{1} << 16);
  EXPECT_GT(pieces, 50u);
}

// -- what is refused ------------------------------------------------------------------------------

TEST(WfFormatWriter, RefusesTracesThatTheFormatCannotHold) {
  const std::vector<std::pair<std::string, std::function<void(Trace&)>>> flaws{
    {"it has no name", [](Trace& x) { x.name.clear(); }},
    {"it has no tasks", [](Trace& x) { x.tasks.clear(); }},
    {"a task has no name", [](Trace& x) { x.tasks[1].name.clear(); }},
    {"two tasks are called 'split_1'", [](Trace& x) { x.tasks[1].name = "split_1"; }},
    {"a file has no name", [](Trace& x) { x.files[1].name.clear(); }},
    {"two files are called 'text'", [](Trace& x) { x.files[1].name = "text"; }},
    {"task 'report' names a task or file", [](Trace& x) { x.tasks[3].parents = {4}; }},
    {"task 'report' names a task or file", [](Trace& x) { x.tasks[3].inputs = {5}; }},
    {"task 'report' names a task or file", [](Trace& x) { x.tasks[3].outputs = {5}; }},
    {"task 'report' took", [](Trace& x) { x.tasks[3].runtime = -1ns; }},
    {"task 'report' took", [](Trace& x) { x.tasks[3].runtime = 100'000'001s; }},
    {"file 'text' has", [](Trace& x) { x.files[0].size = {(1ull << 53) + 1}; }},
    {"tasks wait for one another", [](Trace& x) { x.tasks[0].parents = {3}; }}};
  for (const auto& [message, flaw] : flaws) {
    Trace trace = counting();
    flaw(trace);
    const Error error = refused(trace);
    EXPECT_EQ(error.code, Errc::invalid_argument) << message;
    EXPECT_THAT(error.message, HasSubstr(message));
  }
}

TEST(WfFormatWriter, RefusesTheExecutionOfOtherTasksOrMachines) {
  WfFormatOptions options;
  options.execution.tasks.resize(3);
  EXPECT_THAT(refused(counting(), options).message, HasSubstr("4 tasks and executions of 3"));
  options.execution.tasks.resize(4);
  options.execution.tasks[0].machine = 0;
  EXPECT_THAT(refused(counting(), options).message, HasSubstr("a machine that is not there"));
  options.execution.machines = {{"one", {}}, {"one", {}}};
  EXPECT_THAT(refused(counting(), options).message, HasSubstr("two machines are called 'one'"));
}

}  // namespace
}  // namespace weft
