#pragma once

#include <gtest/gtest.h>

#include <unordered_map>
#include <utility>
#include <vector>

#include "support/stub_context.hpp"
#include "weft/workflow/task_table.hpp"

namespace weft::test {

/// Works out the outputs of a workflow one by one, each when it is asked for: what a run must come
/// to. Follows dependencies backwards, so it needs neither the counts nor the children of the
/// graph.
class Evaluation {
public:
  explicit Evaluation(GraphPtr graph) : table_(std::move(graph)) {}

  /// What the task returns. Throws `Exception` when it, or one that it needs, fails.
  template <class T>
  T of(const Future<T>& future) {
    return *value_of(future.task()).template as<T>().value();
  }

  Value value_of(TaskId task) {
    if (const auto known = values_.find(task); known != values_.end()) return known->second;
    const Inputs inputs = inputs_of(task);
    const Value value = run(task, inputs);
    values_.emplace(task, value);
    return value;
  }

  /// The tasks of the run so far.
  [[nodiscard]] const TaskTable& table() const { return table_; }

private:
  Value run(TaskId task, const Inputs& inputs) {
    const Graph& graph = table_.graph();
    const TaskId stated = table_.origin(task).task;
    if (graph.task(stated).kind == TaskKind::map) {
      table_.expand(task, static_cast<std::uint32_t>(inputs.at(0).list_size().value()));
      return inputs.at(0);
    }
    StubContext context;
    ArgumentReader reader{graph.arguments(stated), graph.constants(), inputs};
    return graph.function(stated).call(reader, context).value();
  }

  Inputs inputs_of(TaskId task) {
    const auto stated = table_.graph().dependencies(table_.origin(task).task);
    expand_gathered(task, stated);
    std::vector<std::vector<TaskId>> slots(stated.size());
    table_.for_each_dependency(task, [&](std::uint32_t slot, DependencyKind, TaskId dependency) {
      slots[slot].push_back(dependency);
    });
    Inputs inputs;
    for (std::size_t slot = 0; slot < slots.size(); ++slot) {
      std::vector<Value> values;
      for (const TaskId dependency : slots[slot]) {
        values.push_back(stated[slot].kind == DependencyKind::item ? element(dependency, task)
                                                                   : value_of(dependency));
      }
      if (stated[slot].kind == DependencyKind::gather) {
        inputs.add_gathered(std::move(values));
      } else {
        inputs.add(std::move(values.at(0)));
      }
    }
    return inputs;
  }

  /// The elements that a task gathers are there to be named once their map has expanded.
  void expand_gathered(TaskId task, std::span<const Dependency> stated) {
    const Graph& graph = table_.graph();
    for (const Dependency& dependency : stated) {
      if (dependency.kind != DependencyKind::gather) continue;
      const TaskId map = graph.scope(graph.task(dependency.task).scope).map;
      value_of(table_.resolve(table_.origin(task), map));
    }
  }

  /// The element of `map` that `task` is for.
  Value element(TaskId map, TaskId task) {
    TaskOrigin at = table_.origin(task);
    while (at.expansion->map != map) at = table_.origin(at.expansion->map);
    const std::uint32_t row = at.row;
    return value_of(map).list_item(row).value();
  }

  TaskTable table_;
  std::unordered_map<TaskId, Value> values_;
};

}  // namespace weft::test
