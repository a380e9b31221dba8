#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/process/worker_watch.hpp"
#include "weft/runtime/commands/process_keeper.hpp"
#include "weft/runtime/pools/process/worker_launch.hpp"
#include "weft/runtime/pools/process/worker_process.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::has_ended;
using test::open_descriptors;
using test::probe;
using test::WorkerWatch;
using testing::HasSubstr;

// -- starts that fail -----------------------------------------------------------------------------

TEST(WorkerStart, NamesAProgramThatIsNotThere) {
  WorkerProcesses workers;
  WorkerWatch watch{workers, {.command = {"/no/such/program", "--weft-worker-process"}}};
  const auto started = watch.started();
  ASSERT_FALSE(started);
  EXPECT_THAT(to_string(started.error()), HasSubstr("/no/such/program"));
}

TEST(WorkerStart, SaysWhyTheSystemDoesNotRunAFile) {
  const std::string file = testing::TempDir() + "weft_not_a_program";
  {
    const int made = ::open(file.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0755);
    ASSERT_EQ(::write(made,
                      "\x7f"
                      "ELF nonsense",
                      12),
              12);
    ::close(made);
  }
  WorkerProcesses workers;
  WorkerWatch watch{workers, {.command = {file}}};
  const auto started = watch.started();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::io_failed);
  EXPECT_THAT(to_string(started.error()), HasSubstr("run its program: Exec format error"));
  ::unlink(file.c_str());
}

TEST(WorkerStart, ReportsAnEndBeforeTheHelloWithItsOutput) {
  WorkerProcesses workers;
  WorkerWatch watch{workers, probe("exits")};
  const auto started = watch.started();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("ended with exit code 4, before it said hello"));
  EXPECT_THAT(to_string(started.error()), HasSubstr("no, thanks"));
  EXPECT_FALSE(watch.worker().send(test::probe_order, Blob{"pid"}));
}

TEST(WorkerStart, ReportsAProgramThatIsNoWorker) {
  WorkerProcesses workers;
  WorkerWatch watch{workers, {.command = {"/bin/echo", "--weft-worker-process"}}};
  const auto started = watch.started();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("exit code 0, before it said hello"));
}

TEST(WorkerStart, DoesNotWaitForAHelloForEver) {
  WorkerProcesses workers;
  auto options = probe("mute");
  options.hello_timeout = 50ms;
  WorkerWatch watch{workers, std::move(options)};
  const auto started = watch.started();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("said no hello for 50.0ms"));
  EXPECT_TRUE(has_ended(watch.worker().process()));
}

TEST(WorkerStart, RefusesAnotherBuildByName) {
  WorkerProcesses workers;
  WorkerWatch watch{workers, probe("other_build")};
  const auto started = watch.started();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::invalid_argument);
  EXPECT_THAT(started.error().message, HasSubstr("'0.0.9-other'"));
}

TEST(WorkerStart, RefusesWhoeverDoesNotSayHello) {
  WorkerProcesses workers;
  for (const char* how : {"babbles", "impolite"}) {
    WorkerWatch watch{workers, probe(how)};
    const auto started = watch.started();
    ASSERT_FALSE(started) << how;
    EXPECT_THAT(started.error().message, HasSubstr("cannot be used"));
  }
}

TEST(WorkerStart, CanBeGivenUp) {
  WorkerProcesses workers;
  for (int i = 0; i < 20; ++i) {
    WorkerWatch watch{workers, probe("mute")};
    const bool before_its_process = i % 2 == 0;
    EXPECT_TRUE(eventually([&] { return before_its_process || watch.worker().process() != 0; }));
    watch.worker().kill();
    const auto started = watch.started();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Errc::cancelled);
  }
}

TEST(WorkerStart, ByHandIsRefusedClearly) {
  const std::string command = std::string{WEFT_TEST_PROBE_PROGRAM} + " --weft-worker-process 2>&1";
  FILE* output = ::popen(command.c_str(), "r");
  ASSERT_NE(output, nullptr);
  char text[300] = "";
  EXPECT_NE(std::fgets(text, sizeof text, output), nullptr);
  EXPECT_EQ(WEXITSTATUS(::pclose(output)), 2);
  EXPECT_THAT(text, HasSubstr("nothing to be used by hand"));
}

// -- many -----------------------------------------------------------------------------------------

TEST(WorkerStart, OfFiftyAtOnce) {
  static_cast<void>(ProcessKeeper::of_this_process());  // Has a descriptor, for ever.
  const std::size_t descriptors = open_descriptors();
  {
    WorkerProcesses workers;
    std::vector<std::unique_ptr<WorkerWatch>> watches;
    for (int i = 0; i < 50; ++i) {
      watches.push_back(std::make_unique<WorkerWatch>(workers, probe()));
    }
    std::vector<Nanos> times;
    for (const auto& watch : watches) {
      const auto started = watch->started();
      ASSERT_TRUE(started) << to_string(started.error());
      times.push_back(started->cold_start());
      EXPECT_EQ(watch->ask_process("pid"), watch->worker().process());
    }
    std::ranges::sort(times);
    RecordProperty("median_of_50", format_duration(times[25]));
    for (const auto& watch : watches) watch->worker().terminate(60s);
    for (const auto& watch : watches) EXPECT_TRUE(watch->exit());
  }
  EXPECT_EQ(open_descriptors(), descriptors);
}

