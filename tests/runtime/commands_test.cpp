#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "weft/runtime/commands/child_process.hpp"
#include "weft/runtime/commands/command_record.hpp"
#include "weft/runtime/commands/command_services.hpp"
#include "weft/runtime/commands/file_digest.hpp"
#include "weft/runtime/commands/run_folder.hpp"
#include "weft/runtime/engine.hpp"
#include "weft/runtime/pipeline.hpp"
#include "weft/runtime/program_search.hpp"

namespace weft {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

/// A folder that is gone after the test.
class FolderTest : public testing::Test {
protected:
  FolderTest() {
    std::string name = (fs::temp_directory_path() / "weft-commands-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~FolderTest() override { fs::remove_all(folder_); }

  [[nodiscard]] fs::path at(const std::string& name) const { return folder_ / name; }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream{at(name), std::ios::binary} << text;
  }

  [[nodiscard]] std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream{at(name), std::ios::binary}.rdbuf();
    return text.str();
  }

  [[nodiscard]] ChildProgram shell(const std::string& line) const {
    return {.program = "/bin/sh",
            .arguments = {"sh", "-c", line},
            .environment = {"PATH=/usr/bin:/bin"},
            .folder = folder_,
            .standard_output = at("out"),
            .standard_error = at("err")};
  }

private:
  fs::path folder_;
};

// -- child processes ------------------------------------------------------------------------------

using ChildProcess = FolderTest;

TEST_F(ChildProcess, EndsWithItsExitCode) {
  const auto end = run_child(shell("echo out; echo err >&2; pwd; exit 7"), {}, 1s);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->exit_code, 7);
  EXPECT_FALSE(end->stopped);
  EXPECT_EQ(read("out"), "out\n" + fs::canonical(at("")).string() + "\n");
  EXPECT_EQ(read("err"), "err\n");
}

TEST_F(ChildProcess, SaysWhichSignalKilledIt) {
  const auto end = run_child(shell("kill -SEGV $$"), {}, 1s);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->signal, SIGSEGV);
  EXPECT_THAT(to_string(*end), HasSubstr("was killed by signal 11"));
}

TEST_F(ChildProcess, GetsOnlyTheStreamsThatItShould) {
  const int leaked = ::dup(2);  // Without close-on-exec: a child would inherit it.
  const auto end = run_child(shell("ls /proc/self/fd | wc -l; cat"), {}, 1s);
  ::close(leaked);
  ASSERT_TRUE(end);
  EXPECT_EQ(read("out"), "4\n");  // Three streams, and the folder that ls reads.
}

TEST_F(ChildProcess, IsStoppedEvenIfItWasToldBeforeItStarted) {
  std::stop_source stop;
  stop.request_stop();
  const auto end = run_child(shell("sleep 1000"), stop.get_token(), 1s);
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->stopped);
}

TEST_F(ChildProcess, ThatIgnoresTheRequestIsKilled) {
  std::stop_source stop;
  ASSERT_EQ(::mkfifo(at("ready").c_str(), 0600), 0);
  std::jthread stopper{[&] {
    EXPECT_EQ(read("ready"), "\n");  // Until it ignores the signal.
    stop.request_stop();
  }};
  const auto end = run_child(shell("trap '' TERM; echo > ready; while :; do sleep 0.01; done"),
                             stop.get_token(), 10ms);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->signal, SIGKILL);
}

