#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include <caf/actor_system.hpp>

#include "weft/actors/messages.hpp"
#include "weft/actors/slot_thread.hpp"

namespace weft {

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
  /// @param running holds one more than the number of the task whose function is being called, else
  ///        0; for one executor, seen by whoever finds out what has ended the process
  explicit ThreadedExecutors(std::shared_ptr<std::atomic<std::uint32_t>> running)
    : running_(std::move(running)) {}
  ~ThreadedExecutors() override;
  ExecutorHandle spawn(caf::actor_system& system) override;
  void stop() override;

private:
  std::shared_ptr<std::atomic<std::uint32_t>> running_;
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
