#pragma once

#include <cstdint>
#include <functional>
#include <thread>

#include <signal.h>

namespace weft::cli {

/// Takes SIGINT, SIGTERM and SIGHUP away from their default, and tells of each on a thread of its
/// own, where anything may be done; a SIGHUP that is ignored, as under nohup, stays so. SIGPIPE is
/// ignored meanwhile: a write whose reader is gone fails instead. Make it before any other thread:
/// they inherit that the signals are blocked.
class SignalWatch {
public:
  explicit SignalWatch(std::function<void(int signal)> on_signal);
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  /// Gives the signals back; no call is under way when this returns.
  ~SignalWatch();

private:
  void watch() const;

  std::function<void(int)> on_signal_;
  sigset_t before_{};
  void (*pipe_before_)(int);  ///< What SIGPIPE did.
  int signals_;               ///< File descriptor from which signals are read.
  int stop_;                  ///< File descriptor that ends the thread.
  std::thread thread_;
};

}  // namespace weft::cli
