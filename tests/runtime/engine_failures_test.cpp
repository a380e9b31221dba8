// What becomes of what goes wrong in user functions, and in workflows.

#include "runtime/engine_fixture.hpp"

namespace weft::test {

namespace {

const Function fail{"fail@1",
                    [](int x) -> int { throw std::runtime_error("no " + std::to_string(x)); }};

Error error_of_one(Engine& engine, const auto& function) {
  const auto run = submit_one(engine, function);
  const auto result = run.result();
  EXPECT_FALSE(result);
  EXPECT_EQ(run.record().state, RunState::failed);
  EXPECT_EQ(run.record().errors.size(), 1u);
  return result ? Error{} : result.error();
}

}  // namespace

TEST(FailingFunction, IsNamedWithItsAttemptAndMessage) {
  const Function throwing{"throwing@1", []() -> int { throw std::out_of_range("beyond"); }};
  Engine engine{registry_of(throwing), with_slots(1)};
  const auto run = submit_one(engine, throwing);
  const Error error = run.result().error();
  EXPECT_EQ(error.code, Errc::task_failed);
  EXPECT_EQ(error.task, "only");
  EXPECT_EQ(error.attempt, 1u);
  EXPECT_EQ(error.node, "worker 0");
  EXPECT_EQ(error.message, "run " + run.id().text() + ": beyond");
  EXPECT_EQ(run.record().errors.front().message, "beyond");
}

TEST(FailingFunction, ThrowsFromGetWhatResultAnswers) {
  Engine engine{registry_of(fail), with_slots(1)};
  const auto run = submit_one(engine, fail, 7);
  const auto result = run.result();
  ASSERT_FALSE(result);
  try {
    run.get();
    FAIL() << "get() returned";
  } catch (const Exception& thrown) {
    EXPECT_EQ(thrown.error(), result.error());
    EXPECT_THAT(thrown.what(), HasSubstr("no 7"));
  }
}

TEST(FailingFunction, MayThrowWhatIsNoException) {
  const Function odd{"odd@1", []() -> int { throw 42; }};
  Engine engine{registry_of(odd), with_slots(1)};
  EXPECT_EQ(error_of_one(engine, odd).code, Errc::task_failed);
}

TEST(FailingFunction, MayReturnAnError) {
  const Function refusing{"refusing@1", []() -> Result<int> {
                            return Error{
                              .code = Errc::io_failed, .message = "no disk", .hint = "mount it"};
                          }};
  Engine engine{registry_of(refusing), with_slots(1)};
  const Error error = error_of_one(engine, refusing);
  EXPECT_EQ(error.code, Errc::io_failed);
  EXPECT_EQ(error.hint, "mount it");
  EXPECT_EQ(error.task, "only");
}

TEST(FailingFunction, MayThrowAnErrorOfItsOwn) {
  const Function throwing{"throwing@1", []() -> int {
                            throw Exception({.code = Errc::limit_exceeded, .message = "too much"});
                          }};
  Engine engine{registry_of(throwing), with_slots(1)};
  EXPECT_EQ(error_of_one(engine, throwing).code, Errc::limit_exceeded);
}

TEST(FailingFunction, LeavesTheEngineUsable) {
  Engine engine{registry_of(fail, pass), with_slots(1)};
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(submit_one(engine, fail, i).result());
    EXPECT_EQ(submit_one(engine, pass, i).get(), i);
  }
}

// -- what else of the run is done -----------------------------------------------------------------

namespace {

/// A task that fails, two that need it, a third that needs one of these, and two that do not.
Workflow half_failing() {
  Workflow workflow{"half"};
  const auto broken = workflow.task(fail, 1);
  workflow.name(broken, "broken");
  const auto left = workflow.task(pass, broken);
  workflow.task(add, broken, left);
  const auto fine = workflow.task(pass, 2);
  workflow.task(pass, fine);
  return workflow;
}

}  // namespace

