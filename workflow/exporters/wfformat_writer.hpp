#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/workflow/importers/trace.hpp"

namespace weft {

/// A machine that executed tasks.
struct TraceMachine {
  std::string name;                    ///< Unique among the machines of a trace.
  std::optional<std::uint32_t> cores;  ///< At least 1.
};

/// How one task was executed, beyond its runtime.
struct TaskExecution {
  std::optional<WallTime> executed_at;   ///< When it was started.
  std::optional<std::uint32_t> machine;  ///< Index into `TraceExecution::machines`.
  std::optional<Bytes> read;
  std::optional<Bytes> written;
};

/// How a workflow was executed.
struct TraceExecution {
  WallTime executed_at;  ///< The beginning of 1970, as when not set: it never was.
  /// Nothing: that of as many machines as could be used, its longest chain of runtimes.
  std::optional<Nanos> makespan;
  std::vector<TraceMachine> machines;
  std::vector<TaskExecution> tasks;  ///< One for each task of the trace, or none at all.
};

/// The program that executed a workflow, or made it up.
struct TraceSystem {
  std::string name;
  std::string version;
  std::string url;  ///< May be empty.
};

/// What a WfFormat document says beside the trace itself.
struct WfFormatOptions {
  std::string description;  ///< May be empty.
  std::optional<WallTime> created_at;
  std::optional<TraceSystem> system;
  TraceExecution execution;
};

/// Writes `trace` as WfFormat JSON, version 1.5, a task or file a line, to `sink` piece by piece.
/// It is read back as an equal trace, apart from runtimes beyond 20 days, of which the last
/// nanoseconds may differ, and from categories that hold spaces or slashes and end in a counter,
/// which is lost.
///
/// Names are written as they are, though the schema of WfFormat knows only letters, digits, `-`,
/// `_` and `.` in those of tasks and files: published instances have others, too.
///
/// Beside the trace this takes memory for its edges and names only: about 60 bytes a task or file.
/// Nothing has been written when it fails, with `invalid_argument`: for a trace that the format
/// cannot hold (no name, no tasks, names that are empty or not unique, indexes out of range, tasks
/// that wait for one another, runtimes that are negative or above 10^8 s, files above 2^53 bytes)
/// or an execution of other tasks and machines.
[[nodiscard]] Result<void> write_wfformat(const Trace& trace, const WfFormatOptions& options,
                                          const std::function<void(std::string_view)>& sink);

}  // namespace weft
