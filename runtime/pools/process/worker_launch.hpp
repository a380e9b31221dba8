#pragma once

#include <string>
#include <vector>

#include "weft/runtime/pools/process/process_limits.hpp"
#include "weft/runtime/pools/process/spawn.hpp"
#include "weft/runtime/pools/process/worker_process.hpp"
#include "weft/workflow/units.hpp"

namespace weft {

/// `NAME=value` entries: those of `base`, but for the names that `over` has; then those of `over`,
/// of which the last of a name counts.
[[nodiscard]] std::vector<std::string> merged_environment(const std::vector<std::string>& base,
                                                          const std::vector<std::string>& over);

/// The environment of this process.
[[nodiscard]] std::vector<std::string> environment_of_process();

/// A variable, `NAME=value`, that no other process has: to find what a worker has started.
[[nodiscard]] std::string new_worker_mark();

/// What a worker process is started from.
struct WorkerLaunch {
  const WorkerProcessOptions& options;
  const std::vector<std::string>& environment;  ///< Of its node.
  const WorkerLimits& limits;
  std::string mark;
  TimePoint asked{};
};

/// A worker process that was started, and the node's ends of what connects them.
struct LaunchedWorker {
  pid_t process = 0;
  OwnedDescriptor pidfd;
  OwnedDescriptor channel;  ///< A socket.
  OwnedDescriptor output;   ///< A pipe that does not block.
  TimePoint forked{};
};

/// Starts the process. It ends when the calling thread does. Fails with `invalid_argument` when
/// there is no such program, and with `io_failed` when the system refuses.
[[nodiscard]] Result<LaunchedWorker> launch_worker(const WorkerLaunch& launch);

}  // namespace weft
