#pragma once

#include <cstdint>
#include <vector>

namespace weft {

/// How much work is planned on each worker. Finds the least loaded one of a range in the logarithm
/// of the number of workers.
///
/// Not thread-safe; lives as long as one plan is made.
class LoadBoard {
public:
  explicit LoadBoard(std::uint32_t workers);

  void add(std::uint32_t worker, double cost);
  [[nodiscard]] double load(std::uint32_t worker) const { return loads_[worker]; }

  /// Of `count` workers from `first`; the lowest number among equals. @pre count > 0
  [[nodiscard]] std::uint32_t least_loaded(std::uint32_t first, std::uint32_t count) const;

  /// The load that each of these workers has in the end, at least, when further work of `cost`
  /// fills up the least loaded ones first.
  [[nodiscard]] double level_after(std::uint32_t first, std::uint32_t count, double cost) const;

private:
  [[nodiscard]] std::uint32_t lesser(std::uint32_t a, std::uint32_t b) const;

  std::vector<double> loads_;
  /// A tournament: leaf `workers + w` is worker w, every inner node the lesser of its two children.
  std::vector<std::uint32_t> winners_;
};

}  // namespace weft
