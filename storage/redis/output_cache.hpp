#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "weft/workflow/ids.hpp"
#include "weft/workflow/value.hpp"

namespace weft::redis {

/// Outputs that this process has at hand anyway, the latest used kept for longest.
///
/// Thread-safe.
class OutputCache {
public:
  explicit OutputCache(Bytes most) : most_(most.count) {}

  void put(RunId run, TaskId task, Value value);
  /// Missing when it is not there.
  [[nodiscard]] Value find(RunId run, TaskId task);
  void drop(RunId run);
  void drop_all();

private:
  struct Entry {
    RunId run;
    TaskId task;
    Value value;
    std::size_t size;
  };
  using Entries = std::list<Entry>;

  std::mutex mutex_;
  std::size_t most_;
  std::size_t size_ = 0;
  Entries entries_;  ///< The latest used first.
  std::unordered_map<RunId, std::unordered_map<TaskId, Entries::iterator>> places_;
};

}  // namespace weft::redis
