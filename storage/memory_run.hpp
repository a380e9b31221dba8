#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "weft/storage/event_log.hpp"
#include "weft/storage/output_chunks.hpp"
#include "weft/storage/row_items.hpp"
#include "weft/storage/run_store.hpp"
#include "weft/storage/scope_facts.hpp"
#include "weft/storage/task_state.hpp"

namespace weft {

/// One run in memory: the run protocol as plain code. Each public function is one step of
/// `RunStore`, whose comments say what it does.
///
/// Holds no clock and no lock: the caller passes the time, as an offset from the run's creation
/// that never goes back, and lets one thread in at a time. Owned by `MemoryRunStore`.
class MemoryRun {
public:
  /// Whether a run can be made of the request: `invalid_argument` says what is wrong with it.
  [[nodiscard]] static Result<void> validate(const CreateRun& request);

  /// @pre `validate` accepts the request
  explicit MemoryRun(CreateRun request);

  // -- steps -------------------------------------------------------------------------------------

  [[nodiscard]] std::vector<ReadyTask> start(Nanos now);
  [[nodiscard]] bool cancel(const std::string& reason, Nanos now);
  [[nodiscard]] Result<ClaimAnswer> claim(const ClaimRequest& request, Nanos now);
  [[nodiscard]] Result<CommitAnswer> commit(CommitRequest& request, Nanos now);
  [[nodiscard]] Result<CommitAnswer> expand(ExpandRequest& request, Nanos now);
  [[nodiscard]] Result<FailAnswer> fail(FailRequest& request, Nanos now);
  [[nodiscard]] Result<void> release(const ReleaseRequest& request, Nanos now);
  [[nodiscard]] Result<void> put_chunk(PutChunk& chunk);
  [[nodiscard]] bool launch(WorkerId worker, const std::string& holder, Nanos now);
  [[nodiscard]] Renewal renew(WorkerId worker, const std::string& holder, Nanos now);
  [[nodiscard]] bool park(WorkerId worker, const std::string& holder);
  [[nodiscard]] AbandonAnswer abandon(const AbandonRequest& request, Nanos now);

  /// Adds what lost its lease and what nobody claims to the report.
  void sweep(Nanos now, SweepReport& report);

  // -- reading -----------------------------------------------------------------------------------

  [[nodiscard]] RunStatus status(Nanos now) const;
  [[nodiscard]] std::vector<WorkerLease> workers(Nanos now) const;
  [[nodiscard]] RunDescription describe() const;
  [[nodiscard]] std::vector<Grant> held(WorkerId worker) const;
  [[nodiscard]] Result<std::vector<Value>> fetch(std::span<const TaskId> tasks) const;
  [[nodiscard]] Result<Chunks> read_chunks(TaskId task, std::uint32_t first) const;
  [[nodiscard]] std::vector<RunEvent> events(std::uint64_t first, std::size_t limit) const {
    return events_.read(first, limit, table_);
  }

  /// Grows with each change that watchers want to know of.
  [[nodiscard]] std::uint64_t version() const { return events_.size() + chunks_put_; }

  /// Whether the run has ended and its retention has passed.
  [[nodiscard]] bool expired(Nanos now) const { return ended() && now >= ended_at_ + retention_; }

  /// Values that the steps so far have released. Their last owner may be the caller, who destroys
  /// them where no lock is held: a value may hold anything.
  [[nodiscard]] std::vector<Value> take_released() { return std::exchange(released_, {}); }

  /// Whether the last step has claimed something for other workers.
  [[nodiscard]] bool tells() const { return !told_.empty(); }

  /// What it has claimed, by worker: to be told by the caller, where no lock is held.
  [[nodiscard]] std::map<WorkerId, Told> take_told() { return std::exchange(told_, {}); }

private:
  /// What a worker holds until a point in time that it has to move on.
  struct Lease {
    Nanos expiry{};
    std::string holder;  ///< Who launched it; empty if nobody has.
    TaskList claimed;
    std::uint64_t told = 0;  ///< Messages to it since it was launched.
  };

  /// How often a task's worker was lost. Few tasks have one.
  struct Toll {
    std::uint32_t ended = 0;     ///< Workers that ended while they called its function.
    std::uint32_t vanished = 0;  ///< Workers that nobody knows more of than that they held it.

    /// Whether that is too much to try again.
    [[nodiscard]] bool reaches(std::uint32_t max_kills) const;
  };

  /// Tasks inside a map that wait for a task outside of it: `first`, `first + stride`, ...
  struct RowEdge {
    TaskId first;
    std::uint32_t stride = 0;
    std::uint32_t count = 0;
  };

