#pragma once

#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "weft/actors/run_context.hpp"
#include "weft/storage/run_store.hpp"

namespace weft {

// -- what a worker may want done ------------------------------------------------------------------

/// Ask the pool for a slot.
struct WantSlot {};
/// Give the slot back.
struct GiveSlotBack {
  bool busy = false;  ///< A function that was given up on still runs on it.
};
/// Claim these tasks for this worker.
struct Claim {
  std::vector<TaskId> tasks;
};
/// Spawn the actor of a task and let it begin.
struct Start {
  Grant grant;
  Bytes fetched;  ///< The part of its inputs that came from the store.
};
/// Read the inputs that the store did not send along.
struct FetchInputs {
  TaskId task;
  std::vector<TaskId> outputs;  ///< In the order of `Grant::absent`.
};
/// Take this task again when its back-off is over.
struct TakeLater {
  Grant grant;
  Nanos delay{};
};
/// Tell another worker that tasks of its own are ready.
struct HandOver {
  WorkerId worker;
  std::vector<ReadyTask> tasks;
};
/// Give claims back.
struct GiveTasksBack {
  std::vector<TaskId> tasks;
};
/// Launch a worker for a task that no worker is planned for.
struct LaunchFlexible {
  ReadyTask task;
};

using WorkerEffect = std::variant<WantSlot, GiveSlotBack, Claim, Start, FetchInputs, TakeLater,
                                  HandOver, GiveTasksBack, LaunchFlexible>;

/// Decides what one worker does next. Holds no clock, thread or actor: tell it what happened, carry
/// out the effects that it appends, in order.
///
/// A worker runs its tasks one after another on one slot, the most urgent first, and prepares a few
/// ahead so that the slot never waits. It asks for a slot when it has something to run; when it
/// only waits, it gives the slot back as soon as somebody else wants it.
class WorkerCore {
public:
  /// Tasks that are started at a time, at least: one runs, one is ready to.
  static constexpr std::size_t started_ahead = 2;
  /// And at most, where the store takes longer to commit than the tasks to run.
  static constexpr std::size_t started_max = 64;
  /// Tasks that are claimed at a time.
  static constexpr std::size_t claim_batch = 64;
  /// Asked to yield, a worker keeps a slot for at least so long while it has work.
  static constexpr Nanos fair_share = std::chrono::milliseconds{10};

  WorkerCore(RunContextPtr context, WorkerId id) : context_(std::move(context)), id_(id) {}

  using Effects = std::vector<WorkerEffect>;

  /// Tasks of this worker became ready.
  void on_ready(const std::vector<ReadyTask>& tasks, Effects& effects);

  /// The store's answer to `Claim`.
  void on_claimed(std::vector<Grant> grants, Effects& effects);

  /// What the store has claimed for this worker: what is new of it is taken.
  void on_told(std::vector<Grant> grants, Effects& effects);

  /// The store is about to be asked what this worker holds. What ends before the answer comes may
  /// be in it.
  void on_reading();

  /// That answer: what is new of it is taken.
  void on_held(std::vector<Grant> grants, Effects& effects);

  /// Inputs that were asked for; missing where the store has them no more.
  void on_fetched(TaskId task, std::vector<Value> outputs, Effects& effects);

  /// What is not started goes back, and nothing more is taken.
  void on_park(Effects& effects);

  /// What it has given back since it parks, or was told of and has not claimed: ready, and nobody's
  /// before another is this worker.
  [[nodiscard]] std::vector<ReadyTask> take_left() { return std::exchange(left_, {}); }

  /// A slot was granted. @param now since the run's submission
  void on_slot(Nanos now, Effects& effects);

  /// Somebody else waits for the slot.
  void on_yield(Nanos now, Effects& effects);

  /// How a task ended: what its worker needs to know of it.
  struct Ended {
    TaskId task;
    TaskId template_task;
    const std::vector<TaskId>* dependencies;  ///< By slot, for tasks made by a map; else nothing.
    bool committed = false;
    bool failed = false;  ///< For good.
    bool slot_busy = false;
    Value kept;
    std::vector<Grant> granted;
    std::vector<ReadyTask> ready;
    std::vector<TaskId> keep_here;
    std::optional<Grant> retry;  ///< Another attempt follows, after `retry_after`.
    Nanos retry_after{};
    Nanos execution{};  ///< How long the function took,
    Nanos publish{};    ///< and how long the store, to take the outcome.
    Nanos now{};
  };
  void on_ended(Ended ended, Effects& effects);

