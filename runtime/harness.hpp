#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "weft/runtime/engine_options.hpp"
#include "weft/runtime/run.hpp"
#include "weft/workflow/workflow.hpp"

namespace weft {

/// How a harness plays.
struct HarnessOptions {
  std::uint64_t seed = 1;  ///< Chooses the order in which messages are handled.
  EngineOptions engine;    ///< The history defaults to one in memory.
};

/// The same engine on one thread, with virtual time and an order of messages that a seed chooses:
/// for deterministic tests, of weft and of the applications that embed it. Equal seeds give equal
/// event logs, byte for byte.
///
/// Time stands still while functions run and jumps to the next timer when nothing else is left to
/// do; `TaskContext::sleep_for` returns at once and lets the task's output appear that much later.
/// Not thread-safe: use it from one thread.
class Harness {
public:
  explicit Harness(Registry registry, HarnessOptions options = {});
  ~Harness();

  template <class T>
  Run<T> submit(Workflow workflow, const Future<T>& result, SubmitOptions options = {}) {
    return {submit_graph(frozen(std::move(workflow)), {result.task()}, std::move(options)),
            result.task()};
  }
  Run<void> submit(Workflow workflow, SubmitOptions options = {}) {
    GraphPtr graph = frozen(std::move(workflow));
    std::vector<TaskId> sinks = graph->sinks();
    return Run<void>{submit_graph(std::move(graph), std::move(sinks), std::move(options))};
  }
  [[nodiscard]] std::shared_ptr<RunHandle> submit_graph(GraphPtr graph, std::vector<TaskId> kept,
                                                        SubmitOptions options = {});

  /// Handles one message. Answers false when there is none.
  bool step();

  /// Handles messages, letting time jump to the timers that are due within `duration`, and ends
  /// exactly that much later.
  void advance(Nanos duration);

  /// Handles messages and lets time jump until nothing is left to do.
  void run_until_idle();

  /// Virtual time since the harness was made.
  [[nodiscard]] Nanos now() const;

  /// Every event of a run so far, one JSON object a line.
  [[nodiscard]] std::string event_log(RunId run) const;

private:
  [[nodiscard]] GraphPtr frozen(Workflow workflow) const;

  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace weft
