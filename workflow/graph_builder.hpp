#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "weft/workflow/topological_order.hpp"
#include "weft/workflow/workflow.hpp"

namespace weft {

/// Whether a task may be called so: 1 to 256 letters, digits or _ . : + @ = -.
[[nodiscard]] bool valid_task_name(std::string_view name);

/// Turns a workflow into a graph: resolves names, checks the structure, counts what each task waits
/// for and who reads it. Used by `Workflow::freeze`; one object builds one graph.
class GraphBuilder {
public:
  GraphBuilder(Workflow workflow, const Registry& registry);

  [[nodiscard]] Result<GraphPtr> build();

private:
  void take_problems();
  void take_names();
  void check_names();
  void resolve_names();
  [[nodiscard]] std::optional<TaskId> find(const std::string& name, TaskId asking);
  [[nodiscard]] std::string nearest(const std::string& name);
  void resolve_functions();
  void resolve_options();
  void add_order_dependencies();
  void check_scopes();
  void check_scope(TaskId task, const Dependency& dependency);
  void sort();
  void report_cycle(const std::vector<TaskId>& cycle);
  void link();
  void link_task(TaskId child, std::vector<std::pair<TaskId, TaskId>>& edges);
  void link_outer(TaskId reader, TaskId read);

  void problem(Errc code, std::string message, TaskId task, std::string hint = {});
  [[nodiscard]] std::string describe(TaskId task) const;
  [[nodiscard]] std::string automatic_name(TaskId task) const;
  [[nodiscard]] bool is_automatic(const std::string& name) const;
  [[nodiscard]] bool encloses(std::uint32_t outer, std::uint32_t inner) const;
  [[nodiscard]] std::vector<Precedence> precedences() const;
  [[nodiscard]] std::span<const Dependency> dependencies(TaskId task) const;

  Workflow workflow_;
  const Registry& registry_;
  std::shared_ptr<Graph> graph_;
  std::unordered_map<std::string, TaskId> by_name_;
  std::vector<Error> problems_;
  std::size_t compared_names_ = 0;  ///< While looking for what unknown names may have meant.

  /// The last task to which each task was linked, and by which it was read: an edge counts once.
  std::vector<TaskId> linked_;
  std::vector<TaskId> read_;

  /// Where a scope keeps an outer input, by the scope's number and the task's.
  std::unordered_map<std::uint64_t, std::size_t> outer_places_;
};

}  // namespace weft
