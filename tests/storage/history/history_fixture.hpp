#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "weft/storage/history/history_store.hpp"
#include "weft/workflow/workflow.hpp"

namespace weft::test {

// Functions that nobody calls: the history sees their names.

inline const Function quick{"quick@1", [] { return 1; }};
inline const Function slow{"slow@2", [](int x) { return x; }};
inline const Function list{"list@1", [] { return std::vector<int>{}; }};

inline GraphPtr freeze(const Workflow& workflow) {
  Registry registry;
  registry.add(quick).add(slow).add(list);
  return workflow.freeze(registry).value();
}

/// Task 0 is `quick`, task 1 is `slow` and reads task 0.
inline GraphPtr two_tasks() {
  Workflow wf{"pair"};
  const auto first = wf.task(quick);
  wf.name(first, "first");
  (void)wf.task(slow, first);
  return freeze(wf);
}

/// A record of a run that is the `number`th to be submitted.
inline RunRecord record(std::uint64_t number, std::string workflow = "pair") {
  return {.id = RunId{number},
          .workflow = std::move(workflow),
          .planner = "simple",
          .submitted = WallTime{std::chrono::hours{number}}};
}

/// A committed attempt whose execution took `execution`.
inline TaskMetrics attempt(std::uint32_t task, Nanos execution, WorkerId worker = WorkerId{0}) {
  TaskMetrics metrics{.task = TaskId{task}, .template_task = TaskId{task}, .worker = worker};
  metrics.claimed = Nanos{100};
  metrics.inputs_ready = Nanos{130};
  metrics.started = Nanos{150};
  metrics.finished = metrics.started + execution;
  metrics.committed = metrics.finished + Nanos{7};
  metrics.input_size = {11};
  metrics.output_size = {22};
  return metrics;
}

/// `count` attempts of one task that took 0, 1, 2, ... nanoseconds.
inline MetricsBatch batch_of(RunId run, std::uint32_t task, int count, int first = 0) {
  MetricsBatch batch{.run = run};
  for (int i = 0; i < count; ++i) batch.tasks.push_back(attempt(task, Nanos{first + i}));
  return batch;
}

/// A folder of its own for each test, removed at its end.
class HistoryTest : public ::testing::Test {
protected:
  HistoryTest() {
    std::string pattern = ::testing::TempDir() + "/history-XXXXXX";
    folder = ::mkdtemp(pattern.data());
  }
  ~HistoryTest() override { std::filesystem::remove_all(folder); }

  [[nodiscard]] std::shared_ptr<HistoryStore> open(const HistoryOptions& options = {}) const {
    return open_sqlite_history(file(), options).value();
  }

  /// What opening a file fails with.
  [[nodiscard]] static Error refusal(const std::filesystem::path& path) {
    auto opened = open_sqlite_history(path);
    EXPECT_FALSE(opened);
    return opened ? Error{} : opened.error();
  }

  [[nodiscard]] std::filesystem::path file() const { return folder / "history.db"; }

  std::filesystem::path folder;
};

}  // namespace weft::test
