#pragma once

#include <functional>
#include <memory>

#include "weft/runtime/pools/process/owned_descriptor.hpp"
#include "weft/workflow/error.hpp"
#include "weft/workflow/units.hpp"

namespace weft {

/// A thread that waits for descriptors, timers and signals, and calls what was to be called then.
/// One serves all worker processes of a node, and one serves a worker process.
///
/// What it calls must neither block nor throw. Takes no signals of its process.
class IoThread {
public:
  /// @param name as the system shows it; at most 15 characters
  explicit IoThread(const char* name);
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  /// Calls `job` on the thread, in the order of posting. Any thread may call it.
  void post(std::function<void()> job);

  /// Ends the thread and waits for it; what was not called by then never is. Never called from the
  /// thread itself.
  void stop();

private:
  friend class DescriptorWatch;
  friend class Timer;
  friend class SignalWatch;
  struct Context;

  std::unique_ptr<Context> context_;
};

/// A descriptor that an I/O thread waits for. To be used on that thread only; made anywhere.
class DescriptorWatch {
public:
  /// Fails with `io_failed` when such a descriptor cannot be waited for.
  [[nodiscard]] static Result<std::unique_ptr<DescriptorWatch>> open(IoThread& thread,
                                                                     OwnedDescriptor descriptor);
  ~DescriptorWatch();
  DescriptorWatch(const DescriptorWatch&) = delete;
  DescriptorWatch& operator=(const DescriptorWatch&) = delete;

  /// Calls `then` once, when a read would not block; never after `close`.
  void when_readable(std::function<void()> then);
  /// Calls `then` once, when a write would not block; never after `close`.
  void when_writable(std::function<void()> then);

  [[nodiscard]] int number() const { return number_; }
  void close();

private:
  struct Stream;
  explicit DescriptorWatch(std::shared_ptr<Stream> stream);

  std::shared_ptr<Stream> stream_;
  int number_;
};

/// Calls something later. To be used on its I/O thread only; made anywhere.
class Timer {
public:
  explicit Timer(IoThread& thread);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Calls `then` once, after `delay`, instead of what was to be called before.
  void start(Nanos delay, std::function<void()> then);
  void cancel();

private:
  struct Clockwork;

  std::shared_ptr<Clockwork> clockwork_;
};

/// Takes a signal for this process while it lives. For programs that own their process.
class SignalWatch {
public:
  /// Calls `then` on the thread each time that the signal comes.
  SignalWatch(IoThread& thread, int signal, std::function<void()> then);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

private:
  struct Signals;

  std::shared_ptr<Signals> signals_;
};

}  // namespace weft
