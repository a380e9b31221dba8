#pragma once

#include <caf/typed_event_based_actor.hpp>

#include "actors/virtual_node.hpp"

namespace weft::test {

/// What holds for every launcher: what it keeps of runs.
class LauncherOfRuns : public VirtualNode {
protected:
  void expect_it_keeps_nothing_of_a_run_let_go_of(const LauncherHandle& launcher) {
    auto context = std::make_shared<const RunContext>();
    const std::weak_ptr<const RunContext> kept = context;
    auto run = keep(system.spawn(played_run));
    tell(launcher, RunLaunched{.context = std::exchange(context, nullptr), .run = run});
    settle();
    EXPECT_FALSE(kept.expired());
    tell(run, CloseRun{});
    run = nullptr;
    settle();
    EXPECT_TRUE(kept.expired());
  }

private:
  /// A run that does nothing but to be there until its client lets go.
  static RunActorHandle::behavior_type played_run(RunActorHandle::pointer self) {
    return {
      [](const CancelRun&) { return false; },
      [](ReadStatus) { return RunRecord{}; },
      [](RunChanged) {},
      [](const WorkerJoined&) {},
      [](const WorkerFailed&) {},
      [self](const CloseRun&) { self->quit(); },
    };
  }
};

}  // namespace weft::test
