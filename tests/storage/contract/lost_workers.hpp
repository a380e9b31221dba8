#pragma once

// The contract of run stores: workers that are known to have ended, workers that vanish, and tasks
// that end one worker after the other.

#include "storage/contract/workers.hpp"

namespace weft {

class RunStoreLostWorkers : public RunStoreWorkers {
protected:
  static Error crash() {
    return {.code = Errc::task_failed, .message = "signal 11", .node = "host-3", .hint = "look"};
  }

  AbandonRequest loss_of(WorkerId worker, const std::string& holder,
                         std::vector<TaskId> suspects = {}) {
    return {.run = run,
            .worker = worker,
            .holder = holder,
            .suspects = std::move(suspects),
            .cause = crash()};
  }
  AbandonAnswer abandon(WorkerId worker, const std::string& holder,
                        std::vector<TaskId> suspects = {}) {
    return store.abandon(loss_of(worker, holder, std::move(suspects))).value();
  }

  /// Worker 0 ends while it calls a task.
  AbandonAnswer kill_with(TaskId task) {
    launch(worker_0, "x");
    claim(task);
    return abandon(worker_0, "x", {task});
  }

  /// Worker 0 vanishes while it holds a task.
  SweepReport vanish_with(TaskId task) {
    claim(task);
    advance(lease);
    return sweep();
  }
};

// -- what it held --------------------------------------------------------------------------------

TEST_P(RunStoreLostWorkers, WhatALostWorkerHeldIsReadyAtOnce) {
  start_fan({worker_2, worker_1, worker_1, worker_1});
  complete(parents[0], 4);
  launch(worker_1, "y");
  const Grant third = claim(children[3], worker_1);
  const Grant first = claim(children[1], worker_1);
  claim(children[0], worker_0);

  const AbandonAnswer answer = abandon(worker_1, "y", {children[1]});

  EXPECT_THAT(answer.ready, ElementsAre(ReadyTask{children[1], worker_1, 3},
                                        ReadyTask{children[3], worker_1, 1}));
  EXPECT_FALSE(answer.run_ended);
  EXPECT_EQ(commit(third, Value{}, worker_1).outcome, CommitOutcome::fenced);
  EXPECT_THAT(grants_of(worker_1), IsEmpty());
  EXPECT_THAT(tasks_of(grants_of(worker_0)), ElementsAre(children[0]));
  const Grant next = claim(children[1], worker_0);
  EXPECT_GT(next.fence, first.fence);
  EXPECT_EQ(next.attempt, 1u) << "the task did not fail";
  const auto requeued = events_of(RunEventKind::task_requeued);
  ASSERT_EQ(requeued.size(), 2u);
  for (const RunEvent& event : requeued) {
    EXPECT_EQ(event.worker, worker_1);
    EXPECT_EQ(event.message, "worker 1 ended: signal 11");
  }
  EXPECT_EQ(status().tasks.retries, 0u);
}

TEST_P(RunStoreLostWorkers, WhatAnAnswerToldOfIsNotReportedByASweep) {
  start_pairs(1);
  claim(parents[0]);
  advance(lease);
  launch(worker_0, "x");  // Which finds that the lease has run out.
  claim(parents[0]);
  EXPECT_THAT(tasks_of(abandon(worker_0, "x").ready), ElementsAre(parents[0]));
  EXPECT_THAT(sweep().requeued, IsEmpty());
  advance(lease + 1ns);
  EXPECT_THAT(tasks_in(sweep().orphaned), ElementsAre(parents[0])) << "nobody came for it";
}

TEST_P(RunStoreLostWorkers, AnotherProcessMayBeTheWorkerAtOnce) {
  start_pairs(2);
  launch(worker_1, "y");
  commit_placed(parents[0]);
  EXPECT_THAT(tasks_of(abandon(worker_1, "y").ready), ElementsAre(children[0]));
  EXPECT_FALSE(renew(worker_1, "y").held);
  EXPECT_THAT(tasks_of(commit_placed(parents[1]).ready), ElementsAre(children[1]));
  EXPECT_TRUE(launch(worker_1, "z"));
  EXPECT_EQ(renew(worker_1, "z").told, 0u);
}

TEST_P(RunStoreLostWorkers, OnlyItsHolderCanBeLost) {
  start_pairs(1);
  launch(worker_0, "x");
  const Grant grant = claim(parents[0]);
  for (const std::string other : {"y", ""}) {
    EXPECT_THAT(abandon(worker_0, other, {parents[0]}).ready, IsEmpty());
  }
  EXPECT_THAT(abandon(worker_1, "x", {parents[0]}).ready, IsEmpty());
  EXPECT_TRUE(renew(worker_0, "x").held);
  EXPECT_EQ(commit(grant).outcome, CommitOutcome::committed);
}

TEST_P(RunStoreLostWorkers, AbandoningTwiceChangesNothing) {
  start_pairs(1);
  kill_with(parents[0]);
  const Grant next = claim(parents[0], worker_1);
  EXPECT_THAT(abandon(worker_0, "x", {parents[0]}).ready, IsEmpty());
  EXPECT_EQ(events_of(RunEventKind::task_requeued).size(), 1u);
  EXPECT_EQ(commit(next, Value{}, worker_1).outcome, CommitOutcome::committed);
}

TEST_P(RunStoreLostWorkers, AWorkerWhoseLeaseRanOutCanBeLostUntilASweepFindsIt) {
  start_pairs(1);
  launch(worker_0, "x");
  claim(parents[0]);
  advance(2 * lease);
  EXPECT_THAT(tasks_of(abandon(worker_0, "x").ready), ElementsAre(parents[0]));
  launch(worker_0, "x");
  claim(parents[0]);
  advance(lease);
  EXPECT_THAT(tasks_in(sweep().requeued), ElementsAre(parents[0]));
  EXPECT_THAT(abandon(worker_0, "x").ready, IsEmpty());
}

TEST_P(RunStoreLostWorkers, ALossInARunThatHasEndedChangesNothing) {
  start_pairs(1);
  launch(worker_0, "x");
  claim(parents[0]);
  store.cancel(run, "").value();
  const std::size_t event_count = events().size();
  const AbandonAnswer answer = abandon(worker_0, "x", {parents[0]});
  EXPECT_THAT(answer.ready, IsEmpty());
  EXPECT_FALSE(answer.run_ended) << "not by this step";
  EXPECT_EQ(events().size(), event_count);
}

TEST_P(RunStoreLostWorkers, AWatcherIsWokenWhenAWorkerIsLost) {
  start_pairs(1);
  launch(worker_0, "x");
  claim(parents[0]);
  std::atomic<int> woken = 0;
  backend->store().watch(run, [&] { ++woken; });
  backend->settle();
  woken = 0;
  abandon(worker_0, "x");
  while (woken == 0) backend->pump();
}

// -- poison --------------------------------------------------------------------------------------

TEST_P(RunStoreLostWorkers, ATaskThatHasEndedThreeWorkersFails) {
  start_pairs(2);
  EXPECT_THAT(tasks_of(kill_with(parents[0]).ready), ElementsAre(parents[0]));
  EXPECT_THAT(tasks_of(kill_with(parents[0]).ready), ElementsAre(parents[0]));

  const AbandonAnswer answer = kill_with(parents[0]);

  EXPECT_TRUE(answer.run_ended);
  EXPECT_THAT(answer.ready, IsEmpty());
  const RunStatus end = status();
  EXPECT_EQ(end.state, RunState::failed);
  EXPECT_EQ(end.tasks, (TaskCounts{.total = 4, .failed = 1}));
  ASSERT_EQ(end.errors.size(), 1u);
  const Error& error = end.errors[0];
  EXPECT_EQ(error.code, Errc::task_failed);
  EXPECT_EQ(error.message, "number-0 has ended 3 workers; the last: signal 11");
  EXPECT_EQ(error.task, "number-0");
  EXPECT_EQ(error.attempt, 1u);
  EXPECT_EQ(error.node, "host-3");
  EXPECT_THAT(error.causes, ElementsAre(crash()));
  EXPECT_EQ(events_of(RunEventKind::task_requeued).size(), 3u);
  const auto failed = events_of(RunEventKind::task_failed);
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].worker, worker_0);
  EXPECT_EQ(failed[0].message, error.message);
  EXPECT_EQ(events().back().message, "failed: " + error.message);
}

