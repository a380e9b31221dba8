// Sweepers of several nodes over one store: who gets the turns.

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <set>

#include "actors/virtual_node.hpp"
#include "weft/actors/sweeper.hpp"

namespace weft::test {
namespace {

constexpr Nanos sweep_period = 500ms;

/// A store that has something to tell to one sweeper in each turn, as Redis has.
class StoreOfTurns {
public:
  StoreOfTurns(RunStoreHandle::pointer self, const Clock* clock, std::set<caf::actor_addr>* swept)
    : self_(self), clock_(clock), swept_(swept) {}

  RunStoreHandle::behavior_type make_behavior() {
    return {
      [](const CreateRun&) { return RunCreated{}; },
      [](const CancelRun&) { return false; },
      [](const ReadStatus&) { return RunStatus{}; },
      [](const ReadEvents&) { return EventsRead{}; },
      [](const WatchRun&) {},
      [](const UnwatchRun&) {},
      [](const EraseRun&) {},
      [](const DescribeRun&) { return RunDescription{}; },
      [](ListRuns) { return RunsListed{}; },
      [](const AbandonRequest&) { return AbandonAnswer{}; },
      [this](SweepRuns) { return sweep(); },
    };
  }

private:
  SweepReport sweep() {
    if (clock_->now() < next_turn_) return {};
    next_turn_ = clock_->now() + sweep_period / 2;
    swept_->insert(caf::actor_cast<caf::actor_addr>(self_->current_sender()));
    return {};
  }

  RunStoreHandle::pointer self_;
  const Clock* clock_;
  std::set<caf::actor_addr>* swept_;
  TimePoint next_turn_{};
};

class Sweepers : public VirtualNode {};

TEST_F(Sweepers, EachGetATurnWhoeverComesFirst) {
  std::set<caf::actor_addr> swept;
  auto store = keep(
    system.spawn<caf::stateful_actor<StoreOfTurns, RunStoreHandle::base>>(clock.get(), &swept));
  keep(spawn_sweeper(system, store, {}, {.period = sweep_period, .seed = 1}));
  pass(1ms);
  keep(spawn_sweeper(system, store, {}, {.period = sweep_period, .seed = 2}));
  pass(100 * sweep_period);
  EXPECT_EQ(swept.size(), 2u);
  store = nullptr;
}

}  // namespace
}  // namespace weft::test
