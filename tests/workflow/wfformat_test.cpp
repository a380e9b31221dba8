#include "weft/workflow/importers/wfformat.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "workflow/wfformat_samples.hpp"

namespace weft {
namespace {

using nlohmann::json;
using test::sample_14;
using test::sample_15;
using testing::HasSubstr;

Result<Trace> parse(const json& document, const TraceLimits& limits = {}) {
  return parse_wfformat(document.dump(), "sample.json", limits);
}

/// What people are shown: all problems below one another.
std::string problems_of(const json& document) {
  const auto trace = parse(document);
  return trace ? "" : to_string(trace.error());
}

json at(json document, const std::string& pointer, json value) {
  document[json::json_pointer(pointer)] = std::move(value);
  return document;
}

json without(json document, const std::string& pointer) {
  const json::json_pointer place(pointer);
  json& around = document[place.parent_pointer()];
  around.erase(place.back());
  return document;
}

// -- what is read ---------------------------------------------------------------------------------

TEST(WfFormat, ReadsTasksFilesAndEdgesOfVersion15) {
  const auto trace = parse(sample_15());
  ASSERT_TRUE(trace) << to_string(trace.error());
  EXPECT_EQ(trace->name, "counting");
  ASSERT_EQ(trace->tasks.size(), 4u);
  ASSERT_EQ(trace->files.size(), 5u);
  EXPECT_EQ(trace->edge_count(), 5u);
  EXPECT_EQ(trace->tasks[0], (TraceTask{.name = "split_1",
                                        .category = "split",
                                        .runtime = std::chrono::milliseconds{500},
                                        .inputs = {0},
                                        .outputs = {1, 2},
                                        .parents = {}}));
  EXPECT_EQ(trace->tasks[3].parents, (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(trace->files[2], (TraceFile{"part2", {2000}}));
}

TEST(WfFormat, ReadsTheSameWorkflowFromBothVersions) {
  const auto older = parse(sample_14());
  const auto newer = parse(sample_15());
  ASSERT_TRUE(older) << to_string(older.error());
  ASSERT_TRUE(newer) << to_string(newer.error());
  EXPECT_EQ(*older, *newer);
}

TEST(WfFormat, FindsParentsOfVersion14ByIdWhenNoTaskHasThatName) {
  const auto trace = parse(at(sample_14(), "/workflow/tasks/1/parents/0", "ID1"));
  ASSERT_TRUE(trace) << to_string(trace.error());
  EXPECT_EQ(trace->tasks[1].parents, (std::vector<std::uint32_t>{0}));
}

TEST(WfFormat, TakesEdgesOfVersion14FromTheEndThatStatesThem) {
  json only_parents = sample_14();
  json only_children = sample_14();
  for (json& task : only_parents["workflow"]["tasks"]) task.erase("children");
  for (json& task : only_children["workflow"]["tasks"]) task.erase("parents");
  for (const json& document : {only_parents, only_children}) {
    const auto trace = parse(document);
    ASSERT_TRUE(trace) << to_string(trace.error());
    EXPECT_EQ(trace->edge_count(), 5u);
  }
}

TEST(WfFormat, TakesTheLargestSizeThatVersion14StatesForAFile) {
  const auto trace = parse(at(sample_14(), "/workflow/tasks/1/files/0/sizeInBytes", 7));
  ASSERT_TRUE(trace) << to_string(trace.error());
  EXPECT_EQ(trace->files[1], (TraceFile{"part1", {1000}}));
}

TEST(WfFormat, CountsATaskOrFileThatIsNamedTwiceOnce) {
  json document = sample_15();
  document["workflow"]["specification"]["tasks"][1]["parents"] = {"split_1", "split_1"};
  document["workflow"]["specification"]["tasks"][1]["inputFiles"] = {"part1", "part1"};
  const auto trace = parse(document);
  ASSERT_TRUE(trace) << to_string(trace.error());
  EXPECT_EQ(trace->tasks[1].parents.size(), 1u);
  EXPECT_EQ(trace->tasks[1].inputs.size(), 1u);
}

TEST(WfFormat, TakesTheNameForTheKindOfATaskWhenAnIdTellsTasksApart) {
  json document = sample_15();
  document["workflow"]["specification"]["tasks"][1]["name"] = "PIPELINE.COUNT";
  document["workflow"]["specification"]["tasks"][2]["name"] = "PIPELINE.COUNT";
  const auto trace = parse(document);
  ASSERT_TRUE(trace) << to_string(trace.error());
  EXPECT_EQ(trace->tasks[1].category, "PIPELINE.COUNT");
  EXPECT_EQ(trace->tasks[2].category, "PIPELINE.COUNT");
}

TEST(WfFormat, TakesTheNameWithoutItsCounterForTheKindOfATaskWithoutProgram) {
  for (const auto& [name, category] :
       std::vector<std::pair<std::string, std::string>>{{"align_ID0000012", "align"},
                                                        {"align_7", "align"},
                                                        {"align", "align"},
                                                        {"align2", "align2"},
                                                        {"_7", "_7"},
                                                        {"77", "77"},
                                                        {"map_of_ID", "map_of_ID"}}) {
    const json document = {{"name", "one"},
                           {"schemaVersion", "1.4"},
                           {"workflow", {{"tasks", {{{"name", name}, {"runtimeInSeconds", 1}}}}}}};
    const auto trace = parse(document);
    ASSERT_TRUE(trace) << to_string(trace.error());
    EXPECT_EQ(trace->tasks[0].category, category);
  }
}

// -- what is refused ------------------------------------------------------------------------------

TEST(WfFormat, NamesEachMissingFieldByItsPlace) {
  for (const std::string field :
       {"/name", "/schemaVersion", "/workflow", "/workflow/specification",
        "/workflow/specification/tasks", "/workflow/specification/tasks/2/id",
        "/workflow/specification/tasks/2/name", "/workflow/specification/tasks/2/parents",
        "/workflow/specification/tasks/2/children", "/workflow/specification/files/3/id",
        "/workflow/specification/files/3/sizeInBytes", "/workflow/execution",
        "/workflow/execution/tasks", "/workflow/execution/tasks/1/id",
        "/workflow/execution/tasks/1/runtimeInSeconds"}) {
    EXPECT_THAT(problems_of(without(sample_15(), field)), HasSubstr(field + " is missing"));
  }
  for (const std::string field :
       {"/workflow/tasks", "/workflow/tasks/1/name", "/workflow/tasks/1/runtimeInSeconds",
        "/workflow/tasks/1/files/1/name", "/workflow/tasks/1/files/1/link",
        "/workflow/tasks/1/files/1/sizeInBytes"}) {
    EXPECT_THAT(problems_of(without(sample_14(), field)), HasSubstr(field + " is missing"));
  }
}

TEST(WfFormat, NamesEachFieldOfAnotherTypeByItsPlace) {
  for (const std::string field :
       {"/name", "/schemaVersion", "/workflow", "/workflow/specification",
        "/workflow/specification/tasks", "/workflow/specification/tasks/2",
        "/workflow/specification/tasks/2/id", "/workflow/specification/tasks/2/parents",
        "/workflow/specification/tasks/2/parents/0", "/workflow/specification/tasks/2/inputFiles",
        "/workflow/specification/files", "/workflow/specification/files/3",
        "/workflow/specification/files/3/sizeInBytes", "/workflow/execution/tasks",
        "/workflow/execution/tasks/1/runtimeInSeconds"}) {
    EXPECT_THAT(problems_of(at(sample_15(), field, true)),
                HasSubstr(field + " is true or false, not "));
  }
}

TEST(WfFormat, SaysWhatIsWrongWithEachHostileDocument) {
  struct Case {
    std::string pointer;
    json value;
    std::string expected;
  };
  const std::string tasks = "/workflow/specification/tasks";
  const std::string runs = "/workflow/execution/tasks";
  for (const Case& hostile : std::vector<Case>{
         {"/schemaVersion", "2.0", "/schemaVersion is '2.0', which is not known"},
         {"/name", "", "/name is empty"},
         {tasks, json::array(), "the trace has no tasks"},
         {tasks + "/2/id", "count_1", "two tasks are called 'count_1'"},
         {tasks + "/2/id", "", tasks + "/2/id is empty"},
         {"/workflow/specification/files/4/id", "part1", "two files are called 'part1'"},
         {tasks + "/1/parents/0", "spilt", "task 'count_1' names an unknown parent 'spilt'"},
         {tasks + "/1/children/0", "x\ny", "task 'count_1' names an unknown child 'x\\x0ay'"},
         {tasks + "/1/inputFiles/0", "part9", "task 'count_1' names an unknown file 'part9'"},
         {tasks + "/1/parents", json::array(),
          "task 'split_1' names 'count_1' as its child, which does not name it as its parent"},
         {tasks + "/1/children", json::array(),
          "task 'report' names 'count_1' as its parent, which does not name it as its child"},
         {runs + "/1/id", "stranger", "task 'count_1' has no entry in " + runs},
         {runs + "/1/id", "stranger", "has an entry for an unknown task 'stranger'"},
         {runs + "/1/id", "split_1", runs + "/1/id is 'split_1', as that of an entry before it"},
         {runs + "/1/runtimeInSeconds", -1, runs + "/1/runtimeInSeconds is -1"},
         {runs + "/1/runtimeInSeconds", 1e300, runs + "/1/runtimeInSeconds is 1e+300"},
         {"/workflow/specification/files/0/sizeInBytes", -5, "files/0/sizeInBytes is -5"},
         {"/workflow/specification/files/0/sizeInBytes", 1e30, "files/0/sizeInBytes is 1e+30"}}) {
    EXPECT_THAT(problems_of(at(sample_15(), hostile.pointer, hostile.value)),
                HasSubstr(hostile.expected));
  }
}

TEST(WfFormat, AsksForAnExecutionOnceHoweverManyTasksLackOne) {
  EXPECT_THAT(problems_of(without(sample_15(), "/workflow/execution")),
              HasSubstr(": 1 problem\n  - /workflow/execution is missing"));
}

TEST(WfFormat, ReportsAllProblemsAtOnce) {
  json document = sample_15();
  auto& tasks = document["workflow"]["specification"]["tasks"];
  tasks[0]["inputFiles"] = {"nowhere"};
  tasks[1].erase("children");
  tasks[2]["parents"] = {"split_1", "nobody"};
  document["workflow"]["execution"]["tasks"].erase(3);
  const auto trace = parse(document);
  ASSERT_FALSE(trace);
  EXPECT_EQ(trace.error().code, Errc::invalid_file);
  EXPECT_EQ(trace.error().message, "'sample.json' is not a WfFormat trace to replay: 4 problems");
  EXPECT_EQ(trace.error().causes.size(), 4u);
}

TEST(WfFormat, ListsTheFirstOfManyProblemsAndCountsTheOthers) {
  json document = sample_15();
  for (int i = 0; i < 5000; ++i) {
    document["workflow"]["specification"]["tasks"][0]["inputFiles"].push_back(std::to_string(i));
  }
  const auto trace = parse(document);
  ASSERT_FALSE(trace);
  EXPECT_THAT(trace.error().message, HasSubstr(": 5000 problems"));
  EXPECT_EQ(trace.error().causes.size(), 100u);
}

/// A trace of version 1.4 with these tasks and their parents.
json graph(const std::vector<std::pair<std::string, std::vector<std::string>>>& tasks) {
  json list = json::array();
  for (const auto& [name, parents] : tasks) {
    list.push_back({{"name", name}, {"runtimeInSeconds", 0}, {"parents", parents}});
  }
  return {{"name", "graph"}, {"schemaVersion", "1.4"}, {"workflow", {{"tasks", std::move(list)}}}};
}

TEST(WfFormat, NamesEveryCycleAndNoTaskBehindOne) {
  const std::string text = problems_of(graph({{"root", {}},
                                              {"a", {"root", "c"}},
                                              {"b", {"a"}},
                                              {"c", {"b"}},
                                              {"behind", {"c"}},
                                              {"self", {"self"}}}));
  EXPECT_THAT(text, HasSubstr(": 2 problems"));
  EXPECT_THAT(text, HasSubstr("tasks wait for one another: 'a' -> 'b' -> 'c' -> 'a'"));
  EXPECT_THAT(text, HasSubstr("tasks wait for one another: 'self' -> 'self'"));
}

TEST(WfFormat, ShortensALongCycle) {
  std::vector<std::pair<std::string, std::vector<std::string>>> ring;
  for (int i = 0; i < 1000; ++i) {
    ring.push_back({"t" + std::to_string(i), {"t" + std::to_string((i + 999) % 1000)}});
  }
  EXPECT_THAT(problems_of(graph(ring)), HasSubstr("-> 't6' -> 't7' -> 992 more -> 't0'"));
}

// -- limits ---------------------------------------------------------------------------------------

TEST(WfFormat, RefusesDeepTextBeforeItIsParsed) {
  for (const std::string opening : {"[", "{\"a\":", "[{\"a\":"}) {
    std::string bomb = "{\"name\":\n";
    for (int i = 0; i < 1'000'000; ++i) bomb += opening;
    const auto trace = parse_wfformat(bomb, "bomb.json");
    ASSERT_FALSE(trace);
    EXPECT_EQ(trace.error().code, Errc::limit_exceeded);
    EXPECT_THAT(trace.error().message, HasSubstr("'bomb.json' nests more than 64"));
    EXPECT_THAT(trace.error().message, HasSubstr("at line 2, column "));
  }
}

TEST(WfFormat, CountsNoBracketInsideOfText) {
  const std::string brackets(1000, '[');
  const auto trace = parse(at(sample_15(), "/description", brackets + "\"\\" + brackets));
  EXPECT_TRUE(trace) << to_string(trace.error());
}

TEST(WfFormat, RefusesMoreTasksThanAMillion) {
  std::string text = R"({"name": "many", "schemaVersion": "1.4", "workflow": {"tasks": [{})";
  for (int i = 0; i < 1'000'000; ++i) text += ",{}";
  text += "]}}";
  const auto trace = parse_wfformat(text, "many.json");
  ASSERT_FALSE(trace);
  EXPECT_THAT(to_string(trace.error()),
              HasSubstr("/workflow/tasks holds 1000001 tasks; 1000000 are the most"));
}

TEST(WfFormat, RefusesLongTextAndManyValues) {
  const auto long_text = parse(sample_15(), {.bytes = 100});
  ASSERT_FALSE(long_text);
  EXPECT_EQ(long_text.error().code, Errc::limit_exceeded);
  EXPECT_THAT(long_text.error().message, HasSubstr("larger than 100B"));
  const auto many_values = parse(sample_15(), {.values = 20});
  ASSERT_FALSE(many_values);
  EXPECT_EQ(many_values.error().code, Errc::limit_exceeded);
  EXPECT_THAT(many_values.error().message, HasSubstr("holds more than 20 values at line 1"));
}

TEST(WfFormat, RefusesFilesThatManyWriteAndManyRead) {
  json document = graph({});
  for (const std::string link : {"output", "input"}) {
    for (int i = 0; i < 8000; ++i) {
      document["workflow"]["tasks"].push_back(
        {{"name", link + std::to_string(i)},
         {"runtimeInSeconds", 0},
         {"files", {{{"name", "shared"}, {"link", link}, {"sizeInBytes", 1}}}}});
    }
  }
  EXPECT_THAT(problems_of(document), HasSubstr("64000000 pairs of a writer and a reader"));
}

// -- text that is no JSON, and files --------------------------------------------------------------

TEST(WfFormat, SaysWhereTextIsNoJson) {
  for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
         {"", "line 1, column 1"},
         {"{\n  \"name\": \"x\",\n  oops", "line 3, column 3"},
         {"{\"name\": \"x\"} trailing", "line 1, column 17"},
         {"{\"name\": \"\xff\"}", "line 1, column 11"},
         {"{\"name\": 1e999}", "number overflow parsing '1e999'"},
         {std::string("\0\0\0", 3), "line 1, column 1"}}) {
    const auto trace = parse_wfformat(text, "broken.json");
    ASSERT_FALSE(trace);
    EXPECT_EQ(trace.error().code, Errc::invalid_file);
    EXPECT_THAT(trace.error().message, HasSubstr("'broken.json' is not JSON: " + expected));
    EXPECT_NE(trace.error().hint, "");
  }
}

TEST(WfFormat, RefusesMembersThatAreThereTwice) {
  for (const auto& [before, member, place] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
         {R"("schemaVersion":)", "name", "/"},
         {R"("runtimeInSeconds":4.25)", "id", "/workflow/execution/tasks/2"},
         {R"("tasks":[{"children":["count_1")", "files", "/workflow/specification"}}) {
    std::string text = sample_15().dump();
    text.insert(text.find(before), "\"" + member + "\":[1],");
    const auto trace = parse_wfformat(text, "twice.json");
    ASSERT_FALSE(trace) << text;
    EXPECT_EQ(trace.error().code, Errc::invalid_file);
    EXPECT_EQ(trace.error().message,
              "'twice.json' has two members '" + member + "' in '" + place + "'");
  }
}

TEST(WfFormat, RefusesADocumentThatIsNoObjectWithoutReadingIt) {
  for (const auto& [text, kind] : std::vector<std::pair<std::string, std::string>>{
         {"[0, 0, oops", "a list"}, {"\"x\"", "text"}, {"1", "a number"}, {"null", "null"}}) {
    const auto trace = parse_wfformat(text, "other.json");
    ASSERT_FALSE(trace);
    EXPECT_EQ(to_string(trace.error()),
              "'other.json' is " + kind + ", not an object\n" +
                "hint: is this the right file? a workflow is one JSON object");
  }
}

TEST(WfFormat, RefusesEveryBeginningOfADocument) {
  const std::string whole = sample_15().dump(1);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto trace = parse_wfformat(whole.substr(0, size), "cut.json");
    ASSERT_FALSE(trace) << size;
    EXPECT_THAT(trace.error().message, HasSubstr("is not JSON: line ")) << size;
  }
}

