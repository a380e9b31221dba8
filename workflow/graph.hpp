#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "weft/workflow/argument.hpp"
#include "weft/workflow/function.hpp"
#include "weft/workflow/ids.hpp"
#include "weft/workflow/requirements.hpp"

namespace weft {

/// How a task depends on another.
enum class DependencyKind : std::uint8_t {
  output,  ///< Reads the output of a task.
  order,   ///< Runs after a task; reads nothing of it.
  gather,  ///< Reads the outputs of all elements of a map; names the element's template task.
  item,    ///< Reads the element of the map that it is part of; names the map.
};

/// One slot of a task's dependencies.
struct Dependency {
  TaskId task;
  DependencyKind kind = DependencyKind::output;

  friend bool operator==(const Dependency&, const Dependency&) = default;
};

enum class TaskKind : std::uint8_t {
  function,  ///< Calls a function.
  map,       ///< Reads a list and expands its scope once for each element.
};

/// A task as the workflow states it.
struct Task {
  TaskKind kind = TaskKind::function;
  std::uint32_t function = 0;      ///< Index into `Graph::functions`; unused for maps.
  std::uint32_t options = 0;       ///< Index into `Graph::options`.
  std::uint32_t scope = 0;         ///< The scope it is part of.
  std::uint32_t body = 0;          ///< Of a map: the scope that it expands.
  std::uint32_t arguments = 0;     ///< First argument node; they end where the next task's begin.
  std::uint32_t dependencies = 0;  ///< First dependency; they end where the next task's begin.
  std::uint32_t children = 0;      ///< First child; they end where the next task's begin.
};

/// The tasks that a map repeats for each element of its list. Scope 0 is the workflow itself.
struct Scope {
  std::uint32_t parent = 0;
  TaskId map;                     ///< The map that expands it.
  std::vector<TaskId> templates;  ///< Its tasks, in the order in which they were added.

  /// Tasks outside of the scope whose outputs its tasks read, and how often they do: once for each
  /// task of the scope that takes the output, and once for each map of the scope in which a task
  /// does, at any depth. The map keeps these outputs readable until it has expanded.
  struct OuterInput {
    TaskId task;
    std::uint32_t uses = 0;
  };
  std::vector<OuterInput> outer_inputs;
};

/// A workflow, checked and frozen: what a run executes. Tasks are numbered in the order in which
/// they were added; tasks of inner scopes are templates that never run themselves.
///
/// Built by `Workflow::freeze`. Immutable, hence thread-safe; shared by all that take part in a
/// run.
class Graph {
public:
  [[nodiscard]] const std::string& name() const { return name_; }
  /// What must be there before a run starts.
  [[nodiscard]] const Requirements& requirements() const { return requirements_; }
  [[nodiscard]] std::uint32_t task_count() const {
    return static_cast<std::uint32_t>(tasks_.size() - 1);
  }
  [[nodiscard]] const Task& task(TaskId id) const { return tasks_[id.number()]; }
  [[nodiscard]] const TaskOptions& options(TaskId id) const { return options_[task(id).options]; }
  [[nodiscard]] const FunctionDefinition& function(TaskId id) const {
    return *functions_[task(id).function];
  }
  /// `name@version` of a task's function; `weft.map@1` for maps.
  [[nodiscard]] FunctionName function_name(TaskId id) const;

  [[nodiscard]] std::span<const ArgNode> arguments(TaskId id) const {
    return slice(arguments_, task(id).arguments, tasks_[id.number() + 1].arguments);
  }
  [[nodiscard]] std::span<const Dependency> dependencies(TaskId id) const {
    return slice(dependencies_, task(id).dependencies, tasks_[id.number() + 1].dependencies);
  }
  /// Tasks that count this one down when it commits: those of its own scope that depend on it,
  /// those around its scope that gather it, and the maps that read it. Each once.
  [[nodiscard]] std::span<const TaskId> children(TaskId id) const {
    return slice(children_, task(id).children, tasks_[id.number() + 1].children);
  }
  [[nodiscard]] std::span<const Value> constants() const { return constants_; }

  [[nodiscard]] const Scope& scope(std::uint32_t index) const { return scopes_[index]; }
  [[nodiscard]] std::uint32_t scope_count() const {
    return static_cast<std::uint32_t>(scopes_.size());
  }

  /// Place of a template among the templates of its scope; a task's own number in scope 0.
  [[nodiscard]] std::uint32_t position(TaskId id) const {
    return positions_.empty() ? id.number() : positions_[id.number()];
  }

  /// Commits to wait for before the task is ready, as far as the graph alone tells. For a template:
  /// those within its own scope.
  [[nodiscard]] std::uint32_t pending(TaskId id) const { return pending_[id.number()]; }

  /// Distinct tasks that read the output: it may be released when they are done. A map counts for
  /// all that it expands.
  [[nodiscard]] std::uint32_t readers(TaskId id) const { return readers_[id.number()]; }

  /// Whether a task inside a map around which this one stands reads the output.
  [[nodiscard]] bool read_inside_maps(TaskId id) const {
    return !read_inside_maps_.empty() && read_inside_maps_[id.number()];
  }

  /// The name given by the user, or `function-number`. Unique.
  [[nodiscard]] std::string task_name(TaskId id) const;
  [[nodiscard]] std::optional<TaskId> find(std::string_view task_name) const;
  /// Whether the user gave it its name.
  [[nodiscard]] bool named(TaskId id) const { return !names_.empty() && names_.contains(id); }

  /// Tasks of scope 0 that nothing in the graph reads or waits for.
  [[nodiscard]] std::vector<TaskId> sinks() const;

  /// Tasks of scope 0 in an order in which every task follows those that it depends on.
  [[nodiscard]] const std::vector<TaskId>& topological_order() const { return order_; }

private:
  friend class GraphBuilder;
  friend class GraphCodec;
  friend class Workflow;

  template <class T>
  static std::span<const T> slice(const std::vector<T>& all, std::uint32_t from, std::uint32_t to) {
    return {all.data() + from, all.data() + to};
  }

  std::string name_;
  Requirements requirements_;
  std::vector<Task> tasks_;  ///< One more than there are tasks: the last ends the one before.
  std::vector<ArgNode> arguments_;
  std::vector<Dependency> dependencies_;
  std::vector<TaskId> children_;
  std::vector<Value> constants_;
  std::vector<TaskOptions> options_;
  std::vector<std::shared_ptr<const FunctionDefinition>> functions_;
  std::vector<Scope> scopes_;
  std::vector<std::uint32_t> positions_;  ///< Empty when there is no inner scope.
  std::vector<std::uint32_t> pending_;
  std::vector<std::uint32_t> readers_;
  std::vector<bool> read_inside_maps_;  ///< Empty when there is no inner scope.
  std::vector<TaskId> order_;
  std::unordered_map<TaskId, std::string> names_;  ///< Those that the user gave.
};

using GraphPtr = std::shared_ptr<const Graph>;

}  // namespace weft
