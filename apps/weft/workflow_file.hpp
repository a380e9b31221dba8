#pragma once

#include <string>
#include <vector>

#include "weft/runtime/configuration.hpp"
#include "weft/workflow/graph.hpp"
#include "weft/workflow/importers/replay.hpp"
#include "weft/workflow/registry.hpp"

namespace weft::cli {

/// Where a workflow comes from, as someone typed it.
struct WorkflowSource {
  std::string file;
  std::vector<std::string> modules;  ///< Files that are loaded first.
};

/// A workflow out of a file, ready to run.
struct LoadedWorkflow {
  Registry registry;
  GraphPtr graph;
};

/// Loads the modules, then reads a workflow file. Fails with `invalid_argument` when there is no
/// such file or it may not be read, and with `invalid_file` or `invalid_workflow`, every problem
/// named, when it holds no workflow. The modules stay in the process.
/// @param source its file is a WfFormat trace, which is replayed as the configuration says
/// @param purpose only what is run has to fit into memory
[[nodiscard]] Result<LoadedWorkflow> load_workflow(const WorkflowSource& source,
                                                   const Configuration& configuration,
                                                   ReplayOptions::Purpose purpose);

}  // namespace weft::cli
