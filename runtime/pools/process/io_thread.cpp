#include "weft/runtime/pools/process/io_thread.hpp"

#include <pthread.h>

#include <algorithm>
#include <cstdint>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "weft/runtime/pools/process/blocked_signals.hpp"

namespace weft {

namespace asio = boost::asio;
using boost::system::error_code;

// -- thread ---------------------------------------------------------------------------------------

struct IoThread::Context {
  // One thread runs it, and others only post: what is locked is locked for them.
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  std::thread thread;
};

IoThread::IoThread(const char* name) : context_(std::make_unique<Context>()) {
  const BlockedSignals blocked;
  context_->thread = std::thread{[&io = context_->io] { io.run(); }};
  ::pthread_setname_np(context_->thread.native_handle(), name);
}

IoThread::~IoThread() {
  stop();
}

void IoThread::post(std::function<void()> job) {
  asio::post(context_->io, std::move(job));
}

void IoThread::stop() {
  context_->io.stop();
  if (context_->thread.joinable()) context_->thread.join();
}

// -- descriptors ----------------------------------------------------------------------------------

struct DescriptorWatch::Stream {
  /// Waits once and calls `then`, unless it was closed meanwhile.
  static void wait(const std::shared_ptr<Stream>& self,
                   asio::posix::descriptor_base::wait_type event, std::function<void()> then) {
    self->descriptor.async_wait(event, [self, then = std::move(then)](error_code) {
      // Whatever has failed will fail again where it can be told.
      if (!self->closed) then();
    });
  }

  asio::posix::stream_descriptor descriptor;
  bool closed = false;
};

DescriptorWatch::DescriptorWatch(std::shared_ptr<Stream> stream)
  : stream_(std::move(stream)), number_(stream_->descriptor.native_handle()) {}

DescriptorWatch::~DescriptorWatch() {
  close();
}

Result<std::unique_ptr<DescriptorWatch>> DescriptorWatch::open(IoThread& thread,
                                                               OwnedDescriptor descriptor) {
  auto stream =
    std::make_shared<Stream>(Stream{asio::posix::stream_descriptor{thread.context_->io}});
  error_code failure;
  stream->descriptor.assign(descriptor.number(), failure);
  if (failure) {
    return Error{.code = Errc::io_failed,
                 .message = "a descriptor cannot be waited for: " + failure.message()};
  }
  [[maybe_unused]] const int kept = descriptor.release();
  return std::unique_ptr<DescriptorWatch>{new DescriptorWatch{std::move(stream)}};
}

void DescriptorWatch::when_readable(std::function<void()> then) {
  Stream::wait(stream_, asio::posix::descriptor_base::wait_read, std::move(then));
}

void DescriptorWatch::when_writable(std::function<void()> then) {
  Stream::wait(stream_, asio::posix::descriptor_base::wait_write, std::move(then));
}

void DescriptorWatch::close() {
  stream_->closed = true;
  error_code ignored;
  stream_->descriptor.close(ignored);
}

// -- timers ---------------------------------------------------------------------------------------

struct Timer::Clockwork {
  explicit Clockwork(asio::io_context& io) : timer(io) {}

  asio::steady_timer timer;
  /// Counts the starts: what had run out when it was started anew must not be called.
  std::uint64_t round = 0;
};

Timer::Timer(IoThread& thread) : clockwork_(std::make_shared<Clockwork>(thread.context_->io)) {}

Timer::~Timer() {
  cancel();
}

void Timer::start(Nanos delay, std::function<void()> then) {
  cancel();
  const Nanos bounded = std::clamp(delay, Nanos{}, longest_wait);
  clockwork_->timer.expires_after(bounded);
  clockwork_->timer.async_wait([clockwork = clockwork_, round = clockwork_->round,
                                then = std::move(then)](error_code failure) {
    if (!failure && clockwork->round == round) then();
  });
}

void Timer::cancel() {
  ++clockwork_->round;
  clockwork_->timer.cancel();
}

// -- signals --------------------------------------------------------------------------------------

struct SignalWatch::Signals {
  Signals(asio::io_context& io, int signal, std::function<void()> the_then)
    : set(io, signal), then(std::move(the_then)) {}

  static void wait(const std::shared_ptr<Signals>& self) {
    self->set.async_wait([self](error_code failure, int) {
      if (failure) return;
      self->then();
      wait(self);
    });
  }

  asio::signal_set set;
  std::function<void()> then;
};

SignalWatch::SignalWatch(IoThread& thread, int signal, std::function<void()> then)
  : signals_(std::make_shared<Signals>(thread.context_->io, signal, std::move(then))) {
  thread.post([signals = signals_] { Signals::wait(signals); });
}

SignalWatch::~SignalWatch() {
  error_code ignored;
  signals_->set.clear(ignored);
  signals_->set.cancel(ignored);
}

}  // namespace weft
