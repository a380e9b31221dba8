#pragma once

// The contract of run stores: many threads at once. Meant to run under the thread sanitizer too.

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <set>
#include <thread>

#include "storage/run_store_fixture.hpp"

namespace weft {

/// Threads that play workers of one run: they share notices of ready tasks, claim, and commit.
class WorkerThreads {
public:
  WorkerThreads(StoreBackend& backend, RunId run, GraphPtr graph)
    : store_(backend), run_(run), graph_(std::move(graph)) {}

  /// Runs until the run has ended. Each task yields the number of tasks on the longest way to it.
  void work(std::uint32_t threads, const std::vector<ReadyTask>& ready) {
    notify(ready);
    std::vector<std::jthread> all;
    for (std::uint32_t i = 0; i < threads; ++i) {
      all.emplace_back([this, i] {
        while (const auto task = next()) attempt(*task, i);
      });
    }
  }

  /// Tells of tasks that may be claimed: twice, so that threads meet.
  void notify(const std::vector<ReadyTask>& ready) {
    const std::lock_guard lock{mutex_};
    for (const ReadyTask& one : ready) notices_.insert(notices_.end(), 2, one.task);
    changed_.notify_all();
  }

  [[nodiscard]] std::uint64_t committed() const { return committed_; }

private:
  void end() {
    const std::lock_guard lock{mutex_};
    ended_ = true;
    changed_.notify_all();
  }

  std::optional<TaskId> next() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return ended_ || !notices_.empty(); });
    if (ended_) return std::nullopt;
    const TaskId task = notices_.front();
    notices_.pop_front();
    return task;
  }

  void attempt(TaskId task, std::uint32_t thread) {
    const auto answer =
      store_
        .claim({.run = run_,
                .worker = WorkerId{thread},
                .tasks = {task},
                .mode = thread % 4 == 0 ? ClaimMode::duplicate : ClaimMode::first})
        .value();
    std::vector<Grant> granted = answer.grants;
    while (!granted.empty()) {
      const Grant grant = std::move(granted.back());
      granted.pop_back();
      const CommitAnswer done = commit(grant, WorkerId{thread});
      if (done.outcome == CommitOutcome::committed) ++committed_;
      notify(done.ready);
      granted.insert(granted.end(), done.granted.begin(), done.granted.end());
      if (done.run_ended) end();
    }
  }

  CommitAnswer commit(const Grant& grant, WorkerId worker) {
    int longest = 0;
    for (const Value& input : grant.inputs.values()) {
      if (!input.missing()) longest = std::max(longest, **input.as<int>());
    }
    CommitRequest request{.run = run_,
                          .task = grant.task,
                          .fence = grant.fence,
                          .worker = worker,
                          .output = Value::of(longest + 1),
                          .claim_limit = 2};
    if (graph_->task(grant.template_task).kind != TaskKind::map) {
      return store_.commit(std::move(request)).value();
    }
    ExpandRequest expansion{.commit = std::move(request)};
    for (int i = 0; i < 20; ++i) expansion.items.push_back(Value::of(longest));
    return store_.expand(std::move(expansion)).value();
  }

  StoreClient store_;
  RunId run_;
  GraphPtr graph_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<TaskId> notices_;
  bool ended_ = false;
  std::atomic<std::uint64_t> committed_ = 0;
};

class RunStoreThreads : public RunStoreContract {
protected:
  static constexpr std::uint32_t threads = 8;

  void expect_each_committed_once(std::uint64_t tasks) {
    EXPECT_EQ(state(), RunState::succeeded);
    EXPECT_EQ(status().tasks, (TaskCounts{.total = tasks, .committed = tasks}));
    std::set<TaskId> seen;
    for (const RunEvent& event : events_of(RunEventKind::task_committed)) seen.insert(event.task);
    EXPECT_EQ(seen.size(), tasks);
    EXPECT_EQ(events_of(RunEventKind::task_committed).size(), tasks);
  }
};

