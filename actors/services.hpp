#pragma once

#include <memory>
#include <string>
#include <vector>

#include "weft/actors/interfaces.hpp"
#include "weft/workflow/ids.hpp"
#include "weft/workflow/units.hpp"

namespace weft {

/// When a worker sends what it measured to the recorder.
struct RecordPolicy {
  enum class When : std::uint8_t { never, at_end, each_task, periodic, by_count };
  When when = When::never;
  std::size_t count = 1024;  ///< The most that a worker holds back, whatever the policy.
  Nanos period = std::chrono::seconds{1};
};

/// The actors of a node that all of its runs share. Immutable once the node is up.
struct Services {
  /// Brokers over the same store, as tasks see them. A worker keeps to one, so that its steps stay
  /// on its thread.
  std::vector<AttemptStoreHandle> attempt_stores;
  /// One of the brokers, as runs see it.
  RunStoreHandle run_store;
  PoolHandle pool;
  PlannerHandle planner;
  RecorderHandle recorder;  ///< Nothing when nothing is recorded.
  FeedHandle feed;
  RecordPolicy record;
  LauncherHandle launcher;  ///< Nothing where runs end with their process.
  std::string holder;       ///< Who this node is when it launches workers.

  [[nodiscard]] const AttemptStoreHandle& attempt_store_of(WorkerId worker) const {
    return attempt_stores[worker.number() % attempt_stores.size()];
  }
};

using ServicesPtr = std::shared_ptr<const Services>;

}  // namespace weft
