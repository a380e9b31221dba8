#include "weft/runtime/pools/process/process_launcher.hpp"

#include <algorithm>
#include <map>
#include <random>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "weft/actors/error_mapping.hpp"
#include "weft/actors/pool_core.hpp"
#include "weft/actors/type_ids.hpp"
#include "weft/runtime/pools/process/node_frames.hpp"
#include "weft/runtime/pools/process/running_page.hpp"
#include "weft/runtime/pools/process/worker_process.hpp"
#include "weft/workflow/graph_codec.hpp"

namespace weft {

namespace {

/// A worker's part of a larger graph is read from the store instead of being sent along.
constexpr std::size_t slice_max = 16u << 20;
/// After so many processes in a row that could not be started, nobody waits for the next.
constexpr int start_failures_max = 3;
constexpr Nanos start_backoff = std::chrono::milliseconds{200};
constexpr Nanos end_grace = std::chrono::seconds{2};
/// A process that does not answer so often in a row has stopped: it is replaced.
constexpr int unanswered_max = 3;
/// Between two questions, however short leases are: a machine may be busy.
constexpr Nanos question_interval_min = std::chrono::milliseconds{500};

class ProcessLauncher {
public:
  ProcessLauncher(ProcessLauncherHandle::pointer self, ProcessLauncherParts parts)
    : self_(self),
      parts_(std::move(parts)),
      core_({.slots = parts_.pool.slots, .keep_alive = parts_.pool.keep_alive}),
      slots_(parts_.pool.slots),
      question_interval_(std::max(parts_.store.lease / unanswered_max, question_interval_min)) {}

