#include "simulation/simulated_store.hpp"

#include <fmt/format.h>

namespace weft::test {

namespace {

/// A request in the trace; nothing where nobody reads it, since many are made.
template <class... Parts>
std::string named(fmt::format_string<Parts...> format, Parts&&... parts) {
  return SimulatedWorld::traced() ? fmt::format(format, std::forward<Parts>(parts)...) : "";
}

std::string text(const std::vector<TaskId>& tasks) {
  std::string all;
  for (const TaskId task : tasks) all += ' ' + std::to_string(task.number());
  return all;
}

}  // namespace

// -- the life of a process ------------------------------------------------------------------------

void Vitals::thaw() {
  frozen_ = false;
  for (auto& arrival : std::exchange(arrivals_, {})) receive(std::move(arrival));
}

void Vitals::receive(std::function<void()> arrival) {
  if (dead_) return;
  if (frozen_) {
    arrivals_.push_back(std::move(arrival));
  } else {
    arrival();
  }
}

bool Vitals::pass(CrashPoint point) {
  if (armed_.second > 0 && armed_.first == point && --armed_.second == 0) die();
  return !dead_;
}

// -- requests and answers -------------------------------------------------------------------------

template <class T>
struct SimulatedStore::Asked {
  std::string what;      ///< For the trace.
  bool waiting = false;  ///< For the end of an outage.
  Step<T> step;
  Done<T> done;  ///< Nothing once it was answered.
  Observers<T> observers;
};

template <class T>
void SimulatedStore::ask(std::string what, Step<T> step, Done<T> done, Observers<T> observers) {
  if (vitals_->dead()) return;
  send(std::make_shared<Asked<T>>(
    Asked<T>{std::move(what), false, std::move(step), std::move(done), std::move(observers)}));
}

/// Sends a request on its way, and again whenever there is no answer in time.
template <class T>
void SimulatedStore::send(const std::shared_ptr<Asked<T>>& asked) {
  const int copies = world_.lost() ? 0 : world_.repeated() ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    world_.timeline.after(world_.transit(), [this, asked] { carry_out(asked); });
  }
  world_.timeline.after(world_.resend_after, [this, asked] {
    vitals_->receive([this, asked] {
      if (asked->done) send(asked);
    });
  });
}

void SimulatedStore::trace(const std::string& request, std::string_view what) const {
  if (!request.empty()) {
    world_.trace(fmt::format("  {}: {} {}", vitals_->process(), request, what));
  }
}

template <class T>
void SimulatedStore::carry_out(const std::shared_ptr<Asked<T>>& asked) {
  if (world_.timeline.now() < world_.outage_until) {
    if (std::exchange(asked->waiting, true)) return;
    const Nanos left = world_.outage_until - world_.timeline.now();
    world_.timeline.after(left + world_.transit(), [this, asked] {
      asked->waiting = false;
      carry_out(asked);
    });
    return;
  }
  trace(asked->what, "carried out");
  asked->step([this, asked](Result<T> given) { answer(asked, std::move(given)); });
}

template <class T>
void SimulatedStore::answer(const std::shared_ptr<Asked<T>>& asked, Result<T> given) {
  if (asked->observers.given && !asked->observers.given(given)) return;
  if (vitals_->dead() || world_.lost()) return;
  auto shared = std::make_shared<Result<T>>(std::move(given));
  world_.timeline.after(world_.transit(), [this, asked, shared] {
    vitals_->receive([this, asked, shared] {
      if (!asked->done) return;
      trace(asked->what, "heard");
      const Done<T> done = std::exchange(asked->done, nullptr);
      if (asked->observers.heard && !asked->observers.heard(*shared)) return;
      done(std::move(*shared));
    });
  });
}

// -- the life of a run ----------------------------------------------------------------------------

