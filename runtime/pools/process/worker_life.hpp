#pragma once

#include <condition_variable>
#include <unordered_set>

#include "weft/runtime/pools/process/blocking_threads.hpp"
#include "weft/runtime/pools/process/output_tail.hpp"
#include "weft/runtime/pools/process/worker_launch.hpp"
#include "weft/runtime/pools/process/worker_process.hpp"

namespace weft {

/// What all worker processes of a node share.
struct WorkerProcessHost {
  explicit WorkerProcessHost(ProcessLimitOptions options);

  std::vector<std::string> environment;
  ProcessLimits limits;
  IoThread io;
  BlockingThreads launchers;  ///< Start processes; workers die with them.
  BlockingThreads cleaners;   ///< Reap processes and kill what they have left behind.

  std::mutex mutex;
  std::condition_variable emptied;
  std::unordered_set<std::shared_ptr<WorkerProcess>> live;  ///< Guarded by `mutex`.
};

/// The life of one worker process. Lives on the I/O thread, but for what blocks: that is done by
/// other threads, which touch nothing of it that the I/O thread changes meanwhile.
class WorkerProcess::Life {
public:
  Life(WorkerProcess& owner, WorkerProcessHost& host, WorkerProcessOptions options,
       WorkerProcessEvents events);

  /// Lets a launch thread start the process.
  void begin();
  void terminate(Nanos grace);
  void kill(ExitOrder order);

private:
  /// `ending`: the process has ended and is being reaped, so its number may be another's.
  enum class Phase : std::uint8_t { launching, starting, running, ending };

  // On other threads.
  void launch(const std::shared_ptr<WorkerProcess>& self);
  [[nodiscard]] WorkerExit reap_all();

  // While it starts.
  void launch_failed(Error error);
  void attach(LaunchedWorker& worker);
  [[nodiscard]] Result<void> watch(LaunchedWorker& worker);
  void joined(const Result<void>& joined);
  void start_if_ready();
  void fail_start(Error error);

  // While it runs.
  void take_frame(Frame frame);
  void take_own_frame(Frame& frame);
  void take_hello(const Frame& frame);
  void break_off(Error error);
  void channel_ended(std::optional<Error> error);
  void read_output();
  void read_output_later();
  bool read_output_once();

  // At its end.
  void kill_group();
  void exited();
  void reap_if_ready();
  void over(WorkerExit exit, bool ran);
  [[nodiscard]] Error start_error(const WorkerExit& exit) const;
  void leave();

  WorkerProcess& owner_;
  WorkerProcessHost& host_;
  WorkerProcessOptions options_;
  WorkerProcessEvents events_;
  std::string mark_;
  std::unique_ptr<WorkerLimits> limits_;  ///< Of those other threads.
  std::uint64_t machine_kills_before_ = 0;
  std::atomic<bool> cancelled_ = false;

  Phase phase_ = Phase::launching;
  StartTimes times_;
  pid_t process_ = 0;
  std::unique_ptr<DescriptorWatch> pidfd_;
  std::unique_ptr<DescriptorWatch> output_;
  std::shared_ptr<FrameChannel> channel_;
  Timer timer_;
  bool said_hello_ = false;
  bool joined_ = false;  ///< The launch thread is done with the process.
  bool channel_ended_ = false;
  bool exited_ = false;
  ExitOrder order_ = ExitOrder::none;
  std::vector<Frame> early_frames_;  ///< Came before it was ready: behind its hello.
  std::optional<Error> start_failure_;
  std::optional<Error> broken_;
  std::optional<std::string> notice_;
  OutputTail tail_;
  LineSplitter lines_;
};

}  // namespace weft
