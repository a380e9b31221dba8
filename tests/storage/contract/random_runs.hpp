#pragma once

// The contract of run stores: random runs, compared step by step with an oracle.

#include <gtest/gtest.h>

#include <tuple>

#include "storage/random_run.hpp"

namespace weft {

/// Takes a backend and the first of the seeds to play.
class RunStoreRandomRuns : public testing::TestWithParam<std::tuple<MakeBackend, int>> {
public:
  static constexpr int runs = 50;  ///< Of each test: one fits into a second or two.
};

TEST_P(RunStoreRandomRuns, DoWhatTheOracleSays) {
  const auto [make, first] = GetParam();
  for (int seed = first; seed < first + runs && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto backend = make();
    RandomRun{*backend, static_cast<std::uint64_t>(seed)}.play();
  }
}

}  // namespace weft