TEST_P(RunStoreLostWorkers, WithoutFailFastTheRestGoesOn) {
  request.fail_fast = false;
  start_pairs(2);
  launch(worker_0, "x");
  const Grant poison = claim(parents[0]);
  claim(parents[1]);
  AbandonRequest loss = loss_of(worker_0, "x", {parents[0]});
  loss.cause.node = "";
  loss.max_kills = 1;

  const AbandonAnswer answer = store.abandon(loss).value();

  EXPECT_FALSE(answer.run_ended);
  EXPECT_THAT(tasks_of(answer.ready), ElementsAre(parents[1]));
  EXPECT_EQ(status().tasks, (TaskCounts{.total = 4, .failed = 1, .skipped = 1}));
  EXPECT_EQ(status().errors.at(0).message, "number-0 has ended 1 worker; the last: signal 11");
  EXPECT_EQ(status().errors.at(0).node, "worker 0");
  EXPECT_EQ(commit(poison).outcome, CommitOutcome::fenced);
  EXPECT_EQ(refusal(parents[0]), ClaimRefusal::not_ready);
  EXPECT_EQ(refusal(children[0]), ClaimRefusal::not_ready);
  complete(parents[1]);
  EXPECT_TRUE(complete(children[1]).run_ended);
  EXPECT_EQ(state(), RunState::failed);
}

