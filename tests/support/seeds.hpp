#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace weft::test {

/// Seeds that one test runs through, so that tests of many seeds can run side by side.
inline constexpr std::uint64_t seeds_in_block = 100;

/// The first seed of each block, for `seeds` seeds in all.
inline auto seed_blocks(std::uint64_t seeds) {
  return testing::Range<std::uint64_t>(0, seeds, seeds_in_block);
}

/// Calls `body(seed)` for each seed of a block, until one fails. That one names itself; a test with
/// `WEFT_SEED` in its environment runs the seed that it names and no other.
template <class Body>
void for_each_seed(std::uint64_t first, Body&& body) {
  const char* only = std::getenv("WEFT_SEED");
  const std::uint64_t begin = only ? std::strtoull(only, nullptr, 10) : first;
  const std::uint64_t end = only ? begin + 1 : first + seeds_in_block;
  for (std::uint64_t seed = begin; seed < end; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed) +
                 "; replay it with WEFT_SEED=" + std::to_string(seed));
    body(seed);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace weft::test
