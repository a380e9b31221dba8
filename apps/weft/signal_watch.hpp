#pragma once

#include <cstdint>
#include <functional>
#include <thread>

#include <signal.h>

namespace weft::cli {

/// Takes SIGINT and SIGTERM away from their default, and tells of each on a thread of its own,
/// where anything may be done. Make it before any other thread: they inherit that the signals are
/// blocked.
class SignalWatch {
public:
  /// @param on_signal the signal, and how many came so far, this one included
  explicit SignalWatch(std::function<void(int signal, int count)> on_signal);
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  /// Gives the signals back; no call is under way when this returns.
  ~SignalWatch();

private:
  void watch() const;

  std::function<void(int, int)> on_signal_;
  sigset_t before_{};
  int signals_;  ///< File descriptor from which signals are read.
  int stop_;     ///< File descriptor that ends the thread.
  std::thread thread_;
};

}  // namespace weft::cli
