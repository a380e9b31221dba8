#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace weft::test {

/// Draws numbers the same way on every platform.
class Dice {
public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  /// 0 to `sides - 1`.
  std::uint32_t roll(std::size_t sides) { return static_cast<std::uint32_t>(engine_() % sides); }
  bool chance(std::uint32_t percent) { return roll(100) < percent; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[roll(from.size())];
  }
  std::uint64_t seed() { return engine_(); }

private:
  std::mt19937_64 engine_;
};

}  // namespace weft::test
