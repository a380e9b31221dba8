#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/init_global_meta_objects.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "weft/actors/ask.hpp"
#include "weft/actors/type_ids.hpp"
#include "weft/workflow/clock.hpp"

namespace weft::test {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

/// Actors on one thread whose time stands still until a test lets it pass: for one actor, or a few,
/// among others that a test plays.
class VirtualNode : public testing::Test {
protected:
  [[nodiscard]] Nanos now() const { return clock->now() - started_; }

  /// Keeps an actor until the end of the test.
  template <class Handle>
  Handle keep(Handle actor) {
    actors_.push_back(actor.address());
    return actor;
  }

  template <class Handle, class Message>
  static void tell(const Handle& actor, Message message) {
    caf::anon_send(actor, std::move(message));
  }

  /// Handles messages until none is left; time stands still.
  void settle() {
    while (scheduler().try_run_once()) {
    }
  }

  /// Handles messages while time passes.
  void pass(Nanos duration) {
    auto& timers = scheduler().clock();
    const auto end = timers.current_time + duration;
    const auto next_is_due = [&] {
      while (!timers.schedule.empty() && timers.schedule.begin()->second.f.disposed()) {
        timers.schedule.erase(timers.schedule.begin());
      }
      return !timers.schedule.empty() && timers.schedule.begin()->first <= end;
    };
    settle();
    while (next_is_due()) {
      timers.trigger_timeout();
      settle();
    }
    timers.current_time = end;
  }

  /// The answer to a request; `settle` has happened.
  template <class Answer, class Handle, class Message>
  Result<Answer> ask(const Handle& actor, Message message) {
    return weft::ask<Answer>(system, actor, std::move(message), [this] { settle(); });
  }

  [[nodiscard]] static bool alive(const caf::actor_addr& actor) {
    return caf::actor_cast<caf::strong_actor_ptr>(actor) != nullptr;
  }

  void TearDown() override {
    for (const caf::actor_addr& address : actors_) {
      if (auto actor = caf::actor_cast<caf::actor>(address)) {
        caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
      }
    }
    settle();
  }

private:
  struct Config : caf::actor_system_config {
    Config() {
      caf::core::init_global_meta_objects();
      caf::init_global_meta_objects<caf::id_block::weft>();
      set("caf.scheduler.policy", "testing");
      set("caf.logger.file.verbosity", "quiet");
      set("caf.logger.console.verbosity", "quiet");
    }
  };

  /// The clock of the scheduler.
  class SchedulerClock final : public Clock {
  public:
    explicit SchedulerClock(caf::actor_clock& clock) : clock_(clock) {}
    [[nodiscard]] TimePoint now() const override {
      return std::chrono::time_point_cast<Nanos>(clock_.now());
    }
    [[nodiscard]] WallTime wall_now() const override {
      return WallTime{clock_.now().time_since_epoch()};
    }

  private:
    caf::actor_clock& clock_;
  };

  caf::scheduler::test_coordinator& scheduler() {
    return static_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  }

  Config config_;

protected:
  caf::actor_system system{config_};
  std::shared_ptr<const Clock> clock = std::make_shared<SchedulerClock>(system.scheduler().clock());

private:
  TimePoint started_ = clock->now();
  std::vector<caf::actor_addr> actors_;
};

}  // namespace weft::test
