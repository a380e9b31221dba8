#pragma once

#include <memory>
#include <string_view>

#include "weft/runtime/commands/command_task.hpp"
#include "weft/workflow/registry.hpp"

namespace weft {

// Functions that stand between the commands and functions of pipelines.

/// The items of a command's output, each as an output of its own: what foreach goes over.
inline constexpr std::string_view items_function = "pipeline.items@1";
/// As `items_function`, of the outputs of a task with foreach, all together.
inline constexpr std::string_view all_items_function = "pipeline.all_items@1";
/// A list that the pipeline itself has.
inline constexpr std::string_view list_function = "pipeline.list@1";
/// An output of a command, as functions read it.
inline constexpr std::string_view plain_function = "pipeline.plain@1";
/// An output of each of a task with foreach, as functions read it.
inline constexpr std::string_view all_plain_function = "pipeline.all_plain@1";

/// Adds those functions unless they are there.
void add_pipeline_functions(Registry& registry);

/// The function of one command. It takes the item of foreach if the task has one, the outputs of
/// other tasks, and those of tasks with foreach.
[[nodiscard]] std::shared_ptr<const FunctionDefinition> command_function(
  std::string_view name, std::shared_ptr<const CommandTask> task, CommandServicesPtr services);

}  // namespace weft