TEST(WorkerStart, OneAfterAnotherLeavesNoDescriptorBehind) {
  WorkerProcesses workers;
  {
    WorkerWatch first{workers, probe("exits")};  // With it comes what the I/O thread waits by.
    EXPECT_FALSE(first.started());
  }
  const std::size_t descriptors = open_descriptors();
  for (int i = 0; i < 20; ++i) {
    WorkerWatch watch{workers, probe(i % 4 == 0 ? "exits" : i % 4 == 1 ? "other_build" : "")};
    const bool started = static_cast<bool>(watch.started());
    EXPECT_EQ(started, i % 4 > 1);
    if (!started) continue;
    watch.order(i % 4 == 2 ? "exit 0" : "abort");
    EXPECT_TRUE(watch.exit());
  }
  EXPECT_TRUE(eventually([&] { return open_descriptors() == descriptors; }))
    << open_descriptors() << " instead of " << descriptors;
}

TEST(WorkerStart, WorksForManyNodesInOneProcess) {
  WorkerProcesses first;
  WorkerProcesses second;
  WorkerWatch of_first{first, probe()};
  WorkerWatch of_second{second, probe()};
  EXPECT_TRUE(of_first.started());
  EXPECT_TRUE(of_second.started());
}

TEST(WorkerProcesses, EndAllTheirWorkersAndTellOfEach) {
  std::vector<std::unique_ptr<WorkerWatch>> watches;
  std::vector<pid_t> processes;
  {
    WorkerProcesses workers;
    for (int i = 0; i < 5; ++i) {
      watches.push_back(std::make_unique<WorkerWatch>(workers, probe()));
      ASSERT_TRUE(watches.back()->started());
      processes.push_back(watches.back()->worker().process());
    }
    watches.push_back(std::make_unique<WorkerWatch>(workers, probe("mute")));
  }
  for (const pid_t process : processes) EXPECT_TRUE(has_ended(process));
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(watches[i]->exit()->order, ExitOrder::kill);
  EXPECT_FALSE(watches[5]->started());
  // What is left of a worker may be used for nothing, but does no harm.
  watches[0]->worker().kill();
  watches[0]->worker().terminate(1s);
  watches[0]->worker().ping();
  EXPECT_FALSE(watches[0]->worker().send(test::probe_order, Blob{"pid"}));
}

// -- orphans --------------------------------------------------------------------------------------

/// A node with workers, in a process of its own, that dies with this one.
class NodeProcess {
public:
  explicit NodeProcess(const char* workers) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    node_ = ::fork();
    if (node_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(ends[1], STDOUT_FILENO);
      ::execl(WEFT_TEST_PROBE_PROGRAM, "worker_probe", "--node", workers, nullptr);
      ::_exit(1);
    }
    ::close(ends[1]);
    std::string text;
    char byte = 0;
    while (::read(ends[0], &byte, 1) == 1 && byte != '\n') text += byte;
    ::close(ends[0]);
    std::istringstream numbers{text};
    for (pid_t number = 0; numbers >> number;) processes_.push_back(number);
  }
  ~NodeProcess() { end(SIGKILL); }
  NodeProcess(const NodeProcess&) = delete;
  NodeProcess& operator=(const NodeProcess&) = delete;

  [[nodiscard]] const std::vector<pid_t>& processes() const { return processes_; }
  void end(int signal) {
    if (node_ <= 0) return;
    ::kill(node_, signal);
    int status = 0;
    ::waitpid(node_, &status, 0);
    node_ = 0;
  }

private:
  pid_t node_ = 0;
  std::vector<pid_t> processes_;
};

TEST(WorkerOrphans, EndWithTheirChannelAlone) {
  ProcessLimits limits{{.control_groups = ControlGroupUse::never}};
  const auto options = probe();
  const auto taken = limits.take(options.worker_class);
  ASSERT_TRUE(taken);
  auto worker = launch_worker({.options = options,
                               .environment = environment_of_process(),
                               .limits = **taken,
                               .mark = new_worker_mark()});
  ASSERT_TRUE(worker) << to_string(worker.error());
  char byte = 0;
  ASSERT_EQ(::recv(worker->channel.number(), &byte, 1, MSG_PEEK), 1);  // Its hello.
  worker->channel.close();
  int status = 0;
  EXPECT_EQ(::waitpid(worker->process, &status, 0), worker->process);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

TEST(WorkerOrphans, AreNotMadeByAThreadThatEnds) {
  WorkerProcesses workers;
  std::unique_ptr<WorkerWatch> watch;
  std::thread{[&] {
    watch = std::make_unique<WorkerWatch>(workers, probe());
    EXPECT_TRUE(watch->started());
  }}.join();
  EXPECT_EQ(watch->ask_process("pid"), watch->worker().process());
}

TEST(WorkerOrphans, AreNoneWhateverKillsTheirNode) {
  for (const int signal : {SIGKILL, SIGTERM, SIGHUP}) {
    SCOPED_TRACE(signal);
    NodeProcess node{"4"};
    ASSERT_EQ(node.processes().size(), 8u);  // Each with a process that it has started.
    for (const pid_t process : node.processes()) EXPECT_FALSE(has_ended(process)) << process;
    node.end(signal);
    for (const pid_t process : node.processes()) {
      EXPECT_TRUE(eventually([&] { return has_ended(process); })) << process;
    }
  }
}

}  // namespace
}  // namespace weft
