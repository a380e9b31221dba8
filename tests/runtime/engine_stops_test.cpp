// Time limits and cancellation among real threads: what waits behind a call and what must not.

#include "runtime/engine_fixture.hpp"

namespace weft::test {

namespace {

/// Returns only when it is told to stop.
const Function until_stopped{
  "until_stopped@1", [](TaskContext& context) {
    std::latch stopped{1};
    const std::stop_callback wake{context.stop_token(), [&] { stopped.count_down(); }};
    stopped.wait();
    return 0;
  }};

/// Submits a task that runs until it is stopped, with a time limit.
Run<int> submit_with_limit(Engine& engine, Nanos limit, SubmitOptions options = {}) {
  Workflow workflow{"limited"};
  const auto only = workflow.task(until_stopped);
  workflow.options(only).timeout = limit;
  return engine.submit(std::move(workflow), only, options);
}

}  // namespace

TEST(TimeLimit, StopsACallThatIsUnderWay) {
  Engine engine{registry_of(until_stopped), with_slots(1)};
  const auto run = submit_with_limit(engine, 1ms);
  EXPECT_EQ(run.result().error().code, Errc::timed_out);
}

TEST(TimeLimit, ThatIsFarAwayDoesNotKeepACancelFromTheCall) {
  Gate called;
  const Function listening{
    "listening@1", [&called](TaskContext& context) {
      std::latch stopped{1};
      const std::stop_callback wake{context.stop_token(), [&] { stopped.count_down(); }};
      called.open();
      called.pass();
      stopped.wait();
      return 0;
    }};
  Engine engine{registry_of(listening), with_slots(1)};
  Workflow workflow{"limited"};
  const auto only = workflow.task(listening);
  workflow.options(only).timeout = 24h;
  const auto run = engine.submit(std::move(workflow), only);
  called.wait_until_reached();
  EXPECT_TRUE(run.cancel("enough"));
  EXPECT_EQ(run.record().state, RunState::cancelled);
}  // The engine's end waits for the function, which returns since it was told to stop.

TEST(TimeLimit, OfARunStopsACallThatIsUnderWay) {
  Engine engine{registry_of(until_stopped), with_slots(1)};
  const auto run = submit_one(engine, until_stopped);
  Workflow workflow{"limited"};
  const auto only = workflow.task(until_stopped);
  const auto limited = engine.submit(std::move(workflow), only, {.timeout = 1ms});
  EXPECT_EQ(limited.result().error().code, Errc::timed_out);
  EXPECT_EQ(limited.record().state, RunState::failed);
  run.cancel("enough");
}

TEST(TimeLimit, OfARunIsAboveNothing) {
  Engine engine{registry_of(until_stopped), with_slots(1)};
  for (const Nanos limit : {Nanos{0}, Nanos{-5s}}) {
    try {
      submit_with_limit(engine, 1ms, {.timeout = limit});
      FAIL() << "submitted";
    } catch (const Exception& thrown) {
      EXPECT_EQ(thrown.error().code, Errc::invalid_argument);
      EXPECT_THAT(thrown.what(), HasSubstr(format_duration(limit)));
    }
  }
}

TEST(Waiting, MayBeForAsLongAsATypeCanSay) {
  Engine engine{registry_of(until_stopped), with_slots(1)};
  const auto run = submit_with_limit(engine, 1ms);
  EXPECT_TRUE(run.wait_for(Nanos::max()));
  EXPECT_EQ(run.record().state, RunState::failed);
}

TEST(Sleeping, MayBeForAsLongAsATypeCanSay) {
  const Function sleeper{"sleeper@1",
                         [](TaskContext& context) { return context.sleep_for(Nanos::max()); }};
  Engine engine{registry_of(sleeper), with_slots(1)};
  Workflow workflow{"limited"};
  const auto only = workflow.task(sleeper);
  workflow.options(only).timeout = 1ms;
  EXPECT_EQ(engine.submit(std::move(workflow), only).result().error().code, Errc::timed_out);
}

}  // namespace weft::test
