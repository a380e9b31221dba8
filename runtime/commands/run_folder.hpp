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
///     <work>/runs/<run>/run.json                        which pipeline
///                       lock                            held while the run goes on
///                       tasks/<task>[/<row>]/done.json  how it was done, once it has succeeded
///                                            attempt-1/ stdout, stderr, out/ (its outputs),
///                                                       work/ (its folder; gone once it succeeded)
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
    : descriptor_(std::exchange(other.descriptor_, -1)) {}
  RunFolderLock& operator=(RunFolderLock other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~RunFolderLock();

private:
  explicit RunFolderLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

/// The runs that have a folder, the newest last.
[[nodiscard]] std::vector<RunFolder> run_folders(const std::filesystem::path& work);

/// The run whose id begins with `reference`, or the newest for `last`. Fails with `run_unknown`.
[[nodiscard]] Result<RunFolder> find_run_folder(const std::filesystem::path& work,
                                                std::string_view reference);

/// The pipeline that a run was of; empty if that cannot be told.
[[nodiscard]] std::string pipeline_of(const RunFolder& folder);

/// Removes the folders of the oldest runs, but for the newest `keep`, those that still go on, and
/// `spared`.
void drop_old_run_folders(const std::filesystem::path& work, std::size_t keep,
                          std::string_view spared = {});

/// Writes a file that is there whole or not at all, whoever else writes it at the same time.
[[nodiscard]] Result<void> write_whole_file(const std::filesystem::path& path,
                                            std::string_view text);

}  // namespace weft
