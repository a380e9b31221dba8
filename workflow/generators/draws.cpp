#include "weft/workflow/generators/draws.hpp"

#include <algorithm>
#include <cmath>

#include "weft/workflow/check.hpp"

namespace weft {

std::uint64_t Draws::below(std::uint64_t end) {
  check(end > 0, "there is a number to draw");
  return engine_() % end;  // Ends are far below 2^64, so that no number is visibly more likely.
}

std::uint64_t Draws::log_uniform(std::uint64_t least, std::uint64_t most) {
  check(least <= most, "a range ends where it begins or behind");
  // Halves the range at its geometric mean, where the seed's bits say: products and square roots
  // are rounded alike everywhere. A range that is short by then is drawn from evenly.
  constexpr int halvings = 16;
  auto low = static_cast<double>(std::max<std::uint64_t>(least, 1));
  auto high = static_cast<double>(std::max<std::uint64_t>(most, 1));
  std::uint64_t bits = engine_();
  for (int i = 0; i < halvings; ++i) {
    const double middle = std::sqrt(low) * std::sqrt(high);
    ((bits & 1) != 0 ? low : high) = middle;
    bits >>= 1;
  }
  const auto first = static_cast<std::uint64_t>(low);
  const auto last = std::max(static_cast<std::uint64_t>(high), first);
  return std::clamp(first + below(last - first + 1), least, most);
}

std::uint64_t Draws::within(const Spread& spread) {
  const bool above = below(2) == 1;
  const std::uint64_t low = above ? spread.median : spread.least;
  const std::uint64_t high = above ? spread.most : spread.median;
  const std::uint64_t one = log_uniform(low, high);
  const std::uint64_t other = log_uniform(low, high);
  return above ? std::min(one, other) : std::max(one, other);
}

}  // namespace weft
