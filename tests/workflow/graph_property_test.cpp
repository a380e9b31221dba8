// Random workflows: whatever is written, the graph says what a slow reading of the rules says.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "support/seeds.hpp"
#include "weft/workflow/task_table.hpp"
#include "workflow/written_workflow.hpp"

namespace weft {
namespace {

using test::RandomWriter;
using test::WrittenWorkflow;

const Function total{"total@1",
                     [](const sample::Lists& lists) { return static_cast<int>(lists.size()); }};

GraphPtr freeze(const Workflow& workflow) {
  return workflow.freeze(sample::registry().add(total)).value();
}

/// What graph.hpp promises, worked out from dependencies and scopes alone, one task at a time.
class SlowReading {
public:
  explicit SlowReading(const Graph& graph) : graph_(graph) {
    for (std::uint32_t i = 0; i < graph.task_count(); ++i) all_.emplace_back(i);
  }

  [[nodiscard]] const std::vector<TaskId>& tasks() const { return all_; }

  /// Those of its own scope that depend on it, those around its scope that gather it, and those
  /// that gather what it, a map, makes.
  [[nodiscard]] std::set<TaskId> children(TaskId task) const {
    std::set<TaskId> found;
    for (const TaskId child : all_) {
      for (const Dependency& one : graph_.dependencies(child)) {
        const bool beside = on_task(one) && one.task == task && scope(child) == scope(task);
        const bool gathers =
          one.kind == DependencyKind::gather && (one.task == task || map_of(one.task) == task);
        if (beside || gathers) found.insert(child);
      }
    }
    return found;
  }

  [[nodiscard]] std::uint32_t pending(TaskId task) const {
    std::set<TaskId> awaited;
    for (const Dependency& one : graph_.dependencies(task)) {
      if (on_task(one) && scope(one.task) == scope(task)) awaited.insert(one.task);
      if (one.kind == DependencyKind::gather) awaited.insert(map_of(one.task));
    }
    return static_cast<std::uint32_t>(awaited.size());
  }

  /// A map stands for the tasks inside it that read the output.
  [[nodiscard]] std::uint32_t readers(TaskId task) const {
    std::set<TaskId> found;
    for (const TaskId reader : all_) {
      for (const Dependency& one : graph_.dependencies(reader)) {
        if (one.task != task) continue;
        if (one.kind == DependencyKind::gather) found.insert(reader);
        if (one.kind == DependencyKind::output) found.insert(within(scope(task), reader));
      }
    }
    return static_cast<std::uint32_t>(found.size());
  }

  [[nodiscard]] bool read_inside_maps(TaskId task) const {
    for (const TaskId reader : all_) {
      if (reads(reader, task) && scope(reader) != scope(task)) return true;
    }
    return false;
  }

  /// How often the tasks of a scope read each task outside of it.
  [[nodiscard]] std::map<TaskId, std::uint32_t> outer_inputs(std::uint32_t index) const {
    std::map<TaskId, std::uint32_t> uses;
    for (const TaskId read : all_) {
      if (scope(read) == index || !encloses(scope(read), index)) continue;
      std::set<TaskId> maps;
      for (const TaskId reader : all_) {
        if (!reads(reader, read) || !encloses(index, scope(reader))) continue;
        if (scope(reader) == index) {
          ++uses[read];
        } else {
          maps.insert(within(index, reader));
        }
      }
      if (!maps.empty()) uses[read] += static_cast<std::uint32_t>(maps.size());
    }
    return uses;
  }

  [[nodiscard]] bool is_sink(TaskId task) const {
    for (const TaskId other : all_) {
      for (const Dependency& one : graph_.dependencies(other)) {
        if (one.task == task && one.kind != DependencyKind::item) return false;
        if (one.kind == DependencyKind::gather && map_of(one.task) == task) return false;
      }
    }
    return scope(task) == 0;
  }

