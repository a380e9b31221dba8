#include "weft/storage/redis/output_cache.hpp"

namespace weft::redis {

void OutputCache::put(RunId run, TaskId task, Value value) {
  const std::size_t size = value.size().count;
  if (size > most_ / 4) return;  // One large output must not push everything else out.
  Entries dropped;               // Destroyed where no lock is held.
  const std::lock_guard lock{mutex_};
  auto& places = places_[run];
  if (const auto found = places.find(task); found != places.end()) {
    size_ -= found->second->size;
    dropped.splice(dropped.begin(), entries_, found->second);
  }
  entries_.push_front({run, task, std::move(value), size});
  places[task] = entries_.begin();
  size_ += size;
  // A small share of each entry is this cache's own.
  constexpr std::size_t own = 128;
  while (size_ + own * entries_.size() > most_ && entries_.size() > 1) {
    const auto last = std::prev(entries_.end());
    size_ -= last->size;
    const auto of_run = places_.find(last->run);
    of_run->second.erase(last->task);
    if (of_run->second.empty()) places_.erase(of_run);
    dropped.splice(dropped.begin(), entries_, last);
  }
}

Value OutputCache::find(RunId run, TaskId task) {
  const std::lock_guard lock{mutex_};
  const auto of_run = places_.find(run);
  if (of_run == places_.end()) return {};
  const auto found = of_run->second.find(task);
  if (found == of_run->second.end()) return {};
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->value;
}

void OutputCache::drop_all() {
  Entries dropped;
  const std::lock_guard lock{mutex_};
  dropped.swap(entries_);
  places_.clear();
  size_ = 0;
}

void OutputCache::drop(RunId run) {
  Entries dropped;
  const std::lock_guard lock{mutex_};
  const auto of_run = places_.find(run);
  if (of_run == places_.end()) return;
  for (const auto& [task, place] : of_run->second) {
    size_ -= place->size;
    dropped.splice(dropped.begin(), entries_, place);
  }
  places_.erase(of_run);
}

}  // namespace weft::redis
