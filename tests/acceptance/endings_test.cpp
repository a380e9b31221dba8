// Runs that fail or are cancelled, at each place that there is.

#include <future>

#include "acceptance/durable_runs.hpp"

namespace weft::test {

namespace {

constexpr int length = 5;

}  // namespace

class Endings : public DurableRuns {
protected:
  /// Expects that the next run has a process that the latest call of the label was not made in.
  void expect_other_process(Engine& engine, const std::string& label) {
    Workflow workflow{"next"};
    const auto next_one = risky(workflow, Mishap::none, 0, "next", 1);
    const auto run = engine.submit(std::move(workflow), next_one);
    const auto result = result_in_time(run);
    ASSERT_TRUE(result) << to_string(result.error());
    EXPECT_NE(process_of("next"), process_of(label));
  }
};

TEST_F(Endings, OfRunsThatFailNameTheTaskThatFailedWhereverItIs) {
  {
    Engine engine{durable_functions(), processes(2)};
    std::vector<weft::Run<int>> runs;
    for (int failing = 0; failing < length; ++failing) {
      Workflow workflow{"failing"};
      auto last = workflow.task(pass, 0);
      for (int i = 0; i < length; ++i) {
        const auto kind = i == failing ? Mishap::exception : Mishap::none;
        const std::string label = "fail-" + std::to_string(failing) + "-at-" + std::to_string(i);
        last = risky(workflow, kind, 1, label, last);
        workflow.options(last).worker = WorkerId{static_cast<std::uint32_t>(i % 2)};
      }
      runs.push_back(engine.submit(std::move(workflow), last));
    }
    for (int failing = 0; failing < length; ++failing) {
      const auto& run = runs[static_cast<std::size_t>(failing)];
      const auto result = result_in_time(run);
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().code, Errc::task_failed);
      const std::string number = std::to_string(failing);
      EXPECT_THAT(to_string(result.error()), HasSubstr("fail-" + number + "-at-" + number));
      EXPECT_EQ(run.record().tasks.committed, static_cast<std::uint64_t>(failing) + 1);
      for (int i = failing + 1; i < length; ++i) {
        EXPECT_EQ(calls("fail-" + number + "-at-" + std::to_string(i)), 0);
      }
    }
  }
  expect_nothing_left();
}

TEST_F(Endings, OfRunsThatAreCancelledComeAtOnceWhereverTheyAre) {
  {
    Engine engine{durable_functions(), processes(2)};
    for (int place = 0; place < length; ++place) {
      const std::string here = "cancel-" + std::to_string(place);
      open_gate("open");
      Workflow workflow{"cancelled"};
      auto last = workflow.task(pass, 0);
      for (int i = 0; i < length; ++i) {
        const bool waits = i == place;
        last = workflow.task(wait_for_gate, folder(), waits ? "never" : "open",
                             waits ? here : here + "-passed", last);
        workflow.options(last).worker = WorkerId{static_cast<std::uint32_t>(i % 2)};
      }
      const auto run = engine.submit(std::move(workflow), last);
      ASSERT_TRUE(wait_for_calls(here, 1));
      EXPECT_TRUE(run.cancel("enough of it"));
      const auto result = result_in_time(run);
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().code, Errc::cancelled);
      EXPECT_THAT(to_string(result.error()), HasSubstr("enough of it"));
      EXPECT_EQ(run.record().state, RunState::cancelled);
      EXPECT_EQ(run.record().tasks.committed, static_cast<std::uint64_t>(place) + 1);
    }
  }
  expect_nothing_left();
}

/// The end of the engine has to wait until the process is found to give no sign of life.
TEST_F(Endings, OfRunsWhoseFunctionIsFrozenComeAtOnceWhenTheyAreCancelled) {
  {
    Engine engine{durable_functions(), processes(1)};
    Workflow workflow{"frozen"};
    const auto frozen = risky(workflow, Mishap::freeze, 1, "frozen", 0);
    const auto run = engine.submit(std::move(workflow), frozen);
    ASSERT_TRUE(wait_for_calls("frozen", 1));
    EXPECT_TRUE(run.cancel());
    const auto result = result_in_time(run);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::cancelled);
  }
  expect_nothing_left();
}

/// A process does one thing at a time: what goes wrong in it is charged to that.
TEST_F(Endings, OfRunsWhoseFunctionDoesNotReturnLeaveNoProcessToOthers) {
  {
    Engine engine{durable_functions(), processes(1)};
    Workflow workflow{"hanging"};
    const auto hanging = risky(workflow, Mishap::hang, 1, "hanging", 0);
    const auto run = engine.submit(std::move(workflow), hanging);
    ASSERT_TRUE(wait_for_calls("hanging", 1));
    EXPECT_TRUE(run.cancel());
    ASSERT_TRUE(run.wait_for(bound));
    expect_other_process(engine, "hanging");
  }
  expect_nothing_left();
}

