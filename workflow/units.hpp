#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "weft/workflow/error.hpp"

namespace weft {

/// Durations everywhere: nanoseconds, signed.
using Nanos = std::chrono::nanoseconds;

/// A point on the engine's monotonic clock. Comparable within one process only.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Nanos>;

/// A point in calendar time (UTC), for people and for history.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Nanos>;

/// The longest that anything waits: longer waits would overflow the clock.
constexpr Nanos longest_wait = std::chrono::hours{24 * 365};

/// A number of bytes.
struct Bytes {
  std::uint64_t count = 0;

  friend auto operator<=>(const Bytes&, const Bytes&) = default;
  friend Bytes operator+(Bytes a, Bytes b) { return {a.count + b.count}; }
  Bytes& operator+=(Bytes other) {
    count += other.count;
    return *this;
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, Bytes& x) {
    return f.object(x).fields(f.field("count", x.count));
  }
};

/// A memory size of a worker, in MiB.
struct MemoryMiB {
  std::uint64_t count = 0;

  friend auto operator<=>(const MemoryMiB&, const MemoryMiB&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, MemoryMiB& x) {
    return f.object(x).fields(f.field("count", x.count));
  }
};

/// Reads a duration with its unit: `250ms`, `30s`, `5m`, `1h`, `10us`, `5ns`, `1.5s`. A bare number
/// is refused, since its unit would be a guess.
[[nodiscard]] Result<Nanos> parse_duration(std::string_view text);

/// Reads a size with its unit: `512MiB`, `1GiB`, `64KiB`, `100B`, `10MB`.
[[nodiscard]] Result<Bytes> parse_bytes(std::string_view text);

/// Three significant figures and the unit that suits: `1.25s`, `310ms`, `42.0us`.
[[nodiscard]] std::string format_duration(Nanos duration);

/// Three significant figures and a binary unit: `1.50MiB`.
[[nodiscard]] std::string format_bytes(Bytes size);

/// Calendar time as `2026-01-31T12:00:00.123Z`.
[[nodiscard]] std::string format_time(WallTime time);

}  // namespace weft
