// A pool in a random world: what holds after every step, whatever the order of events.

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "support/dice.hpp"
#include "support/seeds.hpp"
#include "weft/actors/pool_core.hpp"

namespace weft::test {

namespace {

using namespace std::chrono_literals;

/// Asks, releases and lets time pass as the dice fall, and checks every effect against what a pool
/// promises.
class RandomPool {
public:
  explicit RandomPool(std::uint64_t seed)
    : dice_(seed),
      policy_{.slots = 1 + dice_.roll(4),
              .cold_start = std::chrono::seconds{dice_.roll(4)},
              .keep_alive = std::chrono::seconds{dice_.roll(20)}},
      core_(policy_),
      slots_(policy_.slots) {
    for (std::uint32_t i = 0; i <= dice_.roll(3); ++i) classes_.push_back({.cpus = 1.0 + i});
  }

  void play(int steps) {
    for (int i = 0; i < steps; ++i) {
      if (dice_.chance(40)) {
        request();
      } else if (dice_.chance(60)) {
        release();
      } else {
        let_time_pass(std::chrono::seconds{dice_.roll(5)});
      }
    }
  }

  /// Nobody asks any more, and all give back what they hold.
  void drain() {
    const std::size_t bound = 20 * (waiting_.size() + policy_.slots);
    for (std::size_t i = 0; i < bound; ++i) {
      release();
      jump();
    }
    EXPECT_TRUE(waiting_.empty()) << waiting_.size() << " requests starve";
    for (const Slot& slot : slots_) EXPECT_FALSE(slot.executor) << "a slot stays warm for ever";
  }

private:
  struct Slot {
    bool executor = false;  ///< Started, and not dropped since.
    bool fresh = false;
    std::optional<WorkerClass> worker_class;  ///< Known from its first grant on.
    bool starting = false;
    std::optional<std::uint64_t> holder;  ///< The request that it was granted to.
    bool asked = false;
  };
  struct UnderWay {
    SlotId slot;
    TimePoint over;
  };
  struct Request {
    std::uint64_t id;
    WorkerClass worker_class;
  };

  // -- what happens to the pool --

  void request() {
    waiting_.push_back({next_request_++, dice_.pick(classes_)});
    core_.on_request(RequestId{waiting_.back().id}, waiting_.back().worker_class, now_, effects_);
    check_effects();
  }

  void release() {
    std::vector<std::uint32_t> held;
    for (std::uint32_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].holder) held.push_back(i);
    }
    if (held.empty()) return;
    const std::uint32_t number = dice_.pick(held);
    slots_[number].holder.reset();
    slots_[number].asked = false;
    core_.on_release(SlotId{number}, dice_.chance(90), now_, effects_);
    check_effects();
  }

  void let_time_pass(Nanos duration) {
    const TimePoint end = now_ + duration;
    while (const auto next = next_timer()) {
      if (*next > end) break;
      jump();
    }
    now_ = end;
  }

  [[nodiscard]] std::optional<TimePoint> next_timer() const {
    if (wake_ && (starts_.empty() || *wake_ <= starts_.front().over)) return wake_;
    if (starts_.empty()) return std::nullopt;
    return starts_.front().over;
  }

  bool jump() {
    const auto next = next_timer();
    if (!next) return false;
    now_ = *next;
    if (wake_ == next) {
      wake_.reset();
      core_.on_time(now_, effects_);
    } else {
      const SlotId started = starts_.front().slot;
      starts_.pop_front();
      slot(started).starting = false;
      slot(started).executor = slot(started).fresh = true;
      core_.on_started(started, now_, effects_);
    }
    check_effects();
    return true;
  }

  // -- what the pool may want --

  void check_effects() {
    for (const PoolEffect& effect : effects_) {
      std::visit([this](const auto& one) { check(one); }, effect);
    }
    effects_.clear();
    EXPECT_EQ(core_.waiting(), waiting_.size());
    if (waiting_.empty()) return;
    EXPECT_TRUE(std::ranges::any_of(slots_, [](const Slot& s) { return s.holder || s.starting; }))
      << "requests wait, and nothing will end their waiting";
    EXPECT_TRUE(std::ranges::none_of(
      slots_,
      [this](const Slot& s) { return idle(s) && s.worker_class == waiting_.front().worker_class; }))
      << "the first request waits beside a warm slot";
  }

  Slot& slot(SlotId id) {
    EXPECT_LT(id.number(), slots_.size()) << "more slots than the policy has";
    return slots_.at(id.number());
  }
  [[nodiscard]] static bool idle(const Slot& slot) { return slot.executor && !slot.holder; }

  void check(const StartSlot& effect) {
    Slot& one = slot(effect.slot);
    EXPECT_FALSE(one.executor || one.holder || one.starting) << "only a cold slot is started";
    EXPECT_FALSE(waiting_.empty()) << "a slot starts for nobody";
    EXPECT_EQ(effect.delay, policy_.cold_start);
    one.starting = true;
    starts_.push_back({effect.slot, now_ + effect.delay});
    one.worker_class.reset();
  }

  void check(const GrantSlot& effect) {
    Slot& one = slot(effect.slot);
    ASSERT_FALSE(waiting_.empty());
    EXPECT_EQ(effect.request.number(), waiting_.front().id) << "requests are served in their order";
    EXPECT_TRUE(one.executor) << "a slot that is granted has started";
    EXPECT_FALSE(one.holder) << "a slot has one holder";
    EXPECT_EQ(effect.cold, one.fresh);
    if (one.fresh) one.worker_class = waiting_.front().worker_class;
    EXPECT_EQ(one.worker_class, waiting_.front().worker_class) << "warm for its class alone";
    one.holder = waiting_.front().id;
    one.fresh = false;
    waiting_.pop_front();
  }

  void check(const AskToYield& effect) {
    Slot& one = slot(effect.slot);
    EXPECT_TRUE(one.holder) << "only holders can yield";
    EXPECT_FALSE(std::exchange(one.asked, true)) << "a holder is asked once";
    EXPECT_FALSE(waiting_.empty()) << "nobody wants the slot";
  }

  void check(const DropExecutor& effect) {
    Slot& one = slot(effect.slot);
    EXPECT_TRUE(idle(one)) << "only an idle slot loses its executor";
    one.executor = one.fresh = false;
  }

  void check(const WakeAt& effect) {
    EXPECT_GE(effect.time, now_);
    EXPECT_FALSE(wake_) << "one timer at a time";
    wake_ = effect.time;
  }

  Dice dice_;
  PoolPolicy policy_;
  std::vector<WorkerClass> classes_;
  PoolCore core_;
  PoolCore::Effects effects_;
  std::vector<Slot> slots_;
  std::deque<Request> waiting_;
  std::deque<UnderWay> starts_;  ///< All take equally long.
  std::optional<TimePoint> wake_;
  TimePoint now_{};
  std::uint64_t next_request_ = 0;
};

class RandomPools : public testing::TestWithParam<std::uint64_t> {};

}  // namespace

TEST_P(RandomPools, ServeEveryRequestOnceAndInOrder) {
  for_each_seed(GetParam(), [](std::uint64_t seed) {
    RandomPool pool{seed};
    pool.play(200);
    pool.drain();
  });
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomPools, seed_blocks(500));

}  // namespace weft::test
