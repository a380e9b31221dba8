#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "weft/apps/weft/bench_graph.hpp"

namespace weft::cli {

// What each task of a benchmark does, the same in every system: it reads all bytes of all of its
// inputs and writes all bytes of a new value, whose content follows from them. So the result tells
// whether every task ran and read what it should have.

/// The least that a value holds: a word.
constexpr std::size_t least_value_bytes = sizeof(std::uint64_t);

/// The bytes of a value of about `payload` bytes: whole words, and at least one.
[[nodiscard]] inline std::size_t value_bytes(std::uint64_t payload) {
  const std::uint64_t words = (payload + least_value_bytes - 1) / least_value_bytes;
  return static_cast<std::size_t>(std::max<std::uint64_t>(words, 1) * least_value_bytes);
}

/// The sum of a value's words, modulo 2^64. Reads every byte.
[[nodiscard]] inline std::uint64_t sum_of_words(std::string_view value) {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at + sizeof sum <= value.size(); at += sizeof sum) {
    std::uint64_t word = 0;
    std::memcpy(&word, value.data() + at, sizeof word);
    sum += word;
  }
  return sum;
}

/// The first word of the value of a task. @param sum of all words of all of its inputs
/// A step of the linear congruential generator of Knuth's MMIX.
[[nodiscard]] inline std::uint64_t first_word(std::uint64_t sum) {
  return sum * 6364136223846793005u + 1442695040888963407u;
}

/// The byte that the value repeats after its first word.
[[nodiscard]] inline char fill_byte(std::uint64_t first) {
  return static_cast<char>(first >> 56);
}

/// The value of a task. Writes every byte. @pre `bytes` is what `value_bytes` gave
[[nodiscard]] inline std::string make_value(std::uint64_t sum, std::size_t bytes) {
  const std::uint64_t first = first_word(sum);
  std::string value(bytes, fill_byte(first));
  std::memcpy(value.data(), &first, sizeof first);
  return value;
}

/// `sum_of_words` of the value that `make_value` makes, without making it.
[[nodiscard]] inline std::uint64_t sum_of_value(std::uint64_t sum, std::size_t bytes) {
  const std::uint64_t first = first_word(sum);
  const auto repeated =
    static_cast<unsigned char>(fill_byte(first)) * std::uint64_t{0x0101'0101'0101'0101};
  return first + repeated * (bytes / sizeof first - 1);
}

/// `sum_of_words` of the result of a whole graph.
[[nodiscard]] inline std::uint64_t expected_sum(const BenchGraph& graph, std::uint64_t payload) {
  const std::size_t bytes = value_bytes(payload);
  std::vector<std::uint64_t> sums(graph.task_count());
  for (std::uint32_t task = 0; task < graph.task_count(); ++task) {
    std::uint64_t sum = 0;
    for (const std::uint32_t input : graph.inputs(task)) sum += sums[input];
    sums[task] = sum_of_value(sum, bytes);
  }
  return sums[graph.result()];
}

}  // namespace weft::cli
