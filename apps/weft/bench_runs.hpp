#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "weft/runtime/engine.hpp"

namespace weft::cli {

/// A shape that is ready to run, what its result must be, and what it took to make it.
struct BenchCase {
  std::string shape;
  std::uint32_t tasks = 0;  ///< As many as the shape really has.
  std::uint64_t payload = 0;
  GraphPtr graph;
  TaskId result;
  std::uint64_t expected = 0;    ///< `sum_of_words` of the result.
  std::uint64_t bytes_made = 0;  ///< By all tasks of a run together.
  std::uint64_t bytes_read = 0;
  Nanos written{};                   ///< Time to write the workflow.
  Nanos frozen{};                    ///< Time to freeze it.
  std::uint64_t workflow_bytes = 0;  ///< What the workflow held on the heap; 0: not known.
  std::uint64_t graph_bytes = 0;     ///< What the frozen graph holds.
};

/// Fails with `invalid_argument` when there is no such shape. @param crossing as `make_bench_shape`
[[nodiscard]] Result<BenchCase> make_bench_case(const std::string& shape, std::uint32_t tasks,
                                                std::uint64_t payload, const Registry& registry,
                                                std::uint32_t crossing = 0);

/// Runs it once. Answers the time from submit until the result is readable; fails when the result
/// is not what it must be.
[[nodiscard]] Result<Nanos> run_bench_case(Engine& engine, const BenchCase& bench);

/// Microseconds for each task of the case.
[[nodiscard]] double us_per_task(Nanos time, const BenchCase& bench);

/// Takes one measurement, in whatever unit.
using Measure = std::function<Result<double>()>;

/// Takes the measurements in turn, `repetitions` times after one round to warm up: the n-th samples
/// of all are neighbours in time. Answers the samples of each, or the first failure.
[[nodiscard]] Result<std::vector<std::vector<double>>> measure_in_turn(
  const std::vector<Measure>& measures, std::uint32_t repetitions);

/// The most memory that the process has had so far.
[[nodiscard]] Bytes peak_memory();

}  // namespace weft::cli
