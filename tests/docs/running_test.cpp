// What docs/workflows.md shows of options, errors and engines, as tests.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
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

const weft::Function square{"square@1", [](int x) { return x * x; }};
const weft::Function divide{"divide@1", [](int x, int y) {
  if (y == 0) throw std::invalid_argument("the divisor is 0");
  return x / y;
}};

// -- options ------------------------------------------------------------------------------------

// Options of a function hold for each of its tasks.
const weft::Function flaky{"flaky@1",
                           [](weft::TaskContext& context, int x) {
                             if (context.attempt() < 3) throw std::runtime_error("not yet");
                             return x;
                           },
                           {.retries = weft::RetryPolicy{.attempts = 4, .backoff = 200ms},
                            .timeout = 30s,
                            .purity = weft::Purity::idempotent}};

// Goes on until it is told to stop.
const weft::Function wait_forever{"wait_forever@1", [](weft::TaskContext& context) {
  std::uint64_t rounds = 0;
  while (!context.stop_token().stop_requested()) {
    if (++rounds % 1000 == 0) context.report(0.5, "still here");
  }
  return rounds;
}};

// clang-format on

Registry functions() {
  Registry all;
  all.add(square).add(divide).add(flaky).add(wait_forever);
  return all;
}

TEST(Documentation, ShowsOptionsOfTasks) {
  weft::Workflow workflow{"options"};
  const auto patient = workflow.task(flaky, 3);
  workflow.options(patient).timeout = 5min;  // The task's word wins over the function's.
  workflow.options(patient).worker_class = weft::WorkerClass{.cpus = 2, .memory = {512}};

  const auto pinned = workflow.task(square, patient);
  workflow.options(pinned).worker = weft::WorkerId{1};
  workflow.options(pinned).keep_output = weft::KeepOutput::until_erased;

  const auto total = workflow.task(square, pinned);

  weft::HarnessOptions options;
  options.engine.pool = {.slots = 2, .slot_class = {.cpus = 4, .memory = {8192}}};
  weft::Harness harness{functions(), options};
  const auto run = harness.submit(std::move(workflow), total);
  EXPECT_EQ(run.get(), 81);
  EXPECT_EQ(run.result_of(pinned).value(), 9);  // Kept, though nobody asked for it as the result.
  EXPECT_EQ(harness.now(), 600ms);              // Two back-offs: 200 ms, then 400 ms.
  EXPECT_EQ(run.record().tasks.retries, 2u);
}

TEST(Documentation, ShowsWhatCannotBePlanned) {
  weft::Workflow workflow{"too_large"};
  const auto nine = workflow.task(square, 3);
  workflow.options(nine).worker_class = weft::WorkerClass{.cpus = 64};
  weft::Harness harness{functions()};
  try {
    static_cast<void>(harness.submit(std::move(workflow), nine));
    FAIL() << "it was planned";
  } catch (const weft::Exception& failure) {
    EXPECT_EQ(failure.error().code, weft::Errc::plan_infeasible);
  }
}

// -- errors -------------------------------------------------------------------------------------

TEST(Documentation, ShowsErrors) {
  weft::Workflow workflow{"errors"};
  const auto quotient = workflow.task(divide, 1, 0);
  const auto shown = workflow.task(square, quotient);

  weft::Engine engine{functions()};
  const weft::Run<int> run = engine.submit(std::move(workflow), shown);
  const weft::Result<int> result = run.result();
  if (!result) std::puts(weft::to_string(result.error()).c_str());

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, weft::Errc::task_failed);
  EXPECT_EQ(result.error().task, "divide-0");
  EXPECT_THAT(weft::to_string(result.error()), HasSubstr("the divisor is 0"));
  EXPECT_THROW(run.get(), weft::Exception);
}

TEST(Documentation, ShowsRunsThatGoOn) {
  weft::Workflow workflow{"keep_going"};
  const auto quotient = workflow.task(divide, 1, 0);
  const auto skipped = workflow.task(square, quotient);
  const auto other = workflow.task(square, 3);
  static_cast<void>(skipped);
  static_cast<void>(other);

  weft::Engine engine{functions()};
  const auto run = engine.submit(std::move(workflow), {.fail_fast = false});
  run.wait();
  const weft::RunRecord record = run.record();
  EXPECT_EQ(record.state, weft::RunState::failed);
  EXPECT_EQ(record.tasks.committed, 1u);
  EXPECT_EQ(record.tasks.failed, 1u);
  EXPECT_EQ(record.tasks.skipped, 1u);
}

TEST(Documentation, ShowsStructureProblems) {
  weft::Workflow workflow{"mistakes"};
  const weft::Function unknown{"unknown@1", [](int x) { return x; }};
  const auto one = workflow.task(unknown, 1);
  const auto two = workflow.task(square, one);
  workflow.name(one, "same");
  workflow.name(two, "same");

  const auto graph = workflow.freeze(functions());
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().causes.size(), 2u);  // Both mistakes, each with the task's name.
}

// -- engines and runs -----------------------------------------------------------------------------

TEST(Documentation, ShowsEngines) {
  weft::EngineOptions options;
  options.pool.slots = 2;
  options.recorder.history = "";  // Record nothing.
  weft::Engine engine{functions(), options};

  weft::Workflow workflow{"stopped"};
  const auto rounds = workflow.task(wait_forever);
  const auto run = engine.submit(std::move(workflow), rounds, {.progress_events = true});

  std::atomic<bool> started = false;
  run.on_event([&started](const weft::RunEvent& event) {
    if (event.kind != weft::RunEventKind::task_progress) return;
    started = true;
    started.notify_one();
  });
  started.wait(false);
  run.cancel("seen enough");

  EXPECT_EQ(run.result().error().code, weft::Errc::cancelled);
}

TEST(Documentation, ShowsTimeLimitsOfRuns) {
  weft::Workflow workflow{"limited"};
  const weft::Function sleep{"sleep@1", [](weft::TaskContext& context) { context.sleep_for(1h); }};
  const auto slept = workflow.task(sleep);
  Registry registry;
  registry.add(sleep);
  weft::Harness harness{registry};
  const auto run = harness.submit(std::move(workflow), slept, {.timeout = 30s});
  EXPECT_EQ(run.result().error().code, weft::Errc::timed_out);
}

}  // namespace
}  // namespace weft
