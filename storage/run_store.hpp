#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "weft/workflow/clock.hpp"
#include "weft/workflow/events.hpp"
#include "weft/workflow/metrics.hpp"
#include "weft/workflow/plan.hpp"
#include "weft/workflow/task_table.hpp"

namespace weft {

// What is asked of a run store and what it answers. Every request names the run; every answer of a
// state change says what became possible by it, so that whoever asked can go on without asking
// again.

/// Accepts a run. All of its tasks without dependencies are ready afterwards.
struct CreateRun {
  RunId run;
  GraphPtr graph;
  PlanPtr plan;
  std::vector<TaskId> kept;                ///< Outputs that stay readable until the run is erased.
  bool fail_fast = true;                   ///< False: tasks that do not need a failed one go on.
  Nanos retention{};                       ///< After its end, until a sweep erases it.
  Nanos lease = std::chrono::seconds{10};  ///< Of claims and launches, from their last renewal.
  std::optional<TimePoint>
    submitted;              ///< On the store's clock: its events count from then. Nothing: now.
  WallTime submitted_wall;  ///< For people; the store only hands it on.
  std::string source;       ///< Where its functions come from; the store only hands it on.
};

/// A task that may be claimed now, and the worker that the plan has for it (or `flexible_worker`).
struct ReadyTask {
  TaskId task;
  WorkerId worker;
  float rank = 0;

  friend bool operator==(const ReadyTask&, const ReadyTask&) = default;
};

/// Leave to run one attempt of a task, with all that the store has of its inputs.
struct Grant {
  TaskId task;
  TaskId template_task;  ///< The task of the graph that it is an element's copy of.
  Fence fence;
  std::uint32_t attempt = 1;
  Inputs inputs;                     ///< By slot; missing where only a worker holds the output.
  std::vector<TaskId> dependencies;  ///< By slot, as numbered in the run; empty: as in the graph.
  std::vector<std::uint32_t> path;   ///< Rows of its element, outermost first.

