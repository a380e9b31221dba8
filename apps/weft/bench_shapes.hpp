#pragma once

#include <cstdint>
#include <string>

#include "weft/apps/weft/bench_graph.hpp"
#include "weft/workflow/workflow.hpp"

namespace weft::cli {

/// A `BenchGraph` as a workflow. Its tasks do what bench_values.hpp says, and nothing else.
struct BenchShape {
  Workflow workflow;
  Future<Blob> result;
};

/// @param payload bytes of the value that each task makes; see `value_bytes`
/// @param crossing above 1: so many workers, and each task is fixed to the one after that of the task
///   whose value it takes first, so that this value always goes from one worker to another
[[nodiscard]] BenchShape make_bench_shape(const std::string& name, const BenchGraph& graph,
                                          std::uint64_t payload, std::uint32_t crossing = 0);

/// The functions that the shapes use.
void add_bench_functions(Registry& registry);

}  // namespace weft::cli
