#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <caf/typed_event_based_actor.hpp>

#include "weft/actors/pool_core.hpp"
#include "weft/runtime/pools/process/node_frames.hpp"
#include "weft/runtime/pools/process/process_launcher.hpp"
#include "weft/runtime/pools/process/running_page.hpp"
#include "weft/runtime/pools/process/worker_process.hpp"
#include "weft/workflow/graph_codec.hpp"

namespace weft {

/// Gives the workers of all runs of a node a process each: which worker has one and with what it is
/// invoked is in process_launcher.cpp, what the processes do in process_slots.cpp.
class ProcessLauncher {
public:
  ProcessLauncher(ProcessLauncherHandle::pointer self, ProcessLauncherParts parts)
    : self_(self),
      parts_(std::move(parts)),
      core_({.slots = parts_.pool.slots, .keep_alive = parts_.pool.keep_alive}),
      slots_(parts_.pool.slots),
      question_interval_(std::max(parts_.store.lease / unanswered_max, question_interval_min)) {
    self_->set_down_handler([this](const caf::down_msg& down) { on_let_go(down.source); });
  }

  ProcessLauncherHandle::behavior_type make_behavior();

  static inline const char* name = "weft.process_launcher";

private:
  /// A process that does not answer so often in a row has stopped: it is replaced.
  static constexpr int unanswered_max = 3;
  /// Between two questions, however short leases are: a machine may be busy.
  static constexpr Nanos question_interval_min = std::chrono::milliseconds{500};

  /// A worker that has a process, or waits for one.
  struct Seat {
    WorkerId worker;
    RequestId request;
    std::optional<SlotId> slot;
    std::string holder;
    /// To be sent with its invocation. A sweep may tell of one again and again until then.
    std::map<TaskId, ReadyTask> tasks;
    void add(const std::vector<ReadyTask>& more);
    TimePoint requested{};
  };
  struct Run {
    RunContextPtr context;  ///< Nothing while the store is asked.
    RunActorHandle actor;   ///< Nothing for runs of others, and for those that were let go of.
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
    bool set_up = false;  ///< It has said that it can host.
    std::optional<std::pair<RunId, WorkerId>> hosts;
    bool speaks = false;  ///< It has said hello, and is asked for signs of life.
    TimePoint asked{};    ///< For the latest.
    int unanswered = 0;   ///< Questions in a row.
  };

  [[nodiscard]] TimePoint now() const { return parts_.clock->now(); }

  // -- tasks for workers -------------------------------------------------------------------------

  void launch(LaunchTasks message);
  void look_up(RunId id);

  /// Another node may be able to.
  void refuse(RunId id, const Error& why);
  void seat(Run& run, LaunchTasks message);
  void seat(Run& run, WorkerId worker, std::vector<ReadyTask> tasks);
  [[nodiscard]] static WorkerClass class_of(const Run& run, WorkerId worker);
  void perform(const GrantSlot& effect);
  void record_slot(const Run& run, const Seat& seat, bool cold);
  void invoke(Run& run, Seat& seat);

  /// A worker's part of the graph; empty when it is too large to be sent along.
  [[nodiscard]] static Blob slice_of(Run& run, WorkerId worker);
  caf::result<void> end(RunId id);
  void on_let_go(const caf::actor_addr& actor);
  void forget_if_over(RunId id);

  // -- processes ---------------------------------------------------------------------------------

  void perform_all();
  void perform(const StartSlot& effect);
  void start(SlotId id);
  void on_started(const HostStarted& message);
  void ask_later();

  /// A process that was stopped, or hangs in the kernel, holds its slot, its worker's place and its
  /// claims until it ends. Answers are counted, not timed: this process may have been stopped, too.
  void ask_for_signs_of_life();

  /// What its end is told by.
  [[nodiscard]] Error cause_of(const Slot& slot, const Error& end) const;

  /// Whose fault it is that a process could not be started.
  enum class StartFault : std::uint8_t {
    own,      ///< The next will not fare better.
    outside,  ///< It was killed, or the store is away: what passes.
  };
  void start_failed(SlotId id, const Error& why, StartFault fault);

  /// Runs of others, and those that nobody waits for any more, cannot be told that there is nobody
  /// to work at them: what kept processes from starting may have passed by then.
  void serve_again_later();
  void on_frame(HostFrame& message);
  void refused(RunId id, Error why);

  /// The worker that a process hosted is no more.
  void free_slot(SlotId id, SlotCondition condition);
  void on_ended(const HostEnded& message);

  /// What a dead worker held is ready again, here and now.
  void abandon(SlotId id, RunId run_id, WorkerId worker, Error cause);
  void perform(const AskToYield& effect) { send(effect.slot, NodeFrame::park, {}); }
  void perform(const DropExecutor& effect);
  void perform(const WakeAt& effect);
  void send(SlotId id, NodeFrame kind, Blob payload);

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
  int failed_starts_ = 0;      ///< Since one succeeded.
  int own_failed_starts_ = 0;  ///< Those by the processes' own fault.
  bool serves_again_ = false;  ///< A timer will see to who waits.
  Nanos question_interval_;
  bool asking_ = false;        ///< A question is due.
  WorkerProcesses processes_;  ///< Goes first: its threads tell this actor what happens.
};

}  // namespace weft
