#pragma once

#include <chrono>
#include <thread>

#include "weft/workflow/clock.hpp"

namespace weft::test {

/// Longer than anything takes on the slowest machine, and shorter than the test's own limit.
constexpr auto patience = std::chrono::seconds{60};

/// Polls until it holds, or for too long.
template <class Condition>
[[nodiscard]] bool eventually(Condition&& condition) {
  const TimePoint end = SystemClock{}.now() + patience;
  while (!condition()) {
    if (SystemClock{}.now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

}  // namespace weft::test
