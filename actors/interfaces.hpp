#pragma once

#include <caf/typed_actor.hpp>

// Every handle and what it says. Message types are only named here (messages carry handles, and
// interfaces are made of messages); messages.hpp says what they hold.

namespace weft {

struct TasksReady;
struct StopWorker;
struct MakePlan;
struct PlanMade;
struct CreateRun;
struct RunCreated;
struct CancelRun;
struct EraseRun;
struct ReadStatus;
struct RunStatus;
struct FetchOutputs;
struct FetchedOutputs;
struct ReadEvents;
struct EventsRead;
struct WatchRun;
struct UnwatchRun;
struct RunChanged;
struct ClaimRequest;
struct ClaimAnswer;
struct CommitRequest;
struct ExpandRequest;
struct CommitAnswer;
struct FailRequest;
struct FailAnswer;
struct ReleaseRequest;
struct AcquireSlot;
struct SlotGranted;
struct YieldSlot;
struct ReleaseSlot;
struct SlotStarted;
struct PoolTick;
struct StartTask;
struct StopTask;
struct TaskEnded;
struct MeetPeers;
struct WorkerJoined;
struct WorkerFailed;
struct WorkerTick;
struct ExecuteTask;
struct TaskStarted;
struct TaskExecuted;
struct ExecutionOver;
struct CloseRun;
struct RunRecord;
struct RecordRun;
struct FinishRecord;
struct Flush;
struct MetricsBatch;
struct Subscribe;
struct Unsubscribe;
struct TellEnds;
struct ProgressMade;
struct LaunchWorker;
struct RenewLease;
struct Renewal;
struct ParkLease;
struct ReadHeld;
struct HeldTasks;
struct AbandonRequest;
struct AbandonAnswer;
struct ListenForWorker;
struct SweepRuns;
struct SweepReport;
struct DescribeRun;
struct ListRuns;
struct RunsListed;
struct RunDescription;
struct AnswersCame;
struct TasksTold;
struct ParkWorker;
struct Heartbeat;
struct LaunchTasks;
struct RunLaunched;
struct EndRun;
struct SweepTick;
struct InvokeWorker;
struct HostStarted;
struct HostFrame;
struct HostEnded;
struct Prewarm;

/// WATCHER: is told that a run has news.
using WatcherHandle = caf::typed_actor<
  // A hint; the watcher reads the run when it likes.
  caf::result<void>(RunChanged)>;

/// SLOT_HOLDER: holds a slot of a pool, or waits for one.
using SlotHolderHandle = caf::typed_actor<
  // The slot is the holder's until it releases it.
  caf::result<void>(SlotGranted),
  // A wish; the holder releases when it is fair.
  caf::result<void>(YieldSlot)>;

/// EXECUTOR: calls user functions, one at a time. The only place where they run.
using ExecutorHandle = caf::typed_actor<
  // `TaskExecuted` goes to the task when the call has returned.
  caf::result<void>(ExecuteTask),
  // INTERNAL: the virtual time of a call has passed.
  caf::result<void>(ExecutionOver)>;

/// TASK: brings one attempt of a task from claim to commit. Dies at its end.
using TaskHandle = caf::typed_actor<
  // The function has returned.
  caf::result<void>(TaskExecuted),
  // Begins the attempt.
  caf::result<void>(StartTask),
  // The function is about to be called; sent when the task asks for it.
  caf::result<void>(TaskStarted),
  // Ends without a commit; `TaskEnded` goes to the worker.
  caf::result<void>(StopTask)>;

/// WORKER: carries out the part of a plan that was placed on it.
using WorkerHandle = caf::typed_actor<
  // One of its tasks has come to its end.
  caf::result<void>(TaskEnded),
  // Tasks to claim and run. Kept until there is a slot.
  caf::result<void>(TasksReady),
  caf::result<void>(SlotGranted),
  caf::result<void>(YieldSlot),
  // Whom to hand tasks over to.
  caf::result<void>(MeetPeers),
  // The store has claimed tasks for it.
  caf::result<void>(TasksTold),
  // Gives back what it has not started, and quits when nothing runs.
  caf::result<void>(ParkWorker),
  // Stops its tasks and quits; what it measured is recorded first.
  caf::result<void>(StopWorker),
  // INTERNAL: flush metrics.
  caf::result<void>(WorkerTick),
  // INTERNAL: renew the lease.
  caf::result<void>(Heartbeat)>;

/// PLANNER: hosts the planning policy.
using PlannerHandle = caf::typed_actor<
  // Replies with the plan, or with why there is none.
  caf::result<PlanMade>(MakePlan)>;

/// ATTEMPT_STORE: the storage broker, as tasks and workers see it. Replies when the store has taken
/// the step.
using AttemptStoreHandle = caf::typed_actor<
  caf::result<CommitAnswer>(CommitRequest),
  caf::result<ClaimAnswer>(ClaimRequest),
  caf::result<CommitAnswer>(ExpandRequest),
  caf::result<FailAnswer>(FailRequest),
  caf::result<void>(ReleaseRequest),
  caf::result<FetchedOutputs>(FetchOutputs),
  // Replies whether the holder is the worker now.
  caf::result<bool>(LaunchWorker),
  caf::result<Renewal>(RenewLease),
  // Replies whether the holder has ceased to be the worker.
  caf::result<bool>(ParkLease),
  caf::result<HeldTasks>(ReadHeld),
  // `TasksTold` goes to the worker whenever the store has claimed something for it.
  caf::result<void>(ListenForWorker)>;

/// RUN_STORE: the storage broker, as runs and feeds see it. Replies when the store has taken the
/// step.
using RunStoreHandle = caf::typed_actor<
  caf::result<RunCreated>(CreateRun),
  caf::result<bool>(CancelRun),
  caf::result<RunStatus>(ReadStatus),
  caf::result<EventsRead>(ReadEvents),
  caf::result<void>(WatchRun),
  caf::result<void>(UnwatchRun),
  caf::result<void>(EraseRun),
  caf::result<RunDescription>(DescribeRun),
  caf::result<RunsListed>(ListRuns),
  caf::result<AbandonAnswer>(AbandonRequest),
  caf::result<SweepReport>(SweepRuns)>;

/// STORAGE_BROKER: carries out every store operation of its node.
using StorageBrokerHandle =
  AttemptStoreHandle::extend_with<RunStoreHandle>::extend<
    // INTERNAL: the store has answered.
    caf::result<void>(AnswersCame)>;

/// LAUNCHER: brings tasks of durable runs to their workers; launches those that do not live here.
using LauncherHandle = caf::typed_actor<
  caf::result<void>(LaunchTasks),
  // What is fixed about a run, and who takes care of it here.
  caf::result<void>(RunLaunched),
  // Replies when none of the run's workers is left here.
  caf::result<void>(EndRun)>;

/// HOST: a process of its own that hosts one worker at a time, seen from inside.
using HostHandle = LauncherHandle::extend<
  caf::result<void>(InvokeWorker), caf::result<void>(TasksReady), caf::result<void>(ParkWorker),
  caf::result<void>(StopWorker)>;

/// PROCESS_LAUNCHER: a launcher whose workers are hosted by processes; their pool as well.
using ProcessLauncherHandle = LauncherHandle::extend<
  // Replies how many processes were started that nobody waits for yet.
  caf::result<std::uint32_t>(Prewarm),
  // INTERNAL: what the processes do.
  caf::result<void>(HostStarted), caf::result<void>(HostFrame), caf::result<void>(HostEnded),
  // INTERNAL: slots whose keep-alive has passed go cold.
  caf::result<void>(PoolTick)>;

/// SWEEPER: finds what has stopped, and has it launched again.
using SweeperHandle = caf::typed_actor<
  // INTERNAL: time to sweep.
  caf::result<void>(SweepTick)>;

/// POOL: owns the slots of a node.
using PoolHandle = caf::typed_actor<
  // `SlotGranted` goes to the holder when a slot of its class is free and started.
  caf::result<void>(AcquireSlot),
  caf::result<void>(ReleaseSlot),
  // INTERNAL: a cold slot has started.
  caf::result<void>(SlotStarted),
  // INTERNAL: slots whose keep-alive has passed go cold.
  caf::result<void>(PoolTick)>;

/// RECORDER: takes metrics and records to the history. Never on the path of a task.
using RecorderHandle = caf::typed_actor<
  caf::result<void>(MetricsBatch),
  caf::result<void>(RecordRun),
  caf::result<void>(FinishRecord),
  // Replies when everything before it has been written.
  caf::result<void>(Flush)>;

/// FEED: brings the events of runs to watchers, in order.
using FeedHandle = caf::typed_actor<
  caf::result<void>(ProgressMade),
  caf::result<void>(RunChanged),
  caf::result<void>(Subscribe),
  // Replies when no call of the handler is under way any more.
  caf::result<void>(Unsubscribe),
  // Replies when every watcher has been told of the end of its run.
  caf::result<void>(TellEnds)>;

/// RUN: one submitted run, on behalf of its client.
using RunActorHandle = caf::typed_actor<
  // Replies whether the run was still going.
  caf::result<bool>(CancelRun),
  // Replies at once.
  caf::result<RunRecord>(ReadStatus),
  // Some step has ended the run.
  caf::result<void>(RunChanged),
  caf::result<void>(WorkerJoined),
  // Ends the run as failed.
  caf::result<void>(WorkerFailed),
  caf::result<void>(CloseRun)>;

}  // namespace weft
