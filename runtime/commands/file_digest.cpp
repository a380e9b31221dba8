#include "weft/runtime/commands/file_digest.hpp"

#include <sys/stat.h>
#include <xxhash.h>

#include <fstream>
#include <memory>

#include <fmt/format.h>

namespace weft {

namespace {

std::string hexadecimal(XXH128_hash_t hash) {
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace

std::string digest_of(std::string_view text) {
  return hexadecimal(XXH3_128bits(text.data(), text.size()));
}

Result<CommandItem> describe_file(const std::filesystem::path& path) {
  const auto unreadable = [&path] {
    return Error{.code = Errc::io_failed,
                 .message = "file " + in_quotes(path.string()) + " cannot be read",
                 .hint = "is it there, and may it be read?"};
  };
  std::error_code failure;
  // A pipe or a device may have no end.
  if (!std::filesystem::is_regular_file(path, failure)) return unreadable();
  std::ifstream file{path, std::ios::binary};
  if (!file) return unreadable();
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state{XXH3_createState(),
                                                                       &XXH3_freeState};
  XXH3_128bits_reset(state.get());
  CommandItem item{.file = true, .text = path.string()};
  std::vector<char> block(1 << 18);
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    const auto size = static_cast<std::size_t>(file.gcount());
    XXH3_128bits_update(state.get(), block.data(), size);
    item.size.count += size;
  }
  if (file.bad()) return unreadable();
  item.digest = hexadecimal(XXH3_128bits_digest(state.get()));
  return item;
}

Result<CommandItem> FileDigests::describe(const std::filesystem::path& path) {
  struct stat facts {};
  const bool known = ::stat(path.c_str(), &facts) == 0;
  const std::array<std::int64_t, 5> state{facts.st_size, static_cast<std::int64_t>(facts.st_ino),
                                          static_cast<std::int64_t>(facts.st_dev),
                                          facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec};
  {
    const std::lock_guard lock{mutex_};
    const auto found = known_.find(path.string());
    if (known && found != known_.end() && found->second.state == state) return found->second.item;
  }
  auto item = describe_file(path);
  if (item && known) {
    const std::lock_guard lock{mutex_};
    known_.insert_or_assign(path.string(), Known{state, *item});
  }
  return item;
}

}  // namespace weft
