#pragma once

// The contract of run stores: who is a worker, what others claim for it, and how it is told.

#include "storage/mailbox.hpp"
#include "storage/run_store_fixture.hpp"

namespace weft {

using namespace std::chrono_literals;

class RunStoreWorkers : public RunStoreContract {
protected:
  static constexpr WorkerId worker_2{2};

  /// A task, and children that read it: each on the worker given, the most urgent first.
  void start_fan(const std::vector<WorkerId>& workers) {
    Workflow workflow{"fan"};
    const auto first = workflow.task(sample::number);
    for (std::size_t i = 0; i < workers.size(); ++i) {
      children.push_back(workflow.task(sample::step, first).task());
    }
    const GraphPtr graph = sample::freeze(workflow);
    const auto plan = sample::plan(*graph, 3);
    for (std::size_t i = 0; i < workers.size(); ++i) {
      plan->placements[children[i].number()] = {.worker = workers[i],
                                                .rank = static_cast<float>(workers.size() - i)};
    }
    parents = {first.task()};
    start(graph, plan);
  }

  /// Tasks on worker 0, each with a child on worker 1.
  void start_pairs(std::uint32_t count) {
    Workflow workflow{"pairs"};
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto parent = workflow.task(sample::number);
      parents.push_back(parent.task());
      children.push_back(workflow.task(sample::step, parent).task());
    }
    const GraphPtr graph = sample::freeze(workflow);
    const auto plan = sample::plan(*graph, 3);
    for (const TaskId child : children) plan->placements[child.number()].worker = worker_1;
    start(graph, plan);
  }

  /// Commits a task of worker 0's, and claims for others what becomes ready.
  CommitAnswer commit_placed(TaskId task, int output = 0, std::uint32_t claim_limit = 64) {
    CommitRequest placed = commit_of(claim(task), Value::of(output));
    placed.claim = ClaimChildren::placed;
    placed.claim_limit = claim_limit;
    return store.commit(placed).value();
  }

  bool launch(WorkerId worker, const std::string& holder) {
    return store.launch(run, worker, holder).value();
  }
  bool park(WorkerId worker, const std::string& holder) {
    return store.park(run, worker, holder).value();
  }
  Renewal renew(WorkerId worker, const std::string& holder) {
    return store.renew(run, worker, holder).value();
  }
  std::vector<Grant> grants_of(WorkerId worker) { return store.held(run, worker).value(); }
  std::shared_ptr<Mailbox> listen(WorkerId worker) { return Mailbox::open(*backend, run, worker); }
  void advance(Nanos duration) { backend->clock().advance(duration); }
  SweepReport sweep() { return store.sweep().value(); }

  static std::vector<TaskId> tasks_in(const std::vector<SweepReport::Requeued>& entries) {
    std::vector<TaskId> tasks;
    for (const auto& entry : entries) tasks.push_back(entry.task.task);
    return tasks;
  }

  std::vector<TaskId> parents, children;
};

// -- leases --------------------------------------------------------------------------------------

TEST_P(RunStoreWorkers, OnlyItsHolderRenewsALaunch) {
  start_pairs(1);
  EXPECT_FALSE(renew(worker_1, "x").held);
  launch(worker_1, "x");
  EXPECT_TRUE(renew(worker_1, "x").held);
  EXPECT_FALSE(renew(worker_1, "y").held);
  EXPECT_FALSE(renew(worker_1, "").held);
  advance(lease - 1ns);
  EXPECT_FALSE(renew(worker_1, "y").held);
  advance(1ns);
  EXPECT_FALSE(renew(worker_1, "x").held) << "others have not kept it alive";
}

TEST_P(RunStoreWorkers, ALeaseThatOnlyClaimsMadeHasNoHolder) {
  start_pairs(1);
  claim(parents[0]);
  EXPECT_FALSE(renew(worker_0, "x").held);
  EXPECT_TRUE(renew(worker_0, "").held);
  EXPECT_TRUE(launch(worker_0, "x")) << "whoever is launched takes charge of the claims";
  EXPECT_FALSE(renew(worker_0, "").held);
  EXPECT_TRUE(renew(worker_0, "x").held);
  EXPECT_THAT(tasks_of(grants_of(worker_0)), ElementsAre(parents[0]));
}

// -- claims for others ---------------------------------------------------------------------------

