#include "weft/storage/scope_facts.hpp"

#include <algorithm>

namespace weft {

namespace {

void add_once(std::vector<TaskId>& tasks, TaskId task) {
  if (std::ranges::find(tasks, task) == tasks.end()) tasks.push_back(task);
}

std::vector<TaskId> retained_by_map(const Graph& graph, const Scope& scope) {
  std::vector<TaskId> retained;
  const auto own = graph.dependencies(scope.map);
  for (const Scope::OuterInput& input : scope.outer_inputs) {
    // The graph counts a map once where it reads the output as its list too, unless that comes from
    // further out: there every use counts.
    const bool is_list =
      std::ranges::find(own, Dependency{input.task, DependencyKind::output}) != own.end();
    const bool near = graph.task(input.task).scope == graph.task(scope.map).scope;
    if (!is_list || !near) retained.push_back(input.task);
  }
  return retained;
}

std::vector<TaskId> outer_waits(const Graph& graph, TaskId template_task) {
  std::vector<TaskId> waits;
  for (const Dependency& dependency : graph.dependencies(template_task)) {
    const bool counts =
      dependency.kind == DependencyKind::output || dependency.kind == DependencyKind::order;
    if (counts && graph.task(dependency.task).scope != graph.task(template_task).scope) {
      add_once(waits, dependency.task);
    }
  }
  return waits;
}

/// @param inner facts of the scope that the template expands, if it is a map
std::vector<TaskId> items_read_by(const Graph& graph, TaskId template_task,
                                  const ScopeFacts* inner) {
  std::vector<TaskId> maps;
  for (const Dependency& dependency : graph.dependencies(template_task)) {
    if (dependency.kind == DependencyKind::item) add_once(maps, dependency.task);
  }
  if (inner) {
    for (const ScopeFacts::ItemUse& use : inner->item_uses) {
      if (use.map != template_task) add_once(maps, use.map);
    }
  }
  return maps;
}

/// The entry for `task`, made if need be.
template <class Entry>
Entry& entry_of(std::vector<Entry>& entries, TaskId Entry::*key, TaskId task) {
  auto found = std::ranges::find(entries, task, key);
  if (found == entries.end()) {
    found = entries.insert(found, Entry{});
    (*found).*key = task;
  }
  return *found;
}

ScopeFacts facts_of(const Graph& graph, std::uint32_t index, const std::vector<ScopeFacts>& all) {
  ScopeFacts facts;
  const Scope& scope = graph.scope(index);
  facts.retained = retained_by_map(graph, scope);
  for (std::uint32_t position = 0; position < scope.templates.size(); ++position) {
    const TaskId task = scope.templates[position];
    for (const TaskId outer : outer_waits(graph, task)) facts.waits.push_back({position, outer});
    for (const TaskId child : graph.children(task)) {
      if (graph.task(child).scope == index) continue;
      entry_of(facts.gatherers, &ScopeFacts::Gatherer::task, child).positions.push_back(position);
    }
    const bool is_map = graph.task(task).kind == TaskKind::map;
    facts.items_read.push_back(
      items_read_by(graph, task, is_map ? &all[graph.task(task).body] : nullptr));
    for (const TaskId map : facts.items_read.back()) {
      ++entry_of(facts.item_uses, &ScopeFacts::ItemUse::map, map).uses;
    }
  }
  return facts;
}

}  // namespace

std::vector<ScopeFacts> scope_facts(const Graph& graph) {
  std::vector<ScopeFacts> all(graph.scope_count());
  // A scope is numbered after the one around it, so inner ones are done first.
  for (std::uint32_t index = graph.scope_count(); index-- > 1;) {
    all[index] = facts_of(graph, index, all);
  }
  return all;
}

}  // namespace weft
