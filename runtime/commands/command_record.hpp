#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "weft/runtime/commands/command_output.hpp"

namespace weft {

/// What a command is done with: as long as all of it is the same, so is what it makes.
struct CommandUse {
  std::string command;  ///< As the pipeline has it, with environment, streams and outputs.
  std::map<std::string, std::vector<std::string>> parameters;  ///< Those that it refers to.
  std::map<std::string, std::string> inputs;  ///< By name or reference: digests of what was read.

  friend bool operator==(const CommandUse&, const CommandUse&) = default;
};

/// A command that has succeeded.
struct CommandRecord {
  CommandUse use;
  CommandOutput output;
};

/// Why a task that was done with `before` has to run again; nothing if it need not.
[[nodiscard]] std::optional<std::string> reason_to_run(const CommandUse& before,
                                                       const CommandUse& now);

/// As `done.json` in the folder of a task.
[[nodiscard]] Result<void> write_record(const std::filesystem::path& task_folder,
                                        const CommandRecord& record);

/// Nothing if there is none or it cannot be read.
[[nodiscard]] std::optional<CommandRecord> read_record(const std::filesystem::path& task_folder);

}  // namespace weft
