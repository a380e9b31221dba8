#include "weft/runtime/pools/process/worker_main.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "weft/runtime/module.hpp"
#include "weft/runtime/pools/process/frame_channel.hpp"
#include "weft/runtime/pools/process/worker_hello.hpp"
#include "weft/workflow/check.hpp"
#include "weft/workflow/clock.hpp"

namespace weft {

namespace {

// As the command line has them: see docs/exit-codes.md.
constexpr int exit_usage = 2;
constexpr int exit_internal = 70;

/// How long a worker that ends waits for its node to take what it has said.
constexpr Nanos last_words_timeout = std::chrono::seconds{5};

/// Bytes of frames that wait for `receive`: what a program may be sent while it gets ready.
constexpr std::size_t early_size_max = 256u << 20;

/// The node has gone: nobody is left to work for, or to be told.
[[noreturn]] void die_with_node() {
  ::kill(0, SIGKILL);  // With what it has started, as far as that stayed in its group.
  std::_Exit(exit_internal);
}

bool is_asked(int argument_count, char** arguments) {
  return argument_count > 1 && arguments[1] == worker_process_argument;
}

int refuse(std::string_view why) {
  fmt::print(stderr,
             "{} is how weft starts worker processes of its own, and nothing to be used by hand: "
             "{}\n",
             worker_process_argument, why);
  return exit_usage;
}

/// The invitation that the node has left, if this is a process that a node has started.
Result<WorkerInvitation> take_invitation() {
  const std::string variable{worker_invitation_variable};
  const char* text = std::getenv(variable.c_str());
  if (!text) {
    return Error{.code = Errc::invalid_argument, .message = "there is no node that started it"};
  }
  auto invitation = parse_invitation(text);
  ::unsetenv(variable.c_str());  // It is for this process, not for what it starts.
  if (!invitation) return invitation;
  int domain = 0;
  socklen_t size = sizeof domain;
  if (::getsockopt(invitation->channel, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 ||
      domain != AF_UNIX || ::fcntl(invitation->channel, F_SETFD, FD_CLOEXEC) != 0) {
    return Error{.code = Errc::invalid_argument, .message = "there is no channel to a node"};
  }
  return invitation;
}

}  // namespace

// -- connection -----------------------------------------------------------------------------------

struct NodeConnection::Inside {
  Inside(IoThread& the_io, StartTimes start_times)
    : times(start_times), io(the_io), term(the_io, SIGTERM, [this] { stop.request_stop(); }) {}

  void take(Frame frame) {
    std::unique_lock lock{mutex};
    if (frame.kind == FrameKind::ping) {
      // A node that does not read what it asks for learns enough from that.
      [[maybe_unused]] const auto sent = channel->send(FrameKind::pong, std::move(frame.payload));
      return;
    }
    if (receiving) {
      lock.unlock();  // The events do not change any more.
      return events.on_frame(std::move(frame));
    }
    early_size += frame.payload.size();
    if (early_size > early_size_max) die_with_node();
    early.push_back(std::move(frame));
  }

  StartTimes times;
  IoThread& io;
  std::shared_ptr<FrameChannel> channel;
  std::stop_source stop;
  SignalWatch term;