TEST_P(RunStoreWorkers, ACommitClaimsForLaunchedWorkersAndTellsThem) {
  start_fan({worker_1, worker_0, worker_2, flexible_worker, worker_1, flexible_worker});
  const auto box = listen(worker_1);
  launch(worker_0, "x");
  launch(worker_1, "y");

  const CommitAnswer answer = commit_placed(parents[0], 4);

  EXPECT_THAT(tasks_of(answer.granted), ElementsAre(children[1], children[3]));
  EXPECT_THAT(answer.ready, ElementsAre(ReadyTask{children[2], worker_2, 4},
                                        ReadyTask{children[5], flexible_worker, 1}));
  const Told told = box->wait(*backend);
  EXPECT_EQ(told.number, 1u);
  ASSERT_THAT(tasks_of(told.grants), ElementsAre(children[0], children[4]));
  EXPECT_EQ(number_in(told.grants[0].inputs.at(0)), 4);
  EXPECT_EQ(number_in(told.grants[1].inputs.at(0)), 4);
  EXPECT_EQ(told.grants[0].template_task, children[0]);
  EXPECT_EQ(told.grants[0].attempt, 1u);
  EXPECT_EQ(refusal(children[0], worker_0), ClaimRefusal::held);
  EXPECT_EQ(commit(told.grants[0], Value{}, worker_1).outcome, CommitOutcome::committed);
  EXPECT_EQ(claim(children[4], worker_1).fence, told.grants[1].fence) << "it is the worker's";
  EXPECT_FALSE(box->take()) << "one message for each commit";
}

TEST_P(RunStoreWorkers, TheLimitOfACommitIsNotThatOfOthers) {
  start_fan({worker_0, worker_1, worker_0, worker_1, worker_1});
  const auto box = listen(worker_1);
  launch(worker_1, "y");
  const CommitAnswer answer = commit_placed(parents[0], 0, 1);
  EXPECT_THAT(tasks_of(answer.granted), ElementsAre(children[0]));
  EXPECT_THAT(tasks_of(answer.ready), ElementsAre(children[2])) << "its own, beyond the limit";
  EXPECT_THAT(tasks_of(box->wait(*backend).grants),
              ElementsAre(children[1], children[3], children[4]));
}

TEST_P(RunStoreWorkers, EachWorkerIsToldOfItsOwn) {
  start_fan({worker_1, worker_2, worker_1, worker_2});
  const auto box_1 = listen(worker_1);
  const auto box_2 = listen(worker_2);
  launch(worker_1, "y");
  launch(worker_2, "z");
  EXPECT_THAT(commit_placed(parents[0]).ready, IsEmpty());
  EXPECT_THAT(tasks_of(box_1->wait(*backend).grants), ElementsAre(children[0], children[2]));
  EXPECT_THAT(tasks_of(box_2->wait(*backend).grants), ElementsAre(children[1], children[3]));
}

TEST_P(RunStoreWorkers, AnExpansionTellsAsACommitDoes) {
  Workflow workflow{"rows"};
  const auto list = workflow.task(sample::numbers);
  const TaskId mapped = workflow.map(list, sample::step).task();
  const GraphPtr graph = sample::freeze(workflow);
  start(graph);  // Two workers: rows go round them.
  complete(list.task());
  const auto box = listen(worker_1);
  launch(worker_1, "y");
  const TaskId map = graph->scope(graph->task(mapped).scope).map;
  ExpandRequest placed{.commit = commit_of(claim(map)), .items = values({5, 6, 7, 8})};
  placed.commit.claim = ClaimChildren::placed;

  const CommitAnswer answer = store.expand(placed).value();

  const std::uint32_t first = graph->task_count();
  EXPECT_THAT(tasks_of(answer.granted), ElementsAre(TaskId{first}, TaskId{first + 2}));
  EXPECT_THAT(answer.ready, IsEmpty());
  const Told told = box->wait(*backend);
  ASSERT_THAT(tasks_of(told.grants), ElementsAre(TaskId{first + 1}, TaskId{first + 3}));
  EXPECT_EQ(number_in(told.grants[1].inputs.at(0)), 8);
  EXPECT_EQ(told.grants[1].template_task, mapped);
  EXPECT_THAT(told.grants[1].path, ElementsAre(3u));
  EXPECT_THAT(told.grants[1].dependencies, ElementsAre(map));
}

TEST_P(RunStoreWorkers, NothingIsClaimedForAWorkerThatIsNotLaunched) {
  start_pairs(3);
  EXPECT_THAT(tasks_of(commit_placed(parents[0]).ready), ElementsAre(children[0]));
  claim(children[0], worker_1);
  EXPECT_THAT(tasks_of(commit_placed(parents[1]).ready), ElementsAre(children[1]))
    << "it has claimed, but nobody has launched it";
  launch(worker_1, "y");
  advance(lease);
  EXPECT_THAT(tasks_of(commit_placed(parents[2]).ready), ElementsAre(children[2]))
    << "its lease has run out, though no sweep has found it";
}

TEST_P(RunStoreWorkers, AClaimForAWorkerDoesNotExtendItsLease) {
  start_pairs(2);
  launch(worker_1, "y");
  advance(lease - 1ns);
  EXPECT_THAT(commit_placed(parents[0]).ready, IsEmpty());
  advance(1ns);
  EXPECT_FALSE(renew(worker_1, "y").held);
  EXPECT_THAT(tasks_in(sweep().requeued), ElementsAre(children[0]));
}