class WfFormatFile : public testing::Test {
protected:
  ~WfFormatFile() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }

  std::filesystem::path folder_ =
    std::filesystem::path(testing::TempDir()) /
    ("wfformat_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(WfFormatFile, IsReadAsItsText) {
  const auto trace = load_wfformat(write("sample.json", sample_15().dump()));
  ASSERT_TRUE(trace) << to_string(trace.error());
  EXPECT_EQ(*trace, *parse(sample_15()));
}

TEST_F(WfFormatFile, IsNamedWhenItCannotBeRead) {
  const auto absent = load_wfformat("no/such/trace.json");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, Errc::io_failed);
  EXPECT_EQ(absent.error().message,
            "'no/such/trace.json' cannot be read: No such file or directory");
  write("sample.json", "");
  const auto folder = load_wfformat(folder_);
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, Errc::io_failed);
  EXPECT_THAT(folder.error().message, HasSubstr("it is a folder"));
}

TEST_F(WfFormatFile, IsRefusedBeyondTheLimit) {
  const auto path = write("long.json", sample_15().dump() + std::string(5 << 20, ' '));
  EXPECT_TRUE(load_wfformat(path));
  const auto trace = load_wfformat(path, {.bytes = 4 << 20});
  ASSERT_FALSE(trace);
  EXPECT_EQ(trace.error().code, Errc::limit_exceeded);
}

}  // namespace
}  // namespace weft
