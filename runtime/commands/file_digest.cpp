#include "weft/runtime/commands/file_digest.hpp"

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
  std::error_code failure;
  const auto size = std::filesystem::file_size(path, failure);
  const auto changed = std::filesystem::last_write_time(path, failure);
  {
    const std::lock_guard lock{mutex_};
    const auto found = known_.find(path.string());
    if (!failure && found != known_.end() && found->second.size == size &&
        found->second.changed == changed) {
      return found->second.item;
    }
  }
  auto item = describe_file(path);
  if (item && !failure) {
    const std::lock_guard lock{mutex_};
    known_.insert_or_assign(path.string(), Known{size, changed, *item});
  }
  return item;
}

}  // namespace weft
