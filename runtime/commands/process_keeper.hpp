#pragma once

#include <string>

namespace weft {

/// Kills what this process has started when this process has died, whatever killed it: a small
/// process of its own that waits for this one's end, and then kills all that carries its mark.
///
/// Thread-safe. Started at first use; ends with this process.
class ProcessKeeper {
public:
  static const ProcessKeeper& of_this_process();

  ProcessKeeper(const ProcessKeeper&) = delete;
  ProcessKeeper& operator=(const ProcessKeeper&) = delete;

  /// `NAME=value`: every process that has it in its environment is kept.
  [[nodiscard]] const std::string& mark() const { return mark_; }

private:
  ProcessKeeper();

  std::string mark_;
};

/// Kills the processes that have exactly this variable in their environment, wherever they have
/// gone, until there are none left. Calls nothing that allocates or locks.
/// @param mark `NAME=value`
void kill_marked(const char* mark);

}  // namespace weft
