#pragma once

#include <sys/types.h>

namespace weft {

/// Kills process groups when this process has died, whatever killed it: a small process of its own
/// that waits for this one's end.
///
/// Thread-safe. Started at first use; ends with this process.
class ProcessKeeper {
public:
  static ProcessKeeper& of_this_process();

  ProcessKeeper(const ProcessKeeper&) = delete;
  ProcessKeeper& operator=(const ProcessKeeper&) = delete;

  void watch(pid_t group) { tell(group); }
  void forget(pid_t group) { tell(-group); }

private:
  ProcessKeeper();
  void tell(pid_t message) const;

  int pipe_ = -1;  ///< Closed by the end of this process, and by nothing else.
};

}  // namespace weft
