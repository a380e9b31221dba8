#pragma once

#include <filesystem>
#include <string>

#include "weft/runtime/commands/command_values.hpp"

namespace weft {

/// Where one attempt works.
struct AttemptFolder {
  std::filesystem::path path;

  [[nodiscard]] std::filesystem::path work() const { return path / "work"; }
  [[nodiscard]] std::filesystem::path standard_output() const { return path / "stdout"; }
  [[nodiscard]] std::filesystem::path standard_error() const { return path / "stderr"; }
  /// Where an output is kept; its name ends as the pipeline wants it to.
  [[nodiscard]] std::filesystem::path output(const std::string& name) const {
    return path / "out" / name;
  }
};

/// Takes in what a command that has succeeded made: all of its outputs have to be there.
class OutputCollector {
public:
  OutputCollector(const CommandTask& task, const CommandValues& values, const AttemptFolder& folder)
    : task_(task), values_(values), folder_(folder) {}

  /// Fails with `task_failed` when an output is missing or is not what it should be. Nothing has
  /// appeared outside of the attempt's folder then.
  [[nodiscard]] Result<CommandOutput> collect();

  /// Lets the files appear that the pipeline wants in a place of their own, each whole. To be
  /// called once, with what `collect` returned; the paths in it become the new ones.
  [[nodiscard]] Result<void> publish(CommandOutput& output, CommandServices& services, RunId run,
                                     const std::string& task_name);

private:
  [[nodiscard]] Result<CommandItems> collect(const PipelineOutput& output);
  [[nodiscard]] Result<CommandItems> collect_file(const PipelineOutput& output);
  [[nodiscard]] Result<CommandItems> collect_files(const PipelineOutput& output);
  [[nodiscard]] Result<CommandItems> collect_text(const PipelineOutput& output);

  const CommandTask& task_;
  const CommandValues& values_;
  const AttemptFolder& folder_;
};

/// The place that the pipeline wants a file at. Fails with `task_failed` when items lead it out of
/// the pipeline's folder.
[[nodiscard]] Result<std::filesystem::path> published_path(const CommandTask& task,
                                                           const CommandValues& values,
                                                           const PipelineOutput& output);

/// Moves a file, to another file system as well: at the new place it is whole from the first moment
/// on.
[[nodiscard]] Result<void> move_whole_file(const std::filesystem::path& from,
                                           const std::filesystem::path& to);

}  // namespace weft
