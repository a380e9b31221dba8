#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "storage/counted.hpp"
#include "storage/sample_workflow.hpp"
#include "storage/store_client.hpp"

namespace weft {

/// What the contract tests share: a store, a run on it, and short ways to say the usual requests.
/// Errors that a test does not ask for are thrown and end it.
class RunStoreContract : public testing::TestWithParam<MakeBackend> {
protected:
  static constexpr Nanos lease = std::chrono::seconds{10};
  static constexpr WorkerId worker_0{0};
  static constexpr WorkerId worker_1{1};
  static constexpr RunId run{7};

  /// Creates the run; tests change `request` before.
  std::vector<ReadyTask> start(GraphPtr graph, PlanPtr plan = nullptr) {
    request.run = run;
    request.plan = plan ? std::move(plan) : sample::plan(*graph, 2);
    request.graph = std::move(graph);
    request.lease = lease;
    return store.create(request).value();
  }
  std::vector<ReadyTask> start(const Workflow& workflow) { return start(sample::freeze(workflow)); }

  ClaimAnswer try_claim(TaskId task, WorkerId worker = worker_0,
                        ClaimMode mode = ClaimMode::first) {
    return store.claim({.run = run, .worker = worker, .tasks = {task}, .mode = mode}).value();
  }

  /// Claims a task that can be claimed.
  Grant claim(TaskId task, WorkerId worker = worker_0, ClaimMode mode = ClaimMode::first) {
    ClaimAnswer answer = try_claim(task, worker, mode);
    check(answer.grants.size() == 1, "the test claims a task that is ready");
    return std::move(answer.grants.front());
  }

  /// Why a task cannot be claimed.
  ClaimRefusal refusal(TaskId task, WorkerId worker = worker_0) {
    const ClaimAnswer answer = try_claim(task, worker);
    check(answer.refused.size() == 1 && answer.refused.front().task == task,
          "the test claims a task that cannot be claimed");
    return answer.refused.front().reason;
  }

  /// A commit that claims no children, so that the answer lists them.
  static CommitRequest commit_of(const Grant& grant, Value output = Value::nothing(),
                                 WorkerId worker = worker_0) {
    return {.run = run,
            .task = grant.task,
            .fence = grant.fence,
            .worker = worker,
            .output = std::move(output),
            .claim = ClaimChildren::none};
  }
  CommitAnswer commit(const Grant& grant, Value output = Value::nothing(),
                      WorkerId worker = worker_0) {
    return store.commit(commit_of(grant, std::move(output), worker)).value();
  }

  /// Claims and commits.
  CommitAnswer complete(TaskId task, Value output = Value::nothing()) {
    return commit(claim(task), std::move(output));
  }
  CommitAnswer complete(TaskId task, int output) { return complete(task, Value::of(output)); }

  static std::vector<Value> values(const std::vector<int>& numbers) {
    std::vector<Value> all;
    for (const int number : numbers) all.push_back(Value::of(number));
    return all;
  }

  CommitAnswer expand(const Grant& grant, std::vector<Value> items) {
    return store.expand({.commit = commit_of(grant), .items = std::move(items)}).value();
  }
  CommitAnswer expand(TaskId map, const std::vector<int>& items) {
    return expand(claim(map), values(items));
  }

  FailRequest failure_of(const Grant& grant, const std::string& message,
                         WorkerId worker = worker_0) {
    return {.run = run,
            .task = grant.task,
            .fence = grant.fence,
            .worker = worker,
            .error = {.code = Errc::task_failed, .message = message}};
  }

  /// Claims a task and ends it badly for good.
  FailAnswer fail(TaskId task, const std::string& message = "no") {
    return store.fail(failure_of(claim(task), message)).value();
  }
  FailAnswer retry(const Grant& grant, const std::string& message = "no") {
    FailRequest failure = failure_of(grant, message);
    failure.retry = true;
    return store.fail(std::move(failure)).value();
  }

  RunStatus status() { return store.status(run).value(); }
  RunState state() { return status().state; }
  Value fetch(TaskId task) { return store.fetch(run, {task}).value().front(); }
  bool held(TaskId task) { return !fetch(task).missing(); }
  std::vector<RunEvent> events() { return store.events(run, 0, 1'000'000).value(); }

  std::vector<RunEvent> events_of(RunEventKind kind) {
    std::vector<RunEvent> found;
    for (RunEvent& event : events()) {
      if (event.kind == kind) found.push_back(std::move(event));
    }
    return found;
  }

  /// The `int` in a value.
  static int number_in(const Value& value) { return **value.as<int>(); }
  static std::vector<int> numbers_in(std::span<const Value> all) {
    std::vector<int> numbers;
    for (const Value& value : all) numbers.push_back(number_in(value));
    return numbers;
  }
  static std::vector<TaskId> tasks_of(const std::vector<ReadyTask>& ready) {
    std::vector<TaskId> tasks;
    for (const ReadyTask& one : ready) tasks.push_back(one.task);
    return tasks;
  }
  static std::vector<TaskId> tasks_of(const std::vector<Grant>& grants) {
    std::vector<TaskId> tasks;
    for (const Grant& grant : grants) tasks.push_back(grant.task);
    return tasks;
  }

  std::unique_ptr<StoreBackend> backend = GetParam()();
  StoreClient store{*backend};
  CreateRun request;
};

using testing::ElementsAre;
using testing::IsEmpty;

}  // namespace weft
