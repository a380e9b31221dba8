#pragma once

// The contract of run stores: tasks that are claimed for a worker by somebody who is not it.

#include "storage/contract/workers.hpp"

namespace weft {

/// Parents whose children are the worker 1's, which nobody had launched when they became ready.
class RunStoreToldClaims : public RunStoreWorkers {
protected:
  void start_ready_children(std::uint32_t count) {
    start_pairs(count);
    for (const TaskId parent : parents) complete(parent, static_cast<int>(parent.number()));
  }

  ClaimAnswer tell(std::vector<TaskId> tasks) {
    return store
      .claim({.run = run, .worker = worker_1, .tasks = std::move(tasks), .mode = ClaimMode::told})
      .value();
  }
  static std::vector<ClaimRefusal> reasons(const ClaimAnswer& answer) {
    std::vector<ClaimRefusal> all;
    for (const auto& one : answer.refused) all.push_back(one.reason);
    return all;
  }
};

TEST_P(RunStoreToldClaims, AreToldToTheWorkerAndGrantedToNobody) {
  start_ready_children(2);
  const auto box = listen(worker_1);
  launch(worker_1, "y");

  const ClaimAnswer answer = tell(children);

  EXPECT_THAT(answer.grants, IsEmpty());
  EXPECT_THAT(answer.refused, IsEmpty());
  const Told told = box->wait(*backend);
  EXPECT_EQ(told.number, 1u);
  ASSERT_THAT(tasks_of(told.grants), testing::UnorderedElementsAreArray(children));
  for (const Grant& grant : told.grants) {
    EXPECT_FALSE(grant.inputs.at(0).missing());
    EXPECT_EQ(commit(grant, Value::of(1), worker_1).outcome, CommitOutcome::committed);
  }
  EXPECT_EQ(state(), RunState::succeeded);
}

TEST_P(RunStoreToldClaims, AreReadAgainByAWorkerThatMissedTheMessage) {
  start_ready_children(1);
  launch(worker_1, "y");
  static_cast<void>(tell(children));
  EXPECT_EQ(renew(worker_1, "y").told, 1u);
  EXPECT_THAT(tasks_of(grants_of(worker_1)), ElementsAre(children[0]));
}

TEST_P(RunStoreToldClaims, AreRefusedWhileTheWorkerIsNotLaunched) {
  start_ready_children(1);
  EXPECT_THAT(reasons(tell(children)), ElementsAre(ClaimRefusal::not_ready));
  EXPECT_THAT(grants_of(worker_1), IsEmpty());
  EXPECT_EQ(claim(children[0], worker_1).attempt, 1u) << "it is still ready";
}

TEST_P(RunStoreToldClaims, AreRefusedWhenTheWorkersLeaseHasRunOut) {
  start_ready_children(1);
  launch(worker_1, "y");
  advance(lease);
  EXPECT_THAT(reasons(tell(children)), ElementsAre(ClaimRefusal::not_ready));
}

TEST_P(RunStoreToldClaims, DoNotExtendTheWorkersLease) {
  start_ready_children(1);
  launch(worker_1, "y");
  advance(lease - 1ns);
  EXPECT_THAT(tell(children).refused, IsEmpty());
  advance(1ns);
  EXPECT_FALSE(renew(worker_1, "y").held);
  EXPECT_THAT(tasks_in(sweep().requeued), ElementsAre(children[0]));
}

TEST_P(RunStoreToldClaims, OfWhatIsCommittedOrNotReadyAreRefused) {
  start_pairs(2);
  complete(parents[0], 1);
  launch(worker_1, "y");
  const ClaimAnswer answer = tell({parents[0], children[1]});
  EXPECT_THAT(reasons(answer), ElementsAre(ClaimRefusal::committed, ClaimRefusal::not_ready));
  EXPECT_THAT(grants_of(worker_1), IsEmpty());
}

TEST_P(RunStoreToldClaims, OfWhatAnotherHoldsLeaveItToHim) {
  start_ready_children(1);
  const Grant grant = claim(children[0], worker_2);
  launch(worker_1, "y");
  EXPECT_THAT(reasons(tell(children)), ElementsAre(ClaimRefusal::held));
  EXPECT_THAT(grants_of(worker_1), IsEmpty());
  EXPECT_EQ(commit(grant, Value::of(1), worker_2).outcome, CommitOutcome::committed);
}

TEST_P(RunStoreToldClaims, MadeTwiceChangeNothing) {
  start_ready_children(1);
  const auto box = listen(worker_1);
  launch(worker_1, "y");
  static_cast<void>(tell(children));
  const Told told = box->wait(*backend);
  ASSERT_EQ(told.grants.size(), 1u);
  EXPECT_THAT(tell(children).grants, IsEmpty());
  const auto held = grants_of(worker_1);
  ASSERT_THAT(tasks_of(held), ElementsAre(children[0]));
  EXPECT_EQ(held[0].fence, told.grants[0].fence);
  EXPECT_EQ(held[0].attempt, 1u);
}

TEST_P(RunStoreToldClaims, InARunThatHasEndedAreRefused) {
  start_ready_children(1);
  launch(worker_1, "y");
  store.cancel(run, "").value();
  EXPECT_THAT(reasons(tell(children)), ElementsAre(ClaimRefusal::ended));
}

}  // namespace weft
