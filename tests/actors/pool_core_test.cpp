// Which request gets which slot, and when slots start and go cold.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/pool_world.hpp"

namespace weft::test {

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const WorkerClass small{.cpus = 1};
const WorkerClass large{.cpus = 4};

}  // namespace

// -- starting -----------------------------------------------------------------------------------

TEST(Pool, StartsAColdSlotForARequest) {
  PoolWorld pool{{.slots = 1, .cold_start = 3s, .keep_alive = 1min}};
  EXPECT_EQ(pool.core.state(SlotId{0}), PoolCore::State::cold);
  EXPECT_THAT(pool.request(7), ElementsAre("start 0 after 3.00s"));
  EXPECT_EQ(pool.core.state(SlotId{0}), PoolCore::State::starting);
  EXPECT_EQ(pool.core.waiting(), 1u);
  EXPECT_THAT(pool.started(0), ElementsAre("grant 0 to 7 cold"));
  EXPECT_EQ(pool.core.state(SlotId{0}), PoolCore::State::busy);
  EXPECT_EQ(pool.core.waiting(), 0u);
}

TEST(Pool, StartsNoMoreSlotsThanThereAreRequests) {
  PoolWorld pool{{.slots = 4, .keep_alive = 1min}};
  EXPECT_THAT(pool.request(1), ElementsAre("start 0 after 0s"));
  EXPECT_THAT(pool.request(2), ElementsAre("start 1 after 0s"));
  EXPECT_THAT(pool.started(0), ElementsAre("grant 0 to 1 cold"));
}

TEST(Pool, StartsNoMoreSlotsThanItsPolicyAllows) {
  PoolWorld pool{{.slots = 2, .keep_alive = 1min}};
  pool.request(1);
  pool.request(2);
  EXPECT_THAT(pool.request(3), IsEmpty());
  EXPECT_EQ(pool.core.waiting(), 3u);
}

TEST(Pool, CallsOnlyTheFirstGrantAfterAStartCold) {
  PoolWorld pool{{.slots = 1, .keep_alive = 1min}};
  EXPECT_THAT(pool.warmed_up(1, 0), ElementsAre("grant 0 to 1 cold"));
  pool.released(0);
  EXPECT_THAT(pool.request(2), ElementsAre("grant 0 to 2"));
}

TEST(Pool, GivesTheFirstSlotThatIsReadyToTheOldestRequest) {
  PoolWorld pool{{.slots = 2, .keep_alive = 1min}};
  pool.request(1);
  pool.request(2);
  EXPECT_THAT(pool.started(1), ElementsAre("grant 1 to 1 cold"));
  EXPECT_THAT(pool.started(0), ElementsAre("grant 0 to 2 cold"));
}

TEST(Pool, StartsNothingForARequestForWhichAWarmSlotIdles) {
  PoolWorld pool{{.slots = 3, .keep_alive = 1min}};
  pool.warmed_up(1, 0, large);
  pool.released(0);
  EXPECT_THAT(pool.request(2, small), ElementsAre("start 1 after 0s"));
  EXPECT_THAT(pool.request(3, large), IsEmpty()) << "it waits for its turn, not for a slot";
  EXPECT_THAT(pool.started(1), ElementsAre("grant 1 to 2 cold", "grant 0 to 3"));
}

// -- order --------------------------------------------------------------------------------------

TEST(Pool, ServesRequestsInTheOrderInWhichTheyCame) {
  PoolWorld pool{{.slots = 1, .keep_alive = 1min}};
  pool.warmed_up(1, 0);
  for (std::uint64_t request = 2; request <= 4; ++request) pool.request(request);
  EXPECT_THAT(pool.released(0), ElementsAre("grant 0 to 2", "ask 0 to yield"));
  EXPECT_THAT(pool.released(0), ElementsAre("grant 0 to 3", "ask 0 to yield"));
  EXPECT_THAT(pool.released(0), ElementsAre("grant 0 to 4"));
}

TEST(Pool, LetsNobodyOvertakeARequestOfAnotherClass) {
  PoolWorld pool{{.slots = 2, .keep_alive = 1min}};
  pool.warmed_up(1, 0, small);
  pool.warmed_up(2, 1, small);
  pool.request(3, large);
  pool.request(4, small);
  EXPECT_THAT(pool.released(0), ElementsAre("drop 0", "start 0 after 0s"))
    << "the slot is warm for request 4, which came later";
  EXPECT_THAT(pool.released(1), ElementsAre("wake at 1.00m"));
  EXPECT_THAT(pool.started(0), ElementsAre("grant 0 to 3 cold", "grant 1 to 4"));
}

// -- classes ------------------------------------------------------------------------------------

TEST(Pool, TakesTheMostRecentlyUsedWarmSlot) {
  PoolWorld pool{{.slots = 3, .keep_alive = 1min}};
  for (std::uint32_t slot = 0; slot < 3; ++slot) pool.warmed_up(slot, slot);
  for (const std::uint32_t slot : {1, 2, 0}) pool.released(slot);
  EXPECT_THAT(pool.request(10), ElementsAre("grant 0 to 10"));
  EXPECT_THAT(pool.request(11), ElementsAre("grant 2 to 11"));
  EXPECT_THAT(pool.request(12), ElementsAre("grant 1 to 12"));
}

