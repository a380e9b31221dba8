#pragma once

#include "weft/workflow/units.hpp"

namespace weft {

/// Where a process reads the time: the machine's clocks, or virtual ones under the harness.
///
/// Thread-safe.
class Clock {
public:
  virtual ~Clock() = default;

  /// Monotonic: for durations and deadlines.
  [[nodiscard]] virtual TimePoint now() const = 0;

  /// Calendar time: for people and for history.
  [[nodiscard]] virtual WallTime wall_now() const = 0;
};

/// The machine's steady and system clocks.
class SystemClock final : public Clock {
public:
  [[nodiscard]] TimePoint now() const override {
    return std::chrono::time_point_cast<Nanos>(std::chrono::steady_clock::now());
  }
  [[nodiscard]] WallTime wall_now() const override {
    return std::chrono::time_point_cast<Nanos>(std::chrono::system_clock::now());
  }
};

}  // namespace weft