  /// An output that the store has but did not send along, since it is large: missing among the
  /// inputs until it is fetched.
  struct Absent {
    std::uint32_t place = 0;  ///< Among `Inputs::values`.
    TaskId task;
    friend bool operator==(const Absent&, const Absent&) = default;
  };
  std::vector<Absent> absent;
};

enum class ClaimMode : std::uint8_t {
  first,      ///< Refused while another attempt holds the task.
  duplicate,  ///< Joins the attempt that holds it under the same fence: the first to commit wins.
  /// For a worker that somebody else is: if it is launched and its lease has not run out, what is
  /// ready is claimed for it and told to it (see `RunStore::listen`), and its lease is not
  /// extended. Nothing is granted to who asks; what was not claimed is refused, as `not_ready`
  /// where the worker is not launched.
  told,
};

/// Takes charge of ready tasks for one worker.
struct ClaimRequest {
  RunId run;
  WorkerId worker;
  std::vector<TaskId> tasks;
  ClaimMode mode = ClaimMode::first;
  /// As it was launched; empty for one that only claims. One who is the worker no longer is
  /// refused, as `held`: what it claimed would be the new holder's, who does not know of it.
  std::string holder = {};
};

enum class ClaimRefusal : std::uint8_t { not_ready, held, committed, ended };

struct ClaimAnswer {
  struct Refused {
    TaskId task;
    ClaimRefusal reason;
    friend bool operator==(const Refused&, const Refused&) = default;
  };
  std::vector<Grant> grants;
  std::vector<Refused> refused;
};

/// Which of the children that a commit makes ready are claimed in the same step, and for whom.
enum class ClaimChildren : std::uint8_t {
  none,
  own,  ///< Those that the plan has on this worker, and one flexible one.
  all,
  /// As `own`; and of the others, each whose planned worker is launched and has not lost its lease,
  /// for that worker, which is told: see `RunStore::listen`. That another claims for it does not
  /// extend its lease.
  placed,
};

/// The single step that ends an attempt well. See `RunStore::commit`.
struct CommitRequest {
  RunId run;
  TaskId task;
  Fence fence;
  WorkerId worker;
  Value output;  ///< Missing: the worker keeps it, or it was put in chunks.
  Bytes output_size;
  std::uint32_t chunks = 0;  ///< > 0: the output is the chunks that this fence has put.
  ClaimChildren claim = ClaimChildren::own;
  /// At most so many are claimed for the worker itself; the others are answered as ready.
  std::uint32_t claim_limit = 64;
};

enum class CommitOutcome : std::uint8_t {
  committed,
  lost,    ///< An attempt, perhaps this one, committed before; nothing changed.
  fenced,  ///< The claim is no longer valid; nothing changed.
  ended,   ///< The run has ended; nothing changed.
};

struct CommitAnswer {
  CommitOutcome outcome = CommitOutcome::committed;
  std::vector<Grant> granted;    ///< Children claimed for the worker.
  std::vector<ReadyTask> ready;  ///< Those that nobody holds, highest rank first.
  bool run_ended = false;        ///< By this step.
};

/// Commits a map: its rows come to life in the same step.
struct ExpandRequest {
  CommitRequest commit;
  std::vector<Value> items;  ///< One for each element; given to the tasks that take it.
};

/// The single step that ends an attempt badly.
struct FailRequest {
  RunId run;
  TaskId task;
  Fence fence;
  WorkerId worker;
  Error error;
  bool retry = false;  ///< The same worker tries again: it keeps the claim under a new fence.
};

struct FailAnswer {
  CommitOutcome outcome = CommitOutcome::committed;  ///< `committed`: the failure was recorded.
  Fence fence;                                       ///< Of the next attempt, when retried.
  std::uint32_t attempt = 0;                         ///< Number of the next attempt, when retried.
  bool run_ended = false;
};

/// Gives claims back untouched: the tasks are ready again.
struct ReleaseRequest {
  RunId run;
  WorkerId worker;
  std::vector<TaskId> tasks;
  std::string holder =
    {};  ///< As of `ClaimRequest`; one who is the worker no longer gives nothing back.
};

/// A part of a large output, written before the commit and readable at once.
struct PutChunk {
  RunId run;
  TaskId task;
  Fence fence;
  std::uint32_t index = 0;  ///< Counted from 0, without gaps.
  Blob bytes;
};

struct Chunks {
  Fence fence;              ///< The attempt that wrote them. When it changes, start again from 0.
  std::vector<Blob> bytes;  ///< From the index asked for.
  bool complete = false;    ///< The output is committed and these are its last chunks.
};

/// How a run stands, for clients.
struct RunStatus {
  RunState state = RunState::running;
  TaskCounts tasks;
  std::vector<Error> errors;  ///< At most `max_recorded_errors`.
  Nanos at{};                 ///< Of its end, or now: offset from its submission.
};

/// What one step of another worker has claimed for a worker. See `RunStore::listen`.
struct Told {
  /// Of this message among those to the worker, counted from 1 at its launch. After a gap, or when
  /// it is 0, something may have been missed: ask for what the worker holds. One that comes after
  /// that may tell of what is known already.
  std::uint64_t number = 0;
  std::vector<Grant> grants;  ///< Highest rank first, with all that the store has of the inputs.
};

/// How a worker stands with the store.
struct Renewal {
  bool held = false;       ///< False: its lease has run out or is another holder's. It must stop.
  std::uint64_t told = 0;  ///< Number of the last message to it since its launch, if it holds it.
};

/// A lease of a worker of a run, for people: see `RunStore::workers`.
struct WorkerLease {
  WorkerId worker;
  std::string holder;      ///< Who launched it; empty for one that only claimed.
  Nanos left{};            ///< Until it runs out; 0 or less: it has, and nobody has swept yet.
  std::uint64_t told = 0;  ///< Messages to it since its launch.

