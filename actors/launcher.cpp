#include "weft/actors/launcher.hpp"

#include <map>

#include <spdlog/spdlog.h>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "weft/actors/error_mapping.hpp"
#include "weft/actors/type_ids.hpp"
#include "weft/actors/worker.hpp"

namespace weft {

namespace {

class Launcher {
public:
  Launcher(LauncherHandle::pointer self, std::function<ServicesPtr()> services,
           ContextMaker make_context)
    : self_(self), services_(std::move(services)), make_context_(std::move(make_context)) {
    self_->set_down_handler([this](const caf::down_msg& down) { on_down(down.source); });
  }

  LauncherHandle::behavior_type make_behavior() {
    return {
      [this](LaunchTasks& m) { launch(std::move(m)); },
      [this](RunLaunched& m) {
        Entry& entry = runs_[m.context->id];
        entry.context = std::move(m.context);
        entry.run = std::move(m.run);
        self_->monitor(entry.run);
      },
      [this](const EndRun& m) { return end(m.run); },
    };
  }

  static inline const char* name = "weft.launcher";

private:
  struct Entry {
    RunContextPtr context;  ///< Nothing while the store is asked.
    RunActorHandle run;     ///< Nothing for runs of others, and for those that were let go of.
    std::map<WorkerId, WorkerHandle> workers;
    std::vector<LaunchTasks> waiting;  ///< For the context.
    std::vector<caf::typed_response_promise<void>> ending;
  };

  void launch(LaunchTasks message) {
    const RunId run = message.run;
    const auto [place, fresh] = runs_.try_emplace(run);
    Entry& entry = place->second;
    if (!entry.ending.empty()) return;
    if (entry.context) {
      give(entry, std::move(message));
      return;
    }
    entry.waiting.push_back(std::move(message));
    if (fresh) look_up(run);
  }

  void look_up(RunId run) {
    self_->request(services_()->run_store, caf::infinite, DescribeRun{.run = run})
      .then(
        [this, run](const RunDescription& description) {
          Entry& entry = runs_[run];
          if (!entry.context) {
            auto context = make_context_(run, description);
            if (!context) {
              refuse(run, context.error());
              return;
            }
            entry.context = std::move(*context);
          }
          for (LaunchTasks& message : std::exchange(entry.waiting, {})) {
            give(entry, std::move(message));
          }
        },
        [this, run](const caf::error& error) { refuse(run, from_caf(error)); });
  }

  /// Another node may be able to.
  void refuse(RunId run, const Error& why) {
    spdlog::warn("run {} is not taken over here: {}", run.text(), to_string(why));
    runs_.erase(run);
  }

  void give(Entry& entry, LaunchTasks message) {
    const auto planned = static_cast<std::uint32_t>(entry.context->plan->workers.size());
    if (message.worker != flexible_worker) {
      give(entry, message.worker,
           message.worker.number() < planned ? WorkerKind::planned : WorkerKind::flexible,
           std::move(message.tasks));
      return;
    }
    // Past the plan's own; the number tells the worker apart in traces.
    for (const ReadyTask& task : message.tasks) {
      give(entry, WorkerId{planned + task.task.number()}, WorkerKind::flexible, {task});
    }
  }

  void give(Entry& entry, WorkerId id, WorkerKind kind, std::vector<ReadyTask> tasks) {
    WorkerHandle& worker = entry.workers[id];
    if (!worker) {
      worker = spawn_worker(self_->system(), entry.context, services_(), id, kind, entry.run);
      self_->monitor(worker);
    }
    if (tasks.empty()) return;
    const RunId run = entry.context->id;
    // One that has just quit must not take them along.
    self_->request(worker, caf::infinite, TasksReady{tasks})
      .then([] {},
            [this, run, id, tasks, address = worker.address()](const caf::error&) {
              on_down(address);
              launch({.run = run, .worker = id, .tasks = tasks});
            });
  }

  void on_down(const caf::actor_addr& gone) {
    const auto place =
      std::ranges::find_if(runs_, [&gone](auto& one) { return lose(one.second, gone); });
    if (place == runs_.end() || !place->second.workers.empty()) return;
    Entry& entry = place->second;
    for (auto& promise : entry.ending) promise.deliver();
    // What nobody here has submitted, or waits for, is looked up again when it is needed again.
    if (!entry.ending.empty() || (!entry.run && entry.waiting.empty())) runs_.erase(place);
  }

  /// Answers whether it was the run's actor or one of its workers.
  static bool lose(Entry& entry, const caf::actor_addr& gone) {
    if (entry.run && entry.run.address() == gone) {
      entry.run = nullptr;
      return true;
    }
    return std::erase_if(entry.workers,
                         [&gone](const auto& one) { return one.second.address() == gone; }) > 0;
  }

  caf::result<void> end(RunId run) {
    auto promise = self_->make_response_promise<void>();
    const auto found = runs_.find(run);
    if (found == runs_.end() || found->second.workers.empty()) {
      if (found != runs_.end()) runs_.erase(found);
      promise.deliver();
      return promise;
    }
    found->second.ending.push_back(promise);
    for (const auto& [id, worker] : found->second.workers) self_->send(worker, StopWorker{});
    return promise;
  }

  LauncherHandle::pointer self_;
  std::function<ServicesPtr()> services_;
  ContextMaker make_context_;
  std::map<RunId, Entry> runs_;
};

}  // namespace

LauncherHandle spawn_launcher(caf::actor_system& system, std::function<ServicesPtr()> services,
                              ContextMaker make_context) {
  return system.spawn<caf::stateful_actor<Launcher, LauncherHandle::base>>(std::move(services),
                                                                           std::move(make_context));
}

}  // namespace weft
