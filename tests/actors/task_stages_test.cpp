// Maps, and the stages of a task that an optimization owns.

#include "actors/task_core_fixture.hpp"

namespace weft::test {

// -- maps ---------------------------------------------------------------------------------------

class AMap : public OneAttempt {
protected:
  Future<sample::Numbers> list = workflow.task(sample::numbers);
  Mapped<int> each = workflow.map(list, sample::step);

  TaskId map() const { return context->graph->scope(1).map; }
  TaskEffect begin_with(Value value) {
    freeze();
    return begin_map(std::move(value));
  }
  TaskEffect begin_map(Value value) {
    Grant grant{.task = map(), .template_task = map(), .fence = Fence{1}};
    grant.inputs.add(std::move(value));
    return begin(std::move(grant));
  }
};

TEST_F(AMap, AsksTheStoreForATaskForEachElement) {
  const auto expand = only<Expand>(begin_with(Value::of(sample::Numbers{5, 6, 7}))).request;
  ASSERT_EQ(expand.items.size(), 3u);
  EXPECT_EQ(*expand.items[2].object<int>(), 7);
  EXPECT_EQ(expand.commit.run, RunId{7});
  EXPECT_EQ(expand.commit.task, map());
  EXPECT_EQ(expand.commit.fence, Fence{1});
  EXPECT_EQ(expand.commit.output, Value::nothing());
  EXPECT_TRUE(is<End>(on_commit_answered(CommitOutcome::committed)));
  EXPECT_EQ(outcome(), AttemptOutcome::committed);
}

TEST_F(AMap, OverAnEmptyListHasNoTasks) {
  EXPECT_THAT(only<Expand>(begin_with(Value::of(sample::Numbers{}))).request.items, IsEmpty());
}

TEST_F(AMap, ReadsAnEncodedListElementByElement) {
  Value encoded = Value::encoded(Blob(Value::of(sample::Numbers{5, 6}).encoding().value()));
  const auto expand = only<Expand>(begin_with(std::move(encoded))).request;
  ASSERT_EQ(expand.items.size(), 2u);
  EXPECT_EQ(**expand.items[1].as<int>(), 6);
}

TEST_F(AMap, OverSomethingThatIsNoListFails) {
  const auto report = only<ReportFailure>(begin_with(Value::of(42)));
  EXPECT_THAT(report.request.error.message, HasSubstr("the list of a map"));
  EXPECT_FALSE(report.stop_call);
}

TEST_F(AMap, WiderThanItsLimitFails) {
  workflow.map_options(each).max_items = 2;
  const auto report = only<ReportFailure>(begin_with(Value::of(sample::Numbers{1, 2, 3})));
  EXPECT_EQ(report.request.error.code, Errc::limit_exceeded);
  EXPECT_THAT(report.request.error.message, HasSubstr("3 elements"));
  EXPECT_THAT(report.request.error.hint, HasSubstr("max_items"));
}

TEST_F(AMap, AsWideAsItsLimitExpands) {
  workflow.map_options(each).max_items = 3;
  EXPECT_TRUE(is<Expand>(begin_with(Value::of(sample::Numbers{1, 2, 3}))));
}

TEST_F(AMap, TakesNoTimeOfItsOwn) {
  begin_with(Value::of(sample::Numbers{1}));
  EXPECT_EQ(core->metrics().started, core->metrics().inputs_ready);
  EXPECT_EQ(core->metrics().finished, core->metrics().inputs_ready);
}

TEST_F(AMap, LetsTheOwnerOfTheCountDownSayWhichRowsItsWorkerClaims) {
  freeze();
  carry(map(), {Stage::count_down}).claim = CountDownDecision::Claim::all;
  const auto expand = only<Expand>(begin_map(Value::of(sample::Numbers{1, 2}))).request;
  EXPECT_EQ(expand.commit.claim, ClaimChildren::all);
}

// -- stages that an optimization owns -----------------------------------------------------------

/// A task that reads another and is read by two, on the same worker.
class AStage : public OneAttempt {
protected:
  Future<int> source = workflow.task(sample::number);
  Future<int> task = workflow.task(sample::step, source);
  Future<int> left = workflow.task(sample::step, task);
  Future<int> right = workflow.task(sample::step, task);

  void SetUp() override { freeze(); }