TEST(Pool, TakesNoWarmSlotOfAnotherClass) {
  PoolWorld pool{{.slots = 2, .keep_alive = 1min}};
  pool.warmed_up(1, 0, small);
  pool.released(0);
  EXPECT_THAT(pool.request(2, large), ElementsAre("start 1 after 0s"));
}

TEST(Pool, MakesRoomByTheLeastRecentlyUsedSlotOfAnotherClass) {
  PoolWorld pool{{.slots = 2, .keep_alive = 1min}};
  pool.warmed_up(1, 0, small);
  pool.warmed_up(2, 1, small);
  pool.released(1);
  pool.released(0);
  EXPECT_THAT(pool.request(3, large), ElementsAre("drop 1", "start 1 after 0s"));
  EXPECT_THAT(pool.started(1), ElementsAre("grant 1 to 3 cold"));
}

TEST(Pool, TakesNoWarmSlotAwayFromARequestThatIsAboutToGetIt) {
  PoolWorld pool{{.slots = 2, .keep_alive = 1min}};
  pool.warmed_up(1, 0, small);
  pool.released(0);
  pool.request(2, large);
  pool.request(3, small);
  EXPECT_THAT(pool.request(4, large), IsEmpty());
  EXPECT_THAT(pool.started(1),
              ElementsAre("grant 1 to 2 cold", "grant 0 to 3", "ask 0 to yield", "ask 1 to yield"));
}

// -- keep-alive ---------------------------------------------------------------------------------

TEST(Pool, LetsASlotGoColdWhenItHasIdledForItsKeepAlive) {
  PoolWorld pool{{.slots = 1, .keep_alive = 10s}};
  pool.warmed_up(1, 0);
  EXPECT_THAT(pool.at(5s).released(0), ElementsAre("wake at 15.0s"));
  EXPECT_EQ(pool.core.state(SlotId{0}), PoolCore::State::warm);
  EXPECT_THAT(pool.woken_at(15s), ElementsAre("drop 0"));
  EXPECT_EQ(pool.core.state(SlotId{0}), PoolCore::State::cold);
  EXPECT_THAT(pool.request(2), ElementsAre("start 0 after 0s"));
  EXPECT_THAT(pool.started(0), ElementsAre("grant 0 to 2 cold"));
}

TEST(Pool, CountsTheKeepAliveFromTheLastUse) {
  PoolWorld pool{{.slots = 1, .keep_alive = 10s}};
  pool.warmed_up(1, 0);
  pool.released(0);
  pool.at(4s).request(2);
  EXPECT_THAT(pool.at(6s).released(0), IsEmpty()) << "it will be woken anyway";
  EXPECT_THAT(pool.woken_at(10s), ElementsAre("wake at 16.0s"));
  EXPECT_THAT(pool.woken_at(16s), ElementsAre("drop 0"));
}

TEST(Pool, LetsNoSlotGoColdThatIsHeld) {
  PoolWorld pool{{.slots = 1, .keep_alive = 10s}};
  pool.warmed_up(1, 0);
  pool.released(0);
  pool.at(9s).request(2);
  EXPECT_THAT(pool.woken_at(10s), IsEmpty());
  EXPECT_EQ(pool.core.state(SlotId{0}), PoolCore::State::busy);
  EXPECT_THAT(pool.at(20s).released(0), ElementsAre("wake at 30.0s"));
}

TEST(Pool, LetsEachSlotGoColdInItsTurn) {
  PoolWorld pool{{.slots = 2, .keep_alive = 10s}};
  pool.warmed_up(1, 0);
  pool.warmed_up(2, 1);
  EXPECT_THAT(pool.at(1s).released(1), ElementsAre("wake at 11.0s"));
  EXPECT_THAT(pool.at(2s).released(0), IsEmpty());
  EXPECT_THAT(pool.woken_at(11s), ElementsAre("drop 1", "wake at 12.0s"));
  EXPECT_THAT(pool.woken_at(12s), ElementsAre("drop 0"));
}

// -- slots of no use ----------------------------------------------------------------------------

TEST(Pool, ReplacesTheExecutorOfASlotThatComesBackUnusable) {
  PoolWorld pool{{.slots = 1, .cold_start = 2s, .keep_alive = 1min}};
  pool.warmed_up(1, 0);
  EXPECT_THAT(pool.released_unusable(0), ElementsAre("drop 0"));
  EXPECT_EQ(pool.core.state(SlotId{0}), PoolCore::State::cold);
  EXPECT_THAT(pool.request(2), ElementsAre("start 0 after 2.00s"));
  EXPECT_THAT(pool.started(0), ElementsAre("grant 0 to 2 cold"));
}