  friend bool operator==(const WorkerLease&, const WorkerLease&) = default;
};

/// So many workers may end by a task. A worker that vanished, so that nobody can say which of the
/// tasks that it held were running, counts a quarter against each.
inline constexpr std::uint32_t default_max_kills = 3;

/// A worker has ended without giving back what it holds.
struct AbandonRequest {
  RunId run;
  WorkerId worker;
  std::string holder;            ///< As it was launched.
  std::vector<TaskId> suspects;  ///< Of what it holds: tasks whose functions were being called.
  Error cause;                   ///< How the worker ended: signal, memory, its last lines.
  /// A suspect that has ended so many workers fails finally, with the cause among its causes.
  std::uint32_t max_kills = default_max_kills;
};

struct AbandonAnswer {
  std::vector<ReadyTask> ready;  ///< What it held and is ready again, highest rank first.
  bool run_ended = false;        ///< By this step: a suspect has failed.
};

/// What a run is made of, for those who did not create it.
struct RunDescription {
  GraphPtr graph;
  PlanPtr plan;
  std::vector<TaskId> kept;
  bool fail_fast = true;
  Nanos retention{};
  Nanos lease{};
  WallTime submitted;
  std::string source;
};

/// What a sweep found and put right.
struct SweepReport {
  struct Requeued {
    RunId run;
    ReadyTask task;
  };
  /// Leases that ran out: tasks ready again. Those that have lost too many workers have failed
  /// instead.
  std::vector<Requeued> requeued;
  std::vector<Requeued> orphaned;  ///< Ready for longer than a lease without a claim: notify again.
  std::vector<RunId> erased;       ///< Ended runs whose retention has passed.
};

/// Receives one answer: at once on the calling thread, or later on a thread of the store's.
template <class T>
using Done = std::function<void(Result<T>)>;

/// Durable state of runs, by meaning rather than by key: every operation is one atomic step that
/// keeps the invariants of the run protocol.
///
///  - Exactly one attempt of a task is committed; a commit that comes second changes nothing.
///  - A commit checks the fence, records the output, counts down the children, tells which became
///  ready,
///    appends to the event log and wakes watchers, all or nothing. Running it twice changes
///    nothing.
///  - An output is released when its last reader has committed, unless it is kept.
///  - A run that has ended never changes; it ends `succeeded` when all tasks are committed,
///  `failed` with
///    the first final failure (`fail_fast`) or when all tasks are committed, failed or skipped, and
///    `cancelled` at once.
///
/// Errors: `run_unknown` for every operation on a run that is not there, `store_unavailable` when
/// the store cannot be reached. Thread-safe. One contract suite (tests/storage) holds for every
/// backend.
class RunStore {
public:
  virtual ~RunStore() = default;

  // -- the life of a run --------------------------------------------------------------------------

  /// Fails with `invalid_argument` when a run of this id exists. Answers the tasks that are ready.
  virtual void create(CreateRun request, Done<std::vector<ReadyTask>> done) = 0;

  /// Ends a run as `cancelled`. Answers whether it was still running.
  virtual void cancel(RunId run, std::string reason, Done<bool> done) = 0;

  virtual void status(RunId run, Done<RunStatus> done) = 0;

  /// The workers that have a lease, by their numbers. None of a run that has ended.
  virtual void workers(RunId run, Done<std::vector<WorkerLease>> done) = 0;

  virtual void describe(RunId run, Done<RunDescription> done) = 0;

  /// All runs that the store has, by their ids: the oldest first.
  virtual void runs(Done<std::vector<RunId>> done) = 0;

  /// Removes all that there is of a run, whatever its state. Unknown runs are no error.
  virtual void erase(RunId run, Done<void> done) = 0;

  // -- the life of an attempt ---------------------------------------------------------------------

