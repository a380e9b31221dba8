#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "weft/apps/weft/json_text.hpp"
#include "weft/apps/weft/sample_summary.hpp"
#include "weft/runtime/engine_options.hpp"
#include "weft/workflow/error.hpp"

namespace weft::cli {

/// Runs that lie in Redis, on worker processes, beside what Redis itself costs.
struct DurableBench {
  std::vector<std::string> shapes;
  std::uint32_t tasks = 10'000;
  std::uint64_t payload = 0;
  std::uint32_t repetitions = 5;
  EngineOptions engine;  ///< Its store and pool are what is measured.
};

struct DurableFigures {
  std::string shape;
  std::uint32_t tasks = 0;
  std::uint64_t payload = 0;
  SampleSummary us_per_task;
  double calls_per_task = 0;     ///< Commands that clients sent.
  double commands_per_task = 0;  ///< What Redis carried out, those inside of functions included.
};

/// What Redis costs without weft, over the same socket.
struct RedisFloor {
  double round_trip_us = 0;  ///< Median of a PING, one at a time.
  double pipelined_us = 0;   ///< A command, many at a time.
};

[[nodiscard]] Result<std::vector<DurableFigures>> measure_durable(const DurableBench& bench);
[[nodiscard]] Result<RedisFloor> measure_redis_floor(const StoreOptions& store);
[[nodiscard]] Json json_of(const DurableFigures& figures);
[[nodiscard]] Json json_of(const RedisFloor& floor);

}  // namespace weft::cli
