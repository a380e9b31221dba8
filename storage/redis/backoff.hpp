#pragma once

#include <cstdint>

#include "weft/storage/redis/client.hpp"

namespace weft::redis {

/// The wait after the failure number `failures` in a row, with `share` in [0, 1] of its half taken
/// off, so that not all clients of a server come back at once.
[[nodiscard]] Nanos backoff(const ClientOptions& options, std::uint32_t failures, double share);

}  // namespace weft::redis