void SimulatedStore::create(CreateRun request, Done<std::vector<ReadyTask>> done) {
  using Ready = std::vector<ReadyTask>;
  auto made = std::make_shared<std::optional<Ready>>();
  // Sent again, it is known by its token.
  Step<Ready> step = [this, request, made](const Done<Ready>& then) {
    if (*made) {
      then(**made);
      return;
    }
    world_.store.create(request, [&](Result<Ready> answer) {
      if (answer) *made = *answer;
      then(std::move(answer));
    });
  };
  Observers<Ready> observers;
  observers.given = [this](auto&) { return vitals_->pass(CrashPoint::plan_written); };
  ask<Ready>(named("create"), std::move(step), std::move(done), std::move(observers));
}

void SimulatedStore::cancel(RunId run, std::string reason, Done<bool> done) {
  ask<bool>(
    named("cancel"), [=, this](auto then) { world_.store.cancel(run, reason, then); },
    std::move(done));
}

void SimulatedStore::status(RunId run, Done<RunStatus> done) {
  Observers<RunStatus> observers;
  observers.heard = [this](Result<RunStatus>& status) {
    return !status || status->state == RunState::running || vitals_->pass(CrashPoint::result_read);
  };
  ask<RunStatus>(
    named("status"), [=, this](auto then) { world_.store.status(run, then); }, std::move(done),
    std::move(observers));
}

void SimulatedStore::describe(RunId run, Done<RunDescription> done) {
  ask<RunDescription>(
    named("describe"), [=, this](auto then) { world_.store.describe(run, then); }, std::move(done));
}

void SimulatedStore::runs(Done<std::vector<RunId>> done) {
  ask<std::vector<RunId>>(
    named("runs"), [this](auto then) { world_.store.runs(then); }, std::move(done));
}

void SimulatedStore::workers(RunId run, Done<std::vector<WorkerLease>> done) {
  ask<std::vector<WorkerLease>>(
    named("workers"), [=, this](auto then) { world_.store.workers(run, then); }, std::move(done));
}

void SimulatedStore::erase(RunId run, Done<void> done) {
  ask<void>(
    named("erase"), [=, this](auto then) { world_.store.erase(run, then); }, std::move(done));
}

// -- the life of an attempt -----------------------------------------------------------------------

void SimulatedStore::send_grants(std::vector<Grant>& grants) {
  for (Grant& grant : grants) {
    world_.journal.granted(grant.task);
    world_.trace(named("    grants {} under {}", grant.task.number(), grant.fence.number()));
    leave_out_inputs(grant);
  }
}

/// Leaves some of the inputs out, as a store does with large ones.
void SimulatedStore::leave_out_inputs(Grant& grant) {
  std::uint32_t place = 0;
  world_.journal.table().for_each_dependency(
    grant.task, [&](std::uint32_t, DependencyKind kind, TaskId producer) {
      const std::uint32_t here = place++;
      const bool output = kind == DependencyKind::output || kind == DependencyKind::gather;
      if (!output || grant.inputs.values()[here].missing()) return;
      if (!world_.dice.chance(world_.absent)) return;
      grant.inputs.set_value(here, {});
      grant.absent.push_back({.place = here, .task = producer});
    });
}

void SimulatedStore::claim(ClaimRequest request, Done<ClaimAnswer> done) {
  Observers<ClaimAnswer> observers;
  observers.given = [this, worker = request.worker](Result<ClaimAnswer>& answer) {
    if (!answer || answer->grants.empty()) return true;
    world_.journal.claimed(worker, world_.timeline.now(), world_.lease);
    send_grants(answer->grants);
    return vitals_->pass(CrashPoint::claimed);
  };
  ask<ClaimAnswer>(
    named("claim for {}:{}", request.worker.number(), text(request.tasks)),
    [=, this](auto then) { world_.store.claim(request, then); }, std::move(done),
    std::move(observers));
}

/// The same attempt must not end again once its commit was acknowledged.
void SimulatedStore::note_end(TaskId task, Fence fence) {
  world_.journal.expect(!acknowledged_.contains({task, fence}),
                        "task " + std::to_string(task.number()) +
                          " was executed again after its commit had been acknowledged");
}

