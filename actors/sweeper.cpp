#include "weft/actors/sweeper.hpp"

#include <map>
#include <random>

#include <spdlog/spdlog.h>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "weft/actors/error_mapping.hpp"
#include "weft/actors/type_ids.hpp"

namespace weft {

namespace {

class Sweeper {
public:
  Sweeper(SweeperHandle::pointer self, RunStoreHandle store, LauncherHandle launcher,
          const SweeperOptions& options)
    : self_(self),
      store_(std::move(store)),
      launcher_(std::move(launcher)),
      period_(options.period),
      random_(options.seed) {
    sweep_later();
  }

  SweeperHandle::behavior_type make_behavior() {
    return {
      [this](SweepTick) { sweep(); },
    };
  }

  static inline const char* name = "weft.sweeper";

private:
  /// Between three and five quarters of the period: of two nodes in step, one would get every turn.
  void sweep_later() {
    const auto spread = static_cast<std::uint64_t>(period_.count() / 2);
    const Nanos extra{static_cast<std::int64_t>(random_() % (spread + 1))};
    self_->delayed_send(self_, period_ - period_ / 4 + extra, SweepTick{});
  }

  void sweep() {
    self_->request(store_, caf::infinite, SweepRuns{})
      .then(
        [this](const SweepReport& report) {
          working_ = true;
          launch(report);
          sweep_later();
        },
        [this](const caf::error& error) {
          if (std::exchange(working_, false)) {
            spdlog::warn("runs are not swept: {}", from_caf(error).message);
          }
          sweep_later();
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
      self_->send(
        launcher_,
        LaunchTasks{.run = place.first, .worker = place.second, .tasks = std::move(tasks)});
    }
  }

  SweeperHandle::pointer self_;
  RunStoreHandle store_;
  LauncherHandle launcher_;
  Nanos period_;
  std::mt19937_64 random_;
  bool working_ = true;
};

}  // namespace

SweeperHandle spawn_sweeper(caf::actor_system& system, RunStoreHandle store,
                            LauncherHandle launcher, const SweeperOptions& options) {
  return system.spawn<caf::stateful_actor<Sweeper, SweeperHandle::base>>(
    std::move(store), std::move(launcher), options);
}

}  // namespace weft