TEST_P(RunStoreLostWorkers, ALossMayEndARunWithoutFailFast) {
  request.fail_fast = false;
  start_pairs(1);
  launch(worker_0, "x");
  claim(parents[0]);
  AbandonRequest loss = loss_of(worker_0, "x", {parents[0]});
  loss.max_kills = 1;
  EXPECT_TRUE(store.abandon(loss).value().run_ended);
  EXPECT_EQ(state(), RunState::failed);
}

TEST_P(RunStoreLostWorkers, TheFirstOfSeveralPoisonousTasksEndsAFailFastRun) {
  start_pairs(3);
  launch(worker_0, "x");
  for (const TaskId task : {parents[2], parents[1], parents[0]}) claim(task);
  AbandonRequest loss = loss_of(worker_0, "x", {parents[1], parents[0]});
  loss.max_kills = 1;

  const AbandonAnswer answer = store.abandon(loss).value();

  EXPECT_TRUE(answer.run_ended);
  EXPECT_THAT(answer.ready, IsEmpty());
  EXPECT_EQ(status().tasks, (TaskCounts{.total = 6, .failed = 1}));
  EXPECT_EQ(status().errors.at(0).task, "number-0");
  EXPECT_EQ(events_of(RunEventKind::task_requeued).size(), 3u);
  EXPECT_EQ(events().back().kind, RunEventKind::ended);
}

TEST_P(RunStoreLostWorkers, OnlyWhatItCalledAndHeldCountsAgainstATask) {
  start_pairs(3);
  for (int i = 0; i < 6; ++i) {
    launch(worker_0, "x");
    claim(parents[0]);  // Held, and not called.
    const Grant other = claim(parents[1], worker_1);
    claim(parents[1], worker_0, ClaimMode::duplicate);  // Called, and held by another.
    EXPECT_THAT(tasks_of(abandon(worker_0, "x", {parents[1], children[0], TaskId{999}}).ready),
                ElementsAre(parents[0]));
    EXPECT_EQ(claim(parents[1], worker_1).fence, other.fence);
  }
  EXPECT_EQ(state(), RunState::running);
}

