#pragma once

#include <optional>
#include <variant>

#include "weft/actors/run_context.hpp"
#include "weft/storage/run_store.hpp"

namespace weft {

// -- what a task may be told ----------------------------------------------------------------------

/// The function of an attempt has returned.
struct Returned {
  std::uint32_t attempt = 0;
  Value output;
  std::optional<Error> error;
  Nanos started{};
  Nanos finished{};
};
/// The attempt has run for as long as it may.
struct TimeLimitReached {
  std::uint32_t attempt = 0;
};
/// The store's answer to a commit or an expansion.
struct StoreCommitted {
  CommitAnswer answer;
};
/// The store's answer to a failure.
struct StoreFailed {
  FailAnswer answer;
};
/// The run is over.
struct Stopped {};
/// The store refused the last request, or could not be reached.
struct StoreUnavailable {
  Error error;
};

using TaskEvent =
  std::variant<Returned, TimeLimitReached, StoreCommitted, StoreFailed, Stopped, StoreUnavailable>;

// -- what a task may want done --------------------------------------------------------------------

/// Nothing to do now.
struct Wait {};
/// Call the function.
struct Call {};
/// Ask the store to commit.
struct Commit {
  CommitRequest request;
};
/// Ask the store to expand a map.
struct Expand {
  ExpandRequest request;
};
/// Tell the store that the attempt failed.
struct ReportFailure {
  FailRequest request;
  bool stop_call = false;  ///< The function may still be running: tell it to stop.
};
/// Tell the worker and quit.
struct End {
  std::vector<TaskId> keep_here;  ///< Ready children that an optimization wants on this worker.
  std::optional<Grant> retry;     ///< The worker tries again with it, after `retry_after`.
  Nanos retry_after{};
  std::optional<Error> broken;  ///< The store did not take the outcome: the worker cannot go on.
};

using TaskEffect = std::variant<Wait, Call, Commit, Expand, ReportFailure, End>;

/// Decides what happens to one attempt of a task, from its grant to its end. Holds no clock, thread
/// or actor: feed it what happened, carry out what it answers.
///
///     executing -> committing -> committed -> ended
///         |            |                        ^
///         +--> failing <                        |
///                 +-----------------------------+
///
/// It asks optimizations and the types of values. What they throw fails the attempt; after the
/// commit it is too late for that, and children go where the plan has them.
class TaskCore {
public:
  /// @param fetched the part of its inputs that came from the store
  /// @param granted when its worker took charge of it, since the run's submission
  TaskCore(RunContextPtr context, WorkerId worker, Grant grant, Bytes fetched, Nanos granted);

  /// What to do first. @param now since the run's submission
  [[nodiscard]] TaskEffect start(Nanos now);

  [[nodiscard]] TaskEffect on(TaskEvent event, Nanos now);

  [[nodiscard]] const Grant& grant() const { return grant_; }
  [[nodiscard]] const TaskOptions& options() const {
    return context_->graph->options(grant_.template_task);
  }

  /// The inputs for the call. They are kept only where another attempt may follow.
  [[nodiscard]] Inputs take_inputs();

  /// What was measured; complete once the task has ended. A call that did not return counts as
  /// finished, and an attempt without an answer of the store's as committed, when it was given up.
  [[nodiscard]] const TaskMetrics& metrics() const { return metrics_; }
  [[nodiscard]] TaskMetrics take_metrics() { return std::move(metrics_); }

  /// The store's last answer: what became ready.
  [[nodiscard]] CommitAnswer& answer() { return answer_; }

  /// The output, when it is not stored because only this worker needs it.
  [[nodiscard]] const Value& kept() const { return kept_; }
  [[nodiscard]] Value take_kept() { return std::move(kept_); }

  /// Whether a call that was given up on may still be under way.
  [[nodiscard]] bool call_abandoned() const { return call_abandoned_; }

private:
  enum class State : std::uint8_t { executing, committing, committed, failing, ended };

  /// The optimization that owns a stage of this task; nothing when none does.
  [[nodiscard]] const PlannedOptimization* owner(Stage stage) const;
  template <class Decide>
  [[nodiscard]] auto decide(Stage stage, Decide&& decide) const;
  template <class Step>
  [[nodiscard]] TaskEffect guarded(Step&& step);
  [[nodiscard]] StageView view(const PlannedOptimization& owner) const;

  [[nodiscard]] TaskEffect begin_attempt();
  [[nodiscard]] bool lacks_inputs() const;
  [[nodiscard]] bool must_be_stored(const Value& output) const;
  [[nodiscard]] bool parted() const;
  [[nodiscard]] ClaimChildren claim_children(const Value& output) const;
  [[nodiscard]] TaskEffect commit(Value output);
  [[nodiscard]] TaskEffect expand();
  [[nodiscard]] TaskEffect fail(Error error);
  [[nodiscard]] TaskEffect end(AttemptOutcome outcome);

  [[nodiscard]] TaskEffect handle(Returned event, Nanos now);
  [[nodiscard]] TaskEffect handle(TimeLimitReached event, Nanos now);
  [[nodiscard]] TaskEffect handle(StoreCommitted event, Nanos now);
  [[nodiscard]] TaskEffect handle(StoreFailed event, Nanos now);
  [[nodiscard]] TaskEffect handle(Stopped event, Nanos now);
  [[nodiscard]] TaskEffect handle(StoreUnavailable event, Nanos now);

  RunContextPtr context_;
  Grant grant_;
  State state_ = State::executing;
  bool calling_ = false;
  bool call_abandoned_ = false;
  TaskMetrics metrics_;
  CommitAnswer answer_;
  Value kept_;
  Value output_;  ///< For the stages after the commit.
};

}  // namespace weft
