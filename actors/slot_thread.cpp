#include "weft/actors/slot_thread.hpp"

#include <caf/scheduler/abstract_coordinator.hpp>

#include "weft/workflow/check.hpp"

namespace weft {

namespace {

/// How often an idle slot looks for work before it sleeps: some 20 us, the price of being woken.
constexpr int spins_before_sleep = 400;

/// Actors that keep one another busy must not keep the executor waiting for ever.
constexpr std::size_t jobs_before_executor = 1024;

/// Nor must one actor that others flood.
constexpr std::size_t messages_per_turn = 256;

thread_local const SlotThread* current_slot = nullptr;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

SlotThread::SlotThread(caf::actor_system& system)
  : caf::execution_unit(&system), thread_([this] { run(); }) {}

SlotThread::~SlotThread() {
  stop();
}

void SlotThread::exec_later(caf::resumable* job) {
  if (job != executor_) {
    check(current_slot == this, "only its own thread gives a slot other actors");
    jobs_.push_back(job);
    return;
  }
  executor_ready_.store(true, std::memory_order_release);
  if (current_slot == this) return;
  const std::lock_guard lock{mutex_};
  if (sleeping_) wake_.notify_one();
}

void SlotThread::stop() {
  stopping_.store(true, std::memory_order_release);
  {
    const std::lock_guard lock{mutex_};
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void SlotThread::run() {
  current_slot = this;
  std::size_t since_executor = 0;
  while (!stopping_.load(std::memory_order_acquire)) {
    if (!jobs_.empty() && since_executor < jobs_before_executor) {
      caf::resumable* job = jobs_.front();
      jobs_.pop_front();
      ++since_executor;
      resume(job, messages_per_turn);
    } else if (executor_ready_.exchange(false, std::memory_order_acquire)) {
      since_executor = 0;
      resume(executor_, 1);  // One call, then whatever it woke.
    } else if (jobs_.empty()) {
      wait_for_executor();
    } else {
      since_executor = 0;
    }
  }
  while (!jobs_.empty()) {
    system().scheduler().enqueue(jobs_.front());
    jobs_.pop_front();
  }
  finished_.store(true, std::memory_order_release);
}

void SlotThread::resume(caf::resumable* job, std::size_t max_messages) {
  switch (job->resume(this, max_messages)) {
    case caf::resumable::resume_later:
      exec_later(job);
      break;
    case caf::resumable::done:
      if (job == executor_) stopping_.store(true, std::memory_order_release);
      caf::intrusive_ptr_release(job);
      break;
    case caf::resumable::awaiting_message:
      caf::intrusive_ptr_release(job);
      break;
    case caf::resumable::shutdown_execution_unit:
      stopping_.store(true, std::memory_order_release);
      break;
  }
}

void SlotThread::wait_for_executor() {
  for (int i = 0; i < spins_before_sleep; ++i) {
    if (executor_ready_.load(std::memory_order_acquire)) return;
    if (stopping_.load(std::memory_order_acquire)) return;
    relax();
  }
  std::unique_lock lock{mutex_};
  sleeping_ = true;
  wake_.wait(lock, [this] {
    return executor_ready_.load(std::memory_order_acquire) ||
           stopping_.load(std::memory_order_acquire);
  });
  sleeping_ = false;
}

}  // namespace weft
