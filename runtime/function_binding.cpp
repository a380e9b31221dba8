#include "weft/runtime/function_binding.hpp"

namespace weft {

Result<DecodedGraph> bind_functions(const Graph& graph, const Plan& plan,
                                    const Registry& registry) {
  auto encoded = encode_graph(graph, plan);
  if (!encoded) return std::move(encoded).error();
  auto decoded = decode_graph(parts_of(*encoded), registry);
  if (!decoded) return std::move(decoded).error();
  if (auto missing = missing_functions(*decoded->graph, registry); !missing.empty()) {
    return Error{.code = Errc::function_unknown,
                 .message = "the source of the run lacks functions of it",
                 .hint = "the file or its modules have changed since the run was submitted",
                 .causes = std::move(missing)};
  }
  return decoded;
}

}  // namespace weft
