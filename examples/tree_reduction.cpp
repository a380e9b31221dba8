// Counts primes: many tasks sieve a range each, and a tree of tasks adds up what they found.
//
//   tree_reduction [LEAVES]

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <optional>
#include <vector>

#include "number_argument.hpp"
#include "weft/weft.hpp"

namespace {

/// Half open.
struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, Range& x) {
    return f.object(x).fields(f.field("begin", x.begin), f.field("end", x.end));
  }
};

const weft::Function count_primes{"count_primes@1", [](const Range& range) {
  std::vector<bool> composite(range.end - range.begin);
  for (std::uint64_t factor = 2; factor * factor < range.end; ++factor) {
    const std::uint64_t first = (range.begin + factor - 1) / factor * factor;
    for (std::uint64_t n = std::max(first, factor * factor); n < range.end; n += factor) {
      composite[n - range.begin] = true;
    }
  }
  std::uint64_t primes = 0;
  for (std::uint64_t n = std::max<std::uint64_t>(range.begin, 2); n < range.end; ++n) {
    if (!composite[n - range.begin]) ++primes;
  }
  return primes;
}};

const weft::Function add{"add@1", [](std::uint64_t a, std::uint64_t b) { return a + b; }};

/// Adds neighbours until one is left. An odd one at the end goes up as it is.
weft::Future<std::uint64_t> tree_sum(weft::Workflow& workflow,
                                     std::vector<weft::Future<std::uint64_t>> level) {
  while (level.size() > 1) {
    std::vector<weft::Future<std::uint64_t>> above;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) {
      above.push_back(workflow.task(add, level[i], level[i + 1]));
    }
    if (level.size() % 2 == 1) above.push_back(level.back());
    level = std::move(above);
  }
  return level.front();
}

}  // namespace

int main(int argc, char** argv) {
  constexpr std::uint64_t limit = 2'000'000;
  constexpr std::uint64_t known = 148'933;  // Primes below two million.
  const auto given = argc == 2 ? number_in(argv[1], 1, 10'000) : std::nullopt;
  if (argc > 1 && !given) {
    std::cerr << "usage: tree_reduction [LEAVES]\n  1 to 10000 leaves (37)\n";
    return 2;
  }
  const std::uint64_t leaves = given.value_or(37);

  weft::Workflow workflow{"tree_reduction"};
  std::vector<weft::Future<std::uint64_t>> counts;
  for (std::uint64_t i = 0; i < leaves; ++i) {
    counts.push_back(workflow.task(
      count_primes, Range{.begin = limit * i / leaves, .end = limit * (i + 1) / leaves}));
  }
  const auto total = tree_sum(workflow, std::move(counts));

  weft::Registry registry;
  registry.add(count_primes).add(add);
  weft::Engine engine{registry};
  const std::uint64_t primes = engine.submit(std::move(workflow), total).get();
  std::cout << primes << " primes below " << limit << ", counted by " << leaves << " leaves\n";
  std::cout << "checked: " << (primes == known ? "ok" : "wrong") << "\n";
  return primes == known ? 0 : 1;
}
