// Thousands of runs that must outlive what happens to their processes.

#include <gtest/gtest.h>

#include "simulation/simulation.hpp"
#include "support/seeds.hpp"

namespace weft::test {

namespace {

class DurableRuns : public testing::TestWithParam<std::uint64_t> {};

TEST_P(DurableRuns, ComeToTheSameWhateverHappensToTheirProcesses) {
  for_each_seed(GetParam(), [](std::uint64_t seed) {
    const SimulationReport report = simulate(seed);
    for (const std::string& failure : report.failures) ADD_FAILURE() << failure;
    if (seed % 20 == 0) {
      EXPECT_EQ(simulate(seed).log, report.log) << "equal seeds, but the event logs differ";
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Seeds, DurableRuns, seed_blocks(WEFT_SIMULATION_SEEDS));

}  // namespace

}  // namespace weft::test
