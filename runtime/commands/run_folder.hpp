#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weft/workflow/error.hpp"
#include "weft/workflow/ids.hpp"

namespace weft {

/// Where the commands of one run work and what they leave:
///
///     <work>/runs/<run>/run.json                  which pipeline
///                       lock                      held while commands run; as old as its use
///                       ended                     there once the run was seen to have ended
///                       tasks/<task>[/<row>]/     of one task:
///                         done.json               how it was done, once it has succeeded
///                         attempt-1/              stdout, stderr
///                           out/                  its outputs
///                           work/                 its folder; gone once it has succeeded
///
/// A plain value; nothing is made until `make`.
class RunFolder {
public:
  RunFolder(std::filesystem::path work, std::string run)
    : path_(std::move(work) / "runs" / run), run_(std::move(run)) {}

  [[nodiscard]] const std::string& run() const { return run_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path task(std::string_view name,
                                           std::span<const std::uint32_t> rows) const;

  /// Whether a process is still at it.
  [[nodiscard]] bool running() const;

  /// Whether a command of it may yet come: its run has not ended, as far as is known, and was
  /// worked at within a day. Nobody need be at it then: commands wait for slots, and for nodes.
  [[nodiscard]] bool may_go_on() const;

  /// Notes that no command of it will come, if it has a folder.
  void mark_ended() const;

private:
  std::filesystem::path path_;
  std::string run_;
};

/// Holds the lock of a run's folder as long as it lives.
class RunFolderLock {
public:
  /// Makes the folder and takes its lock. Fails with `io_failed`.
  [[nodiscard]] static Result<RunFolderLock> take(const RunFolder& folder,
                                                  std::string_view pipeline);

  RunFolderLock(RunFolderLock&& other) noexcept
    : folder_(std::move(other.folder_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
  RunFolderLock& operator=(RunFolderLock other) noexcept {
    std::swap(folder_, other.folder_);
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~RunFolderLock();

  [[nodiscard]] const RunFolder& folder() const { return folder_; }

  /// Notes that the folder is in use now.
  void touch() const;

private:
  RunFolderLock(RunFolder folder, int descriptor)
    : folder_(std::move(folder)), descriptor_(descriptor) {}

  RunFolder folder_;
  int descriptor_;
};

/// The runs that have a folder, the newest last.
[[nodiscard]] std::vector<RunFolder> run_folders(const std::filesystem::path& work);

/// The run whose id begins with `reference`, or the newest for `last`. Fails with `run_unknown`.
[[nodiscard]] Result<RunFolder> find_run_folder(const std::filesystem::path& work,
                                                std::string_view reference);

/// The pipeline that a run was of; empty if that cannot be told.
[[nodiscard]] std::string pipeline_of(const RunFolder& folder);

/// Removes the folders of the oldest runs, but for the newest `keep`, those that may go on, and
/// `spared`.
void drop_old_run_folders(const std::filesystem::path& work, std::size_t keep,
                          std::string_view spared = {});

/// Writes a file that is there whole or not at all, whoever else writes it at the same time.
[[nodiscard]] Result<void> write_whole_file(const std::filesystem::path& path,
                                            std::string_view text);

}  // namespace weft