  /// All that must commit before a task can, at any depth and through any map.
  [[nodiscard]] std::set<TaskId> ancestors(TaskId task) const {
    std::set<TaskId> found;
    std::vector<TaskId> stack{task};
    while (!stack.empty()) {
      const TaskId at = stack.back();
      stack.pop_back();
      for (const Dependency& one : graph_.dependencies(at)) {
        if (one.kind == DependencyKind::item) continue;
        if (found.insert(one.task).second) stack.push_back(one.task);
        if (one.kind != DependencyKind::gather) continue;
        if (found.insert(map_of(one.task)).second) stack.push_back(map_of(one.task));
      }
    }
    return found;
  }

private:
  static bool on_task(const Dependency& one) {
    return one.kind == DependencyKind::output || one.kind == DependencyKind::order;
  }
  [[nodiscard]] bool reads(TaskId reader, TaskId task) const {
    return std::ranges::count(graph_.dependencies(reader),
                              Dependency{task, DependencyKind::output}) > 0;
  }
  [[nodiscard]] std::uint32_t scope(TaskId task) const { return graph_.task(task).scope; }
  [[nodiscard]] TaskId map_of(TaskId task) const { return graph_.scope(scope(task)).map; }
  [[nodiscard]] bool encloses(std::uint32_t outer, std::uint32_t inner) const {
    while (inner != outer && inner != 0) inner = graph_.scope(inner).parent;
    return inner == outer;
  }
  /// The task of scope `index` that is `task` or the map around it.
  [[nodiscard]] TaskId within(std::uint32_t index, TaskId task) const {
    while (scope(task) != index) task = map_of(task);
    return task;
  }

  const Graph& graph_;
  std::vector<TaskId> all_;
};

std::set<TaskId> as_set(std::span<const TaskId> tasks) {
  return {tasks.begin(), tasks.end()};
}

class RandomGraphs : public testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomGraphs, DependOnWhatTheirAuthorPassed) {
  test::for_each_seed(GetParam(), [](std::uint64_t seed) {
    const WrittenWorkflow written = RandomWriter{seed}.write();
    const GraphPtr graph = freeze(written.workflow);
    ASSERT_EQ(written.dependencies.size(), graph->task_count());
    for (auto [task, expected] : written.dependencies) {
      const auto all = graph->dependencies(task);
      const std::vector<Dependency> found(all.begin(), all.end());
      const auto is_order = [](const Dependency& d) { return d.kind == DependencyKind::order; };
      const auto ordered = std::ranges::find_if(expected, is_order);
      std::sort(ordered, expected.end(),
                [](const Dependency& a, const Dependency& b) { return a.task < b.task; });
      EXPECT_EQ(found, expected) << graph->task_name(task);
    }
  });
}

TEST_P(RandomGraphs, CountAndLinkAsASlowReadingDoes) {
  test::for_each_seed(GetParam(), [](std::uint64_t seed) {
    const GraphPtr graph = freeze(RandomWriter{seed}.write().workflow);
    const SlowReading slow{*graph};
    for (const TaskId task : slow.tasks()) {
      SCOPED_TRACE(graph->task_name(task));
      const auto children = graph->children(task);
      EXPECT_EQ(as_set(children), slow.children(task));
      EXPECT_EQ(as_set(children).size(), children.size()) << "each child once";
      EXPECT_EQ(graph->pending(task), slow.pending(task));
      EXPECT_EQ(graph->readers(task), slow.readers(task));
      EXPECT_EQ(graph->read_inside_maps(task), slow.read_inside_maps(task));
      EXPECT_EQ(graph->find(graph->task_name(task)), task);
    }
  });
}

TEST_P(RandomGraphs, NameWhatEachScopeTakesFromOutside) {
  test::for_each_seed(GetParam(), [](std::uint64_t seed) {
    const GraphPtr graph = freeze(RandomWriter{seed}.write().workflow);
    const SlowReading slow{*graph};
    for (std::uint32_t index = 1; index < graph->scope_count(); ++index) {
      const Scope& scope = graph->scope(index);
      std::map<TaskId, std::uint32_t> uses;
      for (const auto& input : scope.outer_inputs) {
        EXPECT_TRUE(uses.emplace(input.task, input.uses).second) << "each input once";
      }
      EXPECT_EQ(uses, slow.outer_inputs(index)) << "inside " << graph->task_name(scope.map);
      for (std::uint32_t i = 0; i < scope.templates.size(); ++i) {
        EXPECT_EQ(graph->position(scope.templates[i]), i);
        EXPECT_EQ(graph->task(scope.templates[i]).scope, index);
      }
    }
  });
}

TEST_P(RandomGraphs, AreSortedBehindAllThatTheyWaitFor) {
  test::for_each_seed(GetParam(), [](std::uint64_t seed) {
    const GraphPtr graph = freeze(RandomWriter{seed}.write().workflow);
    const SlowReading slow{*graph};
    const auto& order = graph->topological_order();
    std::map<TaskId, std::size_t> places;
    for (std::size_t i = 0; i < order.size(); ++i) places.emplace(order[i], i);
    std::set<TaskId> sinks;
    for (const TaskId task : slow.tasks()) {
      const bool outermost = graph->task(task).scope == 0;
      EXPECT_EQ(places.count(task), outermost ? 1u : 0u);
      if (slow.is_sink(task)) sinks.insert(task);
      if (!outermost) continue;
      for (const TaskId ancestor : slow.ancestors(task)) {
        if (!places.contains(ancestor)) continue;  // It is inside a map.
        EXPECT_LT(places.at(ancestor), places.at(task));
      }
    }
    EXPECT_EQ(places.size(), order.size());
    EXPECT_EQ(as_set(graph->sinks()), sinks);
  });
}

/// Plays a run by the counts of the graph alone, as a run store does: what is ready commits, in an
/// order that a seed chooses; maps expand into a number of rows that it chooses, too.
class Play {
public:
  Play(GraphPtr graph, std::uint64_t seed) : table_(std::move(graph)), dice_(seed) {
    for (std::uint32_t i = 0; i < table_.graph().task_count(); ++i) {
      if (table_.graph().task(TaskId{i}).scope == 0)
        await(TaskId{i}, table_.graph().pending(TaskId{i}));
    }
  }

