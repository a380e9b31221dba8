// What a client may ask of a run.

#include <future>

#include "runtime/engine_fixture.hpp"

namespace weft::test {

namespace {

const Function square{"square@1", [](int x) { return x * x; }};
const Function sum{"sum@1", [](const std::vector<int>& all) {
                     int total = 0;
                     for (const int x : all) total += x;
                     return total;
                   }};

Registry arithmetic() {
  return registry_of(square, sum, upto);
}

}  // namespace

TEST(EngineRun, YieldsTheResultThatWasAskedFor) {
  Engine engine{arithmetic(), with_slots(2)};
  Workflow workflow{"squares"};
  const auto result =
    workflow.task(sum, std::vector{workflow.task(square, 3), workflow.task(square, 4)});
  const auto run = engine.submit(std::move(workflow), result);
  EXPECT_EQ(run.get(), 25);
  EXPECT_EQ(*run.result(), 25) << "and again";
  EXPECT_EQ(run.record().state, RunState::succeeded);
  EXPECT_EQ(run.record().tasks.committed, 3u);
}

TEST(EngineRun, YieldsTheElementsOfAMapAsAList) {
  Engine engine{arithmetic(), with_slots(2)};
  Workflow workflow{"squares"};
  const auto squares = workflow.map(workflow.task(upto, 5), square);
  EXPECT_THAT(engine.submit(std::move(workflow), squares).get(), ElementsAre(0, 1, 4, 9, 16));
}

TEST(EngineRun, WithoutAResultKeepsTheOutputsOfAllSinks) {
  Engine engine{arithmetic(), with_slots(2)};
  Workflow workflow{"sinks"};
  const auto inner = workflow.task(square, 2);
  const auto left = workflow.task(square, inner);
  const auto right = workflow.task(square, 5);
  const auto run = engine.submit(std::move(workflow));
  EXPECT_EQ(*run.result_of(left), 16);
  EXPECT_EQ(*run.result_of(right), 25);
  const auto gone = run.result_of(inner);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Errc::input_missing);
  EXPECT_EQ(gone.error().task, "square-0");
}

TEST(EngineRun, KeepsAnOutputThatATaskIsToldToKeep) {
  Engine engine{arithmetic(), with_slots(2)};
  Workflow workflow{"kept"};
  const auto inner = workflow.task(square, 2);
  workflow.options(inner).keep_output = KeepOutput::until_erased;
  const auto result = workflow.task(square, inner);
  const auto run = engine.submit(std::move(workflow), result);
  EXPECT_EQ(run.get(), 16);
  EXPECT_EQ(*run.result_of(inner), 4);
}

TEST(EngineRun, TakesWhateverAFunctionMayReturn) {
  const Function nothing{"nothing@1", [](int) {}};
  const Function perhaps{"perhaps@1",
                         [](int x) { return x > 0 ? std::optional{x} : std::nullopt; }};
  const Function checked{"checked@1", [](int x) -> Result<int> { return x + 1; }};
  const Function after{"after@1", [](Nothing, std::optional<int> some, std::optional<int> none,
                                     int x) { return some.value_or(0) + none.value_or(10) + x; }};
  Engine engine{registry_of(nothing, perhaps, checked, after), with_slots(2)};
  Workflow workflow{"returns"};
  const auto result = workflow.task(after, workflow.task(nothing, 0), workflow.task(perhaps, 5),
                                    workflow.task(perhaps, -5), workflow.task(checked, 100));
  EXPECT_EQ(engine.submit(std::move(workflow), result).get(), 116);
  EXPECT_EQ(submit_one(engine, nothing, 1).get(), Nothing{});
}

TEST(EngineRun, WaitForAnswersWhetherItHasEnded) {
  Gate gate;
  const Function waiting{"waiting@1", [&] { gate.pass(); }};
  Engine engine{registry_of(waiting), with_slots(1)};
  const auto run = submit_one(engine, waiting);
  EXPECT_FALSE(run.wait_for(0s));
  gate.wait_until_reached();
  EXPECT_FALSE(run.wait_for(1ms));
  EXPECT_EQ(run.record().state, RunState::running);
  gate.open();
  run.wait();
  EXPECT_TRUE(run.wait_for(0s));
}

TEST(EngineRun, IsSharedByItsCopies) {
  Engine engine{arithmetic(), with_slots(1)};
  const auto run = submit_one(engine, square, 7);
  const auto copy = run;
  EXPECT_EQ(copy.id(), run.id());
  EXPECT_EQ(copy.get() + run.get(), 98);
}

