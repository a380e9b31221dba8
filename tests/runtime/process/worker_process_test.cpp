#include "weft/runtime/pools/process/worker_process.hpp"

#include <csignal>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/process/worker_watch.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::has_ended;
using test::is_halted;
using test::probe;
using test::WorkerWatch;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

/// A sanitizer's memory lies where no limit should.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

// -- life -----------------------------------------------------------------------------------------

TEST(WorkerProcess, SaysHelloAndAnswers) {
  WorkerProcesses workers;
  WorkerWatch watch{workers, probe()};
  const auto started = watch.started();
  ASSERT_TRUE(started) << to_string(started.error());
  EXPECT_LE(started->asked, started->forked);
  EXPECT_LE(started->forked, started->main_entered);
  EXPECT_LE(started->main_entered, started->hello_sent);
  EXPECT_LE(started->hello_sent, *started->hello_received);
  EXPECT_LE(*started->hello_received, *started->ready);
  EXPECT_EQ(watch.ask_process("pid"), watch.worker().process());
  ASSERT_TRUE(watch.worker().send(test::probe_echo, Blob(5'000'000, 'e')));
  const auto echo = watch.frame();
  ASSERT_TRUE(echo);
  EXPECT_EQ(echo->kind, test::probe_echo);
  EXPECT_EQ(echo->payload.size(), 5'000'000u);
}

TEST(WorkerProcess, ReportsItsExitCodeAndWhatItUsed) {
  WorkerProcesses workers;
  WorkerWatch watch{workers, probe()};
  ASSERT_TRUE(watch.started());
  watch.order("exit 3");
  const auto exit = watch.exit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->exit_code, 3);
  EXPECT_EQ(exit->signal, std::nullopt);
  EXPECT_EQ(exit->order, ExitOrder::none);
  EXPECT_EQ(exit->notice, "");
  EXPECT_EQ(exit->out_of_memory, OutOfMemory::no);
  EXPECT_GT(exit->peak_memory.count, 1u << 20);
  EXPECT_GT(exit->user_time + exit->system_time, 0ns);
  EXPECT_TRUE(has_ended(exit->process));
  EXPECT_FALSE(watch.worker().send(test::probe_order, Blob{"pid"}));
}

TEST(WorkerProcess, ReportsWhichSignalKilledIt) {
  WorkerProcesses workers;
  for (const auto& [order, signal] :
       {std::pair{"segfault", SIGSEGV}, std::pair{"abort", SIGABRT}}) {
    WorkerWatch watch{workers, probe()};
    ASSERT_TRUE(watch.started());
    watch.order(order);
    const auto exit = watch.exit();
    ASSERT_TRUE(exit);
    if (sanitized && signal == SIGSEGV) continue;  // The sanitizer makes an exit code of it.
    EXPECT_EQ(exit->signal, signal);
    EXPECT_EQ(exit->exit_code, std::nullopt);
    EXPECT_FALSE(exit->core_dumped);
    EXPECT_EQ(exit->notice, std::nullopt);
  }
}

TEST(WorkerProcess, TellsWhatItsMainHasThrown) {
  WorkerProcesses workers;
  WorkerWatch watch{workers, probe()};
  ASSERT_TRUE(watch.started());
  watch.order("throw");
  const auto exit = watch.exit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->exit_code, 70);
  EXPECT_EQ(exit->notice, "the probe was told to throw");
  EXPECT_THAT(exit->output_tail, HasSubstr("the probe was told to throw"));
}

TEST(WorkerProcess, IsHeardToTheEnd) {
  WorkerProcesses workers;
  WorkerWatch watch{workers, probe()};
  ASSERT_TRUE(watch.started());
  watch.order("many 5000");
  watch.order("exit 0");
  for (int i = 0; i < 5000; ++i) {
    const auto frame = watch.frame();
    ASSERT_TRUE(frame);
    ASSERT_EQ(frame->payload, std::to_string(i));
  }
  EXPECT_TRUE(watch.exit()->succeeded());
}

TEST(WorkerProcess, EndsWhenItIsTold) {
  WorkerProcesses workers;
  WorkerWatch watch{workers, probe()};
  ASSERT_TRUE(watch.started());
  watch.worker().terminate(60s);
  const auto exit = watch.exit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->exit_code, 0);
  EXPECT_EQ(exit->order, ExitOrder::terminate);
}

