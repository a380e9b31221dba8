#include "weft/storage/redis/loop.hpp"

#include <algorithm>

namespace weft::redis {

namespace {

thread_local const Loop* running_here = nullptr;

}  // namespace

void Loop::run(const std::function<void()>& end_of_turn) {
  running_here = this;
  while (context_.run_one() > 0) end_of_turn();
  running_here = nullptr;
}

bool Loop::is_here() const {
  return running_here == this;
}

void Loop::run_after(Nanos delay, std::function<void()> function) {
  if (is_closed_) return;
  const auto due = now() + std::clamp(delay, Nanos{0}, longest_wait);
  const auto at = later_.emplace(due, std::move(function));
  if (at == later_.begin()) set_alarm();
}

void Loop::set_alarm() {
  alarm_.after(later_.begin()->first - now(), [this] { run_what_is_due(); });
}

void Loop::run_what_is_due() {
  // What is added meanwhile waits for its own alarm, so that no function can keep the thread.
  const auto time = now();
  while (!later_.empty() && later_.begin()->first <= time) {
    const auto function = std::move(later_.extract(later_.begin()).mapped());
    note_callback();
    function();
  }
  if (!later_.empty()) set_alarm();
}

void Loop::close() {
  is_closed_ = true;
  later_.clear();
  alarm_.cancel();
  work_.reset();
}

}  // namespace weft::redis
