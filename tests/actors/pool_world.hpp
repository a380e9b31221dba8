#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "weft/actors/pool_core.hpp"

namespace weft::test {

/// Effects of a pool as a person would say them, to be compared.
struct PoolEffectText {
  std::string operator()(const StartSlot& e) const {
    return fmt::format("start {} after {}", e.slot.number(), format_duration(e.delay));
  }
  std::string operator()(const GrantSlot& e) const {
    return fmt::format("grant {} to {}{}", e.slot.number(), e.request.number(),
                       e.cold ? " cold" : "");
  }
  std::string operator()(const AskToYield& e) const {
    return fmt::format("ask {} to yield", e.slot.number());
  }
  std::string operator()(const DropExecutor& e) const {
    return fmt::format("drop {}", e.slot.number());
  }
  std::string operator()(const WakeAt& e) const {
    return "wake at " + format_duration(e.time.time_since_epoch());
  }
};

/// A pool's core and the time that it is told. Answers effects as text.
class PoolWorld {
public:
  using Said = std::vector<std::string>;

  explicit PoolWorld(PoolPolicy policy) : core(policy) {}

  Said request(std::uint64_t number, const WorkerClass& worker_class = {}) {
    return said(
      [&](auto& effects) { core.on_request(RequestId{number}, worker_class, now(), effects); });
  }
  Said started(std::uint32_t slot) {
    return said([&](auto& effects) { core.on_started(SlotId{slot}, now(), effects); });
  }
  Said prewarmed(std::uint32_t count, const WorkerClass& worker_class = {}) {
    return said([&](auto& effects) { core.prewarm(count, worker_class, effects); });
  }
  Said lost(std::uint32_t slot) {
    return said([&](auto& effects) { core.on_lost(SlotId{slot}, now(), effects); });
  }
  Said retried() {
    return said([&](auto& effects) { core.on_retry(effects); });
  }
  Said released(std::uint32_t slot) { return released(slot, true); }
  Said released_unusable(std::uint32_t slot) { return released(slot, false); }
  Said woken_at(Nanos time) {
    at(time);
    return said([&](auto& effects) { core.on_time(now(), effects); });
  }

  /// Asks for a slot that is cold, and starts it. Answers what the start led to.
  Said warmed_up(std::uint64_t number, std::uint32_t slot, const WorkerClass& worker_class = {}) {
    static_cast<void>(request(number, worker_class));
    return started(slot);
  }

  PoolWorld& at(Nanos time) {
    time_ = time;
    return *this;
  }

  PoolCore core;

private:
  [[nodiscard]] TimePoint now() const { return TimePoint{time_}; }

  Said released(std::uint32_t slot, bool usable) {
    return said([&](auto& effects) { core.on_release(SlotId{slot}, usable, now(), effects); });
  }

  template <class Step>
  Said said(Step&& step) {
    PoolCore::Effects effects;
    step(effects);
    Said all;
    for (const PoolEffect& effect : effects) all.push_back(std::visit(PoolEffectText{}, effect));
    return all;
  }

  Nanos time_{};
};

}  // namespace weft::test