TEST_P(RunStoreWorkers, OnlyPlacedClaimsForOthers) {
  start_pairs(2);
  launch(worker_1, "y");
  CommitRequest own = commit_of(claim(parents[0]));
  own.claim = ClaimChildren::own;
  EXPECT_THAT(tasks_of(store.commit(own).value().ready), ElementsAre(children[0]));
  EXPECT_THAT(tasks_of(complete(parents[1]).ready), ElementsAre(children[1]));
  EXPECT_EQ(renew(worker_1, "y").told, 0u);
}

TEST_P(RunStoreWorkers, ACommitSentAgainTellsNobody) {
  start_pairs(1);
  launch(worker_1, "y");
  CommitRequest placed = commit_of(claim(parents[0]));
  placed.claim = ClaimChildren::placed;
  store.commit(placed).value();
  EXPECT_EQ(store.commit(placed).value().outcome, CommitOutcome::lost);
  EXPECT_EQ(renew(worker_1, "y").told, 1u);
}

// -- messages ------------------------------------------------------------------------------------

TEST_P(RunStoreWorkers, MessagesAreNumberedFromTheLaunchOn) {
  start_pairs(3);
  const auto box = listen(worker_1);
  launch(worker_1, "y");
  EXPECT_EQ(renew(worker_1, "y").told, 0u);
  for (std::uint32_t i = 0; i < 3; ++i) {
    commit_placed(parents[i]);
    const Told told = box->wait(*backend);
    EXPECT_EQ(told.number, i + 1);
    EXPECT_THAT(tasks_of(told.grants), ElementsAre(children[i]));
    EXPECT_EQ(renew(worker_1, "y").told, i + 1);
  }
  EXPECT_EQ(renew(worker_1, "x").told, 0u) << "it is no business of another holder";
}

TEST_P(RunStoreWorkers, TheSameHolderMayBeLaunchedAgainAndNothingIsReset) {
  start_pairs(2);
  launch(worker_1, "y");
  commit_placed(parents[0]);
  EXPECT_TRUE(launch(worker_1, "y"));
  EXPECT_EQ(renew(worker_1, "y").told, 1u);
  EXPECT_THAT(tasks_of(grants_of(worker_1)), ElementsAre(children[0]));
  commit_placed(parents[1]);
  EXPECT_EQ(renew(worker_1, "y").told, 2u);
}

TEST_P(RunStoreWorkers, ALaunchAfterTheLeaseRanOutCountsMessagesAnew) {
  start_pairs(3);
  const auto box = listen(worker_1);
  launch(worker_1, "y");
  commit_placed(parents[0]);
  EXPECT_EQ(box->wait(*backend).number, 1u);
  for (const std::string holder : {"z", "z"}) {  // Another one, and one that comes back.
    advance(lease);
    EXPECT_TRUE(launch(worker_1, holder));
    EXPECT_EQ(renew(worker_1, holder).told, 0u);
    EXPECT_THAT(grants_of(worker_1), IsEmpty());
  }
  commit_placed(parents[1]);
  EXPECT_EQ(box->wait(*backend).number, 1u) << "who listens does not change";
}

TEST_P(RunStoreWorkers, WhatNobodyListensToIsClaimedAllTheSame) {
  start_pairs(2);
  launch(worker_1, "y");
  EXPECT_THAT(commit_placed(parents[0], 4).ready, IsEmpty());
  EXPECT_EQ(renew(worker_1, "y").told, 1u);
  const auto grants = grants_of(worker_1);
  ASSERT_THAT(tasks_of(grants), ElementsAre(children[0]));
  EXPECT_EQ(number_in(grants[0].inputs.at(0)), 4);
  EXPECT_EQ(commit(grants[0], Value{}, worker_1).outcome, CommitOutcome::committed);
}

TEST_P(RunStoreWorkers, AListenerIsReplacedAndEnded) {
  start_pairs(4);
  launch(worker_1, "y");
  const auto first = listen(worker_1);
  const auto second = listen(worker_1);
  commit_placed(parents[0]);
  EXPECT_EQ(second->wait(*backend).number, 1u);
  Mailbox::close(*backend, run, worker_1);
  commit_placed(parents[1]);
  const auto third = listen(worker_1);
  commit_placed(parents[2]);
  EXPECT_EQ(third->wait(*backend).number, 3u);
  EXPECT_FALSE(first->take());
  EXPECT_FALSE(second->take());
}

TEST_P(RunStoreWorkers, AListenerMayAskTheStore) {
  start_pairs(1);
  launch(worker_1, "y");
  std::atomic<bool> committed = false;
  backend->store().listen(run, worker_1, [&](const Told& told) {
    if (told.number == 0) return;
    backend->store().commit(
      commit_of(told.grants.at(0), Value{}, worker_1),
      [&](Result<CommitAnswer> answer) { committed = answer && answer->run_ended; });
  });
  backend->settle();
  commit_placed(parents[0]);
  while (!committed) backend->pump();
  EXPECT_EQ(state(), RunState::succeeded);
}

}  // namespace weft
