#pragma once

// The contract of run stores: what a worker holds, and workers that end in good order.

#include "storage/contract/workers.hpp"

namespace weft {

// -- what a worker holds -------------------------------------------------------------------------

TEST_P(RunStoreWorkers, WhatAWorkerHoldsIsGrantedAgainAsAClaimWould) {
  start_fan({worker_1, worker_1, worker_1, worker_0});
  complete(parents[0], 4);
  const Grant joined = claim(children[3], worker_0);
  claim(children[3], worker_1, ClaimMode::duplicate);
  const Grant first = claim(children[0], worker_1);
  const Grant second = claim(children[1], worker_1);
  const Grant third = claim(children[2], worker_1);
  FailRequest failure = failure_of(second, "flaky", worker_1);
  failure.retry = true;
  const FailAnswer again = store.fail(failure).value();
  commit(third, Value{}, worker_1);

  auto grants = grants_of(worker_1);

  std::ranges::sort(grants, {}, &Grant::task);
  ASSERT_THAT(tasks_of(grants), ElementsAre(children[0], children[1])) << "others' are not its own";
  EXPECT_EQ(grants[0].fence, first.fence);
  EXPECT_EQ(grants[0].attempt, 1u);
  EXPECT_EQ(number_in(grants[0].inputs.at(0)), 4);
  EXPECT_EQ(grants[1].fence, again.fence);
  EXPECT_EQ(grants[1].attempt, 2u);
  EXPECT_THAT(tasks_of(grants_of(worker_0)), ElementsAre(children[3]));
  EXPECT_EQ(grants_of(worker_0)[0].fence, joined.fence);
}

TEST_P(RunStoreWorkers, AskingForWhatItHoldsDoesNotExtendALease) {
  start_pairs(1);
  claim(parents[0]);
  advance(lease - 1ns);
  EXPECT_EQ(grants_of(worker_0).size(), 1u);
  advance(1ns);
  EXPECT_EQ(grants_of(worker_0).size(), 1u) << "nobody has taken it back";
  EXPECT_THAT(tasks_in(sweep().requeued), ElementsAre(parents[0]));
  EXPECT_THAT(grants_of(worker_0), IsEmpty());
}

TEST_P(RunStoreWorkers, AWorkerWithoutClaimsHoldsNothing) {
  start_pairs(1);
  EXPECT_THAT(grants_of(worker_1), IsEmpty());
  launch(worker_1, "y");
  EXPECT_THAT(grants_of(worker_1), IsEmpty());
  claim(parents[0]);
  store.cancel(run, "").value();
  EXPECT_THAT(grants_of(worker_0), IsEmpty()) << "the run has ended";
}

// -- who works at it -----------------------------------------------------------------------------

TEST_P(RunStoreWorkers, WorkersAreThoseThatHaveALease) {
  start_pairs(2);
  EXPECT_THAT(store.workers(run).value(), IsEmpty());
  launch(worker_1, "y");
  advance(lease / 4);
  claim(parents[0]);

  const auto workers = store.workers(run).value();

  ASSERT_EQ(workers.size(), 2u);
  EXPECT_EQ(workers[0], (WorkerLease{.worker = worker_0, .holder = "", .left = lease}));
  EXPECT_EQ(workers[1], (WorkerLease{.worker = worker_1, .holder = "y", .left = lease - lease / 4}));
}

TEST_P(RunStoreWorkers, ALeaseThatHasRunOutIsShownUntilItIsSwept) {
  start_pairs(1);
  launch(worker_1, "y");
  advance(lease + 1ns);
  ASSERT_EQ(store.workers(run).value().size(), 1u);
  EXPECT_LE(store.workers(run).value()[0].left, 0ns);
  sweep();
  EXPECT_THAT(store.workers(run).value(), IsEmpty());
}

TEST_P(RunStoreWorkers, WorkersAreToldHowManyMessages) {
  start_pairs(1);
  launch(worker_1, "y");
  commit_placed(parents[0]);
  for (const WorkerLease& one : store.workers(run).value()) {
    EXPECT_EQ(one.told, one.worker == worker_1 ? 1u : 0u);
  }
}

TEST_P(RunStoreWorkers, ARunThatHasEndedHasNoWorkers) {
  start_pairs(1);
  launch(worker_1, "y");
  store.cancel(run, "").value();
  EXPECT_THAT(store.workers(run).value(), IsEmpty());
}

TEST_P(RunStoreWorkers, AnUnknownRunHasNoWorkersToTellOf) {
  EXPECT_EQ(store.workers(RunId{77}).error().code, Errc::run_unknown);
}

// -- parking -------------------------------------------------------------------------------------

TEST_P(RunStoreWorkers, AParkedWorkerHasNoLease) {
  start_pairs(2);
  launch(worker_1, "y");
  EXPECT_TRUE(park(worker_1, "y"));
  EXPECT_FALSE(renew(worker_1, "y").held);
  EXPECT_TRUE(park(worker_1, "y")) << "the answer may have been lost";
  EXPECT_THAT(tasks_of(commit_placed(parents[0]).ready), ElementsAre(children[0]));
  EXPECT_TRUE(launch(worker_1, "z"));
  EXPECT_THAT(commit_placed(parents[1]).ready, IsEmpty());
  EXPECT_EQ(renew(worker_1, "z").told, 1u);
}

TEST_P(RunStoreWorkers, AWorkerThatHoldsSomethingIsNotParked) {
  start_pairs(1);
  launch(worker_1, "y");
  commit_placed(parents[0]);
  EXPECT_FALSE(park(worker_1, "y")) << "it has not heard of it yet";
  EXPECT_TRUE(renew(worker_1, "y").held);
  advance(lease);
  EXPECT_FALSE(park(worker_1, "y")) << "its claims may still commit";
  const auto grants = grants_of(worker_1);
  store.release({.run = run, .worker = worker_1, .tasks = tasks_of(grants)}).value();
  EXPECT_TRUE(park(worker_1, "y"));
}

TEST_P(RunStoreWorkers, OnlyItsHolderParksAWorker) {
  start_pairs(1);
  launch(worker_1, "y");
  EXPECT_TRUE(park(worker_1, "x")) << "it is not the worker, as it wishes";
  EXPECT_TRUE(park(worker_1, ""));
  EXPECT_TRUE(renew(worker_1, "y").held);
  EXPECT_TRUE(park(worker_2, "x"));
}

TEST_P(RunStoreWorkers, AWorkerOfARunThatHasEndedIsParked) {
  start_pairs(1);
  launch(worker_0, "x");
  claim(parents[0]);
  EXPECT_FALSE(park(worker_0, "x"));
  store.cancel(run, "").value();
  EXPECT_TRUE(park(worker_0, "x"));
}

}  // namespace weft
