#include "support/sketch_checks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "weft/workflow/task_table.hpp"

namespace weft::test {

namespace {

template <class T>
Datum read(const Value& value) {
  auto shared = value.as<T>();
  EXPECT_TRUE(shared) << to_string(shared.error());
  return shared ? Datum{**shared} : Datum{};
}

Datum read(const Value& value, Kind kind) {
  switch (kind) {
    case Kind::number:
      return read<Number>(value);
    case Kind::numbers:
      return read<Numbers>(value);
    case Kind::lists:
      return read<Lists>(value);
    case Kind::nothing:
      return read<Nothing>(value);
    case Kind::maybe:
      return read<std::optional<Number>>(value);
  }
  return {};
}

void check_counts(const Tally& tally, const Played& played) {
  const TaskCounts& tasks = played.record.tasks;
  EXPECT_EQ(tasks.total, tally.total);
  EXPECT_EQ(tasks.committed, tally.committed);
  EXPECT_EQ(tasks.failed, tally.failed);
  EXPECT_EQ(tasks.skipped, tally.skipped);
  EXPECT_EQ(tasks.retries, tally.retries);
  const auto commits =
    std::ranges::count(played.events, RunEventKind::task_committed, &RunEvent::kind);
  EXPECT_EQ(static_cast<std::uint64_t>(commits), tally.committed);
}

void check_outputs(const SketchRun& run, SketchOracle& oracle, const Played& played) {
  for (std::uint32_t i = 0; i < run.sketch.nodes.size(); ++i) {
    const SketchNode& node = run.sketch.nodes[i];
    if (node.scope != 0 || node.op == Op::map) continue;
    const TaskId task = run.futures[i].task();
    if (!std::ranges::binary_search(run.kept, task)) continue;
    const auto found = played.outputs.find(task);
    ASSERT_NE(found, played.outputs.end()) << run.graph->task_name(task);
    EXPECT_EQ(read(found->second, node.kind), oracle.output(i)) << run.graph->task_name(task);
  }
}

/// Follows the events of one run.
class Protocol {
public:
  explicit Protocol(const GraphPtr& graph) : table_(graph) {}

  void on(const RunEvent& event) {
    EXPECT_GE(event.at, last_) << to_json(event);
    EXPECT_FALSE(ended_) << "after the end: " << to_json(event);
    last_ = event.at;
    switch (event.kind) {
      case RunEventKind::task_committed:
        on_commit(event);
        break;
      case RunEventKind::map_expanded:
        expand(event);
        break;
      case RunEventKind::task_failed:
      case RunEventKind::task_skipped:
        EXPECT_FALSE(committed_.contains(event.task)) << to_json(event);
        EXPECT_TRUE(lost_.insert(event.task).second) << to_json(event);
        break;
      case RunEventKind::ended:
        ended_ = true;
        break;
      default:
        break;
    }
  }

private:
  void on_commit(const RunEvent& event) {
    EXPECT_TRUE(committed_.insert(event.task).second) << "twice: " << to_json(event);
    EXPECT_FALSE(lost_.contains(event.task)) << to_json(event);
    table_.for_each_dependency(event.task, [&](std::uint32_t, DependencyKind, TaskId needed) {
      EXPECT_TRUE(committed_.contains(needed))
        << to_json(event) << " before " << table_.name(needed);
    });
  }

  void expand(const RunEvent& event) {
    const Graph& graph = table_.graph();
    const TaskId stated = table_.origin(event.task).task;
    const std::size_t width = graph.scope(graph.task(stated).body).templates.size();
    table_.expand(event.task, static_cast<std::uint32_t>(event.count / width));
  }

  TaskTable table_;
  Nanos last_{};
  bool ended_ = false;
  std::set<TaskId> committed_;
  std::set<TaskId> lost_;
};

}  // namespace

SketchRun prepare(Sketch sketch) {
  SketchRun run{.sketch = std::move(sketch)};
  SketchedWorkflow written = write_workflow(run.sketch);
  run.graph = std::move(written.workflow).freeze(sketch_registry()).value();
  run.futures = std::move(written.futures);
  run.kept = run.graph->sinks();
  for (std::uint32_t i = 0; i < run.sketch.nodes.size(); ++i) {
    const SketchNode& node = run.sketch.nodes[i];
    if (node.scope == 0 && node.keep && node.op != Op::map)
      run.kept.push_back(run.futures[i].task());
  }
  std::ranges::sort(run.kept);
  run.kept.erase(std::ranges::unique(run.kept).begin(), run.kept.end());
  return run;
}

Played collect(const SketchRun& run, RunHandle& handle, std::vector<RunEvent> events) {
  Played played{.record = handle.record(), .events = std::move(events)};
  for (const TaskId task : run.kept) {
    if (auto output = handle.output(task)) played.outputs[task] = std::move(*output);
  }
  return played;
}

std::optional<std::uint64_t> calls_of(const SketchRun& run, OnFailure on_failure) {
  const Tally tally = SketchOracle{run.sketch}.tally();
  if (tally.failed > 0 && on_failure == OnFailure::stop) return std::nullopt;
  return tally.calls;
}

bool is_progress(const RunEvent& event) {
  return event.kind == RunEventKind::task_started || event.kind == RunEventKind::task_progress;
}

void check_events(const GraphPtr& graph, const std::vector<RunEvent>& events) {
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.front().kind, RunEventKind::created);
  EXPECT_EQ(events.back().kind, RunEventKind::ended);
  Protocol protocol{graph};
  for (const RunEvent& event : events) protocol.on(event);
}

void check_played(const SketchRun& run, const Played& played, OnFailure on_failure) {
  SketchOracle oracle{run.sketch};
  const Tally tally = oracle.tally();
  check_events(run.graph, played.events);
  if (tally.failed == 0) {
    EXPECT_EQ(played.record.state, RunState::succeeded);
    for (const Error& error : played.record.errors) ADD_FAILURE() << to_string(error);
  } else {
    EXPECT_EQ(played.record.state, RunState::failed);
    ASSERT_FALSE(played.record.errors.empty());
    EXPECT_EQ(played.record.errors.front().message, "this never works");
  }
  if (tally.failed == 0 || on_failure == OnFailure::go_on) check_counts(tally, played);
  if (tally.failed == 0) check_outputs(run, oracle, played);
}

}  // namespace weft::test
