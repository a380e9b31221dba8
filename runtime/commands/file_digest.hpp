#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "weft/runtime/commands/command_output.hpp"

namespace weft {

/// XXH3, 128 bits, as 32 hexadecimal digits. Tells changed content apart; no protection against
/// people who want two contents to look alike.
[[nodiscard]] std::string digest_of(std::string_view text);

/// Reads a file to its end and describes it. Fails with `io_failed`.
[[nodiscard]] Result<CommandItem> describe_file(const std::filesystem::path& path);

/// Describes files that do not change during a run, each once.
///
/// Thread-safe.
class FileDigests {
public:
  [[nodiscard]] Result<CommandItem> describe(const std::filesystem::path& path);

private:
  struct Known {
    std::array<std::int64_t, 5> state;  ///< Size, inode, device, time of the last change.
    CommandItem item;
  };

  std::mutex mutex_;
  std::map<std::string, Known> known_;
};

}  // namespace weft