TEST(EngineRun, GoesOnWhenItsClientLetsGo) {
  std::promise<int> done;
  Gate gate;
  const Function first{"first@1", [&] {
                         gate.pass();
                         return 6;
                       }};
  const Function last{"last@1", [&](int x) { done.set_value(x); }};
  Engine engine{registry_of(first, last), with_slots(1)};
  {
    Workflow workflow{"abandoned"};
    workflow.task(last, workflow.task(first));
    const auto run = engine.submit(std::move(workflow));
    gate.wait_until_reached();
  }
  gate.open();
  EXPECT_EQ(done.get_future().get(), 6);
}

// -- cancelling -----------------------------------------------------------------------------------

TEST(CancellingARun, ReachesAFunctionThatSleeps) {
  std::latch asleep{1};
  std::promise<bool> slept_out;
  const Function sleeper{"sleeper@1", [&](TaskContext& context) {
                           asleep.count_down();
                           slept_out.set_value(context.sleep_for(24h));
                           return 1;
                         }};
  Engine engine{registry_of(sleeper), with_slots(1)};
  const auto run = submit_one(engine, sleeper);
  asleep.wait();
  EXPECT_TRUE(run.cancel("enough"));
  EXPECT_FALSE(slept_out.get_future().get());
  const auto result = run.result();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::cancelled);
  EXPECT_THAT(result.error().message, HasSubstr("enough"));
  EXPECT_EQ(run.record().state, RunState::cancelled);
}

TEST(CancellingARun, StopsAFunctionThatLooksAtItsToken) {
  std::latch started{1};
  const Function looking{"looking@1", [&](TaskContext& context) {
                           started.count_down();
                           while (!context.stop_token().stop_requested()) std::this_thread::yield();
                         }};
  Engine engine{registry_of(looking), with_slots(1)};
  const auto run = submit_one(engine, looking);
  started.wait();
  EXPECT_TRUE(run.cancel());
  run.wait();
  EXPECT_EQ(run.record().state, RunState::cancelled);
}

TEST(CancellingARun, DoesNotWaitForAFunctionThatDoesNotListen) {
  Gate gate;
  const Function deaf{"deaf@1", [&] { gate.pass(); }};
  const Function quick{"quick@1", [] { return 3; }};
  Engine engine{registry_of(deaf, quick), with_slots(1)};
  const auto run = submit_one(engine, deaf);
  gate.wait_until_reached();
  EXPECT_TRUE(run.cancel());
  run.wait();
  EXPECT_EQ(submit_one(engine, quick).get(), 3) << "the slot has been replaced";
  gate.open();
}

TEST(CancellingARun, ThatHasJustBeenSubmittedEndsIt) {
  std::atomic<int> calls = 0;
  const Function counting{"counting@1", [&](int) { ++calls; }};
  Engine engine{registry_of(counting), with_slots(1)};
  for (int i = 0; i < 50; ++i) {
    const auto run = submit_one(engine, counting, i);
    const bool was_running = run.cancel();
    run.wait();
    EXPECT_EQ(run.record().state, was_running ? RunState::cancelled : RunState::succeeded);
  }
  EXPECT_LE(calls, 50);
}

TEST(CancellingARun, ThatHasEndedChangesNothing) {
  Engine engine{arithmetic(), with_slots(1)};
  const auto run = submit_one(engine, square, 3);
  EXPECT_EQ(run.get(), 9);
  EXPECT_FALSE(run.cancel());
  EXPECT_EQ(run.record().state, RunState::succeeded);
  EXPECT_EQ(run.get(), 9);
}

TEST(CancellingARun, TwiceAnswersOnceThatItWasRunning) {
  Gate gate;
  const Function waiting{"waiting@1", [&] { gate.pass(); }};
  Engine engine{registry_of(waiting), with_slots(1)};
  const auto run = submit_one(engine, waiting);
  gate.wait_until_reached();
  EXPECT_TRUE(run.cancel());
  EXPECT_FALSE(run.cancel());
  gate.open();
}

TEST(CancellingARun, LeavesOthersAlone) {
  Gate gate;
  const Function waiting{"waiting@1", [&](int x) {
                           if (x == 0) gate.pass();
                           return x;
                         }};
  Engine engine{registry_of(waiting), with_slots(2)};
  const auto kept = submit_one(engine, waiting, 0);
  gate.wait_until_reached();
  std::vector<weft::Run<int>> others;
  for (int i = 1; i < 20; ++i) others.push_back(submit_one(engine, waiting, i));
  for (const auto& run : others) run.cancel();
  gate.open();
  EXPECT_EQ(kept.get(), 0);
  EXPECT_EQ(submit_one(engine, waiting, 5).get(), 5);
}

}  // namespace weft::test
