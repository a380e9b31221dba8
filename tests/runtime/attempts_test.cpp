// Attempts in virtual time: retries, time limits, and what they do to slots.

#include "runtime/harness_fixture.hpp"

namespace weft::test {

namespace {

/// A function that notes when it is called and fails until attempt `good`.
auto failing_until(std::uint32_t good, std::vector<Nanos>& calls, const Harness* const& harness) {
  return [good, &calls, &harness](TaskContext& context) {
    calls.push_back(harness->now());
    if (context.attempt() < good)
      throw std::runtime_error("attempt " + std::to_string(context.attempt()));
    return static_cast<int>(context.attempt());
  };
}

}  // namespace

class Attempts : public OnVirtualTime {
protected:
  /// Adds a task that fails until attempt `good`.
  template <class... More>
  weft::Run<int> submit_failing(std::uint32_t good, RetryPolicy retries,
                                SubmitOptions options = {}) {
    const Function failing{"failing@1", failing_until(good, calls, self)};
    registry.add(failing);
    self = &start();
    Workflow workflow{"attempts"};
    const auto future = workflow.task(failing);
    workflow.name(future, "stubborn");
    workflow.options(future).retries = std::move(retries);
    return harness().submit(std::move(workflow), future, std::move(options));
  }

  std::vector<Nanos> calls;
  const Harness* self = nullptr;
};

TEST_F(Attempts, FollowOneAnotherAfterExactlyTheBackOff) {
  const auto run =
    submit_failing(5, {.attempts = 5, .backoff = 100ms, .backoff_factor = 3, .backoff_max = 500ms});
  EXPECT_EQ(run.get(), 5);
  EXPECT_THAT(calls, ElementsAre(0ms, 100ms, 400ms, 900ms, 1400ms));
  EXPECT_EQ(run.record().tasks.retries, 4u);
}

TEST_F(Attempts, AreNoMoreThanThePolicyAllows) {
  const auto run = submit_failing(9, {.attempts = 3, .backoff = 1s, .backoff_factor = 1});
  const auto result = run.result();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::task_failed);
  EXPECT_EQ(result.error().task, "stubborn");
  EXPECT_EQ(result.error().attempt, 3u);
  EXPECT_THAT(result.error().message, HasSubstr("attempt 3"));
  EXPECT_THAT(calls, ElementsAre(0s, 1s, 2s));
}

TEST_F(Attempts, EndAtOnceWithAnErrorThatIsNotRetried) {
  const auto run = submit_failing(2, {.attempts = 5, .on = {Errc::timed_out}});
  EXPECT_FALSE(run.result());
  EXPECT_EQ(calls.size(), 1u);
}

TEST_F(Attempts, WithoutBackOffFollowAtOnce) {
  const auto run = submit_failing(3, {.attempts = 3, .backoff = 0s});
  EXPECT_EQ(run.get(), 3);
  EXPECT_THAT(calls, ElementsAre(0s, 0s, 0s));
}

TEST_F(Attempts, ThatAreToComeAreNotMadeOnceTheRunIsCancelled) {
  const auto run = submit_failing(2, {.attempts = 2, .backoff = 10s});
  harness().advance(5s);
  EXPECT_TRUE(run.cancel());
  harness().run_until_idle();
  EXPECT_EQ(run.record().state, RunState::cancelled);
  EXPECT_EQ(calls.size(), 1u);
}

TEST_F(Attempts, WaitWithoutASlot) {
  const Function quick{"quick@1", [] { return 1; }};
  registry.add(quick);
  const auto stubborn = submit_failing(2, {.attempts = 2, .backoff = 60s});
  harness().advance(1s);
  Workflow other{"other"};
  const auto future = other.task(quick);
  const auto run = harness().submit(std::move(other), future);
  EXPECT_EQ(run.get(), 1);
  EXPECT_EQ(now(), 1s);
  EXPECT_EQ(stubborn.get(), 2);
  EXPECT_EQ(now(), 60s);
}

TEST_F(Attempts, ThatWaitLetOtherTasksOfTheirWorkerGoOn) {
  const Function quick{"quick@1", [](int x) { return x; }};
  const Function failing{"failing@1", failing_until(2, calls, self)};
  registry.add(quick).add(failing);
  self = &start();
  Workflow workflow{"others"};
  for (int i = 0; i < 4; ++i) {
    const auto future = workflow.task(failing);
    workflow.options(future).retries = RetryPolicy{.attempts = 2, .backoff = 60s};
  }
  std::vector<Future<int>> others;
  for (int i = 0; i < 4; ++i) others.push_back(workflow.task(quick, i));
  const auto run = harness().submit(std::move(workflow));
  harness().advance(1s);
  EXPECT_EQ(run.record().tasks.committed, 4u);
  run.get();
  EXPECT_EQ(now(), 60s);
}

// -- time limits ----------------------------------------------------------------------------------

class TimeLimits : public OnVirtualTime {
protected:
  const Function<int (*)(TaskContext&, int)> sleeper{
    "sleeper@1", [](TaskContext& context, int seconds) {
      context.sleep_for(std::chrono::seconds{seconds});
      return static_cast<int>(context.attempt());
    }};

