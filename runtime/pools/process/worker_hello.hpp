#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "weft/runtime/pools/process/start_times.hpp"
#include "weft/workflow/codec.hpp"
#include "weft/workflow/error.hpp"

namespace weft {

/// The first frame of a worker process: who it is, and whether it fits its node.
struct WorkerHello {
  std::int64_t process = 0;  ///< As the worker sees itself: another number inside of a container.
  std::string build_id;
  std::int64_t main_entered_ns = 0;  ///< On the monotonic clock.
  std::int64_t hello_sent_ns = 0;    ///< On the monotonic clock.

  friend bool operator==(const WorkerHello&, const WorkerHello&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, WorkerHello& x) {
    return f.object(x).fields(f.field("process", x.process), f.field("build_id", x.build_id),
                              f.field("main_entered_ns", x.main_entered_ns),
                              f.field("hello_sent_ns", x.hello_sent_ns));
  }
};

/// What the node tells the worker before it starts: by an environment variable, since everybody may
/// read the arguments of a process.
struct WorkerInvitation {
  int channel = -1;  ///< Number of the descriptor.
  TimePoint asked{};
  TimePoint forked{};

  friend bool operator==(const WorkerInvitation&, const WorkerInvitation&) = default;
};

/// The argument that makes a program of weft's a worker process.
constexpr std::string_view worker_process_argument = "--weft-worker-process";

/// The variable that holds the invitation.
constexpr std::string_view worker_invitation_variable = "WEFT_WORKER_INVITATION";

/// `3 1234 5678`
[[nodiscard]] std::string to_string(const WorkerInvitation& invitation);
/// Fails with `invalid_argument`.
[[nodiscard]] Result<WorkerInvitation> parse_invitation(std::string_view text);

/// Reads a hello, and checks that it is of a worker of the same build. Fails with `decode_failed`,
/// `limit_exceeded` or `invalid_argument`.
[[nodiscard]] Result<WorkerHello> checked_hello(std::string_view payload);

}  // namespace weft
