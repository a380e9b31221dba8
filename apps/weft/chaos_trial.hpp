#pragma once

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "weft/apps/weft/chaos_schedule.hpp"

namespace weft::cli {

/// How a run under faults has ended.
enum class ChaosEnding : std::uint8_t {
  unknown,         ///< Not within the time, or wrongly: see the violations.
  succeeded,       ///< With the right result.
  lost,            ///< With a store that kept nothing, and the client was told so.
  never_accepted,  ///< The submitter died before the store had the run.
  interrupted,     ///< By the user.
};

[[nodiscard]] std::string_view to_string(ChaosEnding ending);

/// What became of a schedule.
struct ChaosOutcome {
  ChaosEnding ending = ChaosEnding::unknown;
  std::vector<std::string> violations;          ///< Each a sentence.
  std::map<std::string, std::uint64_t> faults;  ///< Those that met something, by name.
  /// Milliseconds from a death to its task's next call, by the name of the fault.
  std::map<std::string, std::vector<double>> recoveries;
  std::uint64_t calls = 0;      ///< Of functions, with those that were made again.
  std::uint64_t takeovers = 0;  ///< Nodes that were started since none was left.
  Nanos took{};
  std::string folder;  ///< Kept for who looks into a violation; else empty.
};

/// Plays a schedule with real processes and a Redis of its own, and looks at what is left.
/// @param stop ends it soon; may be set by another thread
[[nodiscard]] ChaosOutcome play_chaos_schedule(const ChaosSchedule& schedule,
                                               const std::atomic<bool>& stop);

/// Processes that a fault has killed.
struct ChaosDeath {
  std::string fault;
  TimePoint at{};
  std::vector<std::int32_t> processes;
};

/// The milliseconds from each death to the next call of each task that was being called by the
/// process that died, by the name of the fault.
[[nodiscard]] std::map<std::string, std::vector<double>> recovery_times(
  const std::vector<ChaosCall>& calls, const std::vector<ChaosDeath>& deaths);

}  // namespace weft::cli
