#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "weft/apps/weft/json_text.hpp"
#include "weft/apps/weft/sample_summary.hpp"
#include "weft/runtime/engine_options.hpp"
#include "weft/workflow/error.hpp"

namespace weft::cli {

/// A shape, as planned, or with each task on another worker than what it takes first.
struct DurableCase {
  std::string shape;
  bool crossing = false;
};

/// Runs that lie in Redis, on worker processes.
struct DurableBench {
  std::vector<DurableCase> cases;
  std::uint32_t tasks = 10'000;
  std::uint64_t payload = 0;
  std::uint32_t repetitions = 5;
  EngineOptions engine;  ///< Its store and pool are what is measured.
};

struct DurableFigures {
  DurableCase bench;
  std::uint32_t tasks = 0;
  std::uint64_t payload = 0;
  SampleSummary us_per_task;
  double calls_per_task = 0;     ///< Commands that clients sent.
  double commands_per_task = 0;  ///< What Redis carried out, those inside of functions included.
  double bytes_in = 0;           ///< A task, as Redis counts what came over its socket.
  double bytes_out = 0;          ///< A task, as Redis counts what left.
};

[[nodiscard]] Result<std::vector<DurableFigures>> measure_durable(const DurableBench& bench);

/// What it takes until a worker process can run its first task, and a warm one its next worker's.
struct WorkerStarts {
  SampleSummary cold_ms;
  SampleSummary warm_ms;
};

/// Both ends by the clock of one machine. Fails as a run may.
[[nodiscard]] Result<WorkerStarts> measure_worker_starts(EngineOptions engine,
                                                         std::uint32_t repetitions);

[[nodiscard]] Json json_of(const DurableFigures& figures);
[[nodiscard]] Json json_of(const WorkerStarts& starts);

}  // namespace weft::cli
