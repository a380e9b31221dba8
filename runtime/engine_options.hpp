#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "weft/planning/optimization.hpp"
#include "weft/workflow/options.hpp"
#include "weft/workflow/units.hpp"

namespace weft {

/// The in-process pool: how many slots there are and how they start.
struct PoolOptions {
  /// Slots, each a thread that runs user code for one worker at a time. 0: one for each hardware
  /// thread.
  std::uint32_t slots = 0;
  /// The largest worker class that a slot hosts. A slot is warm for the class that it was started
  /// for.
  WorkerClass slot_class{.cpus = 1, .memory = {}};
  Nanos cold_start{};                          ///< Made longer than a thread's own start by this.
  Nanos keep_alive = std::chrono::minutes{5};  ///< An idle slot stays warm for so long.
};

/// When metrics go from a worker to the history.
enum class RecordStrategy : std::uint8_t {
  at_end,     ///< When the worker has nothing left to do.
  each_task,  ///< After every task.
  periodic,   ///< Every `RecorderOptions::period`.
  by_count,   ///< Whenever `RecorderOptions::count` tasks are waiting.
};

/// What is recorded, and where.
struct RecorderOptions {
  RecordStrategy strategy = RecordStrategy::by_count;
  std::size_t count = 1024;  ///< Tasks in a batch of `by_count`; also the most that wait.
  Nanos period = std::chrono::seconds{1};
  /// SQLite file of the embedded history; `:memory:` for one that ends with the engine; empty:
  /// none.
  std::string history = ":memory:";
  std::size_t max_runs = 1000;        ///< Older runs are dropped beyond these.
  std::size_t max_tasks = 2'000'000;  ///< As are runs that have more together; the newest stays.
};

/// How an engine runs. Everything has a default that suits tests and embedding.
struct EngineOptions {
  PoolOptions pool;
  RecorderOptions recorder;
  std::string planner = "simple";
  /// Workers that a planner may ask for. 0: one for each slot.
  std::uint32_t workers = 0;
  /// Plug-ins beside weft's own; tasks ask for them by name.
  std::vector<std::shared_ptr<const Optimization>> optimizations;
  std::size_t max_runs_in_flight = 1000;  ///< `submit` fails with `limit_exceeded` beyond these.
};

/// Every option out of range, each named.
[[nodiscard]] Result<void> validate(const EngineOptions& options);

/// What one submission may ask for.
struct SubmitOptions {
  bool fail_fast = true;         ///< False: tasks that do not need a failed one go on.
  std::optional<Nanos> timeout;  ///< Of the whole run, above 0; it ends as failed with `timed_out`.
  /// Report starts and progress of every task to watchers; costs a message a task.
  bool progress_events = false;
};

/// The option out of range, if one is.
[[nodiscard]] Result<void> validate(const SubmitOptions& options);

}  // namespace weft
