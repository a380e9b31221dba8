#include "weft/actors/pool_core.hpp"

#include <algorithm>

namespace weft {

PoolCore::PoolCore(PoolPolicy policy)
    : policy_(policy), slots_(policy.slots), cold_grant_(policy.slots, false) {}

void PoolCore::on_request(RequestId request, TimePoint now, Effects& effects) {
  requests_.push_back(request);
  serve(now, effects);
}

void PoolCore::on_started(SlotId slot, TimePoint now, Effects& effects) {
  Slot& started = slots_[slot.number()];
  started.state = State::warm;
  started.idle_since = now;
  cold_grant_[slot.number()] = true;
  warm_.push_back(slot);
  serve(now, effects);
}

void PoolCore::on_release(SlotId slot, bool usable, TimePoint now, Effects& effects) {
  Slot& released = slots_[slot.number()];
  released.asked_to_yield = false;
  if (usable) {
    released.state = State::warm;
    released.idle_since = now;
    warm_.push_back(slot);
  } else {
    released.state = State::cold;
    effects.push_back(DropExecutor{slot});
  }
  serve(now, effects);
  wake_later(effects);
}

void PoolCore::on_time(TimePoint now, Effects& effects) {
  wake_pending_ = false;
  std::erase_if(warm_, [&](SlotId slot) {
    Slot& idle = slots_[slot.number()];
    if (idle.idle_since + policy_.keep_alive > now) return false;
    idle.state = State::cold;
    effects.push_back(DropExecutor{slot});
    return true;
  });
  wake_later(effects);
}

/// One timer at a time: for the slot that has been idle for longest.
void PoolCore::wake_later(Effects& effects) {
  if (wake_pending_ || warm_.empty()) return;
  wake_pending_ = true;
  const SlotId first = *std::ranges::min_element(
    warm_, {}, [&](SlotId slot) { return slots_[slot.number()].idle_since; });
  effects.push_back(WakeAt{slots_[first.number()].idle_since + policy_.keep_alive});
}

void PoolCore::serve(TimePoint, Effects& effects) {
  while (!requests_.empty() && !warm_.empty()) {
    const SlotId slot = warm_.back();
    warm_.pop_back();
    slots_[slot.number()].state = State::busy;
    const bool cold = cold_grant_[slot.number()];
    cold_grant_[slot.number()] = false;
    effects.push_back(GrantSlot{slot, requests_.front(), cold});
    requests_.pop_front();
  }
  auto starting = static_cast<std::size_t>(std::ranges::count(slots_, State::starting, &Slot::state));
  for (std::uint32_t i = 0; i < slots_.size() && starting < requests_.size(); ++i) {
    if (slots_[i].state != State::cold) continue;
    slots_[i].state = State::starting;
    effects.push_back(StartSlot{SlotId{i}, policy_.cold_start});
    ++starting;
  }
  if (starting < requests_.size()) ask_to_yield(effects);
}

/// Those who wait are more than the slots that start: whoever holds one is asked, once.
void PoolCore::ask_to_yield(Effects& effects) {
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].state != State::busy || slots_[i].asked_to_yield) continue;
    slots_[i].asked_to_yield = true;
    effects.push_back(AskToYield{SlotId{i}});
  }
}

}  // namespace weft
