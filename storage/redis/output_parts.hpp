#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "weft/workflow/error.hpp"

namespace weft::redis {

// Large outputs are kept in parts. The run protocol keeps a checksum (XXH3, 64 bits) of each.

inline constexpr std::size_t checksum_size = 8;

[[nodiscard]] std::string checksum_of(std::string_view part);

/// Fails with `decode_failed` unless `part` has the checksum.
[[nodiscard]] Result<void> check_part(std::string_view part, std::string_view checksum);

}  // namespace weft::redis
