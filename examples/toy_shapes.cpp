// The shapes by which schedulers are tried: chains of different lengths, fans that open and close
// again and again, and a fan of heavy values.
//
//   toy_shapes [fixed_times | fan_outs_fan_ins | matrix_multiplications]...

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string_view>
#include <vector>

#include "weft/weft.hpp"

namespace {

/// Prints what a shape came to.
bool report(std::string_view shape, std::uint32_t tasks, bool ok) {
  std::cout << shape << ": " << tasks << " tasks, " << (ok ? "as computed in a loop" : "wrong")
            << "\n";
  return ok;
}

// -- chains of different lengths ------------------------------------------------------------------

constexpr auto step_time = std::chrono::milliseconds{20};

/// Takes the same time whatever its argument.
const weft::Function step{"step@1", [](weft::TaskContext& context, int steps) {
  context.sleep_for(step_time);
  return steps + 1;
}};
const weft::Function lengths{"lengths@1", [](const std::vector<int>& all) { return all; }};

struct Chains {
  weft::Workflow workflow{"fixed_times"};
  weft::Future<std::vector<int>> result;

  Chains() {
    std::vector<weft::Future<int>> ends;
    for (int length = 5; length > 0; --length) {
      auto last = workflow.task(step, 0);
      for (int i = 1; i < length; ++i) last = workflow.task(step, last);
      ends.push_back(last);
    }
    result = workflow.task(lengths, ends);
  }
};

/// On five slots the longest chain decides: in virtual time the makespan is exactly its five steps.
bool fixed_times(const weft::Registry& registry) {
  const std::vector<int> expected{5, 4, 3, 2, 1};
  Chains chains;
  const std::uint32_t tasks = chains.workflow.task_count();
  weft::Harness harness{registry, {.engine = {.pool = {.slots = 5}}}};
  const auto played = harness.submit(chains.workflow, chains.result).get();
  const bool in_time = harness.now() == 5 * step_time;
  std::cout << "fixed_times: " << weft::format_duration(harness.now()) << " in virtual time, "
            << (in_time ? "five steps" : "wrong") << "\n";

  weft::Engine engine{registry};
  const auto found = engine.submit(std::move(chains.workflow), chains.result).get();
  return report("fixed_times", tasks, found == expected && played == expected) && in_time;
}

// -- fans that open and close ---------------------------------------------------------------------

constexpr std::uint64_t rounds = 8;
constexpr std::uint64_t width = 16;

/// Any mixture that depends on the order of its arguments; it wraps around.
std::uint64_t mixed(std::uint64_t x, std::uint64_t y) { return (x ^ (x >> 29)) * 31 + y + 1; }

const weft::Function branch{"branch@1", mixed};

/// Closes a fan. Beside the branches it reads what the fan before came to: an edge that skips one.
const weft::Function join{"join@1", [](const std::vector<std::uint64_t>& branches,
                                       std::uint64_t before) {
  std::uint64_t sum = before;
  for (const std::uint64_t one : branches) sum = mixed(sum, one);
  return sum;
}};

std::uint64_t fans_in_a_loop() {
  std::uint64_t before = 0;
  std::uint64_t now = mixed(1, 1);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    std::uint64_t sum = before;
    for (std::uint64_t i = 0; i < width; ++i) sum = mixed(sum, mixed(now, i));
    before = now;
    now = sum;
  }
  return now;
}

bool fan_outs_fan_ins(const weft::Registry& registry) {
  weft::Workflow workflow{"fan_outs_fan_ins"};
  auto now = workflow.task(branch, 1u, 1u);
  weft::Future<std::uint64_t> before;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    std::vector<weft::Future<std::uint64_t>> branches;
    for (std::uint64_t i = 0; i < width; ++i) branches.push_back(workflow.task(branch, now, i));
    const auto joined = round == 0 ? workflow.task(join, branches, 0u)
                                   : workflow.task(join, branches, before);
    before = now;
    now = joined;
  }
  const std::uint32_t tasks = workflow.task_count();
  weft::Engine engine{registry};
  const std::uint64_t found = engine.submit(std::move(workflow), now).get();
  return report("fan_outs_fan_ins", tasks, found == fans_in_a_loop());
}

// -- heavy values ---------------------------------------------------------------------------------

constexpr std::size_t size = 384;
constexpr int factors = 7;

/// Square, row by row. Small whole numbers: sums and products are exact in any order.
using Matrix = std::vector<double>;

const weft::Function make_matrix{"make_matrix@1", [](int seed) {
  Matrix matrix(size * size);
  std::uint32_t random = static_cast<std::uint32_t>(seed) * 2'654'435'761u + 1;
  for (double& cell : matrix) {
    random = random * 1'664'525u + 1'013'904'223u;  // Numerical Recipes' generator; good enough.
    cell = static_cast<double>(random >> 28) - 8;
  }
  return matrix;
}};

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix result(size * size);
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t k = 0; k < size; ++k) {
      const double factor = a[i * size + k];
      for (std::size_t j = 0; j < size; ++j) result[i * size + j] += factor * b[k * size + j];
    }
  }
  return result;
}

Matrix total(const std::vector<weft::Shared<Matrix>>& matrices) {
  Matrix sum(size * size);
  for (const auto& matrix : matrices) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += (*matrix)[i];
  }
  return sum;
}

const weft::Function multiply{"multiply@1", product};
const weft::Function add_up{"add_up@1", total};

/// A B1 + ... + A B7 is A (B1 + ... + B7): one product in place of seven checks them all.
bool matrix_multiplications(const weft::Registry& registry) {
  weft::Workflow workflow{"matrix_multiplications"};
  const auto a = workflow.task(make_matrix, 0);
  std::vector<weft::Future<Matrix>> right;
  std::vector<weft::Future<Matrix>> products;
  for (int i = 1; i <= factors; ++i) {
    right.push_back(workflow.task(make_matrix, i));
    products.push_back(workflow.task(multiply, a, right.back()));
  }
  const auto sum = workflow.task(add_up, products);
  const auto left_once = workflow.task(multiply, a, workflow.task(add_up, right));
  const std::uint32_t tasks = workflow.task_count();
  weft::Engine engine{registry};
  const auto run = engine.submit(std::move(workflow));  // Keeps both sinks.
  const bool ok = run.result_of(sum).value() == run.result_of(left_once).value();
  return report("matrix_multiplications", tasks, ok);
}

struct Shape {
  std::string_view name;
  bool (*run)(const weft::Registry&);
};
constexpr Shape shapes[] = {{"fixed_times", fixed_times},
                            {"fan_outs_fan_ins", fan_outs_fan_ins},
                            {"matrix_multiplications", matrix_multiplications}};

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> wanted(argv + 1, argv + argc);
  for (const std::string_view name : wanted) {
    if (std::ranges::find(shapes, name, &Shape::name) != std::end(shapes)) continue;
    std::cerr << "usage: toy_shapes [SHAPE]...   all of them if none is named:\n";
    for (const Shape& shape : shapes) std::cerr << "  " << shape.name << "\n";
    return 2;
  }

  weft::Registry registry;
  registry.add(step).add(lengths).add(branch).add(join);
  registry.add(make_matrix).add(multiply).add(add_up);
  bool ok = true;
  for (const Shape& shape : shapes) {
    const bool chosen = wanted.empty() || std::ranges::count(wanted, shape.name) > 0;
    if (chosen) ok = shape.run(registry) && ok;
  }
  std::cout << "checked: " << (ok ? "ok" : "wrong") << "\n";
  return ok ? 0 : 1;
}
