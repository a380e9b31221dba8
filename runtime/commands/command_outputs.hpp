#pragma once

#include <filesystem>
#include <string>
#include <vector>

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

  /// Makes all ready for the files to appear that the pipeline wants in a place of their own: what
  /// can fail does so here. The paths in `output`, which `collect` returned, become the new ones.
  [[nodiscard]] Result<void> prepare(CommandOutput& output, CommandServices& services, RunId run,
                                     const std::string& task_name);

  /// Lets the files appear, each whole.
  [[nodiscard]] Result<void> publish() const;

private:
  [[nodiscard]] Result<CommandItems> collect(const PipelineOutput& output);
  [[nodiscard]] Result<CommandItems> collect_file(const PipelineOutput& output);
  [[nodiscard]] Result<CommandItems> collect_files(const PipelineOutput& output);
  [[nodiscard]] Result<CommandItems> collect_text(const PipelineOutput& output);

  /// A file on its way to where the pipeline wants it.
  struct Move {
    std::filesystem::path from;  ///< On the file system of `to`.
    std::filesystem::path to;
  };

  const CommandTask& task_;
  const CommandValues& values_;
  const AttemptFolder& folder_;
  std::vector<Move> moves_;
};

/// The place that the pipeline wants a file at. Fails with `task_failed` when items lead it out of
/// the pipeline's folder.
[[nodiscard]] Result<std::filesystem::path> published_path(const CommandTask& task,
                                                           const CommandValues& values,
                                                           const PipelineOutput& output);

}  // namespace weft
