// What docs/testing.md shows, as tests.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "weft/weft.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// Functions read as in the examples.
// clang-format off

/// Takes an hour, and may be stopped.
const weft::Function bake{"bake@1", [](weft::TaskContext& context, int loaves) {
  if (!context.sleep_for(1h)) throw std::runtime_error("stopped while baking");
  return loaves;
}};
const weft::Function add{"add@1", [](int a, int b) { return a + b; }};

// clang-format on

weft::Registry bakery() {
  weft::Registry registry;
  registry.add(bake).add(add);
  return registry;
}

struct Order {
  weft::Workflow workflow{"bakery"};
  weft::Future<int> loaves = workflow.task(add, workflow.task(bake, 2), workflow.task(bake, 3));
};

weft::HarnessOptions two_ovens(std::uint64_t seed = 1) {
  weft::HarnessOptions options{.seed = seed};
  options.engine.pool = {.slots = 2, .cold_start = 5min};
  return options;
}

TEST(Bakery, BakesSideBySide) {
  weft::Harness harness{bakery(), two_ovens()};
  Order order;
  const auto run = harness.submit(std::move(order.workflow), order.loaves);
  EXPECT_EQ(run.get(), 5);
  EXPECT_EQ(harness.now(), 1h + 5min);  // The ovens start cold, at the same time.
}

TEST(Bakery, IsHalfDoneAfterHalfTheTime) {
  weft::Harness harness{bakery(), two_ovens()};
  Order order;
  const auto run = harness.submit(std::move(order.workflow), order.loaves);
  harness.advance(30min);
  EXPECT_EQ(run.record().state, weft::RunState::running);
  run.cancel("closed early");
  EXPECT_EQ(run.result().error().code, weft::Errc::cancelled);
  EXPECT_EQ(harness.now(), 30min);
}

TEST(Bakery, DoesTheSameAgain) {
  const auto log_of = [](std::uint64_t seed) {
    weft::Harness harness{bakery(), two_ovens(seed)};
    Order order;
    const auto run = harness.submit(std::move(order.workflow), order.loaves);
    harness.run_until_idle();
    return harness.event_log(run.id());
  };
  EXPECT_EQ(log_of(7), log_of(7));
}

TEST(Bakery, GivesTheSameResultInAnyOrder) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    weft::Harness harness{bakery(), two_ovens(seed)};
    Order order;
    EXPECT_EQ(harness.submit(std::move(order.workflow), order.loaves).get(), 5) << "seed " << seed;
  }
}

TEST(Bakery, SaysWhatHappened) {
  weft::Harness harness{bakery(), two_ovens()};
  Order order;
  const auto run = harness.submit(std::move(order.workflow), order.loaves);
  harness.run_until_idle();
  const std::string log = harness.event_log(run.id());
  EXPECT_THAT(log, HasSubstr("task_committed"));
}

}  // namespace
}  // namespace weft
