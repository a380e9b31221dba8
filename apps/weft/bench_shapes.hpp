#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weft/workflow/workflow.hpp"

namespace weft::cli {

/// A workflow of tasks that do nothing, to measure what running them costs.
///
/// The shapes are those that schedulers are usually compared by:
///  - `chain`: `tasks` in a row
///  - `fan`: one, then `tasks`, then one that takes them all
///  - `tree`: binary reduction of leaves, `tasks` in all
///  - `gemm`: blocked matrix product: k x k cells, each the sum of k products of two blocks
///  - `layered`: random layers of width sqrt(`tasks`); each task takes up to three of the layer
///  before
struct BenchShape {
  Workflow workflow;
  AnyFuture result;
};

[[nodiscard]] const std::vector<std::string>& bench_shape_names();

/// @param tasks about so many: shapes with a fixed structure take the nearest that fits
/// @param payload bytes of the value that each task makes
[[nodiscard]] Result<BenchShape> make_bench_shape(std::string_view shape, std::uint32_t tasks,
                                                  std::uint64_t payload);

/// The functions that the shapes use.
void add_bench_functions(Registry& registry);

}  // namespace weft::cli