template <class T>
SimulatedStore::Observers<T> SimulatedStore::committing(const CommitRequest& request,
                                                        std::size_t rows, bool map) {
  Observers<T> observers;
  observers.given = [this, request, rows, map](Result<CommitAnswer>& answer) {
    if (!answer || answer->outcome != CommitOutcome::committed) return true;
    const TaskId task = request.task;
    if (!answer->granted.empty()) {
      world_.journal.claimed(request.worker, world_.timeline.now(), world_.lease);
    }
    world_.journal.committed(task);
    if (map) world_.journal.expanded(task, rows);
    send_grants(answer->granted);
    return vitals_->pass(CrashPoint::committed);
  };
  observers.heard = [this, task = request.task, fence = request.fence](auto& answer) {
    if (!answer || answer->outcome != CommitOutcome::committed) return true;
    acknowledged_.insert({task, fence});
    return vitals_->pass(CrashPoint::children_notified);
  };
  return observers;
}

void SimulatedStore::commit(CommitRequest request, Done<CommitAnswer> done) {
  if (vitals_->dead()) return;
  note_end(request.task, request.fence);
  auto observers = committing<CommitAnswer>(request, 0, false);
  ask<CommitAnswer>(
    named("commit {} by {} under {}", request.task.number(), request.worker.number(),
          request.fence.number()),
    [=, this](auto then) { world_.store.commit(request, then); }, std::move(done),
    std::move(observers));
  static_cast<void>(vitals_->pass(CrashPoint::output_written));
}

void SimulatedStore::expand(ExpandRequest request, Done<CommitAnswer> done) {
  if (vitals_->dead()) return;
  note_end(request.commit.task, request.commit.fence);
  auto observers = committing<CommitAnswer>(request.commit, request.items.size(), true);
  ask<CommitAnswer>(
    named("expand {} by {} under {}", request.commit.task.number(), request.commit.worker.number(),
          request.commit.fence.number()),
    [=, this](auto then) { world_.store.expand(request, then); }, std::move(done),
    std::move(observers));
  static_cast<void>(vitals_->pass(CrashPoint::output_written));
}

void SimulatedStore::fail(FailRequest request, Done<FailAnswer> done) {
  note_end(request.task, request.fence);
  Observers<FailAnswer> observers;
  observers.given = [this, worker = request.worker](Result<FailAnswer>& answer) {
    if (answer && answer->attempt > 0) {
      world_.journal.claimed(worker, world_.timeline.now(), world_.lease);
    }
    return true;
  };
  ask<FailAnswer>(
    named("fail {} by {} under {}", request.task.number(), request.worker.number(),
          request.fence.number()),
    [=, this](auto then) { world_.store.fail(request, then); }, std::move(done),
    std::move(observers));
}

void SimulatedStore::release(ReleaseRequest request, Done<void> done) {
  ask<void>(
    named("release by {}:{}", request.worker.number(), text(request.tasks)),
    [=, this](auto then) { world_.store.release(request, then); }, std::move(done));
}

// -- values ---------------------------------------------------------------------------------------

void SimulatedStore::fetch(RunId run, std::vector<TaskId> tasks, Done<std::vector<Value>> done) {
  Observers<std::vector<Value>> observers;
  observers.heard = [this](auto&) { return vitals_->pass(CrashPoint::inputs_fetched); };
  ask<std::vector<Value>>(
    named("fetch{}", text(tasks)), [=, this](auto then) { world_.store.fetch(run, tasks, then); },
    std::move(done), std::move(observers));
}

void SimulatedStore::put_chunk(PutChunk chunk, Done<void> done) {
  ask<void>(
    {}, [=, this](auto then) { world_.store.put_chunk(chunk, then); }, std::move(done));
}

void SimulatedStore::read_chunks(RunId run, TaskId task, std::uint32_t first, Done<Chunks> done) {
  ask<Chunks>(
    {}, [=, this](auto then) { world_.store.read_chunks(run, task, first, then); },
    std::move(done));
}

// -- liveness -------------------------------------------------------------------------------------

void SimulatedStore::launch(RunId run, WorkerId worker, std::string holder, Done<bool> done) {
  Observers<bool> observers;
  observers.given = [this, worker, holder](Result<bool>& launched) {
    if (!launched || !*launched) return true;
    world_.journal.launched(worker, holder, world_.timeline.now(), world_.lease);
    return vitals_->pass(CrashPoint::claimed);
  };
  ask<bool>(
    named("launch {}", worker.number()),
    [=, this](auto then) { world_.store.launch(run, worker, holder, then); }, std::move(done),
    std::move(observers));
}

