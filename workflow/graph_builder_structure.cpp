// How a graph builder checks what depends on what, and links it.

#include <algorithm>
#include <numeric>

#include "weft/workflow/graph_builder.hpp"
#include "weft/workflow/topological_order.hpp"

namespace weft {

namespace {

/// More cycles than anybody writes at once.
constexpr std::size_t max_cycles = 10;

/// Tasks at either end of a cycle that its problem names.
constexpr std::size_t max_named_in_cycle = 6;

constexpr TaskId no_task{0xffff'ffff};

}  // namespace

std::span<const Dependency> GraphBuilder::dependencies(TaskId task) const {
  const auto& tasks = workflow_.tasks_;
  const std::uint32_t end = task.number() + 1 < tasks.size()
                              ? tasks[task.number() + 1].dependencies
                              : static_cast<std::uint32_t>(workflow_.dependencies_.size());
  return {workflow_.dependencies_.data() + tasks[task.number()].dependencies,
          workflow_.dependencies_.data() + end};
}

void GraphBuilder::add_order_dependencies() {
  if (workflow_.order_.empty()) return;
  std::ranges::sort(workflow_.order_);
  std::vector<Dependency> all;
  all.reserve(workflow_.dependencies_.size() + workflow_.order_.size());
  std::vector<std::uint32_t> begins;
  begins.reserve(workflow_.task_count());
  std::vector<TaskId> last(workflow_.task_count(), no_task);  // Who depended on each task last.
  auto next = workflow_.order_.begin();
  for (std::uint32_t i = 0; i < workflow_.task_count(); ++i) {
    const TaskId task{i};
    begins.push_back(static_cast<std::uint32_t>(all.size()));
    for (const Dependency& own : dependencies(task)) {
      last[own.task.number()] = task;
      all.push_back(own);
    }
    for (; next != workflow_.order_.end() && next->first == task; ++next) {
      if (std::exchange(last[next->second.number()], task) == task) continue;
      all.push_back({next->second, DependencyKind::order});
    }
  }
  for (std::uint32_t i = 0; i < workflow_.task_count(); ++i) {
    workflow_.tasks_[i].dependencies = begins[i];
  }
  workflow_.dependencies_ = std::move(all);
}

// -- scopes ---------------------------------------------------------------------------------------

bool GraphBuilder::encloses(std::uint32_t outer, std::uint32_t inner) const {
  while (inner > outer) inner = workflow_.scopes_[inner].parent;  // Parents come first.
  return inner == outer;
}

void GraphBuilder::check_scopes() {
  if (workflow_.scopes_.size() == 1) return;
  for (std::uint32_t i = 0; i < workflow_.task_count(); ++i) {
    for (const Dependency& dependency : dependencies(TaskId{i})) {
      check_scope(TaskId{i}, dependency);
    }
  }
  for (std::size_t s = 1; s < workflow_.scopes_.size(); ++s) {
    if (workflow_.scopes_[s].templates.empty()) {
      problem(Errc::invalid_workflow, "the body of the map adds no task", workflow_.scopes_[s].map,
              "return a task that takes the element");
    }
  }
}

/// A task may take what its own scope and those around it make. Of the maps in its scope it may
/// take all elements at once.
void GraphBuilder::check_scope(TaskId task, const Dependency& dependency) {
  const std::uint32_t scope = workflow_.tasks_[task.number()].scope;
  const Task& other = workflow_.tasks_[dependency.task.number()];
  const std::string name = "'" + describe(dependency.task) + "'";
  switch (dependency.kind) {
    case DependencyKind::item:
      if (encloses(other.body, scope)) return;
      problem(Errc::invalid_workflow, "takes an element of " + name + " outside of that map", task,
              "add this task in the body of the map");
      return;
    case DependencyKind::gather:
      if (other.scope != 0 && workflow_.scopes_[other.scope].parent == scope) return;
      problem(Errc::invalid_workflow,
              "takes all elements of " + name + " elsewhere than around their map", task,
              "gather them first, in the scope around the map, and pass the list");
      return;
    case DependencyKind::output:
    case DependencyKind::order:
      if (encloses(other.scope, scope)) return;
      problem(Errc::invalid_workflow, "depends on " + name + ", which is inside a map", task,
              "gather the elements first, in the scope around the map");
      return;
  }
}

// -- order ----------------------------------------------------------------------------------------

/// Finds an order in which every task follows those that it waits for, or names the cycles.
void GraphBuilder::sort() {
  const std::uint32_t count = workflow_.task_count();
  // Futures stand for tasks that were added before.
  const bool forward_only = workflow_.order_.empty() && workflow_.named_dependencies_.empty();
  std::vector<TaskId>& order = graph_->order_;
  if (forward_only) {
    order.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) order.emplace_back(i);
  } else {
    TopologicalOrder found = topological_order(count, precedences(), max_cycles);
    for (const auto& cycle : found.cycles) report_cycle(cycle);
    order = std::move(found.tasks);
  }
  if (workflow_.scopes_.size() == 1) return;
  std::erase_if(order, [&](TaskId task) { return workflow_.tasks_[task.number()].scope != 0; });
}

/// Which tasks wait for which. A map's elements are left out: they are there when it has expanded.
std::vector<Precedence> GraphBuilder::precedences() const {
  std::vector<Precedence> all;
  all.reserve(workflow_.dependencies_.size());
  for (std::uint32_t i = 0; i < workflow_.task_count(); ++i) {
    for (const Dependency& dependency : dependencies(TaskId{i})) {
      if (dependency.kind == DependencyKind::item) continue;
      all.push_back({dependency.task, TaskId{i}});
      if (dependency.kind != DependencyKind::gather) continue;
      const std::uint32_t scope = workflow_.tasks_[dependency.task.number()].scope;
      all.push_back({workflow_.scopes_[scope].map, TaskId{i}});
    }
  }
  return all;
}

void GraphBuilder::report_cycle(const std::vector<TaskId>& cycle) {
  std::string text;
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    if (i == max_named_in_cycle && cycle.size() > 2 * max_named_in_cycle + 1) {
      i = cycle.size() - max_named_in_cycle;
      text += "(" + std::to_string(cycle.size() - 2 * max_named_in_cycle) + " more) -> ";
    }
    text += describe(cycle[i]) + " -> ";
  }
  problem(Errc::invalid_workflow, "tasks wait for one another: " + text + describe(cycle.front()),
          cycle.front(), "take one of these dependencies away");
}