TEST(FailFast, EndsTheRunAtTheFirstFailure) {
  Gate gate;
  const Function waiting{"waiting@1", [&] { gate.pass(); }};
  const Function failing{"failing@1", [&] {
                           gate.wait_until_reached();
                           throw std::runtime_error("no");
                         }};
  Engine engine{registry_of(failing, waiting), with_slots(2)};
  Workflow workflow{"fast"};
  workflow.options(workflow.task(waiting)).worker = WorkerId{0};
  workflow.options(workflow.task(failing)).worker = WorkerId{1};
  const auto run = engine.submit(std::move(workflow));
  EXPECT_FALSE(run.result());
  EXPECT_EQ(run.record().tasks.failed, 1u);
  EXPECT_EQ(run.record().tasks.committed, 0u);
  gate.open();
}

TEST(KeepGoing, SkipsOnlyWhatNeedsTheFailedTask) {
  Engine engine{registry_of(fail, pass, add), with_slots(2)};
  const auto run = engine.submit(half_failing(), {.fail_fast = false});
  const auto result = run.result();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().task, "broken");
  const TaskCounts counts = run.record().tasks;
  EXPECT_EQ(counts.total, 5u);
  EXPECT_EQ(counts.failed, 1u);
  EXPECT_EQ(counts.skipped, 2u);
  EXPECT_EQ(counts.committed, 2u);
}

TEST(KeepGoing, RecordsEveryErrorUpToALimit) {
  Engine engine{registry_of(fail), with_slots(2)};
  Workflow workflow{"many"};
  for (int i = 0; i < 150; ++i) workflow.task(fail, i);
  const auto run = engine.submit(std::move(workflow), {.fail_fast = false});
  EXPECT_FALSE(run.result());
  EXPECT_EQ(run.record().tasks.failed, 150u);
  EXPECT_EQ(run.record().errors.size(), max_recorded_errors);
}

// -- what is refused at the submission ------------------------------------------------------------

TEST(Submission, NamesEveryStructureProblemAtOnce) {
  const Function unknown{"unknown@3", [](int x) { return x; }};
  Engine engine{registry_of(pass), with_slots(1)};
  Workflow workflow{"broken"};
  workflow.name(workflow.task(pass, 1), "twin");
  workflow.name(workflow.task(pass, 2), "twin");
  workflow.name(workflow.task(unknown, 3), "stranger");
  workflow.options(workflow.task(pass, 4)).timeout = -1s;
  try {
    static_cast<void>(engine.submit(std::move(workflow)));
    FAIL() << "a broken workflow was accepted";
  } catch (const Exception& refused) {
    EXPECT_EQ(refused.error().code, Errc::invalid_workflow);
    EXPECT_EQ(refused.error().causes.size(), 3u);
    EXPECT_THAT(refused.what(), HasSubstr("twin"));
    EXPECT_THAT(refused.what(), HasSubstr("unknown@3"));
    EXPECT_THAT(refused.what(), HasSubstr("timeout"));
  }
}

TEST(Submission, IsRefusedWhenNoWorkerIsLargeEnough) {
  Engine engine{registry_of(pass), with_slots(1)};
  Workflow workflow{"large"};
  const auto task = workflow.task(pass, 1);
  workflow.name(task, "giant");
  workflow.options(task).worker_class = WorkerClass{.cpus = 64};
  try {
    static_cast<void>(engine.submit(std::move(workflow)));
    FAIL() << "a plan that cannot be carried out was accepted";
  } catch (const Exception& refused) {
    EXPECT_EQ(refused.error().code, Errc::plan_infeasible);
    EXPECT_THAT(refused.what(), HasSubstr("giant"));
  }
}

TEST(Submission, OfAMapThatGrowsTooWideFailsTheRun) {
  Engine engine{registry_of(upto, pass), with_slots(1)};
  Workflow workflow{"wide"};
  const auto each = workflow.map(workflow.task(upto, 11), pass);
  workflow.map_options(each).max_items = 10;
  const auto run = engine.submit(std::move(workflow), each);
  EXPECT_EQ(run.result().error().code, Errc::limit_exceeded);
}

TEST(EngineOptions, OutOfRangeAreAllNamed) {
  EngineOptions options = with_slots(5000);
  options.recorder.count = 0;
  options.planner = "nobody";
  try {
    const Engine engine{Registry{}, options};
    FAIL() << "options out of range were accepted";
  } catch (const Exception& refused) {
    EXPECT_EQ(refused.error().code, Errc::invalid_config);
    EXPECT_EQ(refused.error().causes.size(), 3u);
    EXPECT_THAT(refused.what(), HasSubstr("nobody"));
  }
}

}  // namespace weft::test
