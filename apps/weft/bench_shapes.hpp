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
[[nodiscard]] BenchShape make_bench_shape(const std::string& name, const BenchGraph& graph,
                                          std::uint64_t payload);

/// The functions that the shapes use.
void add_bench_functions(Registry& registry);

}  // namespace weft::cli