TEST_P(RunStoreThreads, CommitEachTaskOfALayeredGraphOnce) {
  constexpr std::size_t layers = 40, width = 25;
  Workflow workflow{"layers"};
  std::vector<Future<int>> above, layer;
  for (std::size_t i = 0; i < layers; ++i) {
    layer.clear();
    for (std::size_t j = 0; j < width; ++j) {
      layer.push_back(above.empty()
                        ? workflow.task(sample::number)
                        : workflow.task(sample::join, above[j], above[(j + 7) % width]));
    }
    above = layer;
  }
  const TaskId last = workflow.task(sample::sum, above).task();
  const GraphPtr graph = sample::freeze(workflow);
  request.kept = {last};

  const auto plan = sample::plan(*graph, threads);
  for (std::uint32_t i = 0; i < graph->task_count(); ++i) {
    plan->placements[i].worker = WorkerId{i % threads};
  }

  WorkerThreads workers{*backend, run, graph};
  workers.work(threads, start(graph, plan));

  EXPECT_EQ(workers.committed(), layers * width + 1);
  EXPECT_EQ(number_in(fetch(last)), static_cast<int>(layers) + 1);
  expect_each_committed_once(layers * width + 1);
}

TEST_P(RunStoreThreads, ExpandMapsWithinMaps) {
  Workflow workflow{"maps"};
  const auto list = workflow.task(sample::numbers);
  const auto outer = workflow.task(sample::number);
  const auto rows = workflow.for_each(list, [&](Future<int>) {
    return workflow.task(sample::sum, workflow.map(list, sample::join, outer));
  });
  const TaskId last = workflow.task(sample::sum, rows).task();
  const GraphPtr graph = sample::freeze(workflow);
  request.kept = {last};

  WorkerThreads workers{*backend, run, graph};
  workers.work(threads, start(graph, sample::plan(*graph, threads)));

  // list, outer, the map, the last; 20 rows of a map, a sum and 20 elements.
  EXPECT_EQ(number_in(fetch(last)), 4);
  expect_each_committed_once(4 + 20 * 22);
}

TEST_P(RunStoreThreads, MayWatchReadAndSweepMeanwhile) {
  Workflow workflow{"watched"};
  std::vector<Future<int>> all;
  for (int i = 0; i < 500; ++i) {
    all.push_back(workflow.task(sample::step, workflow.task(sample::number)));
  }
  workflow.task(sample::sum, all);
  const GraphPtr graph = sample::freeze(workflow);
  request.retention = std::chrono::hours{24};
  const auto ready = start(graph, sample::plan(*graph, threads));
  std::atomic<std::uint64_t> woken = 0;
  backend->store().watch(run, [&] { ++woken; });

  WorkerThreads workers{*backend, run, graph};
  std::jthread reader{[&](const std::stop_token& stop) {
    StoreClient client{*backend};
    std::uint64_t next = 0;
    while (!stop.stop_requested()) {
      next += client.events(run, next, 100).value().size();
      static_cast<void>(client.status(run).value());
      static_cast<void>(client.fetch(run, {TaskId{0}, TaskId{1}}).value());
      static_cast<void>(client.renew(run, worker_0, "").value());
      backend->clock().advance(std::chrono::milliseconds{10});
      const SweepReport report = client.sweep().value();
      for (const auto& entry : report.requeued) workers.notify({entry.task});
      for (const auto& entry : report.orphaned) workers.notify({entry.task});
    }
  }};
  workers.work(threads, ready);
  reader.request_stop();
  reader.join();

  EXPECT_EQ(workers.committed(), graph->task_count());
  expect_each_committed_once(graph->task_count());
  while (woken == 0) backend->pump();
}

TEST_P(RunStoreThreads, MayRunSeveralRunsAtOnce) {
  Workflow workflow{"neighbours"};
  auto last = workflow.task(sample::number);
  for (int i = 1; i < 300; ++i) last = workflow.task(sample::step, last);
  const GraphPtr graph = sample::freeze(workflow);
  std::vector<std::jthread> all;
  for (std::uint64_t i = 0; i < 4; ++i) {
    all.emplace_back([&, i] {
      StoreClient client{*backend};
      const RunId own{100 + i};
      const auto ready =
        client.create({.run = own, .graph = graph, .plan = sample::plan(*graph)}).value();
      WorkerThreads workers{*backend, own, graph};
      workers.work(2, ready);
      EXPECT_EQ(client.status(own).value().state, RunState::succeeded);
      client.erase(own).value();
    });
  }
}

}  // namespace weft
