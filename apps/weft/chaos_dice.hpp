#pragma once

#include <cstdint>
#include <random>

#include "weft/workflow/units.hpp"

namespace weft::cli {

/// Draws the same from the same seed on every platform.
class ChaosDice {
public:
  explicit ChaosDice(std::uint64_t seed) : engine_(seed) {}

  /// From the least to the most, both of them included. @pre least <= most
  std::uint64_t between(std::uint64_t least, std::uint64_t most) {
    return least + engine_() % (most - least + 1);
  }
  Nanos between(Nanos least, Nanos most) {
    return Nanos{static_cast<Nanos::rep>(between(static_cast<std::uint64_t>(least.count()),
                                                 static_cast<std::uint64_t>(most.count())))};
  }
  bool chance(std::uint32_t percent) { return engine_() % 100 < percent; }
  std::uint64_t word() { return engine_(); }

private:
  std::mt19937_64 engine_;
};

}  // namespace weft::cli
