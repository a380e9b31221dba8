#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "weft/runtime/commands/file_digest.hpp"
#include "weft/runtime/commands/run_folder.hpp"
#include "weft/runtime/pipeline.hpp"

namespace weft {

/// What the commands of one workflow share.
///
/// Thread-safe.
class CommandServices {
public:
  /// @param previous the run whose outputs may be used again; nothing: none
  CommandServices(CommandOptions options, std::string pipeline, std::optional<RunFolder> previous)
    : options_(std::move(options)),
      pipeline_(std::move(pipeline)),
      previous_(std::move(previous)) {}

  [[nodiscard]] const CommandOptions& options() const { return options_; }
  [[nodiscard]] const std::optional<RunFolder>& previous() const { return previous_; }
  [[nodiscard]] FileDigests& digests() { return digests_; }

  /// The folder of a run, which is locked at least as long as the answer lives.
  [[nodiscard]] Result<std::shared_ptr<const RunFolderLock>> folder_of(RunId run);

  /// Notes that a task of the run writes the file. Fails when another task does, too.
  [[nodiscard]] Result<void> claim_path(RunId run, const std::string& path,
                                        const std::string& task);

  void decided(const CommandDecision& decision) const {
    if (options_.on_decision) options_.on_decision(decision);
  }

private:
  struct Opened {
    std::shared_ptr<const RunFolderLock> lock;
    std::uint64_t used = 0;                      ///< The larger, the later.
    std::map<std::string, std::string> writers;  ///< The task that writes each file.
  };

  /// The use of a folder by one command.
  [[nodiscard]] std::shared_ptr<const RunFolderLock> use(Opened& opened);
  void close_longest_unused();

  CommandOptions options_;
  std::string pipeline_;
  std::optional<RunFolder> previous_;
  FileDigests digests_;
  std::mutex mutex_;
  std::map<std::string, Opened> runs_;
  std::uint64_t uses_ = 0;
};

using CommandServicesPtr = std::shared_ptr<CommandServices>;

}  // namespace weft
