#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include <caf/actor_addr.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include "weft/actors/interfaces.hpp"
#include "weft/actors/pool_core.hpp"
#include "weft/actors/run_context.hpp"
#include "weft/storage/run_store.hpp"

// Every message between actors. The first group may cross nodes and has `inspect`; the rest stays
// within a process, refers to shared objects, and derives from `ProcessLocal`.

namespace weft {

// -- what may cross nodes -------------------------------------------------------------------------

/// These tasks became ready and the plan has them on the receiving worker.
struct TasksReady {
  std::vector<ReadyTask> tasks;
};

template <class Inspector>
bool inspect(Inspector& f, ReadyTask& x) {
  return f.object(x).fields(f.field("task", x.task), f.field("worker", x.worker),
                            f.field("rank", x.rank));
}

template <class Inspector>
bool inspect(Inspector& f, TasksReady& x) {
  return f.object(x).fields(f.field("tasks", x.tasks));
}

/// The run is over: stop what runs, start nothing, quit.
struct StopWorker {
  std::string reason;
};

template <class Inspector>
bool inspect(Inspector& f, StopWorker& x) {
  return f.object(x).fields(f.field("reason", x.reason));
}

// -- what stays within a process ------------------------------------------------------------------

/// Marks a message that is never serialised.
struct ProcessLocal {};

// -- planner --

struct MakePlan : ProcessLocal {
  GraphPtr graph;
};
struct PlanMade : ProcessLocal {
  PlanPtr plan;
};

// -- storage broker: runs (requests are those of run_store.hpp where they have a name there) --

struct RunCreated : ProcessLocal {
  std::vector<ReadyTask> ready;
};
struct CancelRun : ProcessLocal {
  RunId run;
  std::string reason;
  bool engine_ends = false;  ///< A run that is detached goes on without its actor here.
};
struct EraseRun : ProcessLocal {
  RunId run;
};
struct ReadStatus : ProcessLocal {
  RunId run;
};
struct FetchOutputs : ProcessLocal {
  RunId run;
  std::vector<TaskId> tasks;
};
struct FetchedOutputs : ProcessLocal {
  std::vector<Value> values;
};
struct ReadEvents : ProcessLocal {
  RunId run;
  std::uint64_t first = 0;
  std::size_t limit = 0;
};
struct EventsRead : ProcessLocal {
  std::vector<RunEvent> events;
};
/// From now on `watcher` hears `RunChanged` after changes of the run, at most one before it next
/// reads the run's events or its status.
struct WatchRun : ProcessLocal {
  RunId run;
  WatcherHandle watcher;
};
/// It hears no more.
struct UnwatchRun : ProcessLocal {
  RunId run;
  caf::actor_addr watcher;  ///< Which may be gone by now.
};
struct DescribeRun : ProcessLocal {
  RunId run;
};
struct ListRuns : ProcessLocal {};
struct RunsListed : ProcessLocal {
  std::vector<RunId> runs;
};
struct SweepRuns : ProcessLocal {};
/// INTERNAL: answers of the store wait to be delivered.
struct AnswersCame : ProcessLocal {};

// -- storage broker: workers --

struct LaunchWorker : ProcessLocal {
  RunId run;
  WorkerId worker;
  std::string holder;
};
struct RenewLease : ProcessLocal {
  RunId run;
  WorkerId worker;
  std::string holder;
};
struct ParkLease : ProcessLocal {
  RunId run;
  WorkerId worker;
  std::string holder;
};
struct ReadHeld : ProcessLocal {
  RunId run;
  WorkerId worker;
};
struct HeldTasks : ProcessLocal {
  std::vector<Grant> grants;
};
struct ListenForWorker : ProcessLocal {
  RunId run;
  WorkerId worker;
  WorkerHandle listener;  ///< Nothing: it listens no longer.
};
struct TasksTold : ProcessLocal {
  Told told;
};

/// A hint: something about the run is new.
struct RunChanged : ProcessLocal {
  RunId run;
};

// -- pool --

/// A worker wants a slot; `SlotGranted` follows when there is one.
struct AcquireSlot : ProcessLocal {
  RunId run;
  WorkerId worker;
  WorkerClass worker_class;
  SlotHolderHandle holder;
};
struct SlotGranted : ProcessLocal {
  SlotId slot;
  ExecutorHandle executor;
  bool cold = false;
  TimePoint requested;
  TimePoint granted;
};
/// Somebody else waits for a slot: give yours back as soon as it is fair.
struct YieldSlot : ProcessLocal {};

enum class SlotCondition : std::uint8_t {
  idle,  ///< Nothing runs on it.
  busy,  ///< A function that was told to stop still runs on it: it needs a new executor.
};
struct ReleaseSlot : ProcessLocal {
  SlotId slot;
  SlotCondition condition = SlotCondition::idle;
};
/// INTERNAL: a cold slot has started.
struct SlotStarted : ProcessLocal {
  SlotId slot;
};
/// INTERNAL: look for slots whose keep-alive has passed.
struct PoolTick : ProcessLocal {};

// -- worker and task --

/// Everything that a task actor needs to run an attempt.
struct StartTask : ProcessLocal {
  Grant grant;
  Bytes fetched;  ///< The part of its inputs that came from the store.
  ExecutorHandle executor;
};
/// Ends the attempt, or the actor if it serves none.
struct StopTask : ProcessLocal {};

/// Last message of an attempt: how it ended and what became ready by it.
struct TaskEnded : ProcessLocal {
  TaskMetrics metrics;
  Fence fence;
  Value kept;  ///< Output that is not stored since only this worker needs it.
  std::vector<Grant> granted;
  std::vector<ReadyTask> ready;
  std::vector<TaskId>
    keep_here;                 ///< Out of `ready`: those that an optimization wants on this worker.
  std::optional<Grant> retry;  ///< Another attempt follows, after `retry_after`.
  Nanos retry_after{};
  std::optional<Error> broken;  ///< The store did not take the outcome: the worker cannot go on.
  bool run_ended = false;
  bool slot_busy = false;  ///< The function did not return: the slot needs a new executor.
  bool spare = false;      ///< The actor has not quit: it waits for another `StartTask`.
};

/// The workers of a run, by id; sent once, before anything else.
struct MeetPeers : ProcessLocal {
  std::shared_ptr<const std::vector<WorkerHandle>> workers;
};
/// A worker that no plan has: it was launched for a flexible task.
struct WorkerJoined : ProcessLocal {
  WorkerHandle worker;
};
/// A worker cannot go on: the run fails with this.
struct WorkerFailed : ProcessLocal {
  Error error;
};
/// INTERNAL: flush metrics.
struct WorkerTick : ProcessLocal {};
/// INTERNAL: renew the lease.
struct Heartbeat : ProcessLocal {};
/// Somebody else needs its place: end as soon as nothing runs, and leave what was not started.
struct ParkWorker : ProcessLocal {};

// -- launcher and sweeper --

/// These tasks are ready, and their worker may not live: see to it that it does. Without tasks: the
/// worker will have some soon.
struct LaunchTasks : ProcessLocal {
  RunId run;
  WorkerId worker;
  std::vector<ReadyTask> tasks;
};
struct RunLaunched : ProcessLocal {
  RunContextPtr context;
  RunActorHandle run;
};
struct EndRun : ProcessLocal {
  RunId run;
};
/// INTERNAL: time to sweep.
struct SweepTick : ProcessLocal {};

// -- processes that host workers --

/// Be this worker until it parks or its run ends.
struct InvokeWorker : ProcessLocal {
  RunContextPtr context;
  WorkerId worker;
  std::string holder;
  std::vector<ReadyTask> tasks;
};
/// Start processes for workers that will be wanted.
struct Prewarm : ProcessLocal {
  std::uint32_t count = 0;
  WorkerClass worker_class;
};
/// INTERNAL: a process may be given work, or could not be started.
struct HostStarted : ProcessLocal {
  SlotId slot;
  std::uint64_t start = 0;  ///< Which of the slot's processes it is.
  std::optional<Error> failure;
};
/// INTERNAL: a process has said something.
struct HostFrame : ProcessLocal {
  SlotId slot;
  std::uint64_t start = 0;
  std::uint16_t kind = 0;
  Blob payload;
};
/// INTERNAL: nothing of a process is left.
struct HostEnded : ProcessLocal {
  SlotId slot;
  std::uint64_t start = 0;
  Error cause;
  bool killed_from_outside = false;
};

// -- executor --

/// Call the function of a task and tell `reply_to`.
struct ExecuteTask : ProcessLocal {
  RunContextPtr context;
  TaskId task;
  TaskId template_task;
  std::uint32_t attempt = 1;
  std::vector<std::uint32_t> path;
  Inputs inputs;
  std::stop_token stop;
  TaskHandle reply_to;
  FeedHandle feed;              ///< Set when progress is wanted.
  bool announce_start = false;  ///< Send `TaskStarted` before the call.
};
struct TaskStarted : ProcessLocal {
  std::uint32_t attempt = 0;
};
struct TaskExecuted : ProcessLocal {
  std::uint32_t attempt = 0;
  Value output;  ///< Missing when it failed.
  std::optional<Error> error;
  Nanos started{};  ///< Since the run's submission.
  Nanos finished{};
};
/// INTERNAL: the virtual time of a call has passed.
struct ExecutionOver : ProcessLocal {};

// -- run --

/// The client has let go of the run: erase it after its end and its retention.
struct CloseRun : ProcessLocal {
  bool engine_ends = false;  ///< And the retention with it.
};

// -- recorder --

struct RecordRun : ProcessLocal {
  RunRecord record;
  GraphPtr graph;
};
struct FinishRecord : ProcessLocal {
  RunRecord record;
};
/// Answered when all that was sent before has been written.
struct Flush : ProcessLocal {};

// -- feed --

struct Subscribe : ProcessLocal {
  RunId run;
  std::uint64_t subscription = 0;
  std::function<void(const RunEvent&)> handler;
};
struct Unsubscribe : ProcessLocal {
  std::uint64_t subscription = 0;
};
/// Answered when every handler has been told of the end of its run.
struct TellEnds : ProcessLocal {};
/// A progress event: may be dropped.
struct ProgressMade : ProcessLocal {
  RunId run;
  RunEvent event;
};

// -- which types stay local -----------------------------------------------------------------------

template <class T, class... Ts>
inline constexpr bool is_one_of = (std::is_same_v<T, Ts> || ...);

/// Messages that CAF must not try to serialise: our own markers and the run store's requests.
template <class T>
concept StaysInProcess = std::is_base_of_v<ProcessLocal, T> ||
  is_one_of<T, CreateRun, ClaimRequest, ClaimAnswer, CommitRequest, ExpandRequest, CommitAnswer,
            FailRequest, FailAnswer, ReleaseRequest, RunStatus, RunRecord, Renewal, AbandonRequest,
            AbandonAnswer, SweepReport, RunDescription>;

}  // namespace weft

template <weft::StaysInProcess T>
struct caf::allowed_unsafe_message_type<T> : std::true_type {};
