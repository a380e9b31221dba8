#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/random_workflow.hpp"
#include "weft/workflow/graph_codec.hpp"
#include "workflow/written_workflow.hpp"

namespace weft::test {

/// A graph, a plan for it, and the functions that it calls.
struct PlannedGraph {
  Registry registry;
  GraphPtr graph;
  std::shared_ptr<Plan> plan;
};

/// Places tasks at random and has optimizations on some, many of them alike.
inline std::shared_ptr<Plan> random_plan(const Graph& graph, Dice& dice) {
  auto plan = std::make_shared<Plan>(Plan{.planner = "dice"});
  const std::uint32_t workers = 1 + dice.roll(4);
  for (std::uint32_t i = 0; i < workers; ++i) {
    plan->workers.push_back(
      {.id = WorkerId{i}, .worker_class = {.cpus = 0.5 * (1 + dice.roll(4)), .memory = {512 * i}}});
  }
  for (std::uint32_t i = 0; i < graph.task_count(); ++i) {
    plan->placements.push_back(
      {.worker = dice.chance(20) ? flexible_worker : WorkerId{dice.roll(workers)},
       .origin = dice.chance(10) ? Origin::user : Origin::planner,
       .rank = static_cast<float>(dice.roll(1000)) / 8});
    for (const char* kind : {"preload", "task_dup"}) {
      if (!dice.chance(20)) continue;
      plan->optimizations.push_back(
        {.task = TaskId{i},
         .choice = {.kind = kind,
                    .parameters = {{"after", std::to_string(dice.roll(3)) + "s"}},
                    .origin = dice.chance(50) ? Origin::user : Origin::planner}});
    }
  }
  return plan;
}

/// Names some tasks, gives some options of every sort, and asks for things.
inline void decorate(Workflow& workflow, const std::vector<AnyFuture>& futures, Dice& dice) {
  for (const AnyFuture& future : futures) {
    if (future.kind() == AnyFuture::Kind::item) continue;
    if (dice.chance(20)) {
      workflow.name(future, "given." + std::to_string(future.task().number()));
    }
    if (!dice.chance(20)) continue;
    TaskOptions& options = workflow.options(future);
    options.worker_class = WorkerClass{.cpus = 1.5, .memory = {dice.roll(3)}};
    options.retries = RetryPolicy{.attempts = 1 + dice.roll(3), .on = {Errc::task_failed}};
    options.timeout = Nanos{1 + dice.roll(5)};
    options.optimizations = {
      {.kind = "preload", .parameters = {{"x", ""}}, .wish = Wish::forbidden}};
    if (dice.chance(50)) options.io_relation = IoRelation::n_log_n;
    if (dice.chance(50)) options.purity = Purity::pure;
    if (dice.chance(50)) options.expected_time = Nanos{dice.roll(1000)};
    if (dice.chance(50)) options.expected_output = Bytes{dice.roll(1000)};
  }
  if (dice.chance(50)) {
    workflow.requirements() = {.modules = {"statistics@2"},
                               .functions = {"mix@1"},
                               .files = {"in.txt"},
                               .programs = {"sort"},
                               .folder = "/data"};
  }
}

/// A random sketch with maps in maps, filters, arguments of all shapes and order-only edges.
inline PlannedGraph planned_sketch(std::uint64_t seed, std::uint32_t tasks = 20) {
  Dice dice{seed};
  SketchedWorkflow written =
    write_workflow(random_sketch(dice, {.tasks = tasks, .retries = false, .workers = 3}));
  decorate(written.workflow, written.futures, dice);
  PlannedGraph made{.registry = sketch_registry(), .graph = {}, .plan = {}};
  made.graph = std::move(written.workflow).freeze(made.registry).value();
  made.plan = random_plan(*made.graph, dice);
  return made;
}

/// A random workflow with tasks by name that point backwards.
inline PlannedGraph planned_backwards(std::uint64_t seed) {
  Dice dice{seed};
  WrittenWorkflow written = RandomWriter{seed}.write();
  PlannedGraph made{.registry = sample::registry(), .graph = {}, .plan = {}};
  made.registry.add(
    Function{"total@1", [](const sample::Lists& lists) { return static_cast<int>(lists.size()); }});
  made.graph = std::move(written.workflow).freeze(made.registry).value();
  made.plan = random_plan(*made.graph, dice);
  return made;
}

inline bool same_scope(const Scope& a, const Scope& b) {
  const auto same = [](const Scope::OuterInput& x, const Scope::OuterInput& y) {
    return x.task == y.task && x.uses == y.uses;
  };
  return a.parent == b.parent && a.map == b.map && a.templates == b.templates &&
         std::ranges::equal(a.outer_inputs, b.outer_inputs, same);
}

/// Expects a task to be the same in both graphs, by all that a graph tells of it.
inline void expect_same_task(const Graph& a, const Graph& b, TaskId id) {
  SCOPED_TRACE("task " + std::to_string(id.number()));
  EXPECT_EQ(a.task(id).kind, b.task(id).kind);
  EXPECT_EQ(a.task(id).function, b.task(id).function);
  EXPECT_EQ(a.task(id).scope, b.task(id).scope);
  EXPECT_EQ(a.task(id).body, b.task(id).body);
  EXPECT_EQ(a.options(id), b.options(id));
  EXPECT_EQ(a.function_name(id), b.function_name(id));
  EXPECT_TRUE(std::ranges::equal(a.arguments(id), b.arguments(id)));
  EXPECT_TRUE(std::ranges::equal(a.dependencies(id), b.dependencies(id)));
  EXPECT_TRUE(std::ranges::equal(a.children(id), b.children(id)));
  EXPECT_EQ(a.position(id), b.position(id));
  EXPECT_EQ(a.pending(id), b.pending(id));
  EXPECT_EQ(a.readers(id), b.readers(id));
  EXPECT_EQ(a.read_inside_maps(id), b.read_inside_maps(id));
  EXPECT_EQ(a.named(id), b.named(id));
  EXPECT_EQ(a.task_name(id), b.task_name(id));
}

/// Expects that what concerns more than one task is the same, but for what slices lack.
inline void expect_same_header(const Graph& a, const Graph& b) {
  EXPECT_EQ(a.name(), b.name());
  EXPECT_EQ(a.requirements(), b.requirements());
  EXPECT_EQ(a.task_count(), b.task_count());
  EXPECT_EQ(a.constants().size(), b.constants().size());
  ASSERT_EQ(a.scope_count(), b.scope_count());
  for (std::uint32_t i = 0; i < a.scope_count(); ++i) {
    EXPECT_TRUE(same_scope(a.scope(i), b.scope(i))) << "scope " << i;
  }
}

inline void expect_same_graph(const Graph& a, const Graph& b) {
  expect_same_header(a, b);
  ASSERT_EQ(a.task_count(), b.task_count());
  for (std::uint32_t i = 0; i < a.task_count(); ++i) {
    expect_same_task(a, b, TaskId{i});
    EXPECT_EQ(b.find(a.task_name(TaskId{i})), TaskId{i});
  }
  EXPECT_TRUE(std::ranges::equal(a.constants(), b.constants()));
  EXPECT_EQ(a.topological_order(), b.topological_order());
  EXPECT_EQ(a.sinks(), b.sinks());
}

}  // namespace weft::test