TEST_P(RunStoreLostWorkers, ASuspectNamedTwiceHasEndedOneWorker) {
  start_pairs(1);
  launch(worker_0, "x");
  claim(parents[0]);
  EXPECT_THAT(tasks_of(abandon(worker_0, "x", {parents[0], parents[0], parents[0]}).ready),
              ElementsAre(parents[0]));
  EXPECT_EQ(state(), RunState::running);
}

// -- workers that vanish -------------------------------------------------------------------------

TEST_P(RunStoreLostWorkers, ATaskWhoseWorkersVanishedTwelveTimesFails) {
  start_pairs(2);
  for (int i = 0; i < 11; ++i) {
    EXPECT_THAT(tasks_in(vanish_with(parents[0]).requeued), ElementsAre(parents[0]));
  }

  const SweepReport report = vanish_with(parents[0]);

  EXPECT_THAT(report.requeued, IsEmpty());
  EXPECT_THAT(report.orphaned, IsEmpty());
  EXPECT_THAT(report.erased, IsEmpty()) << "its end can be read";
  EXPECT_EQ(state(), RunState::failed);
  const Error error = status().errors.at(0);
  EXPECT_EQ(error.code, Errc::task_failed);
  EXPECT_EQ(error.message, "number-0 is given up: its workers vanished 12 times");
  EXPECT_EQ(error.task, "number-0");
  EXPECT_EQ(error.node, "worker 0");
  EXPECT_THAT(error.causes, IsEmpty());
  EXPECT_EQ(events_of(RunEventKind::task_requeued).size(), 12u);
  EXPECT_THAT(sweep().erased, ElementsAre(run));
}

TEST_P(RunStoreLostWorkers, WithoutFailFastASweepReportsWhatItDoesNotGiveUp) {
  request.fail_fast = false;
  start_pairs(2);
  for (int i = 0; i < 11; ++i) vanish_with(parents[0]);
  claim(parents[1]);
  EXPECT_THAT(tasks_in(vanish_with(parents[0]).requeued), ElementsAre(parents[1]));
  EXPECT_EQ(status().tasks, (TaskCounts{.total = 4, .failed = 1, .skipped = 1}));
  EXPECT_EQ(refusal(parents[0]), ClaimRefusal::not_ready);
}

TEST_P(RunStoreLostWorkers, AWorkerThatVanishedCountsAQuarterOfOneThatEnded) {
  start_pairs(2);
  kill_with(parents[0]);
  kill_with(parents[0]);
  for (int i = 0; i < 3; ++i) vanish_with(parents[0]);
  EXPECT_EQ(state(), RunState::running);
  vanish_with(parents[0]);
  EXPECT_EQ(state(), RunState::failed);
  EXPECT_EQ(status().errors.at(0).message,
            "number-0 has ended 2 workers, and its workers vanished 4 times");
}

TEST_P(RunStoreLostWorkers, BothKindsOfLossesAddUp) {
  start_pairs(2);
  vanish_with(parents[0]);
  for (int i = 0; i < 2; ++i) kill_with(parents[0]);
  EXPECT_EQ(state(), RunState::running);
  kill_with(parents[0]);
  EXPECT_EQ(status().errors.at(0).message,
            "number-0 has ended 3 workers, and its workers vanished 1 time; the last: signal 11");
}

TEST_P(RunStoreLostWorkers, ALeaseThatALaunchFindsLostCountsAsOneThatASweepFinds) {
  start_pairs(2);
  for (int i = 0; i < 12; ++i) {
    claim(parents[0]);
    advance(lease);
    EXPECT_TRUE(launch(worker_0, std::to_string(i)));
    if (i < 11) {
      EXPECT_THAT(tasks_in(sweep().requeued), ElementsAre(parents[0]));
    }
  }
  EXPECT_EQ(state(), RunState::running) << "the sweep decides";
  EXPECT_THAT(sweep().requeued, IsEmpty());
  EXPECT_EQ(state(), RunState::failed);
}

}  // namespace weft
