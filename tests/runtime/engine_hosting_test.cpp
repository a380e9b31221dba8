// Engines as parts of a host: how they begin, end, and live side by side.

#include <future>

#include "runtime/engine_fixture.hpp"

namespace weft::test {

TEST(EngineEnd, CancelsRunsAndWaitsForFunctions) {
  std::latch started{1};
  std::atomic<bool> returned = false;
  const Function sleeper{"sleeper@1", [&](TaskContext& context) {
                           started.count_down();
                           context.sleep_for(24h);
                           returned = true;
                         }};
  std::optional<weft::Run<Nothing>> run;
  {
    Engine engine{registry_of(sleeper), with_slots(1)};
    run = submit_one(engine, sleeper);
    started.wait();
  }
  EXPECT_TRUE(returned);
  EXPECT_EQ(run->record().state, RunState::cancelled);
  EXPECT_EQ(run->result().error().code, Errc::cancelled);
}

TEST(EngineEnd, EndsRunsThatWaitForASlot) {
  Gate gate;
  const Function waiting{"waiting@1", [&](int x) {
                           if (x == 0) gate.pass();
                         }};
  std::vector<weft::Run<Nothing>> runs;
  std::jthread opener;
  {
    Engine engine{registry_of(waiting), with_slots(1)};
    runs.push_back(submit_one(engine, waiting, 0));
    gate.wait_until_reached();
    for (int i = 1; i < 5; ++i) runs.push_back(submit_one(engine, waiting, i));
    opener = std::jthread{[&] {
      for (const auto& run : runs) run.wait();
      gate.open();
    }};
  }
  EXPECT_EQ(runs.front().record().state, RunState::cancelled);
  for (const auto& run : runs) EXPECT_NE(run.record().state, RunState::running);
}

TEST(EngineEnd, LeavesWhatItsRunsYielded) {
  const auto make = [] {
    Engine engine{registry_of(twice), with_slots(1)};
    auto run = submit_one(engine, twice, 21);
    run.wait();
    return run;
  };
  const weft::Run<int> run = make();
  EXPECT_EQ(run.get(), 42);
  EXPECT_TRUE(run.wait_for(0s));
  EXPECT_FALSE(run.cancel());
  EXPECT_EQ(run.record().state, RunState::succeeded);
  const auto subscription = run.on_event([](const RunEvent&) { FAIL() << "there is no engine"; });
  run.unsubscribe(subscription);
}

TEST(EngineEnd, MayComeWhileClientsWait) {
  Gate gate;
  const Function waiting{"waiting@1", [&] { gate.pass(); }};
  auto engine = std::make_unique<Engine>(registry_of(waiting), with_slots(1));
  const auto run = submit_one(*engine, waiting);
  gate.wait_until_reached();
  std::vector<std::jthread> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back([run] {
      EXPECT_FALSE(run.result());
      EXPECT_FALSE(run.cancel());
      run.unsubscribe(run.on_event([](const RunEvent&) {}));
    });
  }
  std::jthread opener{[&] {
    run.wait();
    gate.open();
  }};
  engine.reset();
}

TEST(EngineEnd, NeedsNoneOfTheThreadsThatUsedTheEngine) {
  std::unique_ptr<Engine> engine;
  std::latch used{1};
  std::latch ended{1};
  std::jthread client{[&] {
    engine = std::make_unique<Engine>(registry_of(twice), with_slots(1));
    const auto run = submit_one(*engine, twice, 2);
    run.wait();
    EXPECT_FALSE(run.cancel());
    used.count_down();
    ended.wait();
  }};
  used.wait();
  engine.reset();
  ended.count_down();
}

TEST(Engine, MayMove) {
  Engine first{registry_of(twice), with_slots(1)};
  const auto run = submit_one(first, twice, 1);
  Engine second = std::move(first);
  EXPECT_EQ(run.get(), 2);
  EXPECT_EQ(submit_one(second, twice, 3).get(), 6);
}

