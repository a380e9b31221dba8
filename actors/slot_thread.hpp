#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include <caf/actor_system.hpp>
#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>

namespace weft {

/// The thread of one slot. It calls the user's functions, in its executor actor, and between two
/// calls it resumes the actors that these calls woke: the task, its worker, the broker. So a task
/// goes from one step to the next without changing threads, while user code stays off CAF's
/// scheduler.
///
/// Before the executor is resumed all other actors on this thread have been, so none of them waits
/// behind user code. `exec_later` may be called for the executor by any thread, for others by this
/// thread only, as CAF does.
class SlotThread final : public caf::execution_unit {
public:
  explicit SlotThread(caf::actor_system& system);
  ~SlotThread() override;

  void exec_later(caf::resumable* job) override;

  /// Names the executor that this thread serves. Call once, before its first message.
  void serve(caf::resumable* executor) { executor_ = executor; }

  /// Whether the thread has ended by itself, since its executor has quit.
  [[nodiscard]] bool finished() const { return finished_.load(std::memory_order_acquire); }

  /// Ends the thread after what it does now, and waits for it. Actors left over go to CAF's
  /// scheduler. Never called from the thread itself.
  void stop();

private:
  void run();
  void resume(caf::resumable* job, std::size_t max_messages);
  void wait_for_executor();

  std::deque<caf::resumable*> jobs_;  ///< Touched by this thread only.
  caf::resumable* executor_ = nullptr;
  std::atomic<bool> executor_ready_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> finished_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool sleeping_ = false;  ///< Guarded by `mutex_`.
  std::thread thread_;
};

}  // namespace weft
