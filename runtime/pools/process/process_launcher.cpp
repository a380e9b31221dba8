#include "weft/runtime/pools/process/process_launcher.hpp"

#include <spdlog/spdlog.h>

#include <caf/stateful_actor.hpp>

#include "weft/actors/error_mapping.hpp"
#include "weft/actors/type_ids.hpp"
#include "weft/runtime/pools/process/process_launcher_actor.hpp"

namespace weft {

namespace {

/// A worker's part of a larger graph is read from the store instead of being sent along.
constexpr std::size_t slice_max = 16u << 20;

}  // namespace

ProcessLauncherHandle::behavior_type ProcessLauncher::make_behavior() {
  return {
    [this](LaunchTasks& m) { launch(std::move(m)); },
    [this](RunLaunched& m) {
      Run& run = runs_[m.context->id];
      run.context = std::move(m.context);
      run.actor = std::move(m.run);
      self_->monitor(run.actor);
    },
    [this](const EndRun& m) { return end(m.run); },
    [this](const Prewarm& m) {
      const std::uint32_t started = core_.prewarm(m.count, parts_.pool.slot_class, effects_);
      perform_all();
      return started;
    },
    [this](const HostStarted& m) { on_started(m); },
    [this](HostFrame& m) { on_frame(m); },
    [this](const HostEnded& m) { on_ended(m); },
    [this](PoolTick) {
      core_.on_time(now(), effects_);
      perform_all();
    },
  };
}

void ProcessLauncher::launch(LaunchTasks message) {
  const RunId id = message.run;
  const auto [place, fresh] = runs_.try_emplace(id);
  Run& run = place->second;
  if (!run.ending.empty()) return;
  if (run.context) {
    seat(run, std::move(message));
    return;
  }
  run.waiting.push_back(std::move(message));
  if (fresh) look_up(id);
}

void ProcessLauncher::look_up(RunId id) {
  self_->request(parts_.run_store, caf::infinite, DescribeRun{.run = id})
    .then(
      [this, id](const RunDescription& description) {
        Run& run = runs_[id];
        if (!run.context) {
          auto context = parts_.make_context(id, description);
          if (!context) {
            refuse(id, context.error());
            return;
          }
          run.context = std::move(*context);
          run.source = description.source;
        }
        for (LaunchTasks& message : std::exchange(run.waiting, {})) seat(run, std::move(message));
      },
      [this, id](const caf::error& error) { refuse(id, from_caf(error)); });
}

void ProcessLauncher::refuse(RunId id, const Error& why) {
  spdlog::warn("run {} is not taken over here: {}", id.text(), to_string(why));
  runs_.erase(id);
}

void ProcessLauncher::Seat::add(const std::vector<ReadyTask>& more) {
  for (const ReadyTask& task : more) tasks.try_emplace(task.task, task);
}

void ProcessLauncher::seat(Run& run, LaunchTasks message) {
  const auto planned = static_cast<std::uint32_t>(run.context->plan->workers.size());
  if (message.worker != flexible_worker) {
    seat(run, message.worker, std::move(message.tasks));
    return;
  }
  // Past the plan's own; the number tells the worker apart in traces.
  for (const ReadyTask& task : message.tasks) {
    seat(run, WorkerId{planned + task.task.number()}, {task});
  }
}

void ProcessLauncher::seat(Run& run, WorkerId worker, std::vector<ReadyTask> tasks) {
  const auto [place, fresh] = run.seats.try_emplace(worker);
  Seat& seat = place->second;
  if (fresh) {
    seat.worker = worker;
    seat.request = RequestId{next_request_++};
    seat.requested = now();
    seat.add(tasks);
    requests_.emplace(seat.request, std::pair{run.context->id, worker});
    // What every process is started as: each of them suits any worker.
    core_.on_request(seat.request, parts_.pool.slot_class, now(), effects_);
    perform_all();
  } else if (!seat.slot) {
    seat.add(tasks);
  } else if (!tasks.empty()) {
    send(*seat.slot, NodeFrame::tasks,
         frame_payload(TasksFrame{.run = run.context->id, .tasks = std::move(tasks)}));
  }
}

WorkerClass ProcessLauncher::class_of(const Run& run, WorkerId worker) {
  const auto& workers = run.context->plan->workers;
  return worker.number() < workers.size() ? workers[worker.number()].worker_class : WorkerClass{};
}

caf::result<void> ProcessLauncher::end(RunId id) {
  auto promise = self_->make_response_promise<void>();
  const auto found = runs_.find(id);
  if (found == runs_.end() || found->second.seats.empty()) {
    if (found != runs_.end()) runs_.erase(found);
    promise.deliver();
    return promise;
  }
  Run& run = found->second;
  run.ending.push_back(promise);
  for (auto seat = run.seats.begin(); seat != run.seats.end();) {
    if (seat->second.slot) {
      send(*seat->second.slot, NodeFrame::stop, {});
      ++seat;
    } else {
      // What was granted to a request that nobody makes any more goes back then.
      requests_.erase(seat->second.request);
      seat = run.seats.erase(seat);
    }
  }
  forget_if_over(id);
  return promise;
}

void ProcessLauncher::on_let_go(const caf::actor_addr& actor) {
  const auto found = std::ranges::find_if(runs_, [&actor](const auto& one) {
    return one.second.actor && one.second.actor.address() == actor;
  });
  if (found == runs_.end()) return;
  found->second.actor = nullptr;
  forget_if_over(found->first);
}

void ProcessLauncher::forget_if_over(RunId id) {
  const auto found = runs_.find(id);
  if (found == runs_.end() || !found->second.seats.empty()) return;
  Run& run = found->second;
  if (run.ending.empty() && (run.actor || !run.waiting.empty())) return;
  for (auto& promise : run.ending) promise.deliver();
  runs_.erase(found);
}

void ProcessLauncher::perform(const GrantSlot& effect) {
  const auto node = requests_.extract(effect.request);
  const auto run = node.empty() ? runs_.end() : runs_.find(node.mapped().first);
  if (run == runs_.end()) {
    core_.on_release(effect.slot, true, now(), effects_);
    return;
  }
  Seat& seat = run->second.seats.at(node.mapped().second);
  seat.slot = effect.slot;
  slots_[effect.slot.number()].hosts = node.mapped();
  record_slot(run->second, seat, effect.cold);
  invoke(run->second, seat);
}

void ProcessLauncher::record_slot(const Run& run, const Seat& seat, bool cold) {
  if (!parts_.recorder) return;
  const TimePoint submitted = run.context->submitted;
  MetricsBatch batch{.run = run.context->id};
  batch.slots.push_back({.worker = seat.worker,
                         .worker_class = class_of(run, seat.worker),
                         .cold = cold,
                         .requested = seat.requested - submitted,
                         .granted = now() - submitted});
  self_->send(parts_.recorder, std::move(batch));
}

void ProcessLauncher::invoke(Run& run, Seat& seat) {
  const RunContext& context = *run.context;
  Slot& slot = slots_[seat.slot->number()];
  // Another each time: what an earlier process of this worker still does must not count as its.
  seat.holder = fmt::format("{}-{}-{}", slot.process ? slot.process->process() : 0,
                            seat.slot->number(), next_holder_++);
  seat.holder += "-" + nonce_;
  InvokeFrame frame{.run = context.id,
                    .worker = seat.worker,
                    .holder = seat.holder,
                    .lease = context.lease,
                    .submitted = context.submitted.time_since_epoch().count(),
                    .submitted_wall = context.submitted_wall.time_since_epoch().count(),
                    .kept = context.kept,
                    .tasks = {},
                    .slice = slice_of(run, seat.worker),
                    .source = run.source};
  for (const auto& [task, ready] : std::exchange(seat.tasks, {})) frame.tasks.push_back(ready);
  send(*seat.slot, NodeFrame::invoke, frame_payload(frame));
}

Blob ProcessLauncher::slice_of(Run& run, WorkerId worker) {
  const RunContext& context = *run.context;
  if (worker.number() >= context.plan->workers.size()) return {};
  if (!run.encoded) {
    auto encoded = encode_graph(*context.graph, *context.plan);
    if (!encoded) return {};
    run.encoded = std::move(*encoded);
  }
  const auto tasks = tasks_of_worker(*context.graph, *context.plan, worker);
  const auto constants = constants_of(*context.graph, tasks);
  Blob slice = pack_slice(parts_of(*run.encoded, tasks, constants));
  return slice.size() <= slice_max ? std::move(slice) : Blob{};
}

ProcessLauncherHandle spawn_process_launcher(caf::actor_system& system,
                                             ProcessLauncherParts parts) {
  return system.spawn<caf::stateful_actor<ProcessLauncher, ProcessLauncherHandle::base>>(
    std::move(parts));
}

}  // namespace weft
