#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "weft/workflow/error.hpp"
#include "weft/workflow/ids.hpp"
#include "weft/workflow/options.hpp"
#include "weft/workflow/units.hpp"

namespace weft {

/// How an attempt ended.
enum class AttemptOutcome : std::uint8_t { committed, failed, timed_out, cancelled, lost };

[[nodiscard]] std::string_view to_string(AttemptOutcome outcome);

/// What a worker learned by running one attempt of one task. Times are offsets from the run's
/// submission on the clock of the worker's host.
///
/// A plain value. Written by actors/task, kept by storage/history, read by predictions and traces.
struct TaskMetrics {
  TaskId task;           ///< As numbered in the run.
  TaskId template_task;  ///< As numbered in the graph.
  std::uint32_t attempt = 1;
  WorkerId worker;
  AttemptOutcome outcome = AttemptOutcome::committed;
  Nanos claimed{};                  ///< The worker took charge of it.
  Nanos inputs_ready{};             ///< All inputs were at hand.
  Nanos started{};                  ///< The function was called.
  Nanos finished{};                 ///< The function returned.
  Nanos committed{};                ///< The store had accepted the outcome.
  Bytes input_size;                 ///< Sum over the inputs, as encoded.
  Bytes fetched_size;               ///< The part of it that came from the store.
  Bytes output_size;                ///< As encoded.
  std::vector<std::uint32_t> path;  ///< Rows of the element it is for, outermost first.

  friend bool operator==(const TaskMetrics&, const TaskMetrics&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, TaskMetrics& x) {
    auto outcome = static_cast<std::uint8_t>(x.outcome);
    const bool ok = f.object(x).fields(
      f.field("task", x.task), f.field("template_task", x.template_task),
      f.field("attempt", x.attempt), f.field("worker", x.worker), f.field("outcome", outcome),
      f.field("claimed", x.claimed), f.field("inputs_ready", x.inputs_ready),
      f.field("started", x.started), f.field("finished", x.finished),
      f.field("committed", x.committed), f.field("input_size", x.input_size),
      f.field("fetched_size", x.fetched_size), f.field("output_size", x.output_size),
      f.field("path", x.path));
    x.outcome = static_cast<AttemptOutcome>(outcome);
    return ok;
  }
};

/// How a worker got its slot.
struct SlotMetrics {
  WorkerId worker;
  WorkerClass worker_class;
  bool cold = false;
  Nanos requested{};  ///< Offset from the run's submission.
  Nanos granted{};

  friend bool operator==(const SlotMetrics&, const SlotMetrics&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, SlotMetrics& x) {
    return f.object(x).fields(f.field("worker", x.worker), f.field("worker_class", x.worker_class),
                              f.field("cold", x.cold), f.field("requested", x.requested),
                              f.field("granted", x.granted));
  }
};

/// Metrics on their way from a worker to the history: the unit that a crash may lose.
struct MetricsBatch {
  RunId run;
  std::vector<TaskMetrics> tasks;
  std::vector<SlotMetrics> slots;

  friend bool operator==(const MetricsBatch&, const MetricsBatch&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, MetricsBatch& x) {
    return f.object(x).fields(f.field("run", x.run), f.field("tasks", x.tasks),
                              f.field("slots", x.slots));
  }
};

/// How a run stands.
enum class RunState : std::uint8_t { running, succeeded, failed, cancelled };

[[nodiscard]] std::string_view to_string(RunState state);

/// The tasks of a run by how they stand.
struct TaskCounts {
  std::uint64_t total = 0;  ///< Grows when maps expand.
  std::uint64_t committed = 0;
  std::uint64_t failed = 0;
  std::uint64_t skipped = 0;
  std::uint64_t retries = 0;  ///< Attempts that failed and were followed by another.

  friend bool operator==(const TaskCounts&, const TaskCounts&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, TaskCounts& x) {
    return f.object(x).fields(f.field("total", x.total), f.field("committed", x.committed),
                              f.field("failed", x.failed), f.field("skipped", x.skipped),
                              f.field("retries", x.retries));
  }
};

/// What is kept of a run after its end: one line of `weft runs`.
struct RunRecord {
  RunId id;
  std::string workflow;
  std::string planner;
  WallTime submitted;
  std::optional<Nanos> makespan;  ///< Submit to result readable; nothing while it runs.
  RunState state = RunState::running;
  TaskCounts tasks;
  std::uint32_t workers = 0;
  std::vector<Error> errors;  ///< Of failed tasks; at most `max_recorded_errors`.

  friend bool operator==(const RunRecord&, const RunRecord&) = default;
};

/// Errors of a run beyond these are counted, not kept.
inline constexpr std::size_t max_recorded_errors = 100;

/// What a recorded task is called and needs: the part of the graph that is kept with a run, so that
/// traces can be drawn without the workflow.
struct RecordedTask {
  TaskId task;
  std::string name;
  std::string function;              ///< `name@version`
  std::vector<TaskId> dependencies;  ///< Tasks that had to commit first.

  friend bool operator==(const RecordedTask&, const RecordedTask&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, RecordedTask& x) {
    return f.object(x).fields(f.field("task", x.task), f.field("name", x.name),
                              f.field("function", x.function),
                              f.field("dependencies", x.dependencies));
  }
};

}  // namespace weft
