#include "weft/apps/weft/bench_graph.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

namespace weft::cli {

namespace {

using Tasks = std::vector<std::uint32_t>;

Tasks sources(BenchGraph& graph, std::uint32_t count) {
  Tasks made;
  made.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) made.push_back(graph.add({}));
  return made;
}

void chain(BenchGraph& graph, std::uint32_t tasks) {
  std::uint32_t last = graph.add({});
  for (std::uint32_t i = 1; i < tasks; ++i) last = graph.add({&last, 1});
}

void fan(BenchGraph& graph, std::uint32_t tasks) {
  const std::uint32_t root = graph.add({});
  Tasks middle;
  middle.reserve(tasks);
  for (std::uint32_t i = 0; i < tasks; ++i) middle.push_back(graph.add({&root, 1}));
  graph.add(middle);
}

void tree(BenchGraph& graph, std::uint32_t tasks) {
  Tasks level = sources(graph, (tasks + 1) / 2);  // n leaves make n - 1 joins.
  while (level.size() > 1) {
    Tasks next;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) {
      next.push_back(graph.add(std::array{level[i], level[i + 1]}));
    }
    if (level.size() % 2 == 1) next.push_back(level.back());
    level = std::move(next);
  }
}

void gemm(BenchGraph& graph, std::uint32_t tasks) {
  // k^3 products, k^2 sums, 2 k^2 blocks, and one task at the end.
  std::uint32_t k = 1;
  while ((k + 1) * (k + 1) * (k + 1) + 3 * (k + 1) * (k + 1) + 1 <= tasks) ++k;
  const Tasks left = sources(graph, k * k);
  const Tasks right = sources(graph, k * k);
  Tasks cells;
  for (std::uint32_t row = 0; row < k; ++row) {
    for (std::uint32_t column = 0; column < k; ++column) {
      Tasks products;
      for (std::uint32_t i = 0; i < k; ++i) {
        products.push_back(graph.add(std::array{left[row * k + i], right[i * k + column]}));
      }
      cells.push_back(graph.add(products));
    }
  }
  graph.add(cells);
}

void layered(BenchGraph& graph, std::uint32_t tasks) {
  constexpr std::uint64_t seed = 1;
  std::mt19937_64 random{seed};
  const auto width = std::max(1u, static_cast<std::uint32_t>(std::sqrt(tasks)));
  Tasks layer = sources(graph, width);
  for (std::uint32_t made = width; made + width <= tasks; made += width) {
    Tasks next;
    for (std::uint32_t i = 0; i < width; ++i) {
      Tasks inputs;
      const std::uint64_t count = 1 + random() % 3;
      for (std::uint64_t input = 0; input < count; ++input) {
        inputs.push_back(layer[random() % layer.size()]);
      }
      next.push_back(graph.add(inputs));
    }
    layer = std::move(next);
  }
  graph.add(layer);
}

}  // namespace

std::uint32_t BenchGraph::add(std::span<const std::uint32_t> inputs) {
  inputs_.insert(inputs_.end(), inputs.begin(), inputs.end());
  first_input_.push_back(inputs_.size());
  return task_count() - 1;
}

const std::vector<std::string>& bench_shape_names() {
  static const std::vector<std::string> names{"chain", "fan", "tree", "gemm", "layered"};
  return names;
}

std::optional<BenchGraph> make_bench_graph(std::string_view shape, std::uint32_t tasks) {
  using Make = void (*)(BenchGraph&, std::uint32_t);
  constexpr Make makers[]{chain, fan, tree, gemm, layered};
  const auto& names = bench_shape_names();
  const auto found = std::ranges::find(names, shape);
  if (found == names.end()) return std::nullopt;
  BenchGraph graph;
  makers[found - names.begin()](graph, tasks);
  return graph;
}

}  // namespace weft::cli
