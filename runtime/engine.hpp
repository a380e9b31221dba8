#pragma once

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "weft/runtime/engine_options.hpp"
#include "weft/runtime/run.hpp"
#include "weft/workflow/plan.hpp"
#include "weft/workflow/workflow.hpp"

namespace weft {

class HistoryStore;

/// Runs workflows: what an application embeds. Owns its actors, threads, run store and history;
/// several engines live side by side in one process.
///
/// A task may run more than once; its committed result is used exactly once. Functions with side
/// effects on other systems use `TaskContext::idempotency_key`.
///
/// Thread-safe. Destroying an engine cancels its runs and waits for the functions that are being
/// called.
class Engine {
public:
  /// Throws `Exception` when an option is out of range or the history cannot be opened.
  explicit Engine(Registry registry, EngineOptions options = {});
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  /// Starts a run whose result is the output of `result`. Throws `Exception` when the workflow has
  /// structure problems (all are named) or cannot be planned.
  template <class T>
  Run<T> submit(Workflow workflow, const Future<T>& result, SubmitOptions options = {}) {
    return {submit_graph(frozen(std::move(workflow)), {result.task()}, std::move(options)),
            result.task()};
  }

  /// Starts a run whose result is the list of all elements.
  template <class T>
  Run<std::vector<T>> submit(Workflow workflow, const Mapped<T>& results,
                             SubmitOptions options = {}) {
    const Future<std::vector<T>> all = workflow.gather(results);
    return submit(std::move(workflow), all, std::move(options));
  }

  /// Starts a run that keeps the outputs of all sinks.
  Run<void> submit(Workflow workflow, SubmitOptions options = {}) {
    GraphPtr graph = frozen(std::move(workflow));
    std::vector<TaskId> sinks = graph->sinks();
    return Run<void>{submit_graph(std::move(graph), std::move(sinks), std::move(options))};
  }

  /// As `submit`, for a graph that is frozen already. @param kept outputs that stay readable
  [[nodiscard]] std::shared_ptr<RunHandle> submit_graph(GraphPtr graph, std::vector<TaskId> kept,
                                                        SubmitOptions options = {});

  /// Takes part in a run that lies in the engine's store, whoever has submitted it: waits for it,
  /// watches it, cancels it, reads its outputs. Its result stays in the store until `acknowledge`.
  /// Fails with `run_unknown`.
  [[nodiscard]] Result<std::shared_ptr<RunHandle>> attach(RunId run);

  /// The runs that lie in the engine's store, the oldest first.
  [[nodiscard]] Result<std::vector<RunId>> stored_runs();

  /// Removes all that the store has of a run: its result has been taken.
  [[nodiscard]] Result<void> acknowledge(RunId run);

  /// Sees to it that a run that lies in the engine's store goes on, with the workers of this
  /// engine: for one whose own are gone. Fails as `attach`, and with `function_unknown`.
  [[nodiscard]] Result<std::shared_ptr<RunHandle>> resume(RunId run);

  /// The plan that a submission would follow now. Nothing is executed or stored.
  [[nodiscard]] Result<PlanPtr> plan(GraphPtr graph) const;

  [[nodiscard]] const Registry& registry() const;
  [[nodiscard]] const EngineOptions& options() const;

  /// The engine's history of runs; nothing when it records none.
  [[nodiscard]] std::shared_ptr<HistoryStore> history() const;

private:
  [[nodiscard]] GraphPtr frozen(Workflow workflow) const;

  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace weft
