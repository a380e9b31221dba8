#include "weft/actors/pool.hpp"

#include <unordered_map>

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "weft/actors/type_ids.hpp"

namespace weft {

namespace {

class Pool {
public:
  Pool(PoolHandle::pointer self, PoolPolicy policy, std::shared_ptr<ExecutorFactory> executors,
       std::shared_ptr<const Clock> clock)
    : self_(self),
      core_(policy),
      executors_(std::move(executors)),
      clock_(std::move(clock)),
      slots_(policy.slots) {}

  ~Pool() {
    for (const Slot& slot : slots_) {
      if (slot.executor) caf::anon_send_exit(slot.executor, caf::exit_reason::user_shutdown);
    }
  }

  PoolHandle::behavior_type make_behavior() {
    return {
      [this](const AcquireSlot& m) { acquire(m); },
      [this](const ReleaseSlot& m) { release(m.slot, m.condition); },
      [this](const SlotStarted& m) {
        slots_[m.slot.number()].executor = executors_->spawn(self_->system());
        core_.on_started(m.slot, clock_->now(), effects_);
        perform_all();
      },
      [this](PoolTick) {
        core_.on_time(clock_->now(), effects_);
        perform_all();
      },
    };
  }

  static inline const char* name = "weft.pool";

private:
  struct Slot {
    ExecutorHandle executor;
    SlotHolderHandle holder;
  };
  struct Request {
    SlotHolderHandle holder;
    TimePoint at;
  };

  void acquire(const AcquireSlot& message) {
    const RequestId request{next_request_++};
    requests_.emplace(request, Request{message.holder, clock_->now()});
    core_.on_request(request, message.worker_class, clock_->now(), effects_);
    perform_all();
  }

  void release(SlotId slot, SlotCondition condition) {
    slots_[slot.number()].holder = nullptr;
    core_.on_release(slot, condition == SlotCondition::idle, clock_->now(), effects_);
    perform_all();
  }

  void perform_all() {
    for (const PoolEffect& effect : effects_) {
      std::visit([this](const auto& one) { perform(one); }, effect);
    }
    effects_.clear();
  }

  void perform(const StartSlot& effect) {
    self_->delayed_send(self_, effect.delay, SlotStarted{.slot = effect.slot});
  }

  void perform(const GrantSlot& effect) {
    const auto request = requests_.extract(effect.request).mapped();
    Slot& slot = slots_[effect.slot.number()];
    slot.holder = request.holder;
    // A holder that has gone meanwhile, since its run was over, must not take the slot along.
    self_
      ->request(request.holder, caf::infinite,
                SlotGranted{.slot = effect.slot,
                            .executor = slot.executor,
                            .cold = effect.cold,
                            .requested = request.at,
                            .granted = clock_->now()})
      .then([] {}, [this, id = effect.slot](caf::error&) { release(id, SlotCondition::idle); });
  }

  void perform(const AskToYield& effect) {
    self_->send(slots_[effect.slot.number()].holder, YieldSlot{});
  }

  void perform(const DropExecutor& effect) {
    ExecutorHandle& executor = slots_[effect.slot.number()].executor;
    self_->send_exit(executor, caf::exit_reason::user_shutdown);
    executor = nullptr;
  }

  void perform(const WakeAt& effect) {
    self_->delayed_send(self_, effect.time - clock_->now(), PoolTick{});
  }

  PoolHandle::pointer self_;
  PoolCore core_;
  PoolCore::Effects effects_;
  std::shared_ptr<ExecutorFactory> executors_;
  std::shared_ptr<const Clock> clock_;
  std::vector<Slot> slots_;
  std::unordered_map<RequestId, Request> requests_;
  std::uint64_t next_request_ = 0;
};

}  // namespace

PoolHandle spawn_pool(caf::actor_system& system, PoolPolicy policy,
                      std::shared_ptr<ExecutorFactory> executors,
                      std::shared_ptr<const Clock> clock) {
  return system.spawn<caf::stateful_actor<Pool, PoolHandle::base>>(policy, std::move(executors),
                                                                   std::move(clock));
}

}  // namespace weft
