// Whatever is launched, slow or tried again: one attempt of each task is committed, and its output
// is what everybody reads.

#include <csignal>

#include "acceptance/durable_runs.hpp"

namespace weft::test {

using CommittedOnce = DurableRuns;

TEST_F(CommittedOnce, EachTaskOfARunThatTwoNodesTakeOverAtOnce) {
  Engine submitter{durable_functions(), client()};
  Engine first{durable_functions(), threads(2, 4)};
  Engine second{durable_functions(), threads(2, 4)};
  for (int round = 0; round < 5; ++round) {
    const std::string label = "call-" + std::to_string(round);
    Workflow workflow{"doubled"};
    std::vector<Future<int>> fan;
    const auto root = workflow.task(pass, 0);
    for (int i = 0; i < 12; ++i) {
      fan.push_back(
        workflow.task(mishap, folder(), static_cast<int>(Mishap::none), 0, label, root));
    }
    const auto total = workflow.task(sum, fan);
    const auto run = submitter.submit(std::move(workflow), total, SubmitOptions{.detached = true});
    static_cast<void>(attached(submitter, run.id()));
    const auto here = first.resume(run.id());
    const auto there = second.resume(run.id());
    ASSERT_TRUE(here && there);
    ASSERT_TRUE((*here)->wait_for(bound) && (*there)->wait_for(bound));
    EXPECT_EQ(**(*there)->output(total.task()).value().as<int>(), 12);
    EXPECT_EQ(calls(label), 12) << "a worker is launched once, whoever asks";
    expect_each_committed_once(**here);
    EXPECT_TRUE(submitter.acknowledge(run.id()));
  }
}

/// The lease of the worker runs out while it is stopped; then it goes on and comes too late.
TEST_F(CommittedOnce, ATaskWhoseWorkerWasFrozenBeyondItsLease) {
  {
    Engine slow{durable_functions(), processes(1)};
    Engine other{durable_functions(), processes(1)};
    Workflow workflow{"frozen"};
    const auto frozen = risky(workflow, Mishap::freeze, 1, "frozen", 1);
    const auto result = workflow.task(next, frozen);
    const auto run = slow.submit(std::move(workflow), result, SubmitOptions{.detached = true});
    ASSERT_TRUE(wait_for_calls("frozen", 1));
    const int process = process_of("frozen");
    ASSERT_TRUE(wait_for_calls("frozen", 2)) << "nobody else takes the task";
    ::kill(process, SIGCONT);  // If it is still there.
    const auto taken = result_in_time(run);
    ASSERT_TRUE(taken) << to_string(taken.error());
    EXPECT_EQ(*taken, 3);
    expect_each_committed_once(*run.handle());
    EXPECT_TRUE(other.acknowledge(run.id()));
  }
  expect_nothing_left();
}

TEST_F(CommittedOnce, EachTaskThatFailedAndWasTriedAgain) {
  {
    Engine engine{durable_functions(), processes(2)};
    Workflow workflow{"retried"};
    auto last = workflow.task(pass, 0);
    for (int i = 0; i < 6; ++i) {
      last = risky(workflow, Mishap::exception, 1, "retried-" + std::to_string(i), last);
      workflow.options(last).retries = RetryPolicy{.attempts = 3, .backoff = 1ms};
    }
    const auto run = engine.submit(std::move(workflow), last);
    const auto result = result_in_time(run);
    ASSERT_TRUE(result) << to_string(result.error());
    EXPECT_EQ(*result, 6);
    for (int i = 0; i < 6; ++i) EXPECT_EQ(calls("retried-" + std::to_string(i)), 2);
    EXPECT_EQ(run.record().tasks.retries, 6u);
    expect_each_committed_once(*run.handle());
  }
  expect_nothing_left();
}

/// Counted down twice by a parent that is repeated, a fan-in would start early or never.
TEST_F(CommittedOnce, AFanInWhoseParentsWereRepeated) {
  {
    Engine engine{durable_functions(), processes(2, 4)};
    std::vector<weft::Run<int>> runs;
    for (int i = 0; i < 3; ++i) {
      const std::string number = std::to_string(i);
      Workflow workflow{"fan-in"};
      std::vector<Future<int>> parents;
      for (const Mishap kind : {Mishap::kill, Mishap::exception, Mishap::abort, Mishap::none}) {
        parents.push_back(risky(workflow, kind, 1, std::string{to_string(kind)} + "-" + number, i));
        workflow.options(parents.back()).retries = RetryPolicy{.attempts = 2, .backoff = 1ms};
        workflow.options(parents.back()).worker = WorkerId{static_cast<std::uint32_t>(kind) % 4};
      }
      const auto total = workflow.task(sum, parents);
      const auto joined = risky(workflow, Mishap::none, 0, "joined-" + number, total);
      runs.push_back(engine.submit(std::move(workflow), joined));
    }
    for (int i = 0; i < 3; ++i) {
      const auto result = result_in_time(runs[static_cast<std::size_t>(i)]);
      ASSERT_TRUE(result) << to_string(result.error());
      EXPECT_EQ(*result, 4 * (i + 1) + 1);
      EXPECT_EQ(calls("joined-" + std::to_string(i)), 1);
      expect_each_committed_once(*runs[static_cast<std::size_t>(i)].handle());
    }
  }
  expect_nothing_left();
}

}  // namespace weft::test
