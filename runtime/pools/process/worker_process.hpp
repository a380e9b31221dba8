#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/runtime/pools/process/frame_channel.hpp"
#include "weft/runtime/pools/process/process_limits.hpp"
#include "weft/runtime/pools/process/start_times.hpp"
#include "weft/runtime/pools/process/worker_exit.hpp"
#include "weft/workflow/options.hpp"

namespace weft {

/// What a worker process is started as.
struct WorkerProcessOptions {
  /// Program and arguments; the program is looked for on PATH unless it is a path. The first
  /// argument is `worker_process_argument`. Empty: the program that this process runs.
  std::vector<std::string> command;
  WorkerClass worker_class;
  std::vector<std::string> environment;      ///< `NAME=value`, on top of this process's own.
  std::size_t output_tail_size = 64u << 10;  ///< Bytes of its output that are kept for its exit.
  FrameChannelOptions channel;
  Nanos hello_timeout = std::chrono::seconds{30};  ///< From the start of the process.
  /// For a worker that has closed its channel to end by itself: destructors of its program.
  Nanos leaving_timeout = std::chrono::seconds{5};
};

/// What a node hears of one worker process. All are called on the I/O thread of all workers, so
/// they must neither block nor throw; none is called twice at once.
struct WorkerProcessEvents {
  /// Once, and first: the worker has said hello, or could not be started, or was ended before
  /// (`cancelled` when that was from outside). An error has the cause and the last of its output,
  /// and nothing more is told.
  std::function<void(Result<StartTimes>)> on_started;
  std::function<void(Frame)> on_frame;
  /// Once, and last, if it was started: it has ended, and nothing of it is left.
  std::function<void(WorkerExit)> on_exit;
  /// A frame that was refused may be sent again. May be empty.
  std::function<void()> on_room = {};
  /// A line that it wrote to its standard output or error, printable. May be empty.
  std::function<void(std::string_view)> on_line = {};
};

struct WorkerProcessHost;

/// One worker process, from the wish for it until nothing of it is left.
///
///     starting -> running -> ended
///
/// Thread-safe. Outlives the `WorkerProcesses` that it is of, without use.
class WorkerProcess : public std::enable_shared_from_this<WorkerProcess> {
public:
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;
  ~WorkerProcess();

  /// Sends a frame to a worker that was started; see `FrameChannel::send`.
  /// @pre the kind is one of the caller's
  [[nodiscard]] Result<void> send(FrameKind kind, Payload payload);

  /// Asks for a sign of life: an answer moves `last_heard`, whatever the worker is doing, unless it
  /// is frozen or gone.
  void ping();

  /// When the last frame came from it; the epoch before the first.
  [[nodiscard]] TimePoint last_heard() const { return last_heard_.load(std::memory_order_relaxed); }

  /// Tells it to end (SIGTERM), and kills it after `grace`. One that has not started is killed.
  void terminate(Nanos grace);

  /// Kills it with all that it has started.
  void kill();

  /// Its process; 0 until it has one.
  [[nodiscard]] pid_t process() const { return process_.load(std::memory_order_relaxed); }

private:
  friend class WorkerProcesses;
  class Life;

  WorkerProcess(WorkerProcessHost& host, WorkerProcessOptions options, WorkerProcessEvents events);

  /// Does something with its life on the I/O thread, unless that is over.
  void post(std::function<void(Life&)> job);

  mutable std::mutex mutex_;
  WorkerProcessHost* host_;                ///< Nothing once it is over; guarded by `mutex_`.
  std::shared_ptr<FrameChannel> channel_;  ///< While it runs; guarded by `mutex_`.
  std::atomic<pid_t> process_ = 0;
  std::atomic<TimePoint> last_heard_{};
  std::unique_ptr<Life> life_;  ///< Of the I/O thread.
};

/// Starts worker processes and looks after them until they have ended. Whatever happens to this
/// process, none of them survives it: the system kills them with it, they end when their channel
/// does, and a keeper kills what carries the mark of this process.
///
/// Needs SIGCHLD not to be ignored, and nobody who waits for children that are not his own: then it
/// is not known how workers ended. Takes this process's environment as it is now.
///
/// Thread-safe.
class WorkerProcesses {
public:
  explicit WorkerProcesses(ProcessLimitOptions limits = {});

  /// Kills the workers and waits until they have gone; their `on_exit` is called before it returns.
  /// Never called by an event.
  ~WorkerProcesses();
  WorkerProcesses(const WorkerProcesses&) = delete;
  WorkerProcesses& operator=(const WorkerProcesses&) = delete;

  /// Starts a worker and returns at once. Any number start at once.
  std::shared_ptr<WorkerProcess> start(WorkerProcessOptions options, WorkerProcessEvents events);

  /// What is enforced on workers of a class and what is not, a line for each.
  [[nodiscard]] std::string limits_statement(const WorkerClass& worker_class) const;

private:
  std::unique_ptr<WorkerProcessHost> host_;
};

}  // namespace weft
