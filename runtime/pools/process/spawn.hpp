#pragma once

#include <sched.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "weft/runtime/pools/process/owned_descriptor.hpp"
#include "weft/workflow/error.hpp"

namespace weft {

/// The descriptor by which a worker process talks to its node: the one behind the three streams.
constexpr int worker_channel_number = 3;

/// One limit of a process: both the soft and the hard one.
struct ResourceLimit {
  int resource = 0;  ///< `RLIMIT_...`
  rlim_t value = 0;
};

/// What a process is started with.
struct SpawnRequest {
  std::string program;                   ///< A path.
  std::vector<std::string> arguments;    ///< The first is the program's name.
  std::vector<std::string> environment;  ///< `NAME=value`, all of it.
  int output = -1;                       ///< Becomes its standard output and standard error.
  int channel = -1;                      ///< Becomes `worker_channel_number`.
  std::optional<cpu_set_t> cpus;         ///< Where it runs; nothing: where this process may.
  std::vector<ResourceLimit> limits;
};

struct SpawnedProcess {
  pid_t process = 0;
  OwnedDescriptor pidfd;
};

/// Starts a process in a session and process group of its own, with nothing to read, without other
/// descriptors than those named, and with all signals as a new program expects them. The system
/// kills it when the *thread* that called this ends.
///
/// Takes no longer for a process with much memory, since none of it is copied: the calling thread,
/// and no other, waits until the program runs. Any number of threads may call it at once.
/// Fails with `io_failed`, saying which step the system has refused.
[[nodiscard]] Result<SpawnedProcess> spawn_process(const SpawnRequest& request);

/// The same descriptor, or one that means the same, with a number that no stream of a process that
/// is started takes. Descriptors for `spawn_process` must be such. Nothing when there are no more.
[[nodiscard]] OwnedDescriptor above_streams(OwnedDescriptor descriptor);

}  // namespace weft