TEST_F(ChildProcess, LeavesNobodyOfItsGroupBehind) {
  const auto end = run_child(shell("sleep 1000 & echo $!"), {}, 1s);
  ASSERT_TRUE(end);
  // It was told to die, which takes it a moment.
  const auto left = static_cast<int>(::syscall(SYS_pidfd_open, std::stoi(read("out")), 0));
  if (left < 0) return;
  pollfd watched{left, POLLIN, 0};
  EXPECT_EQ(::poll(&watched, 1, 60'000), 1);
  ::close(left);
}

TEST_F(ChildProcess, ThatCannotBeStartedIsNamed) {
  ChildProgram child = shell("");
  child.program = at("nothing");
  const auto end = run_child(child, {}, 1s);
  ASSERT_FALSE(end);
  EXPECT_THAT(end.error().message, HasSubstr("nothing"));
}

TEST_F(ChildProcess, RunsBesideManyOthers) {
  std::vector<std::jthread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([this, i, &right] {
      ChildProgram child = shell("exit " + std::to_string(i));
      child.standard_output = at("out" + std::to_string(i));
      child.standard_error = at("err" + std::to_string(i));
      for (int round = 0; round < 5; ++round) {
        const auto end = run_child(child, {}, 1s);
        right += end && end->exit_code == i;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(right, 80);
}

TEST_F(ChildProcess, IsLookedForOnThePathItIsGiven) {
  write("tool", "#!/bin/sh\n");
  EXPECT_FALSE(find_program("tool", at(""), at("").string()));
  fs::permissions(at("tool"), fs::perms::owner_all);
  EXPECT_EQ(*find_program("tool", "/", "/bin:" + at("").string()), at("tool"));
  EXPECT_EQ(*find_program("./tool", at(""), ""), at("tool"));
  EXPECT_THAT(find_program("missing", "/", "/bin").error().message, HasSubstr("on PATH"));
  EXPECT_FALSE(find_program("", "/", "/bin"));
  EXPECT_FALSE(find_program("tool", "/", "."));  // The current folder may be anybody's.
}

// -- whole files ----------------------------------------------------------------------------------

using WholeFiles = FolderTest;

TEST_F(WholeFiles, AreWrittenByManyAtOnceAndLeaveNothingElse) {
  const std::string text(10'000, 'x');
  std::vector<std::jthread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const auto written = write_whole_file(at("facts"), text);
        ASSERT_TRUE(written) << to_string(written.error());
      }
    });
  }
  writers.clear();
  EXPECT_EQ(read("facts"), text);
  EXPECT_EQ(std::distance(fs::directory_iterator{at("")}, fs::directory_iterator{}), 1);
}

TEST_F(WholeFiles, ThatCannotTakeTheirPlaceLeaveNothing) {
  fs::create_directories(at("facts") / "occupied");
  EXPECT_FALSE(write_whole_file(at("facts"), "text"));
  EXPECT_EQ(std::distance(fs::directory_iterator{at("")}, fs::directory_iterator{}), 1);
}

// -- files ----------------------------------------------------------------------------------------

class RunFolders : public FolderTest {
protected:
  [[nodiscard]] std::vector<std::string> left() const {
    std::vector<std::string> runs;
    for (const RunFolder& folder : run_folders(at("work"))) runs.push_back(folder.run());
    return runs;
  }

  void not_used_for(const std::string& run, std::chrono::hours time) const {
    fs::last_write_time(RunFolder{at("work"), run}.path() / "lock",
                        fs::file_time_type::clock::now() - time);
  }
};

TEST_F(RunFolders, AreLockedWhileTheirRunGoesOn) {
  const RunFolder folder{at("work"), "abc"};
  EXPECT_FALSE(folder.running());
  {
    auto lock = RunFolderLock::take(folder, "trial");
    ASSERT_TRUE(lock);
    EXPECT_TRUE(folder.running());
    // Several processes may work at one run.
    auto another = RunFolderLock::take(folder, "trial");
    ASSERT_TRUE(another);
    lock = Error{.message = "given back"};
    EXPECT_TRUE(folder.running());
  }
  EXPECT_FALSE(folder.running());
  EXPECT_EQ(pipeline_of(folder), "trial");
}

TEST_F(RunFolders, AreFoundByTheBeginningOfTheirId) {
  for (const char* run : {"aa1", "aa2", "bb1"}) {
    ASSERT_TRUE(RunFolderLock::take(RunFolder{at("work"), run}, "trial"));
  }
  EXPECT_EQ(find_run_folder(at("work"), "b")->run(), "bb1");
  EXPECT_EQ(find_run_folder(at("work"), "last")->run(), "bb1");
  EXPECT_THAT(find_run_folder(at("work"), "aa").error().message, HasSubstr("several runs"));
  EXPECT_FALSE(find_run_folder(at("work"), "c"));
  EXPECT_FALSE(find_run_folder(at("nowhere"), "last"));
}

TEST_F(RunFolders, OfOldRunsAreDroppedButNotOfThoseThatGoOn) {
  const auto lock = RunFolderLock::take(RunFolder{at("work"), "a"}, "trial");
  for (const char* run : {"b", "c", "d"}) {
    const RunFolder folder{at("work"), run};
    ASSERT_TRUE(RunFolderLock::take(folder, "trial"));
    folder.mark_ended();
  }
  drop_old_run_folders(at("work"), 1);
  EXPECT_THAT(left(), ElementsAre("a", "d"));
}

/// One of its commands may wait for a slot, or for a node, with nobody at work.
TEST_F(RunFolders, OfRunsThatMayGoOnAreKeptForADay) {
  for (const char* run : {"a", "b", "c"}) {
    ASSERT_TRUE(RunFolderLock::take(RunFolder{at("work"), run}, "trial"));
  }
  drop_old_run_folders(at("work"), 1);
  EXPECT_THAT(left(), ElementsAre("a", "b", "c"));
  not_used_for("a", 25h);
  not_used_for("b", 23h);
  drop_old_run_folders(at("work"), 1);
  EXPECT_THAT(left(), ElementsAre("b", "c"));
}

TEST_F(RunFolders, OfACommandThatRunsAreLockedHoweverManyRunsFollow) {
  CommandServices services{{.work = at("work"), .keep_runs = 1000}, "trial", std::nullopt};
  const auto used = services.folder_of(RunId{1});
  ASSERT_TRUE(used);
  for (std::uint64_t run = 2; run < 100; ++run) ASSERT_TRUE(services.folder_of(RunId{run}));
  EXPECT_TRUE((RunFolder{at("work"), RunId{1}.text()}.running()));
}

using FileDigest = FolderTest;

TEST_F(FileDigest, TellsContentsApartAndNothingElse) {
  write("a", "text");
  write("b", "text");
  write("c", "texT");
  EXPECT_EQ(describe_file(at("a"))->digest, describe_file(at("b"))->digest);
  EXPECT_NE(describe_file(at("a"))->digest, describe_file(at("c"))->digest);
  EXPECT_EQ(describe_file(at("a"))->digest, digest_of("text"));
  EXPECT_FALSE(describe_file(at("d")));
}

// -- values and records ---------------------------------------------------------------------------

TEST(CommandOutputs, AreReadFromWhatFunctionsReturn) {
  const auto read = [](Value value) { return (*value.as<CommandOutput>())->outputs.at(""); };
  EXPECT_EQ(read(Value::of(7)).items[0].text, "7");
  EXPECT_EQ(read(Value::of(std::string("x"))).items[0].text, "x");
  EXPECT_EQ(read(Value::of(true)).items[0].text, "true");
  EXPECT_EQ(read(Value::of(0.5)).items[0].text, "0.5");
  EXPECT_EQ(read(Value::of(std::vector<int>{1, -2})).items[1].text, "-2");
  EXPECT_FALSE(Value::of(std::map<std::string, int>{{"a", 1}}).as<CommandOutput>());
}

TEST(CommandOutputs, CrossTheirEncodingUnchanged) {
  CommandOutput output;
  output.outputs["a"] = {.list = true,
                         .items = {{.file = true, .text = "/x", .size = {7}, .digest = "d"},
                                   {.number = true, .text = "1"}}};
  const Value value = Value::of(output);
  const Value copy = Value::encoded(std::string(*value.encoding()));
  EXPECT_EQ(**copy.as<CommandOutput>(), output);
}

TEST(CommandOutputs, ReadAsPlainValuesOfFunctions) {
  const auto plain = [](CommandItems items) { return Value::of(PlainOutput{std::move(items)}); };
  EXPECT_EQ(**plain({.items = {{.number = true, .text = "12"}}}).as<int>(), 12);
  EXPECT_EQ(**plain({.items = {{.number = true, .text = "1.5"}}}).as<double>(), 1.5);
  EXPECT_EQ(**plain({.items = {{.text = "12"}}}).as<std::string>(), "12");
  EXPECT_THAT(
    **plain({.list = true, .items = {{.text = "a"}, {.text = "b"}}}).as<std::vector<std::string>>(),
    ElementsAre("a", "b"));
}

using CommandRecords = FolderTest;

TEST_F(CommandRecords, AreReadAsTheyWereWritten) {
  CommandRecord record{
    .use = {.command = "run\xff", .parameters = {{"p", {"1"}}}, .inputs = {{"i", "d"}}}};
  record.use.command = "run";
  record.output.outputs["o"] = {
    .list = true, .items = {{.file = true, .text = "/x", .size = {3}, .digest = "e"}}};
  ASSERT_TRUE(write_record(at(""), record));
  const auto read = read_record(at(""));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->use, record.use);
  EXPECT_EQ(read->output, record.output);
}

TEST_F(CommandRecords, ThatAreTornCountAsMissing) {
  EXPECT_FALSE(read_record(at("")));
  for (const char* text : {"", "{", "[]", "{\"command\": 1}", "{\"outputs\": {}}"}) {
    write("done.json", text);
    EXPECT_FALSE(read_record(at(""))) << text;
  }
}

TEST_F(CommandRecords, SayWhatChanged) {
  const CommandUse before{.command = "c", .parameters = {{"n", {"1"}}}, .inputs = {{"i", "d"}}};
  EXPECT_EQ(reason_to_run(before, before), std::nullopt);
  CommandUse now = before;
  now.command = "other";
  EXPECT_EQ(reason_to_run(before, now), "its command changed");
  now = before;
  now.parameters["n"] = {"2"};
  EXPECT_EQ(reason_to_run(before, now), "parameter 'n' changed from '1' to '2'");
  now = before;
  now.inputs["i"] = "e";
  EXPECT_EQ(reason_to_run(before, now), "input 'i' changed");
  now = before;
  now.inputs["j"] = "e";
  EXPECT_EQ(reason_to_run(before, now), "input 'j' is new");
  now = before;
  now.inputs.clear();
  EXPECT_EQ(reason_to_run(before, now), "its inputs changed");
}

// -- pipelines with functions ---------------------------------------------------------------------

using MixedPipelines = FolderTest;

TEST_F(MixedPipelines, HandValuesBetweenCommandsAndFunctions) {
  write("p.yaml", R"yaml(
version: 1
name: mixed
params: {by: 10}
tasks:
  count: {run: [echo, "4"], out: {n: number}}
  up_to: {function: up_to@1, arguments: ["${count.n}"]}
  each: {foreach: "${up_to}", shell: "echo $((${item} * ${params.by}))", out: {n: number}}
  scaled: {foreach: "${each.*.n}", function: twice@1, arguments: ["${item}"]}
  total: {function: total@1, arguments: ["${scaled.*}", "${params.by}"]}
  texts: {foreach: [a, b], function: shout@1, arguments: ["${item}"]}
  print:
    run: [echo, "${total}", "${texts.*}", "${each.*.n}"]
    stdout: ${out.all}
    out: {all: file:result}
)yaml");
  Registry registry;
  registry.add(Function{"up_to@1", [](int n) {
                          std::vector<int> all;
                          for (int i = 1; i <= n; ++i) all.push_back(i);
                          return all;
                        }});
  registry.add(Function{"twice@1", [](int n) { return 2 * n; }});
  registry.add(Function{"shout@1", [](const std::string& text) { return text + "!"; }});
  registry.add(Function{"total@1", [](const std::vector<int>& all, int more) {
                          int sum = more;
                          for (const int each : all) sum += each;
                          return sum;
                        }});
  const auto pipeline = load_pipeline(at("p.yaml"));
  ASSERT_TRUE(pipeline) << to_string(pipeline.error());
  auto workflow = make_workflow(*pipeline, {}, registry, {.work = at("work")});
  ASSERT_TRUE(workflow) << to_string(workflow.error());
  Engine engine{std::move(registry)};
  const auto result = engine.submit(std::move(*workflow)).result();
  ASSERT_TRUE(result) << to_string(result.error());
  EXPECT_EQ(read("result"), "210 a! b! 10 20 30 40\n");
}

}  // namespace
}  // namespace weft