  [[nodiscard]] const Graph& graph() const { return table_.graph(); }
  [[nodiscard]] bool ended() const { return state_ != RunState::running; }
  [[nodiscard]] Result<void> check_known(std::span<const TaskId> tasks) const;
  [[nodiscard]] Result<void> check_commit(const CommitRequest& request, TaskKind kind) const;
  [[nodiscard]] Result<void> check_width(TaskId map, std::size_t items) const;
  [[nodiscard]] CommitOutcome admit(TaskId task, Fence fence, WorkerId worker, Nanos now);

  // Claims and leases.
  Lease& extend_lease(WorkerId worker, Nanos now);
  void hold(TaskId task, Lease& lease, WorkerId worker);
  void unhold(TaskId task);
  void withdraw(TaskId task);
  [[nodiscard]] std::optional<ClaimRefusal> refusal(TaskId task, const ClaimRequest& request) const;
  [[nodiscard]] Grant grant(TaskId task) const;
  void add_input(const TaskOrigin& from, const Dependency& dependency, Inputs& inputs) const;
  [[nodiscard]] ReadyTask ready_task(TaskId task);
  void make_ready(TaskId task, Nanos now);
  void make_fresh_ready(Nanos now, std::vector<ReadyTask>& answer);
  void claim_fresh(const CommitRequest& request, Nanos now, std::vector<Grant>& granted);
  void sort_fresh();
  [[nodiscard]] bool claim_for_other(const ReadyTask& ready, WorkerId committer, Nanos now);
  [[nodiscard]] Lease* launched(WorkerId worker, Nanos now);
  void hold_and_tell(TaskId task, Lease& lease, WorkerId worker);

  // Losses of workers.
  [[nodiscard]] Lease* lease_of(WorkerId worker, const std::string& holder);
  [[nodiscard]] bool is_replaced(WorkerId worker, const std::string& holder) const;
  void lapse(WorkerId worker, Lease& lease, Nanos now);
  [[nodiscard]] std::vector<TaskId> take_back(WorkerId worker, const std::string& cause, Nanos now);
  void give_up(TaskId task, const Error* cause, Nanos now);
  void settle_lapsed(Nanos now, SweepReport& report);

  // Ends of tasks.
  void settle(CommitRequest& request, Nanos now);
  [[nodiscard]] CommitAnswer go_on(const CommitRequest& request, Nanos now);
  void count_down(TaskId task);
  void count_down_dependents(TaskId task);
  void fail_finally(TaskId task, WorkerId worker, Error error, Nanos now);
  void skip(TaskId task, TaskId cause, Nanos now);
  void skip_dependents(TaskId task, TaskId cause, Nanos now);
  void release_inputs(TaskId task);
  void drop_reader(TaskId task);
  void release_output(TaskId task);
  void end_if_done(Nanos now);
  void end(RunState state, std::string message, Nanos now);

  // Expansion of maps.
  void add_rows(const Expansion& rows, std::vector<Value> items, Nanos now);
  [[nodiscard]] std::vector<TaskState> row_pattern(const Expansion& rows);
  void await_outer(const Expansion& rows, std::vector<TaskState>& pattern);
  void retain_inputs(const Expansion& rows, std::vector<Value> items);
  void skip_rows(const Expansion& rows, Nanos now);
  [[nodiscard]] TaskOrigin row_of(TaskOrigin from, TaskId map) const;

  /// Calls `visit` with each task that waits for `task`, whether the graph says so or an expansion.
  template <class Visit>
  void for_each_dependent(TaskId task, Visit&& visit);

  RunId id_;
  PlanPtr plan_;
  std::vector<TaskId> kept_;  ///< Tasks of the graph.
  WallTime submitted_;
  std::string source_;
  bool fail_fast_;
  Nanos retention_;
  Nanos lease_;
  RunState state_ = RunState::running;
  Nanos ended_at_{};

  TaskTable table_;
  std::vector<ScopeFacts> facts_;
  TaskStates states_;
  TaskCounts counts_;
  TaskList ready_;  ///< Oldest first.
  std::map<WorkerId, Lease> leases_;
  std::unordered_map<TaskId, std::vector<RowEdge>> edges_;
  RowItems items_;
  OutputChunks chunks_;
  std::uint64_t chunks_put_ = 0;
  EventLog events_;
  std::vector<Error> errors_;
  std::set<TaskId> lapsed_;  ///< Requeued, and not yet reported by a sweep.
  std::unordered_map<TaskId, Toll> tolls_;

  // Room that the steps reuse.
  std::vector<Value> released_;
  std::map<WorkerId, Told> told_;  ///< Of this step.
  std::vector<ReadyTask> fresh_;   ///< Became ready in this step.
  std::vector<std::uint32_t> path_;
};

}  // namespace weft
