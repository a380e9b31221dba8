#include "weft/runtime/pools/process/worker_life.hpp"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "weft/runtime/commands/process_keeper.hpp"
#include "weft/runtime/pools/process/worker_hello.hpp"
#include "weft/workflow/clock.hpp"

namespace weft {

namespace {

/// Reads of the output before others have their turn; of a worker that has gone, all that a pipe
/// holds, unless what it has left behind goes on writing.
constexpr int output_reads_per_turn = 16;

/// Of what a worker says when it leaves.
constexpr std::size_t notice_size_max = 4096;

/// Frames that a worker may send between its hello and its control group's being ready: some ms.
constexpr std::size_t early_frames_max = 1024;

Error protocol_error(std::string message) {
  return {.code = Errc::decode_failed, .message = std::move(message)};
}

}  // namespace

WorkerProcess::Life::Life(WorkerProcess& owner, WorkerProcessHost& host,
                          WorkerProcessOptions options, WorkerProcessEvents events)
  : owner_(owner),
    host_(host),
    options_(std::move(options)),
    events_(std::move(events)),
    mark_(new_worker_mark()),
    timer_(host.io),
    tail_(options_.output_tail_size),
    lines_(events_.on_line) {
  times_.asked = SystemClock{}.now();
}

// -- start ----------------------------------------------------------------------------------------

void WorkerProcess::Life::begin() {
  host_.launchers.run([this, self = owner_.shared_from_this()] { launch(self); });
}

void WorkerProcess::Life::launch(const std::shared_ptr<WorkerProcess>& self) {
  const auto fail = [&](Error error) {
    host_.io.post([this, self, error = std::move(error)] { launch_failed(error); });
  };
  if (cancelled_) {
    return fail({.code = Errc::cancelled, .message = "the worker was ended before it had started"});
  }
  machine_kills_before_ = out_of_memory_kills_of_machine();
  auto limits = host_.limits.take(options_.worker_class);
  if (!limits) return fail(std::move(limits).error());
  limits_ = *std::move(limits);
  auto launched = launch_worker({.options = options_,
                                 .environment = host_.environment,
                                 .limits = *limits_,
                                 .mark = mark_,
                                 .asked = times_.asked});
  if (!launched) {
    limits_.reset();
    return fail(std::move(launched).error());
  }
  const pid_t process = launched->process;
  const auto worker = std::make_shared<LaunchedWorker>(*std::move(launched));
  host_.io.post([this, self, worker] { attach(*worker); });
  // While the program loads. Its number stays its own: nobody reaps it before this is done.
  const auto joining = limits_->join(process);
  host_.io.post([this, self, joining] { joined(joining); });
}

void WorkerProcess::Life::launch_failed(Error error) {
  phase_ = Phase::ending;
  if (events_.on_started) events_.on_started(std::move(error));
  leave();
}

void WorkerProcess::Life::attach(LaunchedWorker& worker) {
  phase_ = Phase::starting;
  process_ = worker.process;
  owner_.process_ = process_;
  times_.forked = worker.forked;
  if (auto watched = watch(worker); !watched) {
    fail_start(watched.error());
    exited_ = true;  // Nobody will tell, but it will have: a launch thread waits for it.
    return;
  }
  if (cancelled_) return kill_group();
  timer_.start(options_.hello_timeout, [this] {
    fail_start({.code = Errc::io_failed,
                .message = fmt::format("the worker process said no hello for {}",
                                       format_duration(options_.hello_timeout)),
                .hint = "its program must call worker_process_main_if_asked first"});
  });
}

Result<void> WorkerProcess::Life::watch(LaunchedWorker& worker) {
  auto pidfd = DescriptorWatch::open(host_.io, std::move(worker.pidfd));
  if (!pidfd) return std::move(pidfd).error();
  auto output = DescriptorWatch::open(host_.io, std::move(worker.output));
  if (!output) return std::move(output).error();
  FrameChannelEvents events{
    .on_frame = [this](Frame frame) { take_frame(std::move(frame)); },
    .on_end = [this](std::optional<Error> error) { channel_ended(std::move(error)); },
    .on_room = events_.on_room};
  auto channel =
    FrameChannel::open(host_.io, std::move(worker.channel), options_.channel, std::move(events));
  if (!channel) return std::move(channel).error();
  pidfd_ = *std::move(pidfd);
  output_ = *std::move(output);
  channel_ = *std::move(channel);
  pidfd_->when_readable([this] { exited(); });
  read_output_later();
  return {};
}

void WorkerProcess::Life::joined(const Result<void>& joined) {
  joined_ = true;
  // One that has ended meanwhile has nothing to join with.
  if (!joined && !exited_) fail_start(joined.error());
  start_if_ready();
  reap_if_ready();
}

void WorkerProcess::Life::start_if_ready() {
  if (phase_ != Phase::starting || !said_hello_ || !joined_ || start_failure_ || cancelled_) return;
  phase_ = Phase::running;
  times_.ready = SystemClock{}.now();
  if (!exited_ && !channel_ended_) timer_.cancel();
  {
    const std::lock_guard lock{owner_.mutex_};
    owner_.channel_ = channel_;
  }
  if (events_.on_started) events_.on_started(times_);
  for (Frame& frame : std::exchange(early_frames_, {})) take_frame(std::move(frame));
}

void WorkerProcess::Life::fail_start(Error error) {
  if (!start_failure_) start_failure_ = std::move(error);
  kill_group();
}

// -- frames ---------------------------------------------------------------------------------------

void WorkerProcess::Life::take_frame(Frame frame) {
  owner_.last_heard_.store(SystemClock{}.now(), std::memory_order_relaxed);
  if (broken_ || start_failure_) return;
  if (frame.kind < FrameKind::first_of_caller) return take_own_frame(frame);
  if (!said_hello_) return break_off(protocol_error("it spoke before it said hello"));
  if (phase_ == Phase::running) {
    if (events_.on_frame) events_.on_frame(std::move(frame));
    return;
  }
  if (early_frames_.size() == early_frames_max) {
    return break_off(protocol_error("it said too much before it was given work"));
  }
  early_frames_.push_back(std::move(frame));
}

void WorkerProcess::Life::take_own_frame(Frame& frame) {
  switch (frame.kind) {
    case FrameKind::hello:
      return take_hello(frame);
    case FrameKind::pong:
      return;
    case FrameKind::leaving:
      frame.payload.resize(std::min(frame.payload.size(), notice_size_max));
      notice_ = printable_text(frame.payload);
      return;
    default:
      return break_off(protocol_error("it sent what only a node sends"));
  }
}

void WorkerProcess::Life::take_hello(const Frame& frame) {
  if (said_hello_) return break_off(protocol_error("it said hello twice"));
  const auto hello = checked_hello(frame.payload);
  if (!hello) return break_off(hello.error());
  said_hello_ = true;
  times_.main_entered = TimePoint{Nanos{hello->main_entered_ns}};
  times_.hello_sent = TimePoint{Nanos{hello->hello_sent_ns}};
  times_.hello_received = SystemClock{}.now();
  start_if_ready();
}

void WorkerProcess::Life::break_off(Error error) {
  if (phase_ == Phase::running) {
    broken_ = std::move(error);
    kill_group();
  } else {
    fail_start(with_context("the worker process cannot be used", std::move(error)));
  }
}

void WorkerProcess::Life::channel_ended(std::optional<Error> error) {
  channel_ended_ = true;
  // Cut within a frame, it has died in the middle of a sentence: that is told by its end.
  if (error && error->code != Errc::io_failed) return break_off(*std::move(error));
  if (exited_ || order_ != ExitOrder::none) return;
  timer_.start(options_.leaving_timeout, [this] {
    break_off({.code = Errc::io_failed, .message = "it closed its channel and did not end"});
  });
}

// -- output ---------------------------------------------------------------------------------------

void WorkerProcess::Life::read_output_later() {
  if (output_) output_->when_readable([this] { read_output(); });
}

void WorkerProcess::Life::read_output() {
  for (int i = 0; i < output_reads_per_turn; ++i) {
    if (!read_output_once()) break;
  }
  read_output_later();
}

bool WorkerProcess::Life::read_output_once() {
  if (!output_) return false;
  std::array<char, 65'536> block;
  const ssize_t count = ::read(output_->number(), block.data(), block.size());
  if (count > 0) {
    const std::string_view bytes{block.data(), static_cast<std::size_t>(count)};
    tail_.add(bytes);
    if (events_.on_line) lines_.add(bytes);
    return true;
  }
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  output_.reset();
  return false;
}

// -- end ------------------------------------------------------------------------------------------

void WorkerProcess::Life::terminate(Nanos grace) {
  if (phase_ != Phase::running) return kill(ExitOrder::terminate);
  if (exited_ || order_ != ExitOrder::none) return;
  order_ = ExitOrder::terminate;
  for (const int number : {SIGTERM, SIGCONT}) {  // One that was halted could not heed it.
    ::syscall(SYS_pidfd_send_signal, pidfd_->number(), number, nullptr, 0);
  }
  timer_.start(grace, [this] { kill(ExitOrder::kill); });
}

void WorkerProcess::Life::kill(ExitOrder order) {
  if (!exited_) order_ = std::max(order_, order);
  cancelled_ = true;
  kill_group();
}

void WorkerProcess::Life::kill_group() {
  if (phase_ == Phase::starting || phase_ == Phase::running) ::kill(-process_, SIGKILL);
}

void WorkerProcess::Life::exited() {
  exited_ = true;
  timer_.cancel();
  for (int i = 0; i < output_reads_per_turn && read_output_once(); ++i) {
  }
  channel_->drain();
  reap_if_ready();
}

void WorkerProcess::Life::reap_if_ready() {
  if (!exited_ || !joined_ || phase_ == Phase::ending) return;
  const bool ran = phase_ == Phase::running;
  phase_ = Phase::ending;
  host_.cleaners.run([this, self = owner_.shared_from_this(), ran] {
    auto exit = reap_all();
    host_.io.post([this, self, ran, exit = std::move(exit)] { over(exit, ran); });
  });
}

WorkerExit WorkerProcess::Life::reap_all() {
  siginfo_t info{};
  const auto number = static_cast<id_t>(process_);
  // While the ended process is not reaped, its number is that of its group and of nothing else.
  int waited = 0;
  while ((waited = ::waitid(P_PID, number, &info, WEXITED | WNOWAIT)) < 0 && errno == EINTR) {
  }
  if (waited == 0) ::kill(-process_, SIGKILL);
  int status = 0;
  rusage usage{};
  pid_t reaped = 0;
  while ((reaped = ::wait4(process_, &status, 0, &usage)) < 0 && errno == EINTR) {
  }
  kill_marked(mark_.c_str());
  WorkerExit exit{.process = process_};
  if (reaped == process_) exit = worker_exit(process_, status, usage);
  const auto group_kills = limits_->out_of_memory_kills();
  limits_->remove();
  limits_.reset();
  exit.order = order_;
  exit.out_of_memory = judge_memory(
    exit, {.limit = options_.worker_class.memory,
           .group_kills = group_kills,
           .machine_killed = out_of_memory_kills_of_machine() > machine_kills_before_});
  return exit;
}

void WorkerProcess::Life::over(WorkerExit exit, bool ran) {
  // What its own children wrote after it had ended.
  for (int i = 0; i < output_reads_per_turn && read_output_once(); ++i) {
  }
  if (events_.on_line) lines_.finish();
  output_.reset();
  pidfd_.reset();
  exit.notice = std::move(notice_);
  exit.broken = std::move(broken_);
  exit.output_tail = tail_.text();
  if (ran) {
    if (events_.on_exit) events_.on_exit(std::move(exit));
  } else if (events_.on_started) {
    events_.on_started(start_error(exit));
  }
  leave();
}

Error WorkerProcess::Life::start_error(const WorkerExit& exit) const {
  if (!start_failure_ && cancelled_) {
    return {.code = Errc::cancelled, .message = "the worker was ended before it had started"};
  }
  Error error = to_error(exit, exit.killed_from_outside() ? Errc::cancelled : Errc::io_failed,
                         "the worker process");
  if (!start_failure_) {
    error.message += ", before it said hello";
    return error;
  }
  Error cause = *start_failure_;
  for (Error& each : error.causes) cause.causes.push_back(std::move(each));
  return cause;
}

void WorkerProcess::Life::leave() {
  {
    const std::lock_guard lock{owner_.mutex_};
    owner_.host_ = nullptr;
    owner_.channel_.reset();
  }
  const auto self = owner_.shared_from_this();
  WorkerProcessHost& host = host_;
  // What stands on the I/O thread must not outlive it, as the owner may. Last: this ends here.
  const auto life = std::move(owner_.life_);
  const std::lock_guard lock{host.mutex};
  host.live.erase(self);
  if (host.live.empty()) host.emptied.notify_all();
}

}  // namespace weft
