#include "weft/runtime/pools/process/blocking_threads.hpp"

#include <pthread.h>

#include "weft/runtime/pools/process/blocked_signals.hpp"
#include "weft/workflow/check.hpp"

namespace weft {

BlockingThreads::BlockingThreads(const char* name, std::size_t count) {
  const BlockedSignals blocked;
  for (std::size_t i = 0; i < count; ++i) {
    threads_.emplace_back([this] { serve(); });
    ::pthread_setname_np(threads_.back().native_handle(), name);
  }
}

BlockingThreads::~BlockingThreads() {
  stop();
}

void BlockingThreads::run(std::function<void()> job) {
  {
    const std::lock_guard lock{mutex_};
    check(!stopping_, "nothing is begun after the end");
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void BlockingThreads::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& each : threads_) each.join();
  threads_.clear();
}

void BlockingThreads::serve() {
  std::unique_lock lock{mutex_};
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    const auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

}  // namespace weft
