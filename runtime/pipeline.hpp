#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "weft/workflow/importers/pipeline.hpp"
#include "weft/workflow/workflow.hpp"

namespace weft {

/// Whether a task of a pipeline ran or was kept from an earlier run, and why.
struct CommandDecision {
  std::string task;
  bool kept = false;
  std::string reason;  ///< Empty when it was kept.
};

/// How the commands of a pipeline are run.
struct CommandOptions {
  std::filesystem::path work = ".weft";   ///< The folder for what they leave.
  std::size_t keep_runs = 20;             ///< Older runs are removed from there.
  Nanos grace = std::chrono::seconds{5};  ///< Between TERM and KILL.
  /// A run in `work` whose tasks are not done again if nothing about them has changed: its id, the
  /// beginning of one, or `last`. Empty: every task runs.
  std::string from_run;
  /// Told of each task, when `from_run` is given. Called by several threads at once.
  std::function<void(const CommandDecision&)> on_decision;
};

/// A workflow that runs a pipeline, with the function of each command added to `registry`.
///
/// Each attempt of a command runs in a folder and a process group of its own. Files that it writes
/// appear where the pipeline wants them only when it has succeeded, whole. Its standard error is
/// kept in `work`; see docs/pipelines.md.
///
/// Fails with `invalid_argument` for parameters, with `run_unknown` for `from_run`, with
/// `invalid_workflow` when programs or files are missing, and with `io_failed` when `work` cannot
/// be written.
/// @param parameters texts by name; see `parameter_values`
[[nodiscard]] Result<Workflow> make_workflow(
  const Pipeline& pipeline, const std::vector<std::pair<std::string, std::string>>& parameters,
  Registry& registry, const CommandOptions& options = {});

}  // namespace weft
