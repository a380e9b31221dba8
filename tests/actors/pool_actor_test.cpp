// The pool among its holders: slots that start, are granted, come back and go cold, in virtual
// time.

#include <fmt/format.h>

#include <caf/typed_event_based_actor.hpp>
#include <string>

#include "actors/virtual_node.hpp"
#include "weft/actors/pool.hpp"

namespace weft::test {

namespace {

/// Remembers the executors that it makes.
class NotedExecutors final : public ExecutorFactory {
public:
  [[nodiscard]] ExecutorHandle spawn(caf::actor_system& system) override {
    const ExecutorHandle executor = executors_.spawn(system);
    made.push_back(executor.address());
    return executor;
  }
  void stop() override {}

  std::vector<caf::actor_addr> made;

private:
  SimulatedExecutors executors_;
};

}  // namespace

class ThePoolActor : public VirtualNode {
protected:
  void start(PoolPolicy policy) { pool = keep(spawn_pool(system, policy, executors, clock)); }

  /// Notes what it is told, by its name.
  SlotHolderHandle holder(std::string name) {
    return keep(
      system.spawn([this, name](SlotHolderHandle::pointer) -> SlotHolderHandle::behavior_type {
        return {
          [this, name](const SlotGranted& m) {
            log.push_back(fmt::format("{} {}: slot {}{}", now() / 1s, name, m.slot.number(),
                                      m.cold ? " cold" : ""));
            last = m;
            last.executor = nullptr;
          },
          [this, name](YieldSlot) { log.push_back(fmt::format("{} {}: yield", now() / 1s, name)); },
        };
      }));
  }

  void acquire(const SlotHolderHandle& holder) { tell(pool, AcquireSlot{.holder = holder}); }
  void release(std::uint32_t slot, SlotCondition condition = SlotCondition::idle) {
    tell(pool, ReleaseSlot{.slot = SlotId{slot}, .condition = condition});
  }

  std::shared_ptr<NotedExecutors> executors = std::make_shared<NotedExecutors>();
  PoolHandle pool;
  std::vector<std::string> log;
  SlotGranted last;
};

TEST_F(ThePoolActor, GrantsASlotWhenItsColdStartIsOver) {
  start({.slots = 1, .cold_start = 3s, .keep_alive = 1min});
  pass(1s);
  acquire(holder("a"));
  pass(2s);
  EXPECT_THAT(log, IsEmpty());
  EXPECT_THAT(executors->made, IsEmpty()) << "nothing runs while it starts";
  pass(1s);
  EXPECT_THAT(log, ElementsAre("4 a: slot 0 cold"));
  EXPECT_EQ(last.granted - last.requested, Nanos{3s});
}

TEST_F(ThePoolActor, GrantsAWarmSlotAtOnceWithTheSameExecutor) {
  start({.slots = 1, .cold_start = 3s, .keep_alive = 1min});
  acquire(holder("a"));
  pass(5s);
  release(0);
  acquire(holder("b"));
  pass(0s);
  EXPECT_THAT(log, ElementsAre("3 a: slot 0 cold", "5 b: slot 0"));
  EXPECT_EQ(last.granted, last.requested);
  EXPECT_EQ(executors->made.size(), 1u);
}

TEST_F(ThePoolActor, AsksAHolderToYieldToWhoeverWaits) {
  start({.slots = 1, .keep_alive = 1min});
  acquire(holder("a"));
  pass(1s);
  acquire(holder("b"));
  pass(1s);
  release(0);
  pass(0s);
  EXPECT_THAT(log, ElementsAre("0 a: slot 0 cold", "1 a: yield", "2 b: slot 0"));
}

TEST_F(ThePoolActor, EndsTheExecutorOfASlotThatHasIdledForItsKeepAlive) {
  start({.slots = 1, .cold_start = 1s, .keep_alive = 10s});
  acquire(holder("a"));
  pass(2s);
  release(0);
  pass(9s);
  ASSERT_EQ(executors->made.size(), 1u);
  EXPECT_TRUE(alive(executors->made[0]));
  pass(1s);
  EXPECT_FALSE(alive(executors->made[0]));
  acquire(holder("b"));
  pass(1s);
  EXPECT_THAT(log, ElementsAre("1 a: slot 0 cold", "13 b: slot 0 cold"));
}

TEST_F(ThePoolActor, GivesASlotThatComesBackBusyANewExecutor) {
  start({.slots = 1, .cold_start = 1s, .keep_alive = 1min});
  acquire(holder("a"));
  pass(1s);
  acquire(holder("b"));
  release(0, SlotCondition::busy);
  pass(1s);
  EXPECT_THAT(log, ElementsAre("1 a: slot 0 cold", "1 a: yield", "2 b: slot 0 cold"));
  ASSERT_EQ(executors->made.size(), 2u);
  EXPECT_FALSE(alive(executors->made[0]));
  EXPECT_TRUE(alive(executors->made[1]));
}

TEST_F(ThePoolActor, TakesASlotBackFromAHolderThatHasGoneMeanwhile) {
  start({.slots = 1, .cold_start = 2s, .keep_alive = 1min});
  const SlotHolderHandle gone = holder("a");
  acquire(gone);
  acquire(holder("b"));
  pass(1s);
  caf::anon_send_exit(gone, caf::exit_reason::user_shutdown);
  pass(1s);
  EXPECT_THAT(log, ElementsAre("2 b: slot 0"));
}

TEST_F(ThePoolActor, EndsItsExecutorsWithItself) {
  start({.slots = 2, .keep_alive = 1min});
  acquire(holder("a"));
  acquire(holder("b"));
  pass(1s);
  ASSERT_EQ(executors->made.size(), 2u);
  caf::anon_send_exit(pool, caf::exit_reason::user_shutdown);
  pool = nullptr;
  pass(0s);
  EXPECT_FALSE(alive(executors->made[0]) || alive(executors->made[1]));
}

}  // namespace weft::test
