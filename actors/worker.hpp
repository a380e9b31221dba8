#pragma once

#include <unordered_map>

#include <caf/disposable.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "weft/actors/messages.hpp"
#include "weft/actors/services.hpp"
#include "weft/actors/worker_core.hpp"

namespace weft {

/// Whether a worker is one of the plan's, or was launched for a flexible task.
enum class WorkerKind : std::uint8_t { planned, flexible };

/// State of a worker actor: carries out what its core decides, owns the actors of its tasks, and
/// sends what they measured to the recorder. Owned by its run.
class WorkerActor {
public:
  WorkerActor(WorkerHandle::pointer self, RunContextPtr context, ServicesPtr services, WorkerId id,
              WorkerKind kind, RunActorHandle run);

  WorkerHandle::behavior_type make_behavior();

  static inline const char* name = "weft.worker";

private:
  void on_task_ended(TaskEnded& message);
  void on_slot_granted(const SlotGranted& message);
  void on_stop();
  void on_park();
  void give_up(Error error);

  // The lease of a worker whose run outlives processes (worker_lease.cpp).
  [[nodiscard]] bool durable() const { return context_->durability == Durability::store; }
  /// As whom it is launched; empty when it only claims.
  [[nodiscard]] std::string holder() const { return durable() ? services_->holder : std::string{}; }
  void launch();
  void on_launched(bool launched);
  void pass_on();
  void launch_again();
  void beat();
  void on_renewed(const Renewal& renewal);
  void on_told(Told& told);
  void read_held();
  void lose_lease();
  void end_lease();
  void perform_all();

  void perform(WantSlot&&);
  void perform(GiveSlotBack&& effect);
  void perform(Claim&& effect);
  void perform(Start&& effect);
  void perform(FetchInputs&& effect);
  void perform(GiveTasksBack&& effect);
  void perform(TakeLater&& effect);
  void perform(HandOver&& effect);
  void perform(LaunchFlexible&& effect);

  void record(TaskMetrics metrics);
  void flush();
  void quit_if_done();
  [[nodiscard]] TaskHandle actor_for_task();

  struct Running {
    TaskId task;
    TaskHandle actor;
    std::vector<TaskId> dependencies;  ///< Of tasks made by a map.
  };

  WorkerHandle::pointer self_;
  RunContextPtr context_;
  ServicesPtr services_;
  WorkerId id_;
  WorkerKind kind_;
  RunActorHandle run_;
  WorkerCore core_;
  WorkerCore::Effects effects_;
  std::shared_ptr<const std::vector<WorkerHandle>> peers_;
  std::vector<Running> running_;   ///< At most `WorkerCore::started_ahead`.
  std::vector<TaskHandle> spare_;  ///< Serve no task now; with the running, as many at most.
  std::unordered_map<TaskId, caf::disposable> backing_off_;
  SlotId slot_;
  ExecutorHandle executor_;
  MetricsBatch measured_;
  bool stopping_ = false;

  enum class Lease : std::uint8_t { none, asked, held, ending };
  Lease lease_ = Lease::none;
  Nanos launched_at_{};
  std::uint64_t told_ = 0;  ///< Number of the last message from the store.
  bool reading_held_ = false;
  bool read_held_again_ = false;  ///< Something was missed while it was being read.
  std::vector<ReadyTask> early_;  ///< Ready before it was launched.
};

[[nodiscard]] WorkerHandle spawn_worker(caf::actor_system& system, RunContextPtr context,
                                        ServicesPtr services, WorkerId id, WorkerKind kind,
                                        RunActorHandle run);

}  // namespace weft
