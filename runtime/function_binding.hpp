#pragma once

#include "weft/workflow/graph_codec.hpp"

namespace weft {

/// A graph and its plan as they would be had the registry been there when they were decoded. Fails
/// with `function_unknown`, naming every function that the registry lacks, and as `encode_graph`.
[[nodiscard]] Result<DecodedGraph> bind_functions(const Graph& graph, const Plan& plan,
                                                  const Registry& registry);

}  // namespace weft
