#include "weft/apps/weft/bench_shapes.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace weft::cli {

namespace {

const Function source{"bench.source", [](std::uint64_t payload) { return Blob(payload, 'x'); }};
const Function pass{"bench.pass", [](const Blob& input) { return Blob(input.size(), 'x'); }};
const Function join{"bench.join",
                    [](const Blob& left, const Blob&) { return Blob(left.size(), 'x'); }};
const Function gather{"bench.gather", [](const std::vector<Shared<Blob>>& inputs) {
                        return Blob(inputs.empty() ? 0 : inputs.front()->size(), 'x');
                      }};

using Output = Future<Blob>;

Output chain(Workflow& workflow, std::uint32_t tasks, std::uint64_t payload) {
  Output last = workflow.task(source, payload);
  for (std::uint32_t i = 1; i < tasks; ++i) last = workflow.task(pass, last);
  return last;
}

Output fan(Workflow& workflow, std::uint32_t tasks, std::uint64_t payload) {
  const Output root = workflow.task(source, payload);
  std::vector<Output> middle;
  middle.reserve(tasks);
  for (std::uint32_t i = 0; i < tasks; ++i) middle.push_back(workflow.task(pass, root));
  return workflow.task(gather, middle);
}

Output tree(Workflow& workflow, std::uint32_t tasks, std::uint64_t payload) {
  // n leaves make n - 1 joins.
  std::vector<Output> level;
  for (std::uint32_t i = 0; i < (tasks + 1) / 2; ++i)
    level.push_back(workflow.task(source, payload));
  while (level.size() > 1) {
    std::vector<Output> next;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) {
      next.push_back(workflow.task(join, level[i], level[i + 1]));
    }
    if (level.size() % 2 == 1) next.push_back(level.back());
    level = std::move(next);
  }
  return level.front();
}

Output gemm(Workflow& workflow, std::uint32_t tasks, std::uint64_t payload) {
  // k^3 products, k^2 sums, 2 k^2 blocks, and one task at the end.
  std::uint32_t k = 1;
  while ((k + 1) * (k + 1) * (k + 1) + 3 * (k + 1) * (k + 1) + 1 <= tasks) ++k;
  std::vector<Output> left;
  std::vector<Output> right;
  for (std::uint32_t i = 0; i < k * k; ++i) left.push_back(workflow.task(source, payload));
  for (std::uint32_t i = 0; i < k * k; ++i) right.push_back(workflow.task(source, payload));
  std::vector<Output> cells;
  for (std::uint32_t row = 0; row < k; ++row) {
    for (std::uint32_t column = 0; column < k; ++column) {
      std::vector<Output> products;
      for (std::uint32_t i = 0; i < k; ++i) {
        products.push_back(workflow.task(join, left[row * k + i], right[i * k + column]));
      }
      cells.push_back(workflow.task(gather, products));
    }
  }
  return workflow.task(gather, cells);
}

Output layered(Workflow& workflow, std::uint32_t tasks, std::uint64_t payload) {
  constexpr std::uint64_t seed = 1;  // The same graph every time.
  std::mt19937_64 random{seed};
  const auto width = std::max(1u, static_cast<std::uint32_t>(std::sqrt(tasks)));
  std::vector<Output> layer;
  for (std::uint32_t i = 0; i < width; ++i) layer.push_back(workflow.task(source, payload));
  for (std::uint32_t made = width; made + width <= tasks; made += width) {
    std::vector<Output> next;
    for (std::uint32_t i = 0; i < width; ++i) {
      std::vector<Output> inputs;
      const std::uint64_t count = 1 + random() % 3;
      for (std::uint64_t input = 0; input < count; ++input) {
        inputs.push_back(layer[random() % layer.size()]);
      }
      next.push_back(workflow.task(gather, inputs));
    }
    layer = std::move(next);
  }
  return workflow.task(gather, layer);
}

}  // namespace

const std::vector<std::string>& bench_shape_names() {
  static const std::vector<std::string> names{"chain", "fan", "tree", "gemm", "layered"};
  return names;
}

Result<BenchShape> make_bench_shape(std::string_view shape, std::uint32_t tasks,
                                    std::uint64_t payload) {
  using Make = Output (*)(Workflow&, std::uint32_t, std::uint64_t);
  constexpr Make makers[]{chain, fan, tree, gemm, layered};
  const auto& names = bench_shape_names();
  const auto found = std::ranges::find(names, shape);
  if (found == names.end()) {
    return Error{.code = Errc::invalid_argument,
                 .message = "there is no shape '" + std::string(shape) + "'",
                 .hint = "choose chain, fan, tree, gemm or layered"};
  }
  BenchShape made{.workflow = Workflow{"bench." + std::string(shape)}};
  made.workflow.reserve(tasks + 2);
  made.result = makers[found - names.begin()](made.workflow, tasks, payload);
  return made;
}

void add_bench_functions(Registry& registry) {
  registry.add(source).add(pass).add(join).add(gather);
}

}  // namespace weft::cli