/// Its second attempt is made beside the first, as it is the worker's own.
TEST_F(Endings, OfRunsWithACallThatWasGivenUpLeaveNoProcessToOthers) {
  {
    Engine engine{durable_functions(), processes(1)};
    Workflow workflow{"given-up"};
    const auto hanging = risky(workflow, Mishap::hang, 1, "given-up", 0);
    workflow.options(hanging).timeout = 200ms;
    workflow.options(hanging).retries = RetryPolicy{.attempts = 10};
    const auto run = engine.submit(std::move(workflow), hanging);
    const auto result = result_in_time(run);
    ASSERT_TRUE(result) << to_string(result.error());
    expect_other_process(engine, "given-up");
  }
  expect_nothing_left();
}

/// As commands do, which have some time between TERM and KILL.
TEST_F(Endings, OfRunsThatAreCancelledLetFunctionsTidyUp) {
  {
    Engine engine{durable_functions(), processes(1)};
    Workflow workflow{"tidy"};
    const auto tidy = workflow.task(tidy_up, folder(), "gate", "tidy", 0);
    const auto run = engine.submit(std::move(workflow), tidy);
    ASSERT_TRUE(wait_for_calls("tidy", 1));
    EXPECT_TRUE(run.cancel());
    ASSERT_TRUE(run.wait_for(bound));
    expect_other_process(engine, "tidy");
    open_gate("gate");
    EXPECT_TRUE(wait_for_calls("tidy-tidied-up", 1));
  }
  expect_nothing_left();
}

TEST_F(Endings, OfRunsThatTakeTooLongSayTheLimit) {
  {
    Engine engine{durable_functions(), processes(1)};
    Workflow workflow{"too-long"};
    const auto waiting = workflow.task(wait_for_gate, folder(), "never", "waiting", 0);
    const auto run =
      engine.submit(std::move(workflow), waiting, SubmitOptions{.timeout = Nanos{300ms}});
    const auto result = result_in_time(run);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::timed_out);
  }
  expect_nothing_left();
}

/// A run whose store goes away in the middle of its only task.
class EndingsWithoutStore : public DurableRuns {
protected:
  void SetUp() override {
    DurableRuns::SetUp();
    if (IsSkipped()) return;
    const auto directory = std::filesystem::path{folder()} / "redis";
    std::filesystem::create_directory(directory);
    redis.emplace(
      RedisServerOptions{.keep = RedisServerOptions::Keep::everything, .directory = directory});
    EngineOptions options = processes(1);
    options.store.patience = 300ms;
    engine.emplace(durable_functions(), options);
    Workflow workflow{"left"};
    const auto waiting = workflow.task(wait_for_gate, folder(), "left", "waiting", 4);
    run.emplace(engine->submit(std::move(workflow), waiting));
    subscription = run->on_event([](const RunEvent&) {});
    ASSERT_TRUE(wait_for_calls("waiting", 1));
    redis->kill();
    const auto result = result_in_time(*run);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::store_unavailable);
  }

  /// The end of the client's patience is none of the run.
  void expect_that_others_end_it() {
    Engine other{durable_functions(), processes(1)};
    open_gate("left");
    const auto handle = attached(other, run->id());
    ASSERT_TRUE(handle->wait_for(bound));
    EXPECT_EQ(handle->record().state, RunState::succeeded);
    EXPECT_TRUE(other.acknowledge(run->id()));
  }

  std::optional<Engine> engine;
  std::optional<weft::Run<int>> run;
  std::uint64_t subscription = 0;
};

TEST_F(EndingsWithoutStore, AreNotWaitedFor) {
  auto closed = std::async(std::launch::async, [&] { engine.reset(); });
  const bool in_time = closed.wait_for(bound) == std::future_status::ready;
  redis->start();
  ASSERT_TRUE(in_time) << "the engine waits for the store";
  expect_that_others_end_it();
  expect_nothing_left();
}

TEST_F(EndingsWithoutStore, DoNotTakeTheRunAlongWhenItIsBack) {
  redis->start();
  ASSERT_TRUE(eventually([&] { return static_cast<bool>(engine->stored_runs()); }));
  engine.reset();
  expect_that_others_end_it();
  expect_nothing_left();
}

}  // namespace weft::test
