#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weft::test {

/// What one seed came to.
struct SimulationReport {
  std::vector<std::string> failures;  ///< What did not hold.
  std::string log;                    ///< Equal for equal seeds.
  // What it went through.
  std::uint32_t crashes = 0;
  std::uint32_t freezes = 0;
  std::uint32_t outages = 0;
  std::uint64_t calls = 0;
  std::uint64_t commits = 0;
  std::uint64_t requeued = 0;
  std::uint64_t steps = 0;
};

/// Plays a run of a random workflow on processes that crash and freeze, over a network that loses
/// and delays, and checks that nothing of that shows in what comes of it.
[[nodiscard]] SimulationReport simulate(std::uint64_t seed);

}  // namespace weft::test
