#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weft/workflow/graph.hpp"
#include "weft/workflow/plan.hpp"

namespace weft {

/// The stages of a task's life that an optimization may own. Each stage of a task has one owner.
enum class Stage : std::uint8_t {
  acquire_inputs,
  execute,
  publish_output,
  count_down,
  hand_over,
};

[[nodiscard]] std::string_view to_string(Stage stage);

/// What a stage knows of the task it decides on. Valid during the call.
struct StageView {
  const Graph& graph;
  const Plan& plan;
  TaskId task;           ///< As numbered in the run.
  TaskId template_task;  ///< As numbered in the graph.
  WorkerId worker;       ///< The worker that runs it.
  std::uint32_t attempt = 1;
  const std::map<std::string, std::string>& parameters;  ///< As the user or planner gave them.
};

/// Which inputs to wait for before the function is called.
enum class AcquireDecision : std::uint8_t {
  all,   ///< Every input: what happens when nobody owns the stage.
  none,  ///< None: only sensible together with an `execute` that answers without calling.
};

/// What stands in for the call of the function.
struct ExecuteDecision {
  /// Set: this is the output and the function is not called. Missing value: not set.
  Value output;
};

enum class PublishDecision : std::uint8_t {
  as_needed,  ///< Store what somebody outside of the worker may read: what happens otherwise.
  store,      ///< Store it in any case.
};

/// Which children the worker claims in the step that commits.
struct CountDownDecision {
  enum class Claim : std::uint8_t { none, own, all };
  Claim claim = Claim::own;
};

/// What to do with a child that became ready and was not claimed.
enum class HandOverDecision : std::uint8_t {
  as_planned,  ///< To its worker; a flexible one to a new worker: what happens otherwise.
  keep,        ///< Run it here.
};

/// A plug-in that changes how tasks are planned or run. One object serves all tasks and workers.
///
/// The planning half adds itself to tasks of a plan; the run half owns stages of those tasks and
/// answers decisions. Neither has effects: workers carry decisions out. Implementations are
/// immutable; any thread may call them.
class Optimization {
public:
  virtual ~Optimization() = default;

  /// The name by which users ask for it: 1 to 64 characters out of `[a-z0-9_]`.
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// The stages that it owns on the tasks that carry it.
  [[nodiscard]] virtual std::vector<Stage> stages() const = 0;

  // -- planning half ------------------------------------------------------------------------------

  /// Tasks that should carry it, beside those for which the user asked. None by default.
  [[nodiscard]] virtual std::vector<TaskId> candidates(const Graph& graph, const Plan& plan) const;

  // -- run half: called for owned stages only -----------------------------------------------------

  [[nodiscard]] virtual AcquireDecision acquire_inputs(const StageView& view) const;
  [[nodiscard]] virtual ExecuteDecision execute(const StageView& view, const Inputs& inputs) const;
  [[nodiscard]] virtual PublishDecision publish_output(const StageView& view,
                                                       const Value& output) const;
  [[nodiscard]] virtual CountDownDecision count_down(const StageView& view,
                                                     const Value& output) const;
  [[nodiscard]] virtual HandOverDecision hand_over(const StageView& view, const Value& output,
                                                   TaskId child) const;
};

/// The optimizations that an engine knows, by name. Immutable once made.
class OptimizationCatalogue {
public:
  explicit OptimizationCatalogue(std::vector<std::shared_ptr<const Optimization>> optimizations);

  [[nodiscard]] const Optimization* find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::span<const std::shared_ptr<const Optimization>> all() const {
    return optimizations_;
  }

private:
  std::vector<std::shared_ptr<const Optimization>> optimizations_;
};

/// The tasks that may run elsewhere than planned, since one that they follow carries an
/// optimization that claims or keeps its children. Sorted; numbers of the graph.
[[nodiscard]] std::vector<TaskId> movable_tasks(const Graph& graph, const Plan& plan,
                                                const OptimizationCatalogue& catalogue);

}  // namespace weft