  virtual void claim(ClaimRequest request, Done<ClaimAnswer> done) = 0;
  virtual void commit(CommitRequest request, Done<CommitAnswer> done) = 0;
  virtual void expand(ExpandRequest request, Done<CommitAnswer> done) = 0;
  virtual void fail(FailRequest request, Done<FailAnswer> done) = 0;
  virtual void release(ReleaseRequest request, Done<void> done) = 0;

  // -- values -------------------------------------------------------------------------------------

  /// Outputs of committed tasks. A value that is not there (any more) comes back missing.
  virtual void fetch(RunId run, std::vector<TaskId> tasks, Done<std::vector<Value>> done) = 0;

  /// Fails with `claim_lost` when the fence is not the task's latest or the run has ended.
  virtual void put_chunk(PutChunk chunk, Done<void> done) = 0;

  /// The chunks of a task's output from `first` on, as far as they are there.
  virtual void read_chunks(RunId run, TaskId task, std::uint32_t first, Done<Chunks> done) = 0;

  // -- liveness -----------------------------------------------------------------------------------

  /// Claims the right to be `worker` of a run, for one lease. Answers false while somebody else
  /// holds it, and when the run has ended. For who holds it already it is a renewal: the answer may
  /// have been lost. A lease that only claims made goes over to the holder, with the claims. A
  /// launch after the lease has run out is a new one, whoever asks: what was claimed before is
  /// taken back, and messages are counted from 1 again.
  /// @param holder not empty, and different for each process that may be the worker
  virtual void launch(RunId run, WorkerId worker, std::string holder, Done<bool> done) = 0;

  /// Extends all claims and the launch of a worker by one lease. Changes nothing when it has run
  /// out or is another holder's.
  /// @param holder as it was launched; empty for one that only claimed
  virtual void renew(RunId run, WorkerId worker, std::string holder, Done<Renewal> done) = 0;

  /// Ends being the worker: its lease is gone. Answers false, and changes nothing, while it holds
  /// claims, even of a lease that has run out: what others have claimed for it meanwhile has yet to
  /// be told. True as well when it is not the holder, or the run has ended: nothing changes.
  virtual void park(RunId run, WorkerId worker, std::string holder, Done<bool> done) = 0;

  /// All that the worker holds, in any order, granted again under the same fences: for one that may
  /// have missed an answer or a message. Attempts of others that it has joined are not among them.
  /// Does not extend its lease.
  virtual void held(RunId run, WorkerId worker, Done<std::vector<Grant>> done) = 0;

  /// Takes back at once what a worker holds that is known to have ended, and its launch: an event
  /// for each task says how it ended. Changes nothing when it is not the holder. Sweeps do not
  /// report again what the answer tells of.
  virtual void abandon(AbandonRequest request, Done<AbandonAnswer> done) = 0;

  /// Requeues what lost its lease, finds what nobody claims, erases what has passed its retention.
  /// A run that ends by this very step is erased by a later sweep, so that its end can be read.
  virtual void sweep(Done<SweepReport> done) = 0;

  // -- watching -----------------------------------------------------------------------------------

  /// Events from number `first` on, oldest first, at most `limit`. Their numbers have no gaps.
  virtual void events(RunId run, std::uint64_t first, std::size_t limit,
                      Done<std::vector<RunEvent>> done) = 0;

  /// Calls `wake` after state changes of a run: a hint, possibly late, possibly repeated, never on
  /// its own proof of anything. Read the state after watching, then on every hint. Replaces an
  /// earlier watch of the same run; an empty function ends it.
  virtual void watch(RunId run, std::function<void()> wake) = 0;

  /// Calls `take` with what the steps of others claim for a worker, one message for each step. A
  /// message may be lost, come twice or overtake another: see `Told::number` and `Renewal::told`.
  /// Replaces an earlier listener of the same worker; an empty function ends it. May be called
  /// before the launch. What nobody listens to is claimed all the same.
  virtual void listen(RunId run, WorkerId worker, std::function<void(Told)> take) = 0;
};

}  // namespace weft
