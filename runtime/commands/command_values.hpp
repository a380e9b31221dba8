#pragma once

#include <map>
#include <string>

#include "weft/runtime/commands/command_record.hpp"
#include "weft/runtime/commands/command_task.hpp"

namespace weft {

/// What the references of one attempt stand for.
class CommandValues {
public:
  CommandValues(const CommandTask& task, const CommandInputs& inputs,
                const std::vector<std::uint32_t>& rows)
    : task_(task), inputs_(inputs), rows_(rows) {}

  /// Finds the files of `in:`, and describes them.
  [[nodiscard]] Result<void> read_inputs(FileDigests& digests);

  /// The path that the command writes an output to.
  void set_output_path(const std::string& name, const std::filesystem::path& path);

  [[nodiscard]] Result<CommandItems> value(const Reference& reference) const;
  /// @pre no reference of it is a list
  [[nodiscard]] Result<std::string> text(const TextTemplate& text) const;
  /// The text as one word, or as one for each item of the list that it refers to.
  [[nodiscard]] Result<std::vector<std::string>> words(const TextTemplate& text) const;
  /// The text with each reference quoted for the shell.
  [[nodiscard]] Result<std::string> shell_text(const TextTemplate& text) const;

  /// What the command is done with, to be compared with another run.
  [[nodiscard]] Result<CommandUse> use() const;

private:
  [[nodiscard]] Result<CommandItems> of_task(const Reference& reference) const;
  [[nodiscard]] Result<CommandItems> of_item(const Reference& reference) const;

  const CommandTask& task_;
  const CommandInputs& inputs_;
  const std::vector<std::uint32_t>& rows_;
  std::map<std::string, CommandItems> named_inputs_;
  std::map<std::string, std::string> output_paths_;
  std::string program_;  ///< Digest of the pipeline's own program, if that is what runs.
};

}  // namespace weft
