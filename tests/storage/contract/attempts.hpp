#pragma once

// The contract of run stores: creation, claims, commits.

#include "storage/run_store_fixture.hpp"

namespace weft {

// -- creation ------------------------------------------------------------------------------------

TEST_P(RunStoreContract, CreateAnswersTheTasksWithoutDependenciesHighestRankFirst) {
  Workflow workflow{"roots"};
  const auto a = workflow.task(sample::number);
  const auto b = workflow.task(sample::number);
  const auto c = workflow.task(sample::number);
  workflow.task(sample::join, a, b);
  const GraphPtr graph = sample::freeze(workflow);
  const auto plan = sample::plan(*graph);
  plan->placements[a.task().number()] = {.worker = worker_0, .rank = 1};
  plan->placements[b.task().number()] = {.worker = flexible_worker, .rank = 2};
  plan->placements[c.task().number()] = {.worker = worker_0, .rank = 1};

  const auto ready = start(graph, plan);

  EXPECT_THAT(ready,
              ElementsAre(ReadyTask{b.task(), flexible_worker, 2}, ReadyTask{a.task(), worker_0, 1},
                          ReadyTask{c.task(), worker_0, 1}));
  EXPECT_EQ(status().tasks, (TaskCounts{.total = 4}));
  EXPECT_EQ(state(), RunState::running);
}

TEST_P(RunStoreContract, EventsCountTheirTimeFromTheSubmission) {
  using std::chrono_literals::operator""s;
  Workflow workflow{"planned"};
  const TaskId task = workflow.task(sample::number).task();
  request.submitted = backend->clock().now() - 3s;
  start(workflow);
  backend->clock().advance(2s);
  complete(task, 5);

  std::vector<Nanos> times;
  for (const RunEvent& event : events()) times.push_back(event.at);
  EXPECT_THAT(times, ElementsAre(3s, 5s, 5s));
  EXPECT_EQ(status().at, Nanos{5s});
}

TEST_P(RunStoreContract, TwoRunsOfOneIdAreRefused) {
  Workflow workflow{"twice"};
  const TaskId task = workflow.task(sample::number).task();
  start(workflow);
  complete(task, 5);

  EXPECT_EQ(store.create(request).error().code, Errc::invalid_argument);
  EXPECT_EQ(state(), RunState::succeeded);
}

TEST_P(RunStoreContract, ARunWhosePlanOrKeptOutputsDoNotFitItsGraphIsRefused) {
  Workflow workflow{"misfit"};
  workflow.map(workflow.task(sample::numbers), sample::step);
  const GraphPtr graph = sample::freeze(workflow);
  const CreateRun good{.run = run, .graph = graph, .plan = sample::plan(*graph)};
  const auto refused = [&](CreateRun bad) {
    return store.create(std::move(bad)).error().code == Errc::invalid_argument &&
           store.status(run).error().code == Errc::run_unknown;
  };

  CreateRun bad = good;
  bad.graph = nullptr;
  EXPECT_TRUE(refused(bad));
  bad = good;
  bad.plan = nullptr;
  EXPECT_TRUE(refused(bad));
  bad = good;
  bad.plan = std::make_shared<Plan>();
  EXPECT_TRUE(refused(bad));
  bad = good;
  bad.plan = sample::plan(*graph, 0);  // Who would run the elements?
  EXPECT_TRUE(refused(bad));
  bad = good;
  const auto plan = sample::plan(*graph);
  plan->placements[0].rank = std::numeric_limits<float>::quiet_NaN();
  bad.plan = plan;
  EXPECT_TRUE(refused(bad));
  bad = good;
  bad.kept = {TaskId{3}};
  EXPECT_TRUE(refused(bad));
  bad = good;
  bad.lease = Nanos{};
  EXPECT_TRUE(refused(bad));
  EXPECT_TRUE(store.create(good).has_value());
}

TEST_P(RunStoreContract, EveryOperationSaysWhenThereIsNoSuchRun) {
  const RunId none{99};
  const auto unknown = [](const auto& result) {
    return !result && result.error().code == Errc::run_unknown;
  };
  EXPECT_TRUE(unknown(store.cancel(none, "")));
  EXPECT_TRUE(unknown(store.status(none)));
  EXPECT_TRUE(unknown(store.describe(none)));
  EXPECT_TRUE(unknown(store.claim({.run = none})));
  EXPECT_TRUE(unknown(store.commit({.run = none})));
  EXPECT_TRUE(unknown(store.expand({.commit = {.run = none}})));
  EXPECT_TRUE(unknown(store.fail({.run = none})));
  EXPECT_TRUE(unknown(store.release({.run = none})));
  EXPECT_TRUE(unknown(store.fetch(none, {})));
  EXPECT_TRUE(unknown(store.put_chunk({.run = none})));
  EXPECT_TRUE(unknown(store.read_chunks(none, TaskId{0}, 0)));
  EXPECT_TRUE(unknown(store.launch(none, worker_0, "me")));
  EXPECT_TRUE(unknown(store.renew(none, worker_0, "me")));
  EXPECT_TRUE(unknown(store.park(none, worker_0, "me")));
  EXPECT_TRUE(unknown(store.held(none, worker_0)));
  EXPECT_TRUE(unknown(store.abandon({.run = none})));
  EXPECT_TRUE(unknown(store.events(none, 0, 1)));
  EXPECT_TRUE(store.erase(none).has_value());
  backend->store().watch(none, [] {});
  backend->store().listen(none, worker_0, [](const Told&) {});
}

TEST_P(RunStoreContract, TasksThatNeverRunCannotBeNamed) {
  Workflow workflow{"templates"};
  const auto list = workflow.task(sample::numbers);
  const TaskId element = workflow.map(list, sample::step).task();
  start(workflow);
  const auto refused = [](const auto& result) {
    return !result && result.error().code == Errc::invalid_argument;
  };

  for (const TaskId task : {element, TaskId{3}, TaskId{0xffff'ffff}}) {
    EXPECT_TRUE(refused(store.claim({.run = run, .tasks = {list.task(), task}})));
    EXPECT_TRUE(refused(store.commit({.run = run, .task = task})));
    EXPECT_TRUE(refused(store.expand({.commit = {.run = run, .task = task}})));
    EXPECT_TRUE(refused(store.fail({.run = run, .task = task})));
    EXPECT_TRUE(refused(store.release({.run = run, .tasks = {task}})));
    EXPECT_TRUE(refused(store.fetch(run, {task})));
    EXPECT_TRUE(refused(store.put_chunk({.run = run, .task = task})));
    EXPECT_TRUE(refused(store.read_chunks(run, task, 0)));
  }
  EXPECT_EQ(try_claim(list.task()).grants.size(), 1u) << "a refused claim claims nothing";
}

// -- claims --------------------------------------------------------------------------------------

TEST_P(RunStoreContract, AGrantHoldsTheInputsBySlot) {
  Workflow workflow{"inputs"};
  const auto a = workflow.task(sample::number);
  const auto b = workflow.task(sample::number);
  const auto c = workflow.task(sample::number);
  const auto joined = workflow.task(sample::join, b, a);
  workflow.after(joined, c);
  start(workflow);
  complete(a.task(), 10);
  complete(b.task(), 20);
  complete(c.task(), 30);

  const Grant grant = claim(joined.task());

  EXPECT_EQ(grant.task, joined.task());
  EXPECT_EQ(grant.template_task, joined.task());
  EXPECT_EQ(grant.attempt, 1u);
  EXPECT_THAT(grant.dependencies, IsEmpty());
  EXPECT_THAT(grant.path, IsEmpty());
  ASSERT_EQ(grant.inputs.values().size(), 3u);
  EXPECT_EQ(number_in(grant.inputs.at(0)), 20);
  EXPECT_EQ(number_in(grant.inputs.at(1)), 10);
  EXPECT_TRUE(grant.inputs.at(2).missing()) << "it runs after c, but does not read it";
}

TEST_P(RunStoreContract, AnInputThatItsWorkerKeepsIsMissingInTheGrant) {
  Workflow workflow{"local"};
  const auto a = workflow.task(sample::number);
  const auto b = workflow.task(sample::step, a);
  start(workflow);
  complete(a.task(), Value{});
  EXPECT_TRUE(claim(b.task()).inputs.at(0).missing());
}

TEST_P(RunStoreContract, NothingIsAValue) {
  Workflow workflow{"nothing"};
  const auto a = workflow.task(sample::number);
  const auto b = workflow.task(sample::step, a);
  start(workflow);
  complete(a.task(), Value::nothing());
  EXPECT_EQ(claim(b.task()).inputs.at(0), Value::nothing());
}

TEST_P(RunStoreContract, AClaimIsRefusedWithItsReason) {
  Workflow workflow{"refusals"};
  const auto a = workflow.task(sample::number);
  const auto b = workflow.task(sample::step, a);
  start(workflow);
  EXPECT_EQ(refusal(b.task()), ClaimRefusal::not_ready);
  const Grant grant = claim(a.task());
  EXPECT_EQ(refusal(a.task(), worker_1), ClaimRefusal::held);
  commit(grant);
  EXPECT_EQ(refusal(a.task()), ClaimRefusal::committed);
  complete(b.task());
  EXPECT_EQ(refusal(b.task()), ClaimRefusal::ended);
}

TEST_P(RunStoreContract, OneClaimTakesWhatItCanGet) {
  Workflow workflow{"several"};
  const auto a = workflow.task(sample::number);
  const auto b = workflow.task(sample::number);
  const auto c = workflow.task(sample::step, a);
  start(workflow);

  const auto answer =
    store.claim({.run = run, .worker = worker_0, .tasks = {c.task(), b.task(), a.task()}}).value();

  EXPECT_THAT(tasks_of(answer.grants), ElementsAre(b.task(), a.task()));
  EXPECT_THAT(answer.refused, ElementsAre(ClaimAnswer::Refused{c.task(), ClaimRefusal::not_ready}));
}

TEST_P(RunStoreContract, AWorkerThatClaimsWhatItHoldsGetsTheSameGrantAgain) {
  Workflow workflow{"again"};
  const TaskId task = workflow.task(sample::number).task();
  start(workflow);
  const Grant first = claim(task);
  const Grant second = claim(task);
  EXPECT_EQ(second.fence, first.fence);
  EXPECT_EQ(second.attempt, first.attempt);
}

TEST_P(RunStoreContract, ADuplicateSharesTheFenceAndTheFirstToCommitWins) {
  Workflow workflow{"duplicate"};
  const auto a = workflow.task(sample::number);
  workflow.task(sample::step, a);
  start(workflow);
  const Grant first = claim(a.task(), worker_0);
  const Grant second = claim(a.task(), worker_1, ClaimMode::duplicate);
  EXPECT_EQ(second.fence, first.fence);
  EXPECT_EQ(second.attempt, first.attempt);

  EXPECT_EQ(commit(second, Value::of(2), worker_1).outcome, CommitOutcome::committed);
  const CommitAnswer late = commit(first, Value::of(1), worker_0);

  EXPECT_EQ(late.outcome, CommitOutcome::lost);
  EXPECT_THAT(late.ready, IsEmpty());
  EXPECT_EQ(number_in(fetch(a.task())), 2);
  const auto lost = events_of(RunEventKind::attempt_lost);
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].task, a.task());
  EXPECT_EQ(lost[0].worker, worker_0);
}

TEST_P(RunStoreContract, ADuplicateOfATaskThatNobodyHoldsIsAnOrdinaryClaim) {
  Workflow workflow{"eager"};
  const TaskId task = workflow.task(sample::number).task();
  start(workflow);
  claim(task, worker_1, ClaimMode::duplicate);
  EXPECT_EQ(refusal(task, worker_0), ClaimRefusal::held);
}

TEST_P(RunStoreContract, AReleasedClaimIsReadyAgainAndItsFenceIsSpent) {
  Workflow workflow{"release"};
  const TaskId task = workflow.task(sample::number).task();
  start(workflow);
  const Grant given_back = claim(task);
  store.release({.run = run, .worker = worker_0, .tasks = {task}}).value();

  EXPECT_EQ(commit(given_back).outcome, CommitOutcome::fenced);
  const Grant next = claim(task, worker_1);
  EXPECT_GT(next.fence, given_back.fence);
  EXPECT_EQ(next.attempt, 1u);
  EXPECT_EQ(commit(next, Value{}, worker_1).outcome, CommitOutcome::committed);
}

TEST_P(RunStoreContract, AWorkerCannotReleaseWhatAnotherHolds) {
  Workflow workflow{"theirs"};
  const TaskId task = workflow.task(sample::number).task();
  start(workflow);
  const Grant grant = claim(task, worker_0);
  store.release({.run = run, .worker = worker_1, .tasks = {task}}).value();
  EXPECT_EQ(commit(grant).outcome, CommitOutcome::committed);
  store.release({.run = run, .worker = worker_0, .tasks = {task}}).value();
  EXPECT_EQ(status().tasks.committed, 1u);
}

// -- commits -------------------------------------------------------------------------------------

TEST_P(RunStoreContract, ACommitAnswersWhatItMadeReady) {
  Workflow workflow{"children"};
  const auto a = workflow.task(sample::number);
  const auto b = workflow.task(sample::number);
  const auto low = workflow.task(sample::step, a);
  const auto high = workflow.task(sample::step, a);
  workflow.task(sample::join, a, b);
  const GraphPtr graph = sample::freeze(workflow);
  const auto plan = sample::plan(*graph, 2);
  plan->placements[low.task().number()] = {.worker = worker_1, .rank = 1};
  plan->placements[high.task().number()] = {.worker = worker_0, .rank = 2};
  start(graph, plan);

  const CommitAnswer answer = complete(a.task());

  EXPECT_EQ(answer.outcome, CommitOutcome::committed);
  EXPECT_THAT(answer.granted, IsEmpty());
  EXPECT_THAT(answer.ready,
              ElementsAre(ReadyTask{high.task(), worker_0, 2}, ReadyTask{low.task(), worker_1, 1}));
  EXPECT_FALSE(answer.run_ended);
}

TEST_P(RunStoreContract, ATaskThatTakesAnInputTwiceIsCountedDownOnce) {
  Workflow workflow{"square"};
  const auto a = workflow.task(sample::number);
  const auto twice = workflow.task(sample::join, a, a);
  workflow.after(twice, a);
  start(workflow);

  EXPECT_THAT(tasks_of(complete(a.task(), 3).ready), ElementsAre(twice.task()));
  EXPECT_TRUE(held(a.task()));
  EXPECT_TRUE(complete(twice.task()).run_ended);
  EXPECT_FALSE(held(a.task()));
}

TEST_P(RunStoreContract, ACommitClaimsTheWorkersOwnChildrenAndOneFlexible) {
  Workflow workflow{"own"};
  const auto a = workflow.task(sample::number);
  std::vector<TaskId> children;
  for (int i = 0; i < 5; ++i) children.push_back(workflow.task(sample::step, a).task());
  const GraphPtr graph = sample::freeze(workflow);
  const auto plan = sample::plan(*graph, 2);
  const WorkerId workers[] = {worker_0, worker_1, flexible_worker, flexible_worker, worker_0};
  for (std::size_t i = 0; i < 5; ++i) {
    plan->placements[children[i].number()] = {.worker = workers[i], .rank = static_cast<float>(i)};
  }
  start(graph, plan);

  CommitRequest request_own = commit_of(claim(a.task()), Value::of(4));
  request_own.claim = ClaimChildren::own;
  const CommitAnswer answer = store.commit(request_own).value();

  EXPECT_THAT(tasks_of(answer.granted), ElementsAre(children[4], children[3], children[0]));
  EXPECT_THAT(tasks_of(answer.ready), ElementsAre(children[2], children[1]));
  EXPECT_EQ(number_in(answer.granted[0].inputs.at(0)), 4);
  EXPECT_EQ(commit(answer.granted[0]).outcome, CommitOutcome::committed);
  EXPECT_EQ(refusal(children[3], worker_1), ClaimRefusal::held);
  EXPECT_EQ(try_claim(children[2], worker_1).grants.size(), 1u);
}

TEST_P(RunStoreContract, ACommitClaimsNoMoreThanItsLimitAndTheBestRanksFirst) {
  Workflow workflow{"limit"};
  const auto a = workflow.task(sample::number);
  for (int i = 0; i < 5; ++i) workflow.task(sample::step, a);
  const GraphPtr graph = sample::freeze(workflow);
  const auto plan = sample::plan(*graph, 2);
  for (std::uint32_t i = 1; i <= 5; ++i) {
    plan->placements[i] = {.worker = WorkerId{i % 2}, .rank = static_cast<float>(i)};
  }
  start(graph, plan);

  CommitRequest request_two = commit_of(claim(a.task()));
  request_two.claim = ClaimChildren::all;
  request_two.claim_limit = 2;
  const CommitAnswer answer = store.commit(request_two).value();

  EXPECT_THAT(tasks_of(answer.granted), ElementsAre(TaskId{5}, TaskId{4}));
  EXPECT_THAT(tasks_of(answer.ready), ElementsAre(TaskId{3}, TaskId{2}, TaskId{1}));
}

TEST_P(RunStoreContract, AWideFanIsAnsweredInOrder) {
  constexpr std::uint32_t width = 10'000;
  Workflow workflow{"fan"};
  const auto a = workflow.task(sample::number);
  for (std::uint32_t i = 0; i < width; ++i) workflow.task(sample::step, a);
  const GraphPtr graph = sample::freeze(workflow);
  const auto plan = sample::plan(*graph, 4);
  for (std::uint32_t i = 1; i <= width; ++i) {
    plan->placements[i] = {.worker = WorkerId{i % 4}, .rank = static_cast<float>(i % 100)};
  }
  start(graph, plan);

  CommitRequest wide = commit_of(claim(a.task()));
  wide.claim = ClaimChildren::own;
  const CommitAnswer answer = store.commit(wide).value();

  EXPECT_EQ(answer.granted.size(), 64u);
  EXPECT_EQ(answer.granted.size() + answer.ready.size(), width);
  EXPECT_TRUE(std::ranges::is_sorted(answer.ready, [](const ReadyTask& x, const ReadyTask& y) {
    return x.rank != y.rank ? x.rank > y.rank : x.task < y.task;
  }));
}

TEST_P(RunStoreContract, CommittingTwiceChangesNothing) {
  Workflow workflow{"twice"};
  const auto a = workflow.task(sample::number);
  const auto b = workflow.task(sample::step, a);
  const auto c = workflow.task(sample::join, a, b);
  start(workflow);
  const Grant grant = claim(a.task());
  EXPECT_THAT(tasks_of(commit(grant, Value::of(1)).ready), ElementsAre(b.task()));

  const CommitAnswer again = commit(grant, Value::of(2));

  EXPECT_EQ(again.outcome, CommitOutcome::lost);
  EXPECT_THAT(again.ready, IsEmpty());
  EXPECT_EQ(status().tasks, (TaskCounts{.total = 3, .committed = 1}));
  EXPECT_EQ(number_in(fetch(a.task())), 1);
  EXPECT_THAT(events_of(RunEventKind::attempt_lost), IsEmpty());
  EXPECT_EQ(refusal(c.task()), ClaimRefusal::not_ready);
  complete(b.task());
  EXPECT_EQ(try_claim(c.task()).grants.size(), 1u);
}

TEST_P(RunStoreContract, OnlyTheFenceOfAClaimCanCommit) {
  Workflow workflow{"fence"};
  const auto a = workflow.task(sample::number);
  const auto b = workflow.task(sample::step, a);
  start(workflow);
  CommitRequest unclaimed{.run = run, .task = a.task(), .fence = Fence{1}, .worker = worker_0};
  EXPECT_EQ(store.commit(unclaimed).value().outcome, CommitOutcome::fenced);
  unclaimed.task = b.task();
  EXPECT_EQ(store.commit(unclaimed).value().outcome, CommitOutcome::fenced);

  CommitRequest wrong = commit_of(claim(a.task()));
  wrong.fence = Fence{wrong.fence.number() + 1};
  EXPECT_EQ(store.commit(wrong).value().outcome, CommitOutcome::fenced);
  EXPECT_EQ(status().tasks.committed, 0u);
  EXPECT_EQ(events_of(RunEventKind::attempt_lost).size(), 3u);
}

TEST_P(RunStoreContract, ARunSucceedsWithItsLastCommitAndNeverChangesAgain) {
  Workflow workflow{"end"};
  const TaskId a = workflow.task(sample::number).task();
  const TaskId b = workflow.task(sample::number).task();
  start(workflow);
  const Grant grant_a = claim(a);
  const Grant grant_b = claim(b);
  backend->clock().advance(std::chrono::seconds{3});
  EXPECT_FALSE(commit(grant_a).run_ended);
  EXPECT_EQ(state(), RunState::running);
  EXPECT_TRUE(commit(grant_b).run_ended);

  backend->clock().advance(std::chrono::seconds{3});
  const std::size_t event_count = events().size();
  EXPECT_EQ(commit(grant_b).outcome, CommitOutcome::ended);
  EXPECT_EQ(store.fail(failure_of(grant_a, "late")).value().outcome, CommitOutcome::ended);
  EXPECT_FALSE(store.cancel(run, "late").value());
  EXPECT_FALSE(store.launch(run, worker_0, "late").value());
  EXPECT_FALSE(store.renew(run, worker_0, "late").value().held);
  store.release({.run = run, .worker = worker_0, .tasks = {a}}).value();
  EXPECT_EQ(events().size(), event_count);
  const RunStatus end = status();
  EXPECT_EQ(end.state, RunState::succeeded);
  EXPECT_EQ(end.tasks, (TaskCounts{.total = 2, .committed = 2}));
  EXPECT_EQ(end.at, std::chrono::seconds{3});
  EXPECT_THAT(end.errors, IsEmpty());
}

}  // namespace weft
