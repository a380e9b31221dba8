#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weft/runtime/commands/command_output.hpp"
#include "weft/runtime/commands/command_services.hpp"
#include "weft/workflow/importers/pipeline.hpp"

namespace weft {

/// A task of a pipeline that runs a command, as its attempts need it. Does not change.
struct CommandTask {
  PipelineTask task;
  std::filesystem::path folder;  ///< Of the pipeline.
  /// Of the whole pipeline; shared by its tasks.
  std::shared_ptr<const std::map<std::string, std::vector<std::string>>> parameters;
  std::vector<std::string> whole;     ///< Tasks whose output it reads, in this order.
  std::vector<std::string> gathered;  ///< Tasks with foreach of which it reads all outputs.
  /// The task that it goes on with, element by element; empty: none.
  std::string element_task;
  std::string element_output;  ///< What `${item}` is of the element.
};

/// What one attempt reads.
struct CommandInputs {
  const CommandOutput* element = nullptr;  ///< The item of foreach.
  std::vector<const CommandOutput*> whole;
  std::vector<std::vector<const CommandOutput*>> gathered;
};

/// Runs the command, or takes its outputs from the earlier run if nothing has changed since. Blocks
/// until it has ended; heeds the stop token. Fails with `task_failed`, the end of its standard
/// error as the cause, or with `cancelled`.
[[nodiscard]] Result<CommandOutput> run_command(const CommandTask& task, CommandServices& services,
                                                TaskContext& context, const CommandInputs& inputs);

}  // namespace weft