  /// The back-off of a task is over.
  void on_due(Grant grant, Effects& effects);

  /// The run is over. Nothing is started any more.
  void on_stop(Effects& effects);

  /// Whether nothing is left to do: nothing ready, claimed, started or to be tried again.
  [[nodiscard]] bool idle() const { return !needs_slot() && backing_off_.empty(); }
  [[nodiscard]] std::size_t started() const { return started_.size(); }
  /// Whether it parks and nothing of it is left to do.
  [[nodiscard]] bool parked() const { return parking_ && idle() && fetching_.empty(); }

private:
  enum class Slot : std::uint8_t { none, wanted, held };
  struct Started {
    TaskId task;
    Fence fence;
    friend bool operator==(const Started&, const Started&) = default;
  };

  [[nodiscard]] bool needs_slot() const;
  [[nodiscard]] bool durable() const { return context_->durability == Durability::store; }
  void clear_ready();
  void start(Grant grant, Effects& effects);
  void start_complete(Grant grant, Bytes fetched, Effects& effects);
  [[nodiscard]] bool knows(const Grant& grant) const;
  void drop_ended(std::vector<Grant>& grants);
  [[nodiscard]] bool is_started(TaskId task) const;
  void pace(Nanos execution, Nanos publish);
  void take_awaiting(TaskId producer);
  void leave(const Grant& grant, std::vector<TaskId>& back);
  [[nodiscard]] bool claim_now() const;
  void pump(Effects& effects);
  /// Where a grant stands among equally urgent ones.
  enum class Turn : std::uint8_t { next, last };
  void take(Grant grant, Turn turn = Turn::last);
  void adopt(Grant grant, Turn turn = Turn::last);
  void try_again(Grant grant, Nanos delay, Effects& effects);
  void add_ready(const ReadyTask& task);
  [[nodiscard]] std::vector<TaskId> next_ready(std::size_t count);
  void sort_out(std::vector<ReadyTask>& ready, const std::vector<TaskId>& keep_here,
                Effects& effects);
  [[nodiscard]] std::optional<TaskId> producer_at_work(const Grant& grant) const;
  void fill_from_kept(Grant& grant) const;
  void release_kept(TaskId template_task, const std::vector<TaskId>* dependencies);
  [[nodiscard]] bool must_run_alone(const Grant& grant) const;

  struct Kept {
    Value value;
    std::uint32_t readers = 0;
  };

  RunContextPtr context_;
  WorkerId id_;
  Slot slot_ = Slot::none;
  Nanos slot_since_{};
  bool yield_wanted_ = false;
  bool stopped_ = false;
  bool claiming_ = false;
  bool alone_ = false;  ///< The task that is started must not have another behind it.
  bool parking_ = false;
  std::vector<ReadyTask> left_;
  std::size_t window_ = started_ahead;  ///< How many may be started now.
  double execution_ = 0;                ///< Recent averages, nanoseconds.
  double publish_ = 0;
  std::vector<Started> started_;  ///< At most `window_`.
  std::unordered_map<TaskId, Grant> fetching_;
  /// Granted anew while an older attempt of theirs is still here.
  std::vector<Grant> again_;
  std::vector<Started> backing_off_;
  bool reading_ = false;  ///< What the worker holds.
  /// While the store is asked what the worker holds, or for claims: its answer may be older.
  std::vector<Started> ended_;
  /// Grants that came so, by task: the answers that should have brought them may yet come.
  std::unordered_map<TaskId, Fence> recovered_;
  std::size_t ready_count_ = 0;
  std::size_t granted_count_ = 0;
  std::map<float, std::deque<TaskId>, std::greater<>> ready_;  ///< By rank, the most urgent first.
  /// The tasks in it, where sweeps tell of them again until they are claimed.
  std::unordered_set<TaskId> known_ready_;
  std::map<float, std::deque<Grant>, std::greater<>> granted_;
  std::unordered_map<TaskId, Kept> kept_;  ///< Outputs that only this worker needs.
  /// Tasks whose input the store has as committed, but whose producer has yet to hand it over, by
  /// producer.
  std::unordered_map<TaskId, std::vector<Grant>> awaiting_;
};

}  // namespace weft
