#include <gtest/gtest.h>

#include <set>

#include "weft/apps/weft/bench_values.hpp"
#include "weft/apps/weft/chaos_schedule.hpp"
#include "weft/apps/weft/chaos_trial.hpp"
#include "weft/runtime/harness.hpp"

namespace weft::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ChaosSchedule, FollowsFromItsSeed) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(to_string(draw_chaos_schedule(seed)), to_string(draw_chaos_schedule(seed)));
  }
  EXPECT_NE(to_string(draw_chaos_schedule(1)), to_string(draw_chaos_schedule(2)));
}

TEST(ChaosSchedule, StaysWithinItsBounds) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const ChaosSchedule schedule = draw_chaos_schedule(seed);
    SCOPED_TRACE(seed);
    EXPECT_GE(schedule.work.calls(), 3u);
    EXPECT_LE(schedule.work.calls(), 220u);
    EXPECT_GE(schedule.faults.size(), 1u);
    EXPECT_LE(schedule.faults.size(), 8u);
    EXPECT_GE(schedule.lease, milliseconds{500});
    EXPECT_LE(schedule.faults_end(), seconds{20});
    EXPECT_TRUE(std::ranges::is_sorted(schedule.faults, {}, &ChaosFault::at));
  }
}

TEST(ChaosSchedule, LeavesNoKindOfFaultOrShapeOut) {
  std::set<std::string> faults, shapes;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const ChaosSchedule schedule = draw_chaos_schedule(seed);
    shapes.insert(schedule.work.shape);
    for (const ChaosFault& fault : schedule.faults) faults.insert(fault.name());
  }
  EXPECT_EQ(faults.size(), chaos_fault_kinds - 1 + 5) << "the network has five";
  EXPECT_EQ(shapes.size(), 6u);
}

TEST(ChaosSchedule, EndsTooFewWorkersForATaskToBeGivenUp) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    std::size_t ended = 0;
    for (const ChaosFault& fault : draw_chaos_schedule(seed).faults) {
      ended +=
        fault.kind == ChaosFaultKind::kill_worker || fault.kind == ChaosFaultKind::stop_worker;
    }
    EXPECT_LE(ended, 2u) << seed;
  }
}

TEST(ChaosWork, HasTheResultThatIsForetold) {
  Registry registry;
  add_chaos_functions(registry);
  HarnessOptions options;
  options.engine.pool.slots = 3;
  Harness harness{registry, options};
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const ChaosWork work = draw_chaos_schedule(seed).work;
    ChaosWorkflow made = make_chaos_workflow(work);
    const auto run = harness.submit(std::move(made.workflow), made.result);
    EXPECT_EQ(sum_of_words(run.get()), expected_sum(work)) << work.shape << ", seed " << seed;
  }
}

TEST(ChaosJournal, IsReadWithoutLinesThatWereCut) {
  const auto calls = parse_chaos_journal("b 7 12 1000\ne 7 12 3000\nb 8 1");
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0], (ChaosCall{.task = 7, .process = 12, .at = TimePoint{Nanos{1000}}}));
  EXPECT_TRUE(calls[1].ended);
}

TEST(RecoveryTimes, AreFromADeathToTheNextCallOfWhatWasInterrupted) {
  const auto at = [](int ms) { return TimePoint{milliseconds{ms}}; };
  const std::vector<ChaosCall> calls{{.task = 1, .process = 10, .at = at(1)},
                                     {.task = 1, .process = 10, .at = at(2), .ended = true},
                                     {.task = 2, .process = 10, .at = at(3)},
                                     {.task = 3, .process = 11, .at = at(4)},
                                     {.task = 2, .process = 11, .at = at(25)}};
  EXPECT_EQ(recovery_times(calls, {{.fault = "kill_worker", .at = at(5), .processes = {10}}}),
            (std::map<std::string, std::vector<double>>{{"kill_worker", {20}}}));
  EXPECT_TRUE(
    recovery_times(calls, {{.fault = "kill_worker", .at = at(5), .processes = {11}}}).empty());
}

}  // namespace
}  // namespace weft::cli