TEST(Engine, LivesBesideOthers) {
  std::vector<std::unique_ptr<Engine>> engines;
  for (std::uint32_t i = 0; i < 4; ++i) {
    engines.push_back(std::make_unique<Engine>(registry_of(twice), with_slots(1 + i % 2)));
  }
  std::vector<weft::Run<int>> runs;
  for (int i = 0; i < 40; ++i) {
    runs.push_back(submit_one(*engines[static_cast<std::size_t>(i) % engines.size()], twice, i));
  }
  engines[1].reset();
  for (int i = 0; i < 40; ++i) {
    if (i % 4 != 1) {
      EXPECT_EQ(runs[static_cast<std::size_t>(i)].get(), 2 * i);
    }
  }
}

TEST(Engine, MayBeMadeInsideAFunction) {
  const Function outer{"outer@1", [](int x) {
                         Engine inner{registry_of(twice), with_slots(1)};
                         return submit_one(inner, twice, x).get();
                       }};
  Engine engine{registry_of(outer), with_slots(2)};
  Workflow workflow{"nested"};
  const auto first = workflow.task(outer, 1);
  const auto second = workflow.task(outer, first);
  EXPECT_EQ(engine.submit(std::move(workflow), second).get(), 4);
}

TEST(Engine, TakesSubmissionsFromItsOwnFunctions) {
  Engine* self = nullptr;
  const Function outer{"outer@1", [&](int x) { return submit_one(*self, twice, x).get(); }};
  Engine engine{registry_of(outer, twice), with_slots(2)};
  self = &engine;
  EXPECT_EQ(submit_one(engine, outer, 5).get(), 10);
}

TEST(Engine, TakesSubmissionsFromItsOwnFunctionsWhileEverySlotIsTaken) {
  Engine* self = nullptr;
  std::promise<weft::Run<int>> submitted;
  const Function outer{"outer@1", [&](int x) {
                         auto inner = submit_one(*self, twice, x);
                         EXPECT_FALSE(inner.wait_for(0s));
                         submitted.set_value(std::move(inner));
                       }};
  Engine engine{registry_of(outer, twice), with_slots(1)};
  self = &engine;
  submit_one(engine, outer, 5).get();
  EXPECT_EQ(submitted.get_future().get().get(), 10);
}

TEST(Engine, FreesAFunctionThatWaitsForASlotOfItsOwnByACancel) {
  Engine* self = nullptr;
  std::latch submitted{1};
  std::promise<int> inner_result;
  const Function outer{"outer@1", [&](int x) {
                         const auto inner = submit_one(*self, twice, x);
                         submitted.count_down();
                         inner_result.set_value(inner.get());
                       }};
  Engine engine{registry_of(outer, twice), with_slots(1)};
  self = &engine;
  const auto run = submit_one(engine, outer, 5);
  submitted.wait();
  EXPECT_TRUE(run.cancel());
  EXPECT_EQ(inner_result.get_future().get(), 10);
}

TEST(Engine, TakesSubmissionsFromManyThreads) {
  Engine engine{registry_of(twice), with_slots(2)};
  std::vector<std::jthread> clients;
  for (int t = 0; t < 4; ++t) {
    clients.emplace_back([&engine, t] {
      for (int i = 0; i < 25; ++i) EXPECT_EQ(submit_one(engine, twice, t + i).get(), 2 * (t + i));
    });
  }
}

// -- runs in flight -------------------------------------------------------------------------------

TEST(RunsInFlight, AreLimited) {
  Gate gate;
  const Function waiting{"waiting@1", [&] { gate.pass(); }};
  EngineOptions options = with_slots(1);
  options.max_runs_in_flight = 1;
  Engine engine{registry_of(waiting, twice), options};
  const auto run = submit_one(engine, waiting);
  gate.wait_until_reached();
  try {
    static_cast<void>(submit_one(engine, twice, 1));
    FAIL() << "a run beyond the limit was accepted";
  } catch (const Exception& refused) {
    EXPECT_EQ(refused.error().code, Errc::limit_exceeded);
  }
  gate.open();
  run.wait();
}

TEST(RunsInFlight, AreThoseThatHaveNotEnded) {
  EngineOptions options = with_slots(1);
  options.max_runs_in_flight = 2;
  Engine engine{registry_of(twice), options};
  std::vector<weft::Run<int>> held;
  for (int i = 0; i < 10; ++i) {
    held.push_back(submit_one(engine, twice, i));
    EXPECT_EQ(held.back().get(), 2 * i);
  }
}

}  // namespace weft::test
