#include "weft/storage/redis/output_parts.hpp"

#include <cstring>

#include <xxhash.h>

namespace weft::redis {

std::string checksum_of(std::string_view part) {
  const XXH64_hash_t hash = XXH3_64bits(part.data(), part.size());
  std::string text(checksum_size, '\0');
  std::memcpy(text.data(), &hash, checksum_size);
  return text;
}

Result<void> check_part(std::string_view part, std::string_view checksum) {
  if (checksum_of(part) == checksum) return {};
  return Error{.code = Errc::decode_failed,
               .message = "a part of an output in the store is damaged: its checksum differs",
               .hint = "check the memory and the disk of the store"};
}

}  // namespace weft::redis
