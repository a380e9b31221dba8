// What node and worker tell each other about a start and an end, as plain values.

#include <csignal>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weft/runtime/pools/process/worker_exit.hpp"
#include "weft/runtime/pools/process/worker_hello.hpp"
#include "weft/runtime/pools/process/worker_launch.hpp"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// -- what a start is made of ----------------------------------------------------------------------

TEST(WorkerEnvironment, IsTheNodesButForWhatIsGiven) {
  EXPECT_THAT(merged_environment({"A=1", "B=2", "C"}, {"B=3", "D=4", "B=5"}),
              ElementsAre("B=5", "D=4", "A=1", "C"));
}

TEST(WorkerInvitation, SurvivesItsText) {
  const WorkerInvitation invitation{
    .channel = 3, .asked = TimePoint{Nanos{123}}, .forked = TimePoint{Nanos{456}}};
  const auto parsed = parse_invitation(to_string(invitation));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, invitation);
}

TEST(WorkerInvitation, IsRefusedWhenItIsNone) {
  for (const char* text : {"", "3", "3 1", "x 1 2", "-1 1 2", "3 1 2 4", "3 1 2x",
                           "99999999999999999999 1 2", "2000000 1 2"}) {
    EXPECT_FALSE(parse_invitation(text)) << text;
  }
}

TEST(WorkerHello, OfGarbageIsRefused) {
  EXPECT_FALSE(checked_hello(""));
  EXPECT_FALSE(checked_hello("\x93\x01\x02\x03"));
  EXPECT_FALSE(checked_hello(Blob(5000, 'x')));
  EXPECT_FALSE(checked_hello("\xdf\xff\xff\xff\xff"));
}

// -- what an end tells ----------------------------------------------------------------------------

WorkerExit killed_with(std::uint64_t peak_mib) {
  return {.signal = SIGKILL, .peak_memory = {peak_mib << 20}};
}

TEST(OutOfMemory, IsCertainWhenTheControlGroupSaysSo) {
  EXPECT_EQ(judge_memory(killed_with(1), {.limit = {64}, .group_kills = 1}), OutOfMemory::certain);
  EXPECT_EQ(judge_memory(killed_with(64), {.limit = {64}, .group_kills = 0}), OutOfMemory::no);
}

TEST(OutOfMemory, IsSuspectedNearTheLimitOrWhenTheMachineIsShort) {
  EXPECT_EQ(judge_memory(killed_with(60), {.limit = {64}}), OutOfMemory::suspected);
  EXPECT_EQ(judge_memory(killed_with(10), {.limit = {64}}), OutOfMemory::no);
  EXPECT_EQ(judge_memory(killed_with(10), {.machine_killed = true}), OutOfMemory::suspected);
  WorkerExit ordered = killed_with(60);
  ordered.order = ExitOrder::kill;
  EXPECT_EQ(judge_memory(ordered, {.limit = {64}, .machine_killed = true}), OutOfMemory::no);
}

TEST(WorkerExit, ReadsAsASentence) {
  EXPECT_EQ(to_string(WorkerExit{.exit_code = 3}), "ended with exit code 3");
  EXPECT_EQ(to_string(WorkerExit{.signal = SIGSEGV}), "was killed by SIGSEGV (Segmentation fault)");
  EXPECT_EQ(to_string(WorkerExit{.signal = SIGKILL, .out_of_memory = OutOfMemory::certain}),
            "was killed by SIGKILL, since it was out of memory");
  EXPECT_THAT(to_string(WorkerExit{}), HasSubstr("not known"));
}

TEST(WorkerExit, AsAnErrorHasTheLastLines) {
  std::string output;
  for (int i = 0; i < 100; ++i) output += "line " + std::to_string(i) + "\n";
  const Error error =
    to_error({.exit_code = 1, .output_tail = output}, Errc::io_failed, "the worker process");
  EXPECT_THAT(to_string(error), HasSubstr("line 99"));
  EXPECT_THAT(to_string(error), HasSubstr("line 80"));
  EXPECT_THAT(to_string(error), Not(HasSubstr("line 79")));
}

}  // namespace
}  // namespace weft
