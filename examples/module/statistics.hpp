#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace statistics {

/// What a list of numbers is like. Crosses from module to program and back, hence a named namespace.
struct Summary {
  std::uint64_t count = 0;
  double mean = 0;
  double deviation = 0;  ///< Of the population; in the unit of the numbers.

  friend bool operator==(const Summary&, const Summary&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Summary& x) {
    return f.object(x).fields(f.field("count", x.count), f.field("mean", x.mean),
                              f.field("deviation", x.deviation));
  }
};

/// Throws std::invalid_argument for an empty list.
Summary summarize(const std::vector<double>& numbers);

/// Each number as its distance from the mean, in deviations.
std::vector<double> standardize(const std::vector<double>& numbers, const Summary& summary);

std::string describe(const Summary& summary);

}  // namespace statistics