  weft::Run<int> submit_sleeper(int seconds, TaskOptions options) {
    Workflow workflow{"limits"};
    const auto future = workflow.task(sleeper, seconds);
    workflow.name(future, "sleepy");
    workflow.options(future) = std::move(options);
    return harness().submit(std::move(workflow), future);
  }

  void SetUp() override { registry.add(sleeper); }
};

TEST_F(TimeLimits, EndARunAtOnceThoughTheFunctionSleepsOn) {
  start();
  const auto run = submit_sleeper(100, {.timeout = 2s});
  const auto result = run.result();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::timed_out);
  EXPECT_EQ(result.error().task, "sleepy");
  EXPECT_THAT(result.error().message, HasSubstr("2"));
  EXPECT_EQ(now(), 2s);
  EXPECT_EQ(run.record().makespan, Nanos{2s});
}

TEST_F(TimeLimits, ReplaceTheSlotWhoseFunctionDoesNotReturn) {
  start();
  EXPECT_FALSE(submit_sleeper(100, {.timeout = 2s}).result());
  EXPECT_EQ(submit_sleeper(1, {}).get(), 1);
  EXPECT_EQ(now(), 3s);
}

TEST_F(TimeLimits, AreOfOneAttempt) {
  start();
  const auto run = submit_sleeper(1, {.timeout = 2s});
  EXPECT_EQ(run.get(), 1);
}

TEST_F(TimeLimits, CountFromTheCallNotFromTheClaim) {
  start();
  Workflow workflow{"queue"};
  for (int i = 0; i < 5; ++i) workflow.options(workflow.task(sleeper, 2)).timeout = 3s;
  harness().submit(std::move(workflow)).get();
  EXPECT_EQ(now(), 10s);
}

TEST_F(TimeLimits, LetTheNextAttemptStartAfterTheBackOff) {
  std::vector<Nanos> calls;
  const Harness* self = nullptr;
  const Function hanging{"hanging@1", [&](TaskContext& context) {
                           calls.push_back(self->now());
                           if (context.attempt() < 3) context.sleep_for(24h);
                           return static_cast<int>(context.attempt());
                         }};
  registry.add(hanging);
  self = &start();
  Workflow workflow{"hanging"};
  const auto future = workflow.task(hanging);
  workflow.options(future) = {
    .retries = RetryPolicy{.attempts = 3, .backoff = 5s, .backoff_factor = 1}, .timeout = 1s};
  EXPECT_EQ(harness().submit(std::move(workflow), future).get(), 3);
  EXPECT_THAT(calls, ElementsAre(0s, 6s, 12s));
  EXPECT_EQ(now(), 12s);
}

TEST_F(TimeLimits, HoldUpNoOtherTask) {
  start({.pool = {.slots = 1}, .workers = 1});
  Workflow workflow{"others"};
  const auto hanging = workflow.task(sleeper, 1000);
  workflow.options(hanging).timeout = 1s;
  for (int i = 0; i < 3; ++i) workflow.task(sleeper, 1);
  const auto run = harness().submit(std::move(workflow), {.fail_fast = false});
  EXPECT_FALSE(run.result());
  EXPECT_EQ(run.record().tasks.committed, 3u);
  EXPECT_EQ(now(), 4s);
}

TEST_F(TimeLimits, ThatWereNotReachedLeaveNoTimerBehind) {
  start({.pool = {.slots = 1, .keep_alive = 10s}});
  EXPECT_EQ(submit_sleeper(1, {.timeout = 1h}).get(), 1);
  harness().run_until_idle();
  EXPECT_EQ(now(), 11s);
}

// -- of runs --------------------------------------------------------------------------------------

class RunLimits : public TimeLimits {};

TEST_F(RunLimits, EndTheRunAsFailed) {
  start();
  Workflow workflow{"long"};
  const auto first = workflow.task(sleeper, 3);
  const auto second = workflow.task(sleeper, first);
  const auto run = harness().submit(std::move(workflow), second, {.timeout = 2s});
  const auto result = run.result();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::timed_out);
  EXPECT_EQ(run.record().state, RunState::failed);
  EXPECT_EQ(now(), 2s);
}

TEST_F(RunLimits, ThatWereNotReachedLeaveNoTimerBehind) {
  start({.pool = {.slots = 1, .keep_alive = 10s}});
  Workflow workflow{"short"};
  const auto future = workflow.task(sleeper, 1);
  EXPECT_EQ(harness().submit(std::move(workflow), future, {.timeout = 1h}).get(), 1);
  harness().run_until_idle();
  EXPECT_EQ(now(), 11s);
}

TEST_F(RunLimits, CountFromTheSubmissionThoughNoSlotIsFree) {
  start();
  const auto blocker = submit_sleeper(10, {});
  Workflow workflow{"waiting"};
  const auto future = workflow.task(sleeper, 1);
  const auto run = harness().submit(std::move(workflow), future, {.timeout = 2s});
  EXPECT_EQ(run.result().error().code, Errc::timed_out);
  EXPECT_EQ(now(), 2s);
  EXPECT_EQ(blocker.get(), 1);
  EXPECT_EQ(submit_sleeper(1, {}).get(), 1);
  EXPECT_EQ(now(), 11s);
}

}  // namespace weft::test
