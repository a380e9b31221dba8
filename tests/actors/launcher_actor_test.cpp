// A launcher of durable runs: what it keeps of them.

#include <caf/typed_event_based_actor.hpp>

#include "actors/virtual_node.hpp"
#include "weft/actors/launcher.hpp"

namespace weft::test {
namespace {

/// A run that does nothing but to be there until its client lets go.
RunActorHandle::behavior_type played_run(RunActorHandle::pointer self) {
  return {
    [](const CancelRun&) { return false; },
    [](ReadStatus) { return RunRecord{}; },
    [](RunChanged) {},
    [](const WorkerJoined&) {},
    [](const WorkerFailed&) {},
    [self](const CloseRun&) { self->quit(); },
  };
}

class ALauncher : public VirtualNode {};

TEST_F(ALauncher, KeepsNothingOfARunThatItsClientHasLetGoOf) {
  auto launcher = keep(spawn_launcher(
    system, [] { return std::make_shared<const Services>(); },
    [](RunId, const RunDescription&) -> Result<RunContextPtr> { return Error{}; }));
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
  launcher = nullptr;
}

}  // namespace
}  // namespace weft::test
