#pragma once

#include <caf/disposable.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "weft/actors/messages.hpp"
#include "weft/actors/services.hpp"
#include "weft/actors/task_core.hpp"

namespace weft {

/// State of a task actor: carries out what its core decides. Owned by its worker. Serves one
/// attempt at a time, from the grant until the store has taken the outcome, and then waits for the
/// next one; when something of the attempt may still arrive, it quits instead.
class TaskActor {
public:
  TaskActor(TaskHandle::pointer self, RunContextPtr context, ServicesPtr services, WorkerId worker,
            WorkerHandle parent);

  TaskHandle::behavior_type make_behavior();

  static inline const char* name = "weft.task";

private:
  void start(StartTask& message);
  void stop();
  [[nodiscard]] bool may_serve_again() const;
  void watch_time(std::uint32_t attempt);
  void apply(TaskEffect effect);
  template <class Event>
  void handle(Event event);

  void perform(Wait&&) {}
  void perform(Call&&);
  void perform(Commit&& effect);
  void perform(Expand&& effect);
  void perform(ReportFailure&& effect);
  void perform(End&& effect);

  TaskHandle::pointer self_;
  RunContextPtr context_;
  ServicesPtr services_;
  WorkerId worker_;
  WorkerHandle parent_;
  ExecutorHandle executor_;
  std::optional<TaskCore> core_;  ///< Of the attempt that it serves, if any.
  std::stop_source stop_;
  caf::disposable time_limit_;
};

/// Spawns the actor of a task; `StartTask` makes it begin.
template <class Spawner>
TaskHandle spawn_task(Spawner& spawner, RunContextPtr context, ServicesPtr services,
                      WorkerId worker, WorkerHandle parent) {
  return spawner.template spawn<caf::stateful_actor<TaskActor, TaskHandle::base>, caf::lazy_init>(
    std::move(context), std::move(services), worker, std::move(parent));
}

}  // namespace weft