void SimulatedStore::renew(RunId run, WorkerId worker, std::string holder, Done<Renewal> done) {
  Observers<Renewal> observers;
  observers.given = [this, worker, holder](Result<Renewal>& renewal) {
    if (renewal && renewal->held) {
      world_.journal.renewed(worker, holder, world_.timeline.now(), world_.lease);
    }
    return true;
  };
  ask<Renewal>(
    named("renew {}", worker.number()),
    [=, this](auto then) { world_.store.renew(run, worker, holder, then); }, std::move(done),
    std::move(observers));
}

void SimulatedStore::park(RunId run, WorkerId worker, std::string holder, Done<bool> done) {
  ask<bool>(
    named("park {}", worker.number()),
    [=, this](const Done<bool>& then) {
      world_.store.park(run, worker, holder, [&](Result<bool> parked) {
        if (parked && *parked) world_.journal.parked(worker, holder);
        then(std::move(parked));
      });
    },
    std::move(done));
}

void SimulatedStore::held(RunId run, WorkerId worker, Done<std::vector<Grant>> done) {
  Observers<std::vector<Grant>> observers;
  observers.given = [this](Result<std::vector<Grant>>& grants) {
    if (grants) send_grants(*grants);
    return true;
  };
  ask<std::vector<Grant>>(
    named("held {}", worker.number()),
    [=, this](auto then) { world_.store.held(run, worker, then); }, std::move(done),
    std::move(observers));
}

void SimulatedStore::abandon(AbandonRequest request, Done<AbandonAnswer> done) {
  ask<AbandonAnswer>(
    {}, [=, this](auto then) { world_.store.abandon(request, then); }, std::move(done));
}

void SimulatedStore::sweep(Done<SweepReport> done) {
  ask<SweepReport>(
    named("sweep"), [this](auto then) { world_.store.sweep(then); }, std::move(done));
}

// -- watching -------------------------------------------------------------------------------------

void SimulatedStore::events(RunId run, std::uint64_t first, std::size_t limit,
                            Done<std::vector<RunEvent>> done) {
  ask<std::vector<RunEvent>>(
    {}, [=, this](auto then) { world_.store.events(run, first, limit, then); }, std::move(done));
}

/// A hint is lost with its connection: when that is there again, the client wakes its watchers.
void SimulatedStore::watch(RunId run, std::function<void()> wake) {
  wakes_[run] = std::move(wake);
  const auto arrive = [this, run](Nanos after) {
    world_.timeline.after(after, [this, run] {
      vitals_->receive([this, run] {
        if (wakes_[run]) wakes_[run]();
      });
    });
  };
  world_.timeline.after(world_.transit(), [this, run, arrive] {
    if (vitals_->dead()) return;
    world_.watch(run, vitals_->process(), [this, arrive] {
      const int copies = world_.repeated() ? 2 : 1;
      for (int i = 0; i < copies; ++i) {
        arrive(world_.lost() ? world_.resend_after + world_.transit() : world_.transit());
      }
    });
    arrive(world_.transit());
  });
}

void SimulatedStore::listen(RunId run, WorkerId worker, std::function<void(Told)> take) {
  listeners_[{run, worker}] = std::move(take);
  const auto hear = [this, run, worker](Told told) {
    send_grants(told.grants);
    const int copies = world_.lost() ? 0 : world_.repeated() ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      world_.timeline.after(world_.transit(), [this, run, worker, told] {
        vitals_->receive([this, run, worker, told] {
          if (const auto& listener = listeners_[{run, worker}]) listener(told);
        });
      });
    }
  };
  world_.timeline.after(world_.transit(), [this, run, worker, hear] {
    if (vitals_->dead()) return;
    const bool wanted = static_cast<bool>(listeners_[{run, worker}]);
    world_.listen(run, worker, vitals_->process(), wanted ? SimulatedWorld::ToldTo{hear} : nullptr);
  });
}

}  // namespace weft::test