TEST(WorkerProcess, ThatDoesNotListenIsKilled) {
  WorkerProcesses workers;
  WorkerWatch watch{workers, probe()};
  ASSERT_TRUE(watch.started());
  EXPECT_EQ(watch.ask("deaf"), "deaf");
  watch.worker().terminate(5ms);
  const auto exit = watch.exit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->signal, SIGKILL);
  EXPECT_EQ(exit->order, ExitOrder::kill);
}

TEST(WorkerProcess, IsKilledAtOnce) {
  WorkerProcesses workers;
  WorkerWatch watch{workers, probe()};
  ASSERT_TRUE(watch.started());
  watch.worker().kill();
  watch.worker().kill();
  const auto exit = watch.exit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->signal, SIGKILL);
  EXPECT_EQ(exit->order, ExitOrder::kill);
  EXPECT_EQ(exit->out_of_memory, OutOfMemory::no);
}

TEST(WorkerProcess, ThatIsFrozenGivesNoSignOfLife) {
  WorkerProcesses workers;
  WorkerWatch watch{workers, probe()};
  ASSERT_TRUE(watch.started());
  const TimePoint before = watch.worker().last_heard();
  watch.worker().ping();
  EXPECT_TRUE(eventually([&] { return watch.worker().last_heard() > before; }));

  watch.order("stop");
  ASSERT_TRUE(eventually([&] { return is_halted(watch.worker().process()); }));
  const TimePoint frozen = watch.worker().last_heard();
  watch.worker().ping();
  watch.worker().kill();
  EXPECT_EQ(watch.exit()->signal, SIGKILL);
  EXPECT_EQ(watch.worker().last_heard(), frozen);
}

// -- what goes wrong on the channel ---------------------------------------------------------------

TEST(WorkerProcess, ThatClosesItsChannelIsEnded) {
  WorkerProcesses workers;
  auto options = probe();
  options.leaving_timeout = 10ms;
  WorkerWatch watch{workers, std::move(options)};
  ASSERT_TRUE(watch.started());
  watch.order("close");
  const auto exit = watch.exit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->signal, SIGKILL);
}

TEST(WorkerProcess, ThatSendsGarbageIsKilledAndSaysSo) {
  WorkerProcesses workers;
  WorkerWatch watch{workers, probe()};
  ASSERT_TRUE(watch.started());
  watch.order("garbage");
  const auto exit = watch.exit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->signal, SIGKILL);
  ASSERT_TRUE(exit->broken);
  EXPECT_THAT(to_string(*exit), HasSubstr("its node killed it"));
}

TEST(WorkerProcess, ThatDiesWithinAFrameIsNotSaidToBeBroken) {
  WorkerProcesses workers;
  WorkerWatch watch{workers, probe()};
  ASSERT_TRUE(watch.started());
  watch.order("cut");
  const auto exit = watch.exit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->signal, SIGKILL);
  EXPECT_EQ(exit->broken, std::nullopt);
}