  TaskEffect begin_task() { return begin(task, {Value::of(1)}); }
};

TEST_F(AStage, OfAcquiringMayGoOnWithoutAnInput) {
  carry(task.task(), {Stage::acquire_inputs}).acquire = AcquireDecision::none;
  EXPECT_TRUE(is<Call>(begin(task, {Value{}})));
}

TEST_F(AStage, OfExecutingMayAnswerInsteadOfTheFunction) {
  carry(task.task(), {Stage::execute}).output = Value::of(42);
  place(left, flexible_worker);
  const auto commit = only<Commit>(begin_task()).request;
  EXPECT_EQ(commit.output, Value::of(42));
  EXPECT_TRUE(is<End>(on_commit_answered(CommitOutcome::committed)));
  EXPECT_EQ(outcome(), AttemptOutcome::committed);
  EXPECT_EQ(core->metrics().started, core->metrics().finished);
  EXPECT_FALSE(core->call_abandoned());
}

TEST_F(AStage, OfExecutingMayAnswerThatTheFunctionReturnedNothing) {
  carry(task.task(), {Stage::execute}).output = Value::nothing();
  EXPECT_TRUE(is<Commit>(begin_task()));
}

TEST_F(AStage, OfExecutingCallsTheFunctionWhenItsOwnerHasNoAnswer) {
  carry(task.task(), {Stage::execute});
  EXPECT_TRUE(is<Call>(begin_task()));
}

TEST_F(AStage, OfPublishingMayStoreWhatNobodyElsewhereReads) {
  carry(task.task(), {Stage::publish_output}).publish = PublishDecision::store;
  begin_task();
  EXPECT_EQ(only<Commit>(on_returned(Value::of(42))).request.output, Value::of(42));
  EXPECT_TRUE(core->kept().missing());
}

TEST_F(AStage, OfCountingDownSaysWhichChildrenAreClaimed) {
  using Claim = CountDownDecision::Claim;
  auto& owner = carry(task.task(), {Stage::count_down});
  for (const auto& [claim, asked] :
       {std::pair{Claim::none, ClaimChildren::none}, std::pair{Claim::own, ClaimChildren::own},
        std::pair{Claim::all, ClaimChildren::all}}) {
    owner.claim = claim;
    begin_task();
    EXPECT_EQ(only<Commit>(on_returned(Value::of(42))).request.claim, asked);
  }
}

TEST_F(AStage, OfHandingOverKeepsTheChildrenThatItsOwnerNames) {
  carry(task.task(), {Stage::hand_over}).keep = {right.task()};
  begin_task();
  on_returned(Value::of(42));
  const auto end = only<End>(
    on(StoreCommitted{{.ready = {{left.task(), WorkerId{3}}, {right.task(), WorkerId{3}}}}}));
  EXPECT_THAT(end.keep_here, ElementsAre(right.task()));
  EXPECT_EQ(core->answer().ready.size(), 2u);
}

TEST_F(AStage, OfHandingOverIsNotReachedByAnAttemptThatLost) {
  carry(task.task(), {Stage::hand_over}).keep = {right.task()};
  begin_task();
  on_returned(Value::of(42));
  EXPECT_THAT(only<End>(on_commit_answered(CommitOutcome::lost)).keep_here, IsEmpty());
}

TEST_F(AStage, ThatNobodyOwnsIsAsUsualThoughTheTaskCarriesAnOptimization) {
  auto& owner = carry(task.task(), {});
  owner.output = Value::of(42);
  owner.acquire = AcquireDecision::none;
  owner.publish = PublishDecision::store;
  owner.claim = CountDownDecision::Claim::all;
  owner.keep = {right.task()};
  EXPECT_TRUE(is<ReportFailure>(begin(task, {Value{}})));
  EXPECT_TRUE(is<Call>(begin_task()));
  const auto commit = only<Commit>(on_returned(Value::of(1))).request;
  EXPECT_TRUE(commit.output.missing());
  EXPECT_EQ(commit.claim, ClaimChildren::own);
  EXPECT_THAT(only<End>(on(StoreCommitted{{.ready = {{right.task(), WorkerId{3}}}}})).keep_here,
              IsEmpty());
}

TEST_F(AStage, IsOwnedOnTheTasksThatCarryTheOptimizationOnly) {
  carry(left.task(), {Stage::execute}).output = Value::of(42);
  EXPECT_TRUE(is<Call>(begin_task()));
  EXPECT_TRUE(is<Commit>(begin(left, {Value::of(1)})));
}

TEST_F(AStage, WhoseOwnerThrowsFailsTheAttempt) {
  for (const Stage stage : {Stage::acquire_inputs, Stage::execute}) {
    carry(task.task(), {stage}).throws_in = stage;
    const Value input = stage == Stage::acquire_inputs ? Value{} : Value::of(1);
    const auto report = only<ReportFailure>(begin(task, {input}));
    EXPECT_EQ(report.request.error.code, Errc::task_failed);
    EXPECT_THAT(report.request.error.message, HasSubstr("'scripted' threw: as told"));
  }
  for (const Stage stage : {Stage::publish_output, Stage::count_down}) {
    carry(task.task(), {stage}).throws_in = stage;
    begin_task();
    const auto report = only<ReportFailure>(on_returned(Value::of(42)));
    EXPECT_THAT(report.request.error.message, HasSubstr("'scripted' threw: as told"));
    EXPECT_TRUE(is<End>(on(StoreFailed{})));
    EXPECT_TRUE(core->kept().missing());
  }
}

TEST_F(AStage, WhoseOwnerThrowsAfterTheCommitIsAsUsual) {
  carry(task.task(), {Stage::hand_over}).throws_in = Stage::hand_over;
  begin_task();
  on_returned(Value::of(42));
  const auto end = only<End>(on(StoreCommitted{{.ready = {{right.task(), WorkerId{3}}}}}));
  EXPECT_THAT(end.keep_here, IsEmpty());
  EXPECT_EQ(outcome(), AttemptOutcome::committed);
}

}  // namespace weft::test
