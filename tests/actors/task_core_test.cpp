// What happens to one attempt of a task, from its grant to its end.

#include "actors/task_core_fixture.hpp"

namespace weft::test {

/// A task that needs nothing, and one that reads it.
class AnAttempt : public OneAttempt {
protected:
  Future<int> task = workflow.task(sample::number);
  Future<int> reader = workflow.task(sample::step, task);

  void SetUp() override { freeze(2); }

  /// Attempts, back-off and time limit of `task`.
  void allow(TaskOptions options) {
    workflow.options(task) = std::move(options);
    freeze(2);
  }
};

// -- call, commit, end --------------------------------------------------------------------------

TEST_F(AnAttempt, CallsItsFunctionFirst) {
  EXPECT_TRUE(is<Call>(begin(task)));
}

TEST_F(AnAttempt, CommitsWhatItsFunctionReturned) {
  place(reader, WorkerId{1});
  begin(task);
  const Value output = Value::of(42);
  const auto commit = only<Commit>(on_returned(output)).request;
  EXPECT_EQ(commit.run, RunId{7});
  EXPECT_EQ(commit.task, task.task());
  EXPECT_EQ(commit.fence, Fence{1});
  EXPECT_EQ(commit.worker, WorkerId{0});
  EXPECT_EQ(commit.output, output);
  EXPECT_EQ(commit.output_size, output.size());
  EXPECT_EQ(commit.claim, ClaimChildren::own);
}

TEST_F(AnAttempt, EndsWhenTheStoreHasTakenItsCommit) {
  begin(task);
  on_returned(Value::of(42));
  const auto end =
    only<End>(on(StoreCommitted{{.ready = {{reader.task(), WorkerId{0}}}, .run_ended = true}}));
  EXPECT_EQ(outcome(), AttemptOutcome::committed);
  EXPECT_THAT(end.keep_here, IsEmpty());
  EXPECT_FALSE(end.retry);
  EXPECT_FALSE(core->call_abandoned());
  EXPECT_EQ(core->answer().ready.size(), 1u);
  EXPECT_TRUE(core->answer().run_ended);
}

TEST_F(AnAttempt, ThatComesSecondEndsAsLost) {
  for (const CommitOutcome second : {CommitOutcome::lost, CommitOutcome::fenced}) {
    begin(task);
    on_returned(Value::of(42));
    EXPECT_TRUE(is<End>(on_commit_answered(second)));
    EXPECT_EQ(outcome(), AttemptOutcome::lost);
    EXPECT_TRUE(core->kept().missing()) << "somebody else's output counts";
  }
}

TEST_F(AnAttempt, ThatCommitsAfterTheRunHasEndedIsCancelled) {
  begin(task);
  on_returned(Value::of(42));
  EXPECT_TRUE(is<End>(on_commit_answered(CommitOutcome::ended)));
  EXPECT_EQ(outcome(), AttemptOutcome::cancelled);
}

TEST_F(AnAttempt, DoesNothingOnceItHasEnded) {
  begin(task);
  on_returned(Value::of(42));
  on_commit_answered(CommitOutcome::committed);
  const TaskMetrics metrics = core->metrics();
  EXPECT_TRUE(is<Wait>(on_returned(Value::of(43))));
  EXPECT_TRUE(is<Wait>(on(TimeLimitReached{1})));
  EXPECT_TRUE(is<Wait>(on_commit_answered(CommitOutcome::lost)));
  EXPECT_TRUE(is<Wait>(on(StoreFailed{})));
  EXPECT_TRUE(is<Wait>(on(Stopped{})));
  EXPECT_TRUE(is<Wait>(on(StoreUnavailable{})));
  EXPECT_EQ(core->metrics(), metrics);
}

TEST_F(AnAttempt, IgnoresWhatAnotherAttemptReturned) {
  begin(task);
  EXPECT_TRUE(is<Wait>(on(Returned{.attempt = 2, .output = Value::of(1)})));
  EXPECT_TRUE(is<Commit>(on_returned(Value::of(42))));
}

TEST_F(AnAttempt, WithoutAnInputFailsWithoutACall) {
  const auto report = only<ReportFailure>(begin(reader, {Value{}}));
  EXPECT_EQ(report.request.error.code, Errc::input_missing);
  EXPECT_FALSE(report.stop_call);
  EXPECT_TRUE(is<End>(on(StoreFailed{})));
  EXPECT_EQ(outcome(), AttemptOutcome::failed);
}

TEST_F(AnAttempt, NeedsNothingOfATaskThatItOnlyFollows) {
  workflow.after(task, workflow.task(sample::number));
  freeze();
  EXPECT_TRUE(is<Call>(begin(task, {Value{}})));
}

// -- failure ------------------------------------------------------------------------------------

TEST_F(AnAttempt, ReportsWhatItsFunctionThrew) {
  begin(task);
  const auto report = only<ReportFailure>(on_threw());
  EXPECT_EQ(report.request.run, RunId{7});
  EXPECT_EQ(report.request.task, task.task());
  EXPECT_EQ(report.request.fence, Fence{1});
  EXPECT_EQ(report.request.worker, WorkerId{0});
  EXPECT_EQ(report.request.error.code, Errc::task_failed);
  EXPECT_EQ(report.request.error.message, "as told");
  EXPECT_EQ(report.request.error.attempt, 1u);
  EXPECT_FALSE(report.request.retry) << "unless told otherwise, a task is tried once";
  EXPECT_FALSE(report.stop_call) << "it has returned";
}

TEST_F(AnAttempt, ThatIsNotTriedAgainEndsAsFailed) {
  begin(task);
  on_threw();
  const auto end = only<End>(on(StoreFailed{{.run_ended = true}}));
  EXPECT_FALSE(end.retry);
  EXPECT_EQ(outcome(), AttemptOutcome::failed);
  EXPECT_FALSE(core->call_abandoned());
  EXPECT_TRUE(core->answer().run_ended);
}

TEST_F(AnAttempt, ThatFailedHandsItsTaskBackForAnother) {
  allow({.retries = RetryPolicy{.attempts = 3, .backoff = 100ms, .backoff_factor = 3}});
  Grant second = grant(task);
  second.attempt = 2;
  begin(second);
  const auto report =
    only<ReportFailure>(on(Returned{.attempt = 2, .error = Error{.code = Errc::task_failed}}));
  EXPECT_TRUE(report.request.retry);
  EXPECT_EQ(report.request.error.attempt, 2u);
  const auto end = only<End>(on(StoreFailed{{.fence = Fence{5}, .attempt = 3}}));
  ASSERT_TRUE(end.retry);
  EXPECT_EQ(end.retry->task, task.task());
  EXPECT_EQ(end.retry->fence, Fence{5});
  EXPECT_EQ(end.retry->attempt, 3u);
  EXPECT_EQ(end.retry_after, Nanos{300ms}) << "after the second attempt";
  EXPECT_EQ(outcome(), AttemptOutcome::failed);
}

TEST_F(AnAttempt, KeepsItsInputsForTheNext) {
  workflow.options(reader).retries = RetryPolicy{.attempts = 2};
  freeze();
  begin(reader, {Value::of(42)});
  on_threw();
  const auto end = only<End>(on(StoreFailed{{.fence = Fence{2}, .attempt = 2}}));
  ASSERT_TRUE(end.retry);
  EXPECT_EQ(end.retry->inputs.at(0), Value::of(42));
}

TEST_F(AnAttempt, IsTheLastOfItsPolicy) {
  allow({.retries = RetryPolicy{.attempts = 2}});
  Grant second = grant(task);
  second.attempt = 2;
  begin(second);
  const auto report =
    only<ReportFailure>(on(Returned{.attempt = 2, .error = Error{.code = Errc::task_failed}}));
  EXPECT_FALSE(report.request.retry);
}

TEST_F(AnAttempt, IsNotRepeatedAfterAnErrorThatThePolicyDoesNotName) {
  allow({.retries = RetryPolicy{.attempts = 5, .on = {Errc::timed_out}}});
  begin(task);
  EXPECT_FALSE(only<ReportFailure>(on_threw()).request.retry);
}

TEST_F(AnAttempt, WhoseFailureTheStoreRefusesEndsAsLost) {
  allow({.retries = RetryPolicy{.attempts = 5}});
  for (const CommitOutcome refused :
       {CommitOutcome::lost, CommitOutcome::fenced, CommitOutcome::ended}) {
    begin(task);
    on_threw();
    const auto end = only<End>(on(StoreFailed{{.outcome = refused}}));
    EXPECT_FALSE(end.retry) << "somebody else has the task";
    EXPECT_EQ(outcome(), AttemptOutcome::lost);
  }
}

// -- time limits --------------------------------------------------------------------------------

TEST_F(AnAttempt, AtItsTimeLimitStopsItsCallAndReports) {
  allow({.timeout = 3s});
  begin(task);
  const auto report = only<ReportFailure>(on(TimeLimitReached{1}));
  EXPECT_TRUE(report.stop_call);
  EXPECT_EQ(report.request.error.code, Errc::timed_out);
  EXPECT_THAT(report.request.error.message, HasSubstr(format_duration(3s)));
  EXPECT_THAT(report.request.error.hint, HasSubstr("timeout"));
  EXPECT_TRUE(is<End>(on(StoreFailed{})));
  EXPECT_EQ(outcome(), AttemptOutcome::timed_out);
  EXPECT_TRUE(core->call_abandoned());
}

TEST_F(AnAttempt, AtItsTimeLimitIsFollowedByAnotherIfThePolicySaysSo) {
  allow({.retries = RetryPolicy{.attempts = 2}, .timeout = 3s});
  begin(task);
  EXPECT_TRUE(only<ReportFailure>(on(TimeLimitReached{1})).request.retry);
  EXPECT_TRUE(only<End>(on(StoreFailed{{.fence = Fence{2}, .attempt = 2}})).retry);
}

TEST_F(AnAttempt, IgnoresWhatReturnsAfterItsTimeLimit) {
  allow({.timeout = 3s});
  begin(task);
  on(TimeLimitReached{1});
  EXPECT_TRUE(is<Wait>(on_returned(Value::of(42))));
  EXPECT_TRUE(is<Wait>(on_threw()));
  EXPECT_TRUE(is<End>(on(StoreFailed{})));
  EXPECT_EQ(outcome(), AttemptOutcome::timed_out);
}

TEST_F(AnAttempt, IgnoresATimeLimitThatIsReachedAfterItHasReturned) {
  allow({.timeout = 3s});
  begin(task);
  on_returned(Value::of(42));
  EXPECT_TRUE(is<Wait>(on(TimeLimitReached{1})));
  EXPECT_TRUE(is<End>(on_commit_answered(CommitOutcome::committed)));
  EXPECT_EQ(outcome(), AttemptOutcome::committed);
  EXPECT_FALSE(core->call_abandoned());
}

TEST_F(AnAttempt, IgnoresTheTimeLimitOfAnother) {
  allow({.timeout = 3s});
  begin(task);
  EXPECT_TRUE(is<Wait>(on(TimeLimitReached{2})));
}

// -- stop, and a store that is away -------------------------------------------------------------

TEST_F(AnAttempt, ThatIsStoppedDuringItsCallLeavesItBehind) {
  begin(task);
  EXPECT_FALSE(only<End>(on(Stopped{})).retry);
  EXPECT_EQ(outcome(), AttemptOutcome::cancelled);
  EXPECT_TRUE(core->call_abandoned());
}

TEST_F(AnAttempt, ThatIsStoppedDuringItsCommitLeavesNoCallBehind) {
  begin(task);
  on_returned(Value::of(42));
  EXPECT_TRUE(is<End>(on(Stopped{})));
  EXPECT_EQ(outcome(), AttemptOutcome::cancelled);
  EXPECT_FALSE(core->call_abandoned());
  EXPECT_TRUE(core->kept().missing());
}

TEST_F(AnAttempt, ThatIsStoppedWhileItReportsAFailureIsNotTriedAgain) {
  allow({.retries = RetryPolicy{.attempts = 5}});
  begin(task);
  on_threw();
  EXPECT_FALSE(only<End>(on(Stopped{})).retry);
  EXPECT_EQ(outcome(), AttemptOutcome::cancelled);
  EXPECT_FALSE(core->call_abandoned());
}

TEST_F(AnAttempt, ThatCannotCommitFailsWithTheStoresReason) {
  begin(task);
  on_returned(Value::of(42));
  const Error reason{.code = Errc::limit_exceeded, .message = "the value is too large"};
  const auto request = only<ReportFailure>(on(StoreUnavailable{reason})).request;
  EXPECT_EQ(request.error.code, reason.code);
  EXPECT_EQ(request.error.message, reason.message);
  EXPECT_TRUE(core->kept().missing());
  on(StoreFailed{});
  EXPECT_EQ(outcome(), AttemptOutcome::failed);
}

TEST_F(AnAttempt, WhoseCommitDoesNotReachTheStoreIsForOthersToRepeat) {
  begin(task);
  on_returned(Value::of(42));
  const Error reason{.code = Errc::store_unavailable, .message = "the store is gone"};
  const auto end = only<End>(on(StoreUnavailable{reason}));
  ASSERT_TRUE(end.broken) << "its task has not failed: its worker gives it up";
  EXPECT_EQ(end.broken->message, reason.message);
  EXPECT_EQ(outcome(), AttemptOutcome::lost);
  EXPECT_TRUE(core->kept().missing());
}

TEST_F(AnAttempt, ThatCannotReportItsFailureSaysSo) {
  allow({.retries = RetryPolicy{.attempts = 5}});
  begin(task);
  on_threw();
  const Error reason{.code = Errc::store_unavailable, .message = "the store is gone"};
  const auto end = only<End>(on(StoreUnavailable{reason}));
  EXPECT_FALSE(end.retry);
  ASSERT_TRUE(end.broken);
  EXPECT_EQ(end.broken->message, reason.message);
}

// -- where the output goes ----------------------------------------------------------------------

/// What an attempt of `task` on worker 0 does with its output.
class AnOutput : public AnAttempt {
protected:
  /// `store`, `worker`, both or neither.
  std::string where() {
    begin(task);
    const auto commit = only<Commit>(on_returned(Value::of(42))).request;
    EXPECT_EQ(commit.output_size, Value::of(42).size());
    return std::string(commit.output.missing() ? "" : "store") +
           (core->kept().missing() ? "" : "worker");
  }
};

TEST_F(AnOutput, StaysOnItsWorkerWhenOnlyTasksThereReadIt) {
  EXPECT_EQ(where(), "worker");
}

TEST_F(AnOutput, IsStoredWhenAnotherWorkerReadsIt) {
  place(reader, WorkerId{1});
  EXPECT_EQ(where(), "store");
}

TEST_F(AnOutput, IsStoredWhenAFlexibleTaskReadsIt) {
  place(reader, flexible_worker);
  EXPECT_EQ(where(), "store");
}

TEST_F(AnOutput, IsStoredWhenTheClientWantsIt) {
  context->kept = {task.task()};
  EXPECT_EQ(where(), "store");
}

TEST_F(AnOutput, IsStoredWhenItsTaskKeepsIt) {
  allow({.keep_output = KeepOutput::until_erased});
  EXPECT_EQ(where(), "store");
}

TEST_F(AnOutput, IsStoredWhenItsTaskRunsElsewhereThanPlanned) {
  place(task, WorkerId{1});
  place(reader, WorkerId{1});
  EXPECT_EQ(where(), "store") << "the reader will look for it on worker 1";
}

TEST_F(AnOutput, OfAMapsTaskIsStoredWhenItRunsElsewhereThanPlanned) {
  const auto each = workflow.map(workflow.task(sample::numbers), sample::step);
  workflow.map(each, sample::step);
  freeze(2);
  Grant row = grant(each, {Value::of(1)});
  for (const std::uint32_t number : {0u, 1u}) {
    row.path = {number};
    begin(row);
    const bool stored = !only<Commit>(on_returned(Value::of(42))).request.output.missing();
    EXPECT_EQ(stored, number == 1) << "rows go round the workers; this is worker 0";
  }
}

TEST_F(AnOutput, IsDroppedWhenTheCommitIsLost) {
  ASSERT_EQ(where(), "worker");
  on_commit_answered(CommitOutcome::lost);
  EXPECT_TRUE(core->kept().missing());
}

// -- metrics ------------------------------------------------------------------------------------

class AnAttemptsMetrics : public AnAttempt {
protected:
  /// From the grant to the end, in seconds.
  [[nodiscard]] std::vector<int> seconds() const {
    std::vector<int> all;
    const TaskMetrics& m = core->metrics();
    for (const Nanos at : {m.claimed, m.inputs_ready, m.started, m.finished, m.committed}) {
      all.push_back(static_cast<int>(at / 1s));
    }
    return all;
  }
};

TEST_F(AnAttemptsMetrics, SayWhoDidWhatAndHowMuchItMoved) {
  Grant row = grant(reader, {Value::of(std::string(100, 'x'))});
  row.path = {3, 4};
  row.attempt = 2;
  core.emplace(context, WorkerId{1}, row, Bytes{60}, granted_at);
  static_cast<void>(core->start(2s));
  const TaskMetrics& metrics = core->metrics();
  EXPECT_EQ(metrics.task, reader.task());
  EXPECT_EQ(metrics.template_task, reader.task());
  EXPECT_EQ(metrics.attempt, 2u);
  EXPECT_EQ(metrics.worker, WorkerId{1});
  EXPECT_EQ(metrics.input_size, row.inputs.size());
  EXPECT_EQ(metrics.fetched_size, Bytes{60});
  EXPECT_THAT(metrics.path, ElementsAre(3, 4));
}

TEST_F(AnAttemptsMetrics, HaveTheTimesOfACommit) {
  begin(task);
  on_returned(Value::of(42));
  on_commit_answered(CommitOutcome::committed);
  EXPECT_THAT(seconds(), ElementsAre(1, 2, 3, 5, 10));
  EXPECT_EQ(core->metrics().output_size, Value::of(42).size());
}

TEST_F(AnAttemptsMetrics, HaveTheTimesOfAFailure) {
  begin(task);
  on_threw();
  on(StoreFailed{});
  EXPECT_THAT(seconds(), ElementsAre(1, 2, 3, 5, 10));
}

TEST_F(AnAttemptsMetrics, HaveTheTimesOfACallThatDidNotReturn) {
  allow({.timeout = 3s});
  begin(task);
  on(TimeLimitReached{1}, 7s);
  on(StoreFailed{});
  EXPECT_THAT(seconds(), ElementsAre(1, 2, 2, 7, 10));
}

TEST_F(AnAttemptsMetrics, HaveTheTimesOfACallThatWasStopped) {
  begin(task);
  on(Stopped{});
  EXPECT_THAT(seconds(), ElementsAre(1, 2, 2, 10, 10));
}

TEST_F(AnAttemptsMetrics, HaveTheTimesOfACommitThatWasStopped) {
  begin(task);
  on_returned(Value::of(42));
  on(Stopped{});
  EXPECT_THAT(seconds(), ElementsAre(1, 2, 3, 5, 10));
}

TEST_F(AnAttemptsMetrics, HaveTheTimesOfACommitThatDidNotReachTheStore) {
  begin(task);
  on_returned(Value::of(42));
  on(StoreUnavailable{{.code = Errc::store_unavailable, .message = "the store is gone"}});
  EXPECT_THAT(seconds(), ElementsAre(1, 2, 3, 5, 10));
}

TEST_F(AnAttemptsMetrics, HaveTheTimesOfAnAttemptThatWasNeverCalled) {
  begin(reader, {Value{}});
  on(StoreFailed{});
  EXPECT_THAT(seconds(), ElementsAre(1, 2, 2, 2, 10));
}

}  // namespace weft::test
