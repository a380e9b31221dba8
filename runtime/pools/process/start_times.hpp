#pragma once

#include <optional>
#include <string>

#include "weft/workflow/units.hpp"

namespace weft {

/// When the steps of starting a worker process were taken, on the machine's monotonic clock, which
/// node and worker share. Written by both, kept with the worker, read for cold-start figures.
struct StartTimes {
  TimePoint asked{};         ///< Somebody wanted a worker.
  TimePoint forked{};        ///< The system was told to make the process.
  TimePoint main_entered{};  ///< The program was loaded and linked.
  TimePoint hello_sent{};
  std::optional<TimePoint> hello_received;  ///< Known to the node only.
  std::optional<TimePoint> ready;  ///< Its limits hold, too, and it may be given work. As above.

  /// From the wish to the worker that may be given work; as the worker sees it, to its hello.
  [[nodiscard]] Nanos cold_start() const { return ready.value_or(hello_sent) - asked; }

  friend bool operator==(const StartTimes&, const StartTimes&) = default;
};

/// `9.31ms: 0.12ms until forked, 7.10ms until in main, 0.90ms until it said hello, ...`
[[nodiscard]] std::string to_string(const StartTimes& times);

}  // namespace weft