  std::mutex mutex;
  bool receiving = false;  ///< Guarded by `mutex`; from then on `events` stays as it is.
  NodeEvents events;
  std::vector<Frame> early;
  std::size_t early_size = 0;
};

NodeConnection::NodeConnection(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
NodeConnection::~NodeConnection() = default;

Result<void> NodeConnection::send(FrameKind kind, Payload payload) {
  check(kind >= FrameKind::first_of_caller, "the first kinds of frames are the processes' own");
  return inside_->channel->send(kind, std::move(payload));
}

void NodeConnection::receive(NodeEvents events) {
  check(events.on_frame != nullptr, "whoever receives takes frames");
  // On the thread that brings frames, so that none overtakes another.
  inside_->io.post([inside = inside_.get(), events = std::move(events)] {
    {
      const std::lock_guard lock{inside->mutex};
      check(!inside->receiving, "one receives once");
      inside->events = events;
      inside->receiving = true;
    }
    for (Frame& frame : std::exchange(inside->early, {})) events.on_frame(std::move(frame));
  });
}

std::stop_token NodeConnection::stop_token() const {
  return inside_->stop.get_token();
}

void NodeConnection::wait_for_stop() const {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock{mutex};
  stopped.wait(lock, stop_token(), [] { return false; });
}

const StartTimes& NodeConnection::start_times() const {
  return inside_->times;
}

// -- process --------------------------------------------------------------------------------------

/// A worker process from its first line to its exit code.
class WorkerProcessMain {
public:
  WorkerProcessMain(const WorkerInvitation& invitation, TimePoint main_entered)
    : invitation_(invitation),
      times_{.asked = invitation.asked, .forked = invitation.forked, .main_entered = main_entered} {
  }

  int run(const WorkerMain& worker_main) {
    prepare();
    if (auto connected = connect(); !connected) return refuse(connected.error().message);
    const int code = call(worker_main);
    leave();
    return code;
  }

private:
  /// A pipe makes output wait for a full buffer, which a crash would lose.
  static void prepare() {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    ::prctl(PR_SET_NAME, "weft-worker");  // Else "exe", after the link that it was started by.
  }

  Result<void> connect() {
    times_.hello_sent = SystemClock{}.now();
    auto inside = std::make_unique<NodeConnection::Inside>(io_, times_);
    auto channel = FrameChannel::open(
      io_, OwnedDescriptor{invitation_.channel}, {},
      {.on_frame = [in = inside.get()](Frame frame) { in->take(std::move(frame)); },
       .on_end =
         [this](const std::optional<Error>&) {
           if (!leaving_) die_with_node();
         },
       .on_room =
         [in = inside.get()] {
           if (in->events.on_room) in->events.on_room();
         }});
    if (!channel) return std::move(channel).error();
    {
      const std::lock_guard lock{inside->mutex};
      inside->channel = *std::move(channel);
    }
    connection_.reset(new NodeConnection{std::move(inside)});
    return say_hello();
  }

  Result<void> say_hello() {
    const WorkerHello hello{.process = ::getpid(),
                            .build_id = std::string{build_id()},
                            .main_entered_ns = times_.main_entered.time_since_epoch().count(),
                            .hello_sent_ns = times_.hello_sent.time_since_epoch().count()};
    Blob payload;
    encode(hello, payload);
    return channel().send(FrameKind::hello, std::move(payload));
  }

  int call(const WorkerMain& worker_main) {
    Blob notice;
    int code = exit_internal;
    try {
      code = worker_main(*connection_);
    } catch (...) {
      notice = to_string(current_exception_as_error());
      fmt::print(stderr, "the worker process ends: {}\n", notice);
    }
    // Whether it is heard or not: the exit code says the rest.
    [[maybe_unused]] const auto said = channel().send(FrameKind::leaving, std::move(notice));
    return code;
  }

  /// Ends the thread before what it uses goes.
  void leave() {
    channel().flush(last_words_timeout);
    leaving_ = true;
    channel().close();
    io_.stop();
    connection_.reset();
  }

  FrameChannel& channel() { return *connection_->inside_->channel; }

  WorkerInvitation invitation_;
  StartTimes times_;
  std::atomic<bool> leaving_ = false;
  IoThread io_{"weft-channel"};
  std::unique_ptr<NodeConnection> connection_;
};

std::optional<int> worker_process_main_if_asked(int argument_count, char** arguments,
                                                const WorkerMain& worker_main) {
  const TimePoint main_entered = SystemClock{}.now();
  if (!is_asked(argument_count, arguments)) return std::nullopt;
  const auto invitation = take_invitation();
  if (!invitation) return refuse(invitation.error().message);
  return WorkerProcessMain{*invitation, main_entered}.run(worker_main);
}

}  // namespace weft
