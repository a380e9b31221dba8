#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include <caf/actor_system.hpp>

#include "weft/actors/messages.hpp"
#include "weft/actors/slot_thread.hpp"

namespace weft {

/// What executors are calling, for whoever finds out what has ended their process, or wants to use
/// it for something else. Other processes may read it.
struct RunningCalls {
  /// One more than the number of the task whose function was called last; 0 when it has returned.
  std::atomic<std::uint32_t> task;
  std::atomic<std::uint32_t> count;  ///< Those that have not returned, given up or not.
};

/// Makes the executors of a pool, and owns what they run on.
class ExecutorFactory {
public:
  virtual ~ExecutorFactory() = default;

  [[nodiscard]] virtual ExecutorHandle spawn(caf::actor_system& system) = 0;

  /// Ends what the executors run on; waits for functions that are being called. Call when their
  /// actors have quit.
  virtual void stop() = 0;
};

/// Each executor on a thread of its own.
class ThreadedExecutors final : public ExecutorFactory {
public:
  ThreadedExecutors() = default;
  explicit ThreadedExecutors(std::shared_ptr<RunningCalls> running)
    : running_(std::move(running)) {}
  ~ThreadedExecutors() override;
  ExecutorHandle spawn(caf::actor_system& system) override;
  void stop() override;

private:
  std::shared_ptr<RunningCalls> running_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<SlotThread>> threads_;
};

/// Executors that call functions where their messages are handled, and let virtual time pass for
/// what the functions sleep: for the harness.
class SimulatedExecutors final : public ExecutorFactory {
public:
  ExecutorHandle spawn(caf::actor_system& system) override;
  void stop() override {}
};

}  // namespace weft
