#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "weft/runtime/configuration.hpp"
#include "weft/runtime/pipeline.hpp"
#include "weft/workflow/graph.hpp"
#include "weft/workflow/importers/replay.hpp"
#include "weft/workflow/registry.hpp"

namespace weft::cli {

/// Where a workflow comes from, as someone typed it.
struct WorkflowSource {
  std::string file;
  std::vector<std::string> modules;     ///< Files that are loaded first.
  std::vector<std::string> parameters;  ///< Of a pipeline: `name=value` each.
  /// Of a pipeline: a run whose outputs are used again where nothing has changed; empty: none.
  std::string from_run;
  /// Told of each task then. Called by several threads at once.
  std::function<void(const CommandDecision&)> on_decision;
};

/// A workflow out of a file, ready to run.
struct LoadedWorkflow {
  Registry registry;
  GraphPtr graph;
  std::optional<Sla> sla;  ///< That the file asks for.
};

/// Loads the modules, then reads a workflow file. Fails with `invalid_argument` when there is no
/// such file or it may not be read, and with `invalid_file` or `invalid_workflow`, every problem
/// named, when it holds no workflow. The modules stay in the process.
/// @param source its file is a pipeline (YAML), or a WfFormat trace, which is replayed as the
///               configuration says
/// @param purpose only what is run has to fit into memory
[[nodiscard]] Result<LoadedWorkflow> load_workflow(const WorkflowSource& source,
                                                   const Configuration& configuration,
                                                   ReplayOptions::Purpose purpose);

}  // namespace weft::cli
