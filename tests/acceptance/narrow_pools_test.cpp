// Fewer processes than the plan has workers: one that only waits holds no slot.

#include "acceptance/durable_runs.hpp"

namespace weft::test {

using NarrowPools = DurableRuns;

TEST_F(NarrowPools, OfOneProcessCarryOutAPlanOfManyWorkers) {
  {
    Engine engine{durable_functions(), processes(1, 12)};
    Workflow workflow{"wide"};
    std::vector<Future<int>> leaves;
    for (std::uint32_t i = 0; i < 12; ++i) {
      const auto root = workflow.task(pass, static_cast<int>(i));
      leaves.push_back(workflow.task(next, root));
      workflow.options(root).worker = WorkerId{i};
      workflow.options(leaves.back()).worker = WorkerId{(i + 5) % 12};
    }
    const auto total = workflow.task(sum, leaves);
    const auto run = engine.submit(std::move(workflow), total);
    EXPECT_EQ(run.record().workers, 12u);
    const auto result = result_in_time(run);
    ASSERT_TRUE(result) << to_string(result.error());
    EXPECT_EQ(*result, 12 * 11 / 2 + 12);
    expect_each_committed_once(*run.handle());
  }
  expect_nothing_left();
}

/// Each step of three chains is another worker's, so that all of them wait for one another.
TEST_F(NarrowPools, OfTwoProcessesHandARelayFromWorkerToWorker) {
  {
    Engine engine{durable_functions(), processes(2, 8)};
    Workflow workflow{"relay"};
    std::vector<Future<int>> ends;
    for (std::uint32_t chain = 0; chain < 3; ++chain) {
      auto last = workflow.task(pass, 0);
      for (std::uint32_t i = 0; i < 8; ++i) {
        last = workflow.task(next, last);
        workflow.options(last).worker = WorkerId{(3 * chain + 5 * i) % 8};
      }
      ends.push_back(last);
    }
    const auto total = workflow.task(sum, ends);
    const auto run = engine.submit(std::move(workflow), total);
    const auto result = result_in_time(run);
    ASSERT_TRUE(result) << to_string(result.error());
    EXPECT_EQ(*result, 24);
  }
  expect_nothing_left();
}

/// While one run waits in the only slot for what another makes.
TEST_F(NarrowPools, OfOneProcessServeRunsSideBySide) {
  {
    Engine engine{durable_functions(), processes(1, 3)};
    std::vector<weft::Run<int>> runs;
    for (int i = 0; i < 6; ++i) {
      Workflow workflow{"beside"};
      std::vector<Future<int>> leaves;
      for (std::uint32_t worker = 0; worker < 3; ++worker) {
        leaves.push_back(workflow.task(pass, i));
        workflow.options(leaves.back()).worker = WorkerId{worker};
      }
      const auto total = workflow.task(sum, leaves);
      runs.push_back(engine.submit(std::move(workflow), total));
    }
    for (int i = 0; i < 6; ++i) {
      const auto result = result_in_time(runs[static_cast<std::size_t>(i)]);
      ASSERT_TRUE(result) << to_string(result.error());
      EXPECT_EQ(*result, 3 * i);
    }
  }
  expect_nothing_left();
}

}  // namespace weft::test
