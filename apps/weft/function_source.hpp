#pragma once

#include <string>

#include "weft/apps/weft/workflow_file.hpp"

namespace weft::cli {

/// Where the functions of a workflow file come from, as worker processes and other nodes read it:
/// the file, its parameters and modules, and the settings that its tasks depend on.
[[nodiscard]] std::string function_source(const WorkflowSource& source,
                                          const Configuration& configuration);

/// Those of the benchmarks.
[[nodiscard]] std::string bench_function_source();

/// Those of `weft chaos`.
[[nodiscard]] std::string chaos_function_source();

/// Makes the registry that a source tells of; of an empty one, for nodes whose runs bring their own,
/// one without functions. Fails with `invalid_argument` when it is not one of
/// ours, and as `load_workflow` when the file is not there any more.
[[nodiscard]] Result<Registry> functions_from(const std::string& source);

}  // namespace weft::cli