// -- links ----------------------------------------------------------------------------------------

void GraphBuilder::link() {
  const std::uint32_t count = workflow_.task_count();
  Graph& graph = *graph_;
  graph.scopes_ = std::move(workflow_.scopes_);
  if (graph.scopes_.size() > 1) {
    graph.positions_.resize(count);
    for (std::uint32_t i = 0; i < count; ++i) graph.positions_[i] = i;
    for (const Scope& scope : graph.scopes_) {
      for (std::uint32_t i = 0; i < scope.templates.size(); ++i) {
        graph.positions_[scope.templates[i].number()] = i;
      }
    }
  }
  if (graph.scopes_.size() > 1) graph.read_inside_maps_.resize(count);
  graph.pending_.assign(count, 0);
  graph.readers_.assign(count, 0);

  std::vector<std::pair<TaskId, TaskId>> edges;  // parent, child
  edges.reserve(workflow_.dependencies_.size());
  for (std::uint32_t i = 0; i < count; ++i) link_task(TaskId{i}, edges);

  std::vector<std::uint32_t> next(count + 1, 0);
  for (const auto& [parent, child] : edges) ++next[parent.number()];
  std::exclusive_scan(next.begin(), next.end(), next.begin(), 0u);
  for (std::uint32_t i = 0; i < count; ++i) workflow_.tasks_[i].children = next[i];
  graph.children_.resize(edges.size());
  for (const auto& [parent, child] : edges) graph.children_[next[parent.number()]++] = child;

  workflow_.tasks_.push_back(
    {.arguments = static_cast<std::uint32_t>(workflow_.arguments_.size()),
     .dependencies = static_cast<std::uint32_t>(workflow_.dependencies_.size()),
     .children = static_cast<std::uint32_t>(graph.children_.size())});
  graph.tasks_ = std::move(workflow_.tasks_);
  graph.arguments_ = std::move(workflow_.arguments_);
  graph.dependencies_ = std::move(workflow_.dependencies_);
  graph.constants_ = std::move(workflow_.constants_);
}

/// Adds the edges that end in `child`, each once, and counts what it waits for and reads.
void GraphBuilder::link_task(TaskId child, std::vector<std::pair<TaskId, TaskId>>& edges) {
  Graph& graph = *graph_;
  linked_.resize(workflow_.task_count(), no_task);
  read_.resize(workflow_.task_count(), no_task);
  const auto first = [child](std::vector<TaskId>& marks, TaskId parent) {
    return std::exchange(marks[parent.number()], child) != child;
  };
  const std::uint32_t scope = workflow_.tasks_[child.number()].scope;
  for (const Dependency& dependency : dependencies(child)) {
    const TaskId parent = dependency.task;
    const Task& task = workflow_.tasks_[parent.number()];
    if (dependency.kind == DependencyKind::item) continue;
    if (dependency.kind == DependencyKind::gather) {
      if (first(read_, parent)) ++graph.readers_[parent.number()];
      if (first(linked_, parent)) edges.emplace_back(parent, child);
      const TaskId map = graph.scopes_[task.scope].map;
      if (first(linked_, map)) {
        edges.emplace_back(map, child);
        ++graph.pending_[child.number()];
      }
    } else if (task.scope != scope) {
      if (dependency.kind == DependencyKind::output && first(read_, parent)) {
        link_outer(child, parent);
      }
    } else {
      if (dependency.kind == DependencyKind::output && first(read_, parent)) {
        ++graph.readers_[parent.number()];
      }
      if (first(linked_, parent)) {
        edges.emplace_back(parent, child);
        ++graph.pending_[child.number()];
      }
    }
  }
}

/// Notes that `reader`, inside one or more maps, reads the output of `read` outside of them. Each
/// map on the way keeps that output readable until it has expanded.
void GraphBuilder::link_outer(TaskId reader, TaskId read) {
  Graph& graph = *graph_;
  const std::uint32_t home = workflow_.tasks_[read.number()].scope;
  graph.read_inside_maps_[read.number()] = true;
  TaskId user = reader;
  while (workflow_.tasks_[user.number()].scope != home) {
    const std::uint32_t index = workflow_.tasks_[user.number()].scope;
    Scope& scope = graph.scopes_[index];
    const auto [place, fresh] = outer_places_.try_emplace(
      std::uint64_t{index} << 32 | read.number(), scope.outer_inputs.size());
    if (fresh) scope.outer_inputs.push_back({.task = read});
    ++scope.outer_inputs[place->second].uses;
    user = scope.map;
    // This map was counted as a user one level further out when it first met the input.
    if (!fresh) return;
  }
  // The map may read the same output as its list; then it is one of the readers already.
  const Dependency list = dependencies(user).front();
  if (list != Dependency{read, DependencyKind::output}) ++graph.readers_[read.number()];
}

}  // namespace weft
