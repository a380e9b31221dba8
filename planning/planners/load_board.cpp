#include "weft/planning/planners/load_board.hpp"

#include <algorithm>

namespace weft {

LoadBoard::LoadBoard(std::uint32_t workers)
  : loads_(workers, 0.0), winners_(2 * std::size_t{workers}) {
  for (std::uint32_t w = 0; w < workers; ++w) winners_[workers + w] = w;
  for (std::uint32_t node = workers; node-- > 1;) {
    winners_[node] = lesser(winners_[2 * node], winners_[2 * node + 1]);
  }
}

void LoadBoard::add(std::uint32_t worker, double cost) {
  loads_[worker] += cost;
  for (std::size_t node = (loads_.size() + worker) / 2; node > 0; node /= 2) {
    winners_[node] = lesser(winners_[2 * node], winners_[2 * node + 1]);
  }
}

std::uint32_t LoadBoard::least_loaded(std::uint32_t first, std::uint32_t count) const {
  std::uint32_t best = first;
  std::size_t from = loads_.size() + first;
  std::size_t to = from + count;
  for (; from < to; from /= 2, to /= 2) {
    if (from % 2 == 1) best = lesser(best, winners_[from++]);
    if (to % 2 == 1) best = lesser(best, winners_[--to]);
  }
  return best;
}

double LoadBoard::level_after(std::uint32_t first, std::uint32_t count, double cost) const {
  std::vector<double> loads(loads_.begin() + first, loads_.begin() + first + count);
  std::ranges::sort(loads);
  double filled = cost;
  for (std::size_t i = 0; i < loads.size(); ++i) {
    filled += loads[i];
    const double level = filled / static_cast<double>(i + 1);
    if (i + 1 == loads.size() || level <= loads[i + 1]) return level;
  }
  return filled;
}

std::uint32_t LoadBoard::lesser(std::uint32_t a, std::uint32_t b) const {
  if (loads_[a] != loads_[b]) return loads_[a] < loads_[b] ? a : b;
  return std::min(a, b);
}

}  // namespace weft