TEST(WorkerProcess, ThatDoesNotReadIsNotWrittenToForEver) {
  WorkerProcesses workers;
  auto options = probe();
  options.channel.queue_size_max = 1u << 20;
  WorkerWatch watch{workers, std::move(options)};
  ASSERT_TRUE(watch.started());
  watch.order("stop");
  ASSERT_TRUE(eventually([&] { return is_halted(watch.worker().process()); }));
  Result<void> sent;
  for (int i = 0; i < 10'000; ++i) {
    sent = watch.worker().send(test::probe_order, "idle" + Blob(10'000, ' '));
    if (!sent) break;
  }
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::limit_exceeded);
  ::kill(watch.worker().process(), SIGCONT);
  EXPECT_TRUE(watch.got_room());
}

// -- output ---------------------------------------------------------------------------------------

TEST(WorkerProcess, LeavesTheEndOfItsOutput) {
  WorkerProcesses workers;
  auto options = probe();
  options.output_tail_size = 1000;
  WorkerWatch watch{workers, std::move(options)};
  ASSERT_TRUE(watch.started());
  watch.order("noise 20000");
  watch.order("exit 1");
  const auto exit = watch.exit();
  ASSERT_TRUE(exit);
  EXPECT_LE(exit->output_tail.size(), 2000u);
  EXPECT_THAT(exit->output_tail, HasSubstr("line 19999 \\x1b[31mof noise\n"));
  const auto lines = watch.lines();
  ASSERT_EQ(lines.size(), 20'000u);
  EXPECT_EQ(lines[7], "line 7 \\x1b[31mof noise");
}

TEST(WorkerProcess, PassesItsLinesOnWhileItRuns) {
  WorkerProcesses workers;
  WorkerWatch watch{workers, probe()};
  ASSERT_TRUE(watch.started());
  watch.order("print");
  EXPECT_TRUE(eventually([&] { return watch.lines() == std::vector<std::string>{"printed"}; }));
}

// -- surroundings ---------------------------------------------------------------------------------

TEST(WorkerProcess, HasNothingOfItsNodeButWhatItShould) {
  const int leaked = ::dup(2);  // Without close-on-exec: a child would inherit it.
  sigset_t usr1;
  sigset_t before;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &usr1, &before);
  const auto pipe_handler = ::signal(SIGPIPE, SIG_IGN);
  {
    WorkerProcesses workers;
    WorkerWatch watch{workers, probe()};
    ASSERT_TRUE(watch.started());
    EXPECT_THAT(watch.ask("describe"),
                AllOf(HasSubstr("leader=1 session=1 death_signal=9 core=0"),
                      HasSubstr("pipe_ignored=0 usr1_blocked=0 invited=0 stdin=0")));
    // Three streams and the channel; and four of the thread that waits for it.
    EXPECT_LE(std::stoi(watch.ask("descriptors")), 9);
  }
  ::signal(SIGPIPE, pipe_handler);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::close(leaked);
}

TEST(WorkerProcess, TakesTheEnvironmentThatItIsGiven) {
  WorkerProcesses workers;
  auto options = probe();
  options.environment.push_back("WEFT_TEST_VALUE=of its own");
  WorkerWatch watch{workers, std::move(options)};
  ASSERT_TRUE(watch.started());
  EXPECT_EQ(watch.ask("getenv"), "of its own");
}

TEST(WorkerProcess, TakesWhatItHasStartedAlong) {
  WorkerProcesses workers;
  for (const char* order : {"grandchild", "runaway"}) {
    WorkerWatch watch{workers, probe()};
    ASSERT_TRUE(watch.started());
    const pid_t grandchild = watch.ask_process(order);
    ASSERT_GT(grandchild, 1);
    EXPECT_FALSE(has_ended(grandchild));
    // The system shows its mark only once it runs its own program.
    ASSERT_TRUE(eventually([&] {
      std::ifstream name{"/proc/" + std::to_string(grandchild) + "/comm"};
      std::string text;
      return name >> text && text == "sleep";
    }));
    watch.order("quick_exit 0");
    ASSERT_TRUE(watch.exit());
    EXPECT_TRUE(eventually([&] { return has_ended(grandchild); }));
  }
}

// -- limits ---------------------------------------------------------------------------------------

TEST(WorkerProcess, ThatNeedsTooMuchMemoryIsKilledByItsControlGroup) {
  if (!find_control_groups(std::nullopt).memory) GTEST_SKIP() << "no writable control group";
  WorkerProcesses workers;
  auto options = probe();
  options.worker_class = {.cpus = 1, .memory = {sanitized ? 256u : 64u}};
  WorkerWatch watch{workers, std::move(options)};
  const auto started = watch.started();
  ASSERT_TRUE(started) << to_string(started.error());
  EXPECT_EQ(watch.ask("allocate 20"), std::to_string(20 << 20));
  watch.order("allocate 2000");
  const auto exit = watch.exit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->signal, SIGKILL);
  EXPECT_EQ(exit->out_of_memory, OutOfMemory::certain) << to_string(*exit);
}

TEST(WorkerProcess, ThatNeedsTooMuchMemoryIsRefusedItWithoutControlGroups) {
  if (sanitized) GTEST_SKIP() << "a sanitizer reserves more than any limit";
  WorkerProcesses workers{{.control_groups = ControlGroupUse::never}};
  auto options = probe();
  options.worker_class = {.cpus = 1, .memory = {200}};
  WorkerWatch watch{workers, std::move(options)};
  ASSERT_TRUE(watch.started());
  EXPECT_EQ(watch.ask("allocate 190"), std::to_string(190 << 20));
  watch.order("allocate 500");
  const auto exit = watch.exit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->exit_code, 70);
  EXPECT_THAT(exit->notice, testing::Optional(HasSubstr("bad_alloc")));
  EXPECT_EQ(exit->out_of_memory, OutOfMemory::suspected) << to_string(*exit);
}

TEST(WorkerProcess, IsBoundToItsCpusWithoutControlGroups) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "one cpu only";
  WorkerProcesses workers{{.control_groups = ControlGroupUse::never}};
  WorkerWatch watch{workers, probe()};
  ASSERT_TRUE(watch.started());
  EXPECT_THAT(watch.ask("describe"), HasSubstr(" cpus=1 "));
}

}  // namespace
}  // namespace weft