  void run() {
    while (!ready_.empty()) {
      const std::size_t next = dice_.roll(ready_.size());
      const TaskId task = ready_[next];
      ready_[next] = ready_.back();
      ready_.pop_back();
      commit(task);
    }
    for (const auto& [task, count] : pending_) {
      EXPECT_EQ(count, 0u) << table_.name(task) << " has waited in vain";
    }
  }

private:
  void await(TaskId task, std::uint32_t count) {
    pending_[task] += count;
    if (pending_[task] == 0) ready_.push_back(task);
  }

  void commit(TaskId task) {
    table_.for_each_dependency(task, [&](std::uint32_t, DependencyKind, TaskId on) {
      EXPECT_TRUE(committed_.contains(on))
        << table_.name(task) << " ran before " << table_.name(on);
    });
    EXPECT_TRUE(committed_.insert(task).second);
    if (table_.graph().task(table_.origin(task).task).kind == TaskKind::map) expand(task);
    table_.for_each_child(task, [this](TaskId child) { count_down(child); });
    const auto waiting = rows_waiting_.extract(task);
    if (!waiting.empty()) {
      for (const TaskId row : waiting.mapped()) count_down(row);
    }
  }

  void count_down(TaskId task) {
    ASSERT_GT(pending_[task], 0u) << table_.name(task) << " waits for nothing more";
    if (--pending_[task] == 0) ready_.push_back(task);
  }

  void expand(TaskId map) {
    const Graph& graph = table_.graph();
    const Expansion rows = table_.expand(map, dice_.roll(4));
    for (std::uint32_t i = 0; i < rows.items * rows.width; ++i) {
      const TaskId task{rows.first.number() + i};
      const TaskOrigin origin = table_.origin(task);
      std::set<TaskId> outer;
      for (const Dependency& one : graph.dependencies(origin.task)) {
        const bool waits = one.kind == DependencyKind::output || one.kind == DependencyKind::order;
        if (!waits || graph.task(one.task).scope == rows.scope) continue;
        const TaskId on = table_.resolve(origin, one.task);
        if (!committed_.contains(on) && outer.insert(on).second) rows_waiting_[on].push_back(task);
      }
      await(task, graph.pending(origin.task) + static_cast<std::uint32_t>(outer.size()));
      table_.for_each_child(task, [&](TaskId child) {
        if (graph.task(table_.origin(child).task).scope != rows.scope) ++pending_[child];
      });
    }
  }

  TaskTable table_;
  test::Dice dice_;
  std::map<TaskId, std::uint32_t> pending_;
  std::map<TaskId, std::vector<TaskId>> rows_waiting_;
  std::vector<TaskId> ready_;
  std::set<TaskId> committed_;
};

TEST_P(RandomGraphs, RunToTheirEndByTheirCountsAlone) {
  test::for_each_seed(GetParam(), [](std::uint64_t seed) {
    Play{freeze(RandomWriter{seed}.write().workflow), seed}.run();
  });
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomGraphs, test::seed_blocks(1'000),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace weft
