#include "weft/actors/sweeper.hpp"

#include <map>

#include <spdlog/spdlog.h>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "weft/actors/error_mapping.hpp"
#include "weft/actors/type_ids.hpp"

namespace weft {

namespace {

class Sweeper {
public:
  Sweeper(SweeperHandle::pointer self, RunStoreHandle store, LauncherHandle launcher, Nanos period)
    : self_(self), store_(std::move(store)), launcher_(std::move(launcher)), period_(period) {
    self_->delayed_send(self_, period_, SweepTick{});
  }

  SweeperHandle::behavior_type make_behavior() {
    return {
      [this](SweepTick) { sweep(); },
    };
  }

  static inline const char* name = "weft.sweeper";

private:
  void sweep() {
    self_->request(store_, caf::infinite, SweepRuns{})
      .then(
        [this](const SweepReport& report) {
          working_ = true;
          launch(report);
          self_->delayed_send(self_, period_, SweepTick{});
        },
        [this](const caf::error& error) {
          if (std::exchange(working_, false)) {
            spdlog::warn("runs are not swept: {}", from_caf(error).message);
          }
          self_->delayed_send(self_, period_, SweepTick{});
        });
  }

  /// Each worker's tasks together.
  void launch(const SweepReport& report) {
    std::map<std::pair<RunId, WorkerId>, std::vector<ReadyTask>> found;
    for (const auto& entry : report.requeued) {
      found[{entry.run, entry.task.worker}].push_back(entry.task);
    }
    for (const auto& entry : report.orphaned) {
      found[{entry.run, entry.task.worker}].push_back(entry.task);
    }
    for (auto& [place, tasks] : found) {
      self_->send(launcher_, LaunchTasks{.run = place.first,
                                         .worker = place.second,
                                         .tasks = std::move(tasks)});
    }
  }

  SweeperHandle::pointer self_;
  RunStoreHandle store_;
  LauncherHandle launcher_;
  Nanos period_;
  bool working_ = true;
};

}  // namespace

SweeperHandle spawn_sweeper(caf::actor_system& system, RunStoreHandle store,
                            LauncherHandle launcher, Nanos period) {
  return system.spawn<caf::stateful_actor<Sweeper, SweeperHandle::base>>(
    std::move(store), std::move(launcher), period);
}

}  // namespace weft
