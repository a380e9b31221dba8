#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace weft {

/// A few threads that do what blocks, one job after another each. They live until `stop`: the
/// system kills a worker process when the thread that started it ends.
///
/// Thread-safe. Take no signals of their process.
class BlockingThreads {
public:
  /// @param name as the system shows it; at most 15 characters
  /// @param count of threads
  BlockingThreads(const char* name, std::size_t count);
  ~BlockingThreads();
  BlockingThreads(const BlockingThreads&) = delete;
  BlockingThreads& operator=(const BlockingThreads&) = delete;

  /// Calls `job` on one of the threads, soon. It must not throw. @pre not stopped
  void run(std::function<void()> job);

  /// Waits for all jobs, then ends the threads.
  void stop();

private:
  void serve();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace weft
