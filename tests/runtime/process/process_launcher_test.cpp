// A process launcher before it has any process: what it keeps of runs.

#include <caf/typed_event_based_actor.hpp>

#include "actors/virtual_node.hpp"
#include "weft/runtime/pools/process/process_launcher.hpp"

namespace weft::test {
namespace {

/// A run whose client has nothing to do but to let go of it.
RunActorHandle::behavior_type run_to_let_go_of(RunActorHandle::pointer self) {
  return {
    [](const CancelRun&) { return false; },
    [](ReadStatus) { return RunRecord{}; },
    [](RunChanged) {},
    [](const WorkerJoined&) {},
    [](const WorkerFailed&) {},
    [self](const CloseRun&) { self->quit(); },
  };
}

class AProcessLauncher : public VirtualNode {};

TEST_F(AProcessLauncher, KeepsNothingOfARunThatItsClientHasLetGoOf) {
  auto launcher = keep(spawn_process_launcher(system, {.pool = {.slots = 1},
                                                       .store = {},
                                                       .record = {},
                                                       .source = {},
                                                       .run_store = {},
                                                       .recorder = {},
                                                       .clock = clock,
                                                       .make_context = {}}));
  auto context = std::make_shared<const RunContext>();
  const std::weak_ptr<const RunContext> kept = context;
  auto run = keep(system.spawn(run_to_let_go_of));
  tell(launcher, RunLaunched{.context = std::exchange(context, nullptr), .run = run});
  settle();
  EXPECT_FALSE(kept.expired());
  tell(run, CloseRun{});
  run = nullptr;
  settle();
  EXPECT_TRUE(kept.expired());
  launcher = nullptr;
}

}  // namespace
}  // namespace weft::test