  ProcessLauncherHandle::behavior_type make_behavior() {
    return {
      [this](LaunchTasks& m) { launch(std::move(m)); },
      [this](RunLaunched& m) {
        Run& run = runs_[m.context->id];
        run.context = std::move(m.context);
        run.actor = std::move(m.run);
      },
      [this](const EndRun& m) { return end(m.run); },
      [this](const Prewarm& m) {
        const std::uint32_t started = core_.prewarm(m.count, m.worker_class, effects_);
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

  static inline const char* name = "weft.process_launcher";

private:
  /// A worker that has a process, or waits for one.
  struct Seat {
    WorkerId worker;
    RequestId request;
    std::optional<SlotId> slot;
    std::string holder;
    std::vector<ReadyTask> tasks;  ///< To be sent with its invocation.
    TimePoint requested{};
  };
  struct Run {
    RunContextPtr context;  ///< Nothing while the store is asked.
    RunActorHandle actor;   ///< Nothing for runs that others have submitted.
    std::string source;     ///< Of their functions; empty: this node's.
    std::optional<EncodedGraph> encoded;
    std::map<WorkerId, Seat> seats;
    std::vector<LaunchTasks> waiting;  ///< For the context.
    std::vector<caf::typed_response_promise<void>> ending;
  };
  struct Slot {
    std::uint64_t start = 0;  ///< Counts its processes: what an earlier one says late is ignored.
    std::shared_ptr<WorkerProcess> process;
    std::optional<RunningPage> running;
    WorkerClass worker_class;
    bool set_up = false;  ///< It has said that it can host.
    std::optional<std::pair<RunId, WorkerId>> hosts;
    bool speaks = false;          ///< It has said hello, and is asked for signs of life.
    TimePoint asked{};            ///< For the latest.
    int unanswered = 0;           ///< Questions in a row.
  };

  [[nodiscard]] TimePoint now() const { return parts_.clock->now(); }

  // -- tasks for workers ----------------------------------------------------------------------------

  void launch(LaunchTasks message) {
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

  void look_up(RunId id) {
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

  /// Another node may be able to.
  void refuse(RunId id, const Error& why) {
    spdlog::warn("run {} is not taken over here: {}", id.text(), to_string(why));
    runs_.erase(id);
  }

  void seat(Run& run, LaunchTasks message) {
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

  void seat(Run& run, WorkerId worker, std::vector<ReadyTask> tasks) {
    const auto [place, fresh] = run.seats.try_emplace(worker);
    Seat& seat = place->second;
    if (fresh) {
      seat.worker = worker;
      seat.request = RequestId{next_request_++};
      seat.requested = now();
      seat.tasks = std::move(tasks);
      requests_.emplace(seat.request, std::pair{run.context->id, worker});
      core_.on_request(seat.request, class_of(run, worker), now(), effects_);
      perform_all();
    } else if (!seat.slot) {
      seat.tasks.insert(seat.tasks.end(), tasks.begin(), tasks.end());
    } else if (!tasks.empty()) {
      send(*seat.slot, NodeFrame::tasks,
           frame_payload(TasksFrame{.run = run.context->id, .tasks = std::move(tasks)}));
    }
  }

  [[nodiscard]] static WorkerClass class_of(const Run& run, WorkerId worker) {
    const auto& workers = run.context->plan->workers;
    return worker.number() < workers.size() ? workers[worker.number()].worker_class : WorkerClass{};
  }

  caf::result<void> end(RunId id) {
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

  void forget_if_over(RunId id) {
    const auto found = runs_.find(id);
    if (found == runs_.end() || !found->second.seats.empty()) return;
    Run& run = found->second;
    if (run.ending.empty() && run.actor) return;
    for (auto& promise : run.ending) promise.deliver();
    runs_.erase(found);
  }

  // -- processes ------------------------------------------------------------------------------------

  void perform_all() {
    // Effects lead to more effects: a slot that nobody wants any more is released at once.
    while (!effects_.empty()) {
      for (const PoolEffect& effect : std::exchange(effects_, {})) {
        std::visit([this](const auto& one) { perform(one); }, effect);
      }
    }
  }

  void perform(const StartSlot& effect) {
    if (start_failures_ == 0) {
      start(effect.slot);
    } else {
      self_->run_delayed(start_backoff * start_failures_, [this, slot = effect.slot] {
        start(slot);
      });
    }
  }

  void start(SlotId id) {
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
                                            fmt::format("worker process {}", exit.process))});
         }});
  }

  void on_started(const HostStarted& message) {
    Slot& slot = slots_[message.slot.number()];
    if (slot.start != message.start) return;
    if (message.failure) {
      start_failed(message.slot, *message.failure);
      return;
    }
    slot.speaks = true;
    slot.asked = TimePoint{};
    slot.unanswered = 0;
    if (!std::exchange(asking_, true)) ask_later();
    const StoreOptions& store = parts_.store;
    send(message.slot, NodeFrame::setup,
         frame_payload(SetupFrame{
           .url = store.url,
           .password_file = store.password_file,
           .tls_authorities = store.tls_authorities,
           .tls_certificate = store.tls_certificate,
           .tls_key = store.tls_key,
           .prefix = store.prefix,
           .source = parts_.source,
           .allow_plaintext = store.allow_plaintext,
           .lease = store.lease,
           .patience = store.patience,
           .record_when = static_cast<std::uint8_t>(parts_.record.when),
           .record_count = parts_.record.count,
           .record_period = parts_.record.period,
           .running_page = slot.running ? slot.running->path() : std::string{}}));
  }

  void ask_later() {
    self_->run_delayed(question_interval_, [this] { ask_for_signs_of_life(); });
  }

  /// A process that was stopped, or hangs in the kernel, holds its slot, its worker's place and its
  /// claims until it ends. Answers are counted, not timed: this process may have been stopped, too.
  void ask_for_signs_of_life() {
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

  /// What its end is told by.
  [[nodiscard]] Error cause_of(const Slot& slot, const Error& end) const {
    if (slot.unanswered < unanswered_max) return end;
    return with_context(
      "it gave no sign of life for " + format_duration(unanswered_max * question_interval_), end);
  }

  void start_failed(SlotId id, const Error& why) {
    Slot& slot = slots_[id.number()];
    slot.process.reset();
    core_.on_start_failed(id);
    if (++start_failures_ < start_failures_max) {
      core_.on_retry(effects_);
      perform_all();
      return;
    }
    // Whoever waits would wait for ever.
    spdlog::error("worker processes cannot be started: {}", to_string(why));
    start_failures_ = 0;
    for (auto& [run_id, run] : runs_) {
      if (run.actor) self_->send(run.actor, WorkerFailed{.error = why});
    }
  }

  void on_frame(HostFrame& message) {
    Slot& slot = slots_[message.slot.number()];
    if (slot.start != message.start) return;
    switch (static_cast<NodeFrame>(message.kind)) {
      case NodeFrame::ready:
        start_failures_ = 0;
        slot.set_up = true;
        core_.on_started(message.slot, now(), effects_);
        perform_all();
        return;
      case NodeFrame::refused: {
        Error why{.code = Errc::internal, .message = "a worker process refuses to work"};
        static_cast<void>(decode_into(why, message.payload));
        if (slot.process) slot.process->kill();
        start_failed(message.slot, why);
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
          free_slot(message.slot, SlotCondition::idle);
          if (!frame->tasks.empty()) {
            launch({.run = frame->run, .worker = frame->worker, .tasks = std::move(frame->tasks)});
          }
        }
        return;
      default:
        spdlog::warn("a worker process has said something unknown ({})", message.kind);
    }
  }

  void refused(RunId id, Error why) {
    const auto run = runs_.find(id);
    if (run == runs_.end()) return;
    if (run->second.actor) {
      self_->send(run->second.actor, WorkerFailed{.error = std::move(why)});
    } else {
      spdlog::error("run {} cannot be worked at here: {}", id.text(), to_string(why));
    }
  }

  /// The worker that a process hosted is no more.
  void free_slot(SlotId id, SlotCondition condition) {
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

  void on_ended(const HostEnded& message) {
    Slot& slot = slots_[message.slot.number()];
    if (slot.start != message.start) return;
    slot.process.reset();
    const Error cause = cause_of(slot, message.cause);
    if (!slot.set_up) {
      start_failed(message.slot, cause);
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

  /// What a dead worker held is ready again, here and now.
  void abandon(SlotId id, RunId run_id, WorkerId worker, Error cause) {
    const auto found = runs_.find(run_id);
    if (found == runs_.end()) return;
    const auto seat = found->second.seats.find(worker);
    if (seat == found->second.seats.end()) return;
    const Slot& slot = slots_[id.number()];
    const std::uint32_t word = slot.running ? slot.running->word() : 0;
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

  void perform(const GrantSlot& effect) {
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

  void record_slot(const Run& run, const Seat& seat, bool cold) {
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

  void invoke(Run& run, Seat& seat) {
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
                      .tasks = std::exchange(seat.tasks, {}),
                      .slice = slice_of(run, seat.worker),
                      .source = run.source};
    send(*seat.slot, NodeFrame::invoke, frame_payload(frame));
  }

  /// A worker's part of the graph; empty when it is too large to be sent along.
  [[nodiscard]] static Blob slice_of(Run& run, WorkerId worker) {
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

  void perform(const AskToYield& effect) { send(effect.slot, NodeFrame::park, {}); }

  void perform(const DropExecutor& effect) {
    Slot& slot = slots_[effect.slot.number()];
    ++slot.start;  // What it says from now on is of no interest.
    if (slot.process) slot.process->terminate(end_grace);
    slot.process.reset();
  }

  void perform(const WakeAt& effect) {
    self_->delayed_send(self_, effect.time - now(), PoolTick{});
  }

  void send(SlotId id, NodeFrame kind, Blob payload) {
    Slot& slot = slots_[id.number()];
    if (!slot.process) return;
    if (auto sent = slot.process->send(kind_of(kind), Payload{std::move(payload)}); !sent) {
      // It does not read, or has gone: its end will be told.
      spdlog::warn("a worker process does not take what it is told: {}", sent.error().message);
      slot.process->kill();
    }
  }

  ProcessLauncherHandle::pointer self_;
  ProcessLauncherParts parts_;
  PoolCore core_;
  PoolCore::Effects effects_;
  std::vector<Slot> slots_;
  std::map<RunId, Run> runs_;
  std::map<RequestId, std::pair<RunId, WorkerId>> requests_;
  std::uint64_t next_request_ = 1;
  std::uint64_t next_holder_ = 1;
  std::string nonce_ = fmt::format("{:08x}", std::random_device{}());
  int start_failures_ = 0;
  Nanos question_interval_;
  bool asking_ = false;  ///< A question is due.
  WorkerProcesses processes_;  ///< Goes first: its threads tell this actor what happens.
};

}  // namespace

ProcessLauncherHandle spawn_process_launcher(caf::actor_system& system,
                                             ProcessLauncherParts parts) {
  return system.spawn<caf::stateful_actor<ProcessLauncher, ProcessLauncherHandle::base>>(
    std::move(parts));
}

}  // namespace weft
