// What a process launcher does with its processes: starts them, talks to them, hears of their ends.

#include <spdlog/spdlog.h>

#include <caf/send.hpp>

#include "weft/actors/error_mapping.hpp"
#include "weft/actors/type_ids.hpp"
#include "weft/runtime/pools/process/process_launcher_actor.hpp"

namespace weft {

namespace {

/// After so many processes that could not be started by their own fault, and none that could, the
/// runs of this node fail.
constexpr int own_failed_starts_max = 3;
constexpr Nanos start_backoff = std::chrono::milliseconds{200};
constexpr Nanos start_backoff_max = std::chrono::seconds{5};
/// For functions that were told to stop: twice what commands have between TERM and KILL.
constexpr Nanos end_grace = std::chrono::seconds{10};

}  // namespace

void ProcessLauncher::perform_all() {
  // Effects lead to more effects: a slot that nobody wants any more is released at once.
  while (!effects_.empty()) {
    for (const PoolEffect& effect : std::exchange(effects_, {})) {
      std::visit([this](const auto& one) { perform(one); }, effect);
    }
  }
}

void ProcessLauncher::perform(const StartSlot& effect) {
  if (failed_starts_ == 0) {
    start(effect.slot);
  } else {
    self_->run_delayed(std::min(start_backoff * failed_starts_, start_backoff_max),
                       [this, slot = effect.slot] { start(slot); });
  }
}

void ProcessLauncher::start(SlotId id) {
  Slot& slot = slots_[id.number()];
  ++slot.start;
  slot.set_up = false;
  slot.speaks = false;
  slot.hosts.reset();
  slot.running.reset();
  if (auto page = RunningPage::create()) slot.running.emplace(std::move(*page));
  WorkerProcessOptions options;
  options.command = parts_.pool.worker_command;
  options.worker_class = parts_.pool.slot_class;
  const ProcessLauncherHandle launcher{self_};
  const auto address = launcher.address();
  const auto tell = [address](auto message) {
    if (const auto actor = caf::actor_cast<ProcessLauncherHandle>(address)) {
      caf::anon_send(actor, std::move(message));
    }
  };
  slot.process = processes_.start(
    std::move(options),
    {.on_started =
       [=, start = slot.start](const Result<StartTimes>& times) {
         HostStarted message{.slot = id, .start = start};
         if (!times) message.failure = times.error();
         tell(std::move(message));
       },
     .on_frame =
       [=, start = slot.start](Frame frame) {
         tell(HostFrame{.slot = id,
                        .start = start,
                        .kind = static_cast<std::uint16_t>(frame.kind),
                        .payload = std::move(frame.payload)});
       },
     .on_exit =
       [=, start = slot.start](const WorkerExit& exit) {
         tell(HostEnded{.slot = id,
                        .start = start,
                        .cause = to_error(exit, Errc::task_failed,
                                          fmt::format("worker process {}", exit.process)),
                        .killed_from_outside = exit.killed_from_outside()});
       }});
}

void ProcessLauncher::on_started(const HostStarted& message) {
  Slot& slot = slots_[message.slot.number()];
  if (slot.start != message.start) return;
  if (message.failure) {
    start_failed(message.slot, *message.failure,
                 message.failure->code == Errc::cancelled ? StartFault::outside : StartFault::own);
    return;
  }
  slot.speaks = true;
  slot.asked = TimePoint{};
  slot.unanswered = 0;
  if (!std::exchange(asking_, true)) ask_later();
  const StoreOptions& store = parts_.store;
  send(
    message.slot, NodeFrame::setup,
    frame_payload(SetupFrame{.url = store.url,
                             .password_file = store.password_file,
                             .tls_authorities = store.tls_authorities,
                             .tls_certificate = store.tls_certificate,
                             .tls_key = store.tls_key,
                             .prefix = store.prefix,
                             .source = parts_.source,
                             .allow_plaintext = store.allow_plaintext,
                             .lease = store.lease,
                             .patience = store.patience,
                             .replicas = store.replicas_awaited(),
                             .record_when = static_cast<std::uint8_t>(parts_.record.when),
                             .record_count = parts_.record.count,
                             .record_period = parts_.record.period,
                             .running_page = slot.running ? slot.running->path() : std::string{}}));
}

void ProcessLauncher::ask_later() {
  self_->run_delayed(question_interval_, [this] { ask_for_signs_of_life(); });
}

void ProcessLauncher::ask_for_signs_of_life() {
  asking_ = false;
  for (Slot& slot : slots_) {
    if (!slot.process || !slot.speaks) continue;
    asking_ = true;
    const bool answered = slot.process->last_heard() >= slot.asked;
    slot.unanswered = answered ? 0 : slot.unanswered + 1;
    if (slot.unanswered == unanswered_max) {
      slot.process->kill();
    } else {
      slot.asked = now();
      slot.process->ping();
    }
  }
  if (asking_) ask_later();
}

Error ProcessLauncher::cause_of(const Slot& slot, const Error& end) const {
  if (slot.unanswered < unanswered_max) return end;
  return with_context(
    "it gave no sign of life for " + format_duration(unanswered_max * question_interval_), end);
}

void ProcessLauncher::start_failed(SlotId id, const Error& why, StartFault fault) {
  Slot& slot = slots_[id.number()];
  ++slot.start;  // Its end, which may be told yet, is no second failure.
  slot.process.reset();
  core_.on_start_failed(id);
  ++failed_starts_;
  if (fault == StartFault::own) ++own_failed_starts_;
  if (own_failed_starts_ < own_failed_starts_max) {
    spdlog::warn("a worker process could not start, and another is tried: {}", to_string(why));
    core_.on_retry(effects_);
    perform_all();
    return;
  }
  // Whoever waits would wait for ever.
  spdlog::error("worker processes cannot be started: {}", to_string(why));
  failed_starts_ = own_failed_starts_ = 0;
  for (auto& [run_id, run] : runs_) {
    if (run.actor) self_->send(run.actor, WorkerFailed{.error = why});
  }
  serve_again_later();
}

void ProcessLauncher::serve_again_later() {
  if (std::exchange(serves_again_, true)) return;
  self_->run_delayed(start_backoff_max, [this] {
    serves_again_ = false;
    const bool wanted = std::ranges::any_of(runs_, [](const auto& run) {
      return std::ranges::any_of(run.second.seats,
                                 [](const auto& seat) { return !seat.second.slot; });
    });
    if (!wanted) return;
    core_.on_retry(effects_);
    perform_all();
  });
}

void ProcessLauncher::on_frame(HostFrame& message) {
  Slot& slot = slots_[message.slot.number()];
  if (slot.start != message.start) return;
  switch (static_cast<NodeFrame>(message.kind)) {
    case NodeFrame::ready:
      failed_starts_ = own_failed_starts_ = 0;
      slot.set_up = true;
      core_.on_started(message.slot, now(), effects_);
      perform_all();
      return;
    case NodeFrame::refused: {
      Error why{.code = Errc::internal, .message = "a worker process refuses to work"};
      static_cast<void>(decode_into(why, message.payload));
      if (slot.process) slot.process->kill();
      start_failed(message.slot, why,
                   why.code == Errc::store_unavailable ? StartFault::outside : StartFault::own);
      return;
    }
    case NodeFrame::hand_over:
      if (auto frame = decode<HandOverFrame>(message.payload)) {
        launch({.run = frame->run, .worker = frame->worker, .tasks = std::move(frame->tasks)});
      }
      return;
    case NodeFrame::metrics:
      if (auto batch = decode<MetricsBatch>(message.payload); batch && parts_.recorder) {
        self_->send(parts_.recorder, std::move(*batch));
      }
      return;
    case NodeFrame::over:
      if (auto frame = decode<OverFrame>(message.payload)) {
        if (slot.hosts != std::pair{frame->run, frame->worker}) return;
        if (frame->refusal) refused(frame->run, std::move(*frame->refusal));
        // Functions need not return when they are told to: what follows must not run beside one.
        const bool calling = slot.running && slot.running->calling();
        free_slot(message.slot, calling ? SlotCondition::busy : SlotCondition::idle);
        if (!frame->tasks.empty()) {
          launch({.run = frame->run, .worker = frame->worker, .tasks = std::move(frame->tasks)});
        }
      }
      return;
    default:
      spdlog::warn("a worker process has said something unknown ({})", message.kind);
  }
}

void ProcessLauncher::refused(RunId id, Error why) {
  const auto run = runs_.find(id);
  if (run == runs_.end()) return;
  if (run->second.actor) {
    self_->send(run->second.actor, WorkerFailed{.error = std::move(why)});
  } else {
    spdlog::error("run {} cannot be worked at here: {}", id.text(), to_string(why));
  }
}

void ProcessLauncher::free_slot(SlotId id, SlotCondition condition) {
  Slot& slot = slots_[id.number()];
  const auto hosted = std::exchange(slot.hosts, std::nullopt);
  core_.on_release(id, condition == SlotCondition::idle, now(), effects_);
  if (hosted) {
    if (const auto run = runs_.find(hosted->first); run != runs_.end()) {
      run->second.seats.erase(hosted->second);
    }
    forget_if_over(hosted->first);
  }
  perform_all();
}

void ProcessLauncher::on_ended(const HostEnded& message) {
  Slot& slot = slots_[message.slot.number()];
  if (slot.start != message.start) return;
  slot.process.reset();
  const Error cause = cause_of(slot, message.cause);
  if (!slot.set_up) {
    start_failed(message.slot, cause,
                 message.killed_from_outside ? StartFault::outside : StartFault::own);
    return;
  }
  slot.set_up = false;
  if (!slot.hosts) {
    core_.on_lost(message.slot, now(), effects_);
    perform_all();
    return;
  }
  const auto [run_id, worker] = *slot.hosts;
  abandon(message.slot, run_id, worker, cause);
  free_slot(message.slot, SlotCondition::busy);
}

void ProcessLauncher::abandon(SlotId id, RunId run_id, WorkerId worker, Error cause) {
  const auto found = runs_.find(run_id);
  if (found == runs_.end()) return;
  const auto seat = found->second.seats.find(worker);
  if (seat == found->second.seats.end()) return;
  const Slot& slot = slots_[id.number()];
  const std::uint32_t word = slot.running ? slot.running->task() : 0;
  cause.node = fmt::format("worker {}", worker.number());
  AbandonRequest request{.run = run_id,
                         .worker = worker,
                         .holder = seat->second.holder,
                         .suspects = {},
                         .cause = std::move(cause)};
  if (word > 0) request.suspects.emplace_back(word - 1);
  self_->request(parts_.run_store, caf::infinite, std::move(request))
    .then(
      [this, run_id](const AbandonAnswer& answer) {
        std::map<WorkerId, std::vector<ReadyTask>> by_worker;
        for (const ReadyTask& task : answer.ready) by_worker[task.worker].push_back(task);
        for (auto& [owner, tasks] : by_worker) {
          launch({.run = run_id, .worker = owner, .tasks = std::move(tasks)});
        }
      },
      [run_id](const caf::error& error) {
        // Its lease will run out.
        spdlog::warn("what a dead worker of run {} held waits for its lease: {}", run_id.text(),
                     from_caf(error).message);
      });
}

void ProcessLauncher::perform(const DropExecutor& effect) {
  Slot& slot = slots_[effect.slot.number()];
  ++slot.start;  // What it says from now on is of no interest.
  if (slot.process) slot.process->terminate(end_grace);
  slot.process.reset();
}

void ProcessLauncher::perform(const WakeAt& effect) {
  self_->delayed_send(self_, effect.time - now(), PoolTick{});
}

void ProcessLauncher::send(SlotId id, NodeFrame kind, Blob payload) {
  Slot& slot = slots_[id.number()];
  if (!slot.process) return;
  if (auto sent = slot.process->send(kind_of(kind), Payload{std::move(payload)}); !sent) {
    // It does not read, or has gone: its end will be told.
    spdlog::warn("a worker process does not take what it is told: {}", sent.error().message);
    slot.process->kill();
  }
}

}  // namespace weft