TEST(Pool, RestartsAnUnusableSlotForWhoeverWaits) {
  PoolWorld pool{{.slots = 1, .keep_alive = 1min}};
  pool.warmed_up(1, 0, small);
  pool.request(2, large);
  EXPECT_THAT(pool.released_unusable(0), ElementsAre("drop 0", "start 0 after 0s"));
  EXPECT_THAT(pool.started(0), ElementsAre("grant 0 to 2 cold"));
}

// -- yielding -----------------------------------------------------------------------------------

TEST(Pool, AsksEachHolderToYieldOnce) {
  PoolWorld pool{{.slots = 2, .keep_alive = 1min}};
  pool.warmed_up(1, 0);
  pool.warmed_up(2, 1);
  EXPECT_THAT(pool.request(3), ElementsAre("ask 0 to yield", "ask 1 to yield"));
  EXPECT_THAT(pool.request(4), IsEmpty());
  EXPECT_THAT(pool.released(1), ElementsAre("grant 1 to 3", "ask 1 to yield"))
    << "its next holder has not been asked, the other one has";
}

TEST(Pool, AsksNobodyToYieldWhileEnoughSlotsStart) {
  PoolWorld pool{{.slots = 2, .keep_alive = 1min}};
  pool.warmed_up(1, 0);
  EXPECT_THAT(pool.request(2), ElementsAre("start 1 after 0s"));
  EXPECT_THAT(pool.request(3), ElementsAre("ask 0 to yield"));
}

TEST(Pool, AsksNobodyToYieldForARequestForWhichAWarmSlotIdles) {
  PoolWorld pool{{.slots = 3, .keep_alive = 1min}};
  pool.warmed_up(1, 0, small);
  pool.warmed_up(2, 1, large);
  pool.released(1);
  pool.request(3, small);
  EXPECT_THAT(pool.request(4, large), IsEmpty());
}

// -- slots that are processes --------------------------------------------------------------------

TEST(Pool, StartsSlotsThatNobodyHasAskedForYet) {
  PoolWorld pool{{.slots = 3, .keep_alive = 1min}};
  EXPECT_THAT(pool.prewarmed(2), ElementsAre("start 0 after 0s", "start 1 after 0s"));
  pool.started(0);
  pool.started(1);
  EXPECT_THAT(pool.request(1), ElementsAre("grant 1 to 1"));
  EXPECT_EQ(pool.core.state(SlotId{2}), PoolCore::State::cold);
}

TEST(Pool, GrantsNoColdSlotWhereEnoughWereStartedAhead) {
  PoolWorld pool{{.slots = 3, .cold_start = 3s, .keep_alive = 1min}};
  pool.prewarmed(3);
  for (std::uint32_t slot = 0; slot < 3; ++slot) pool.started(slot);
  EXPECT_THAT(pool.request(1), ElementsAre("grant 2 to 1"));
  EXPECT_THAT(pool.request(2), ElementsAre("grant 1 to 2"));
  EXPECT_THAT(pool.request(3), ElementsAre("grant 0 to 3"));
}

TEST(Pool, GrantsAColdSlotToARequestThatHadToWaitForItsStart) {
  PoolWorld pool{{.slots = 1, .cold_start = 3s, .keep_alive = 1min}};
  pool.prewarmed(1);
  EXPECT_THAT(pool.request(1), IsEmpty()) << "a slot starts already";
  EXPECT_THAT(pool.started(0), ElementsAre("grant 0 to 1 cold"));
}

TEST(Pool, GrantsASlotThatWasStartedAheadForAnotherClassToNobody) {
  PoolWorld pool{{.slots = 1, .cold_start = 3s, .keep_alive = 1min}};
  pool.prewarmed(1, small);
  pool.started(0);
  EXPECT_THAT(pool.request(1, large), ElementsAre("drop 0", "start 0 after 3.00s"));
  EXPECT_THAT(pool.started(0), ElementsAre("grant 0 to 1 cold"));
}

TEST(Pool, PrewarmsNoMoreThanItHas) {
  PoolWorld pool{{.slots = 2, .keep_alive = 1min}};
  pool.request(1);
  EXPECT_THAT(pool.prewarmed(5), ElementsAre("start 1 after 0s"));
  EXPECT_THAT(pool.prewarmed(5), IsEmpty());
}

TEST(Pool, StartsAnotherSlotForARequestWhoseStartHasFailed) {
  PoolWorld pool{{.slots = 1, .keep_alive = 1min}};
  pool.request(1);
  pool.core.on_start_failed(SlotId{0});
  EXPECT_EQ(pool.core.state(SlotId{0}), PoolCore::State::cold);
  EXPECT_EQ(pool.core.waiting(), 1u);
  EXPECT_THAT(pool.retried(), ElementsAre("start 0 after 0s"));
  EXPECT_THAT(pool.started(0), ElementsAre("grant 0 to 1 cold"));
}

TEST(Pool, GivesNobodyASlotThatHasEndedByItself) {
  PoolWorld pool{{.slots = 1, .keep_alive = 1min}};
  pool.warmed_up(1, 0);
  pool.released(0);
  EXPECT_THAT(pool.lost(0), IsEmpty());
  EXPECT_THAT(pool.request(2), ElementsAre("start 0 after 0s"));
}

}  // namespace weft::test
