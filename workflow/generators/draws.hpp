#pragma once

#include <cstdint>
#include <random>

namespace weft {

/// What a quantity of recorded workflows varied between: half of the values lie below `median`.
struct Spread {
  std::uint64_t least = 0;
  std::uint64_t median = 0;
  std::uint64_t most = 0;
};

/// The spread of values of which all are alike: `level`, give or take `percent`.
[[nodiscard]] constexpr Spread alike(std::uint64_t level, std::uint64_t percent) {
  return {level - level * percent / 100, level, level + level * percent / 100};
}

/// Numbers from a seed, the same on every platform: the distributions of the standard library
/// differ between its implementations, and so do the last digits of its logarithms.
class Draws {
public:
  explicit Draws(std::uint64_t seed) : engine_(seed) {}

  /// 0 to `end - 1`, each as likely as the next. @pre end > 0
  std::uint64_t below(std::uint64_t end);

  /// From `least` to `most`: any doubling is as likely as any other.
  /// @pre least <= most, and both are below 2^53
  std::uint64_t log_uniform(std::uint64_t least, std::uint64_t most);

  /// Near the median on either side alike, and ever more seldom towards the ends. On a logarithmic
  /// axis that is a triangle on either side: like a log-normal distribution it has its peak in the
  /// middle and a long tail, but no value is beyond what was recorded.
  std::uint64_t within(const Spread& spread);

private:
  std::mt19937_64 engine_;
};

}  // namespace weft
