// What a cache line costs that goes from one core to another and back: it explains why the same
// program on two cores of a virtual machine differs between minutes.

#include <atomic>
#include <chrono>
#include <thread>

#include <pthread.h>
#include <sched.h>

#include "peer_requests.hpp"

namespace weft::peers {
namespace {

void keep_to_core(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  // Where it is not allowed, the kernel chooses, and the figure says less.
  static_cast<void>(pthread_setaffinity_np(pthread_self(), sizeof cores, &cores));
}

/// Answers the microseconds of `tasks` round trips, and their number.
PeerAnswer play(const PeerRequest& request) {
  alignas(64) std::atomic<std::uint32_t> ball{0};
  const std::uint32_t last = 2 * request.tasks;
  std::thread other{[&] {
    keep_to_core(1);
    for (std::uint32_t turn = 1; turn < last; turn += 2) {
      while (ball.load(std::memory_order_acquire) != turn) {
      }
      ball.store(turn + 1, std::memory_order_release);
    }
  }};
  std::chrono::steady_clock::time_point begin;
  std::thread one{[&] {
    keep_to_core(0);
    begin = std::chrono::steady_clock::now();
    for (std::uint32_t turn = 0; turn < last; turn += 2) {
      ball.store(turn + 1, std::memory_order_release);
      while (ball.load(std::memory_order_acquire) != turn + 2) {
      }
    }
  }};
  one.join();
  const auto end = std::chrono::steady_clock::now();
  other.join();
  return {std::chrono::duration<double, std::micro>(end - begin).count(), request.tasks};
}

}  // namespace
}  // namespace weft::peers

int main() {
  if (std::thread::hardware_concurrency() < 2) {
    std::cout << "error: a ping-pong takes two cores" << std::endl;
    return 1;
  }
  return weft::peers::answer_requests(weft::peers::play);
}
