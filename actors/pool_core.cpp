#include "weft/actors/pool_core.hpp"

#include <algorithm>
#include <utility>

namespace weft {

PoolCore::PoolCore(PoolPolicy policy) : policy_(policy), slots_(policy.slots) {}

void PoolCore::on_request(RequestId request, const WorkerClass& worker_class, TimePoint,
                          Effects& effects) {
  requests_.push_back({request, worker_class});
  serve(effects);
}

void PoolCore::on_started(SlotId slot, TimePoint now, Effects& effects) {
  Slot& started = slots_[slot.number()];
  started.state = State::warm;
  started.idle_since = now;
  started.fresh = true;
  warm_.push_back(slot);
  serve(effects);
  const bool stands_ready = started.state == State::warm;
  if (std::exchange(started.ahead, false) && stands_ready) started.fresh = false;
  wake_later(effects);
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
  serve(effects);
  wake_later(effects);
}

void PoolCore::on_start_failed(SlotId slot) {
  slots_[slot.number()].state = State::cold;
}

void PoolCore::on_lost(SlotId slot, TimePoint, Effects& effects) {
  if (slots_[slot.number()].state != State::warm) return;
  slots_[slot.number()].state = State::cold;
  std::erase(warm_, slot);
  serve(effects);
}

std::uint32_t PoolCore::prewarm(std::uint32_t count, const WorkerClass& worker_class,
                                Effects& effects) {
  std::uint32_t started = 0;
  for (std::uint32_t i = 0; i < slots_.size() && started < count; ++i) {
    if (slots_[i].state != State::cold) continue;
    slots_[i].state = State::starting;
    slots_[i].worker_class = worker_class;
    slots_[i].ahead = true;
    effects.push_back(StartSlot{SlotId{i}, policy_.cold_start});
    ++started;
  }
  return started;
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

/// Serves from the head of the queue, and sees to it that there will be a slot for each request
/// behind it for which there is room.
void PoolCore::serve(Effects& effects) {
  while (!requests_.empty()) {
    const Request& request = requests_.front();
    const auto slot = take_warm(request.worker_class);
    if (!slot) break;
    slots_[slot->number()].state = State::busy;
    const bool cold = std::exchange(slots_[slot->number()].fresh, false);
    effects.push_back(GrantSlot{*slot, request.id, cold});
    requests_.pop_front();
  }
  if (requests_.empty()) return;
  // Warm slots may be left for requests that are not at the head.
  std::vector<SlotId> unclaimed = warm_;
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].state == State::starting) unclaimed.emplace_back(i);
  }
  for (const Request& request : requests_) {
    const auto suits = [&](SlotId slot) {
      return slots_[slot.number()].worker_class == request.worker_class;
    };
    if (const auto slot = std::ranges::find_if(unclaimed, suits); slot != unclaimed.end()) {
      unclaimed.erase(slot);
    } else if (!start(request.worker_class, unclaimed, effects)) {
      ask_to_yield(effects);
      return;
    }
  }
}

/// Starts a cold slot, or one that idles for another class. Answers false when all are taken.
/// @param unclaimed slots that no request before this one will get
bool PoolCore::start(const WorkerClass& worker_class, std::vector<SlotId>& unclaimed,
                     Effects& effects) {
  auto slot = std::ranges::find(slots_, State::cold, &Slot::state);
  if (slot == slots_.end()) {
    const auto other = std::ranges::find_if(
      unclaimed, [&](SlotId id) { return slots_[id.number()].state == State::warm; });
    if (other == unclaimed.end()) return false;
    slot = slots_.begin() + other->number();
    effects.push_back(DropExecutor{*other});
    std::erase(warm_, *other);
    unclaimed.erase(other);
  }
  slot->state = State::starting;
  slot->worker_class = worker_class;
  slot->ahead = false;
  effects.push_back(
    StartSlot{SlotId{static_cast<std::uint32_t>(slot - slots_.begin())}, policy_.cold_start});
  return true;
}

std::optional<SlotId> PoolCore::take_warm(const WorkerClass& worker_class) {
  const auto found = std::find_if(warm_.rbegin(), warm_.rend(), [&](SlotId slot) {
    return slots_[slot.number()].worker_class == worker_class;
  });
  if (found == warm_.rend()) return std::nullopt;
  const SlotId slot = *found;
  warm_.erase(std::next(found).base());
  return slot;
}

/// Those who wait are more than the slots that start: whoever holds one is asked, once.
void PoolCore::ask_to_yield(Effects& effects) {
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].state != State::busy || slots_[i].asked_to_yield) continue;
    slots_[i].asked_to_yield = true;
    effects.push_back(AskToYield{SlotId{i}});
  }
}

/// One timer at a time: for the slot that has been idle for longest.
void PoolCore::wake_later(Effects& effects) {
  if (wake_pending_ || warm_.empty()) return;
  wake_pending_ = true;
  const SlotId first = *std::ranges::min_element(
    warm_, {}, [&](SlotId slot) { return slots_[slot.number()].idle_since; });
  effects.push_back(WakeAt{slots_[first.number()].idle_since + policy_.keep_alive});
}

}  // namespace weft
