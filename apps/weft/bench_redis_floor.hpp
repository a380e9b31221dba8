#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "weft/apps/weft/json_text.hpp"
#include "weft/runtime/engine_options.hpp"
#include "weft/workflow/error.hpp"

namespace weft::cli {

/// What Redis costs without weft, over the same socket.
struct RedisFloor {
  double round_trip_us = 0;  ///< Median of a PING, one at a time, by weft's client.
  double pipelined_us = 0;   ///< A SET, many at a time, by weft's client.
};

[[nodiscard]] Result<RedisFloor> measure_redis_floor(const StoreOptions& store);

/// What `redis-benchmark` moves with values of some size: requests a second of two clients.
struct RedisMoves {
  std::uint64_t value_bytes = 0;
  double sets = 0;
  double gets = 0;
};

/// Nothing when there is no `redis-benchmark` on PATH, or it fails.
[[nodiscard]] std::optional<RedisMoves> run_redis_benchmark(const std::filesystem::path& socket,
                                                            std::uint64_t value_bytes);

[[nodiscard]] Json json_of(const RedisFloor& floor);
[[nodiscard]] Json json_of(const RedisMoves& moves);

}  // namespace weft::cli
