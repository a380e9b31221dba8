#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/history/history_fixture.hpp"

namespace weft::test {

/// A history of one kind, empty at first.
class HistoryBackend {
public:
  virtual ~HistoryBackend() = default;

  /// A handle of its own, as another process would have.
  virtual std::shared_ptr<HistoryStore> open(const HistoryOptions& options) = 0;
};

struct MakeHistory {
  const char* name;
  std::unique_ptr<HistoryBackend> (*make)();

  friend std::ostream& operator<<(std::ostream& out, const MakeHistory& x) { return out << x.name; }
};

/// What every history does, whatever keeps it.
class HistoryContract : public ::testing::TestWithParam<MakeHistory> {
protected:
  [[nodiscard]] std::shared_ptr<HistoryStore> open(const HistoryOptions& options = {}) const {
    return backend->open(options);
  }

  std::unique_ptr<HistoryBackend> backend = GetParam().make();
};

inline std::vector<std::uint64_t> ids(const std::vector<RunRecord>& records) {
  std::vector<std::uint64_t> ids;
  for (const RunRecord& record : records) ids.push_back(record.id.number());
  return ids;
}

inline std::vector<std::int64_t> executions(const std::vector<Sample>& samples) {
  std::vector<std::int64_t> executions;
  for (const Sample& sample : samples) executions.push_back(sample.execution.count());
  return executions;
}

// -- runs -----------------------------------------------------------------------------------------

TEST_P(HistoryContract, KeepsTheFinalRecordOfARun) {
  const auto history = open();
  RunRecord run = record(1);
  history->start_run(run, two_tasks()).value();
  EXPECT_EQ(history->run(run.id).value(), run);

  run.makespan = std::chrono::seconds{3};
  run.state = RunState::failed;
  run.tasks = {.total = 5, .committed = 2, .failed = 1, .skipped = 2, .retries = 4};
  run.workers = 3;
  run.errors = {{.code = Errc::task_failed,
                 .message = "no luck",
                 .task = "first",
                 .attempt = 2,
                 .node = "worker-1",
                 .hint = "try again",
                 .causes = {{.code = Errc::io_failed, .message = "a broken pipe"}}}};
  history->finish_run(run).value();
  EXPECT_EQ(history->run(run.id).value(), run);
}

TEST_P(HistoryContract, KeepsIdsAndCountsThatUseAllBits) {
  const auto history = open();
  RunRecord run = record(1);
  run.id = RunId{~std::uint64_t{0} - 5};
  run.tasks.total = ~std::uint64_t{0};
  history->start_run(run, two_tasks()).value();
  EXPECT_EQ(history->run(run.id).value(), run);
}

TEST_P(HistoryContract, ListsRunsNewestFirst) {
  const auto history = open();
  for (const std::uint64_t number : {2, 1, 4, 3}) {
    const std::string workflow = number % 2 == 0 ? "even" : "odd";
    history->start_run(record(number, workflow), two_tasks()).value();
  }
  EXPECT_THAT(ids(history->runs(10, "").value()), ::testing::ElementsAre(4, 3, 2, 1));
  EXPECT_THAT(ids(history->runs(2, "").value()), ::testing::ElementsAre(4, 3));
  EXPECT_THAT(ids(history->runs(10, "odd").value()), ::testing::ElementsAre(3, 1));
  EXPECT_THAT(history->runs(10, "neither").value(), ::testing::IsEmpty());
}

TEST_P(HistoryContract, DoesNotKnowRunsThatNobodyStarted) {
  const auto history = open();
  EXPECT_EQ(history->run(RunId{1}).error().code, Errc::run_unknown);
  EXPECT_EQ(history->tasks(RunId{1}).error().code, Errc::run_unknown);
  EXPECT_EQ(history->slots(RunId{1}).error().code, Errc::run_unknown);
  EXPECT_EQ(history->graph(RunId{1}).error().code, Errc::run_unknown);
}

TEST_P(HistoryContract, IgnoresBatchesOfRunsThatNobodyStarted) {
  const auto history = open();
  EXPECT_TRUE(history->append(batch_of(RunId{1}, 0, 3)));
  history->start_run(record(1), two_tasks()).value();
  EXPECT_THAT(history->tasks(RunId{1}).value(), ::testing::IsEmpty());
}

TEST_P(HistoryContract, KeepsARunWhoseStartWasNotRecorded) {
  const auto history = open();
  history->finish_run(record(1)).value();
  EXPECT_EQ(history->run(RunId{1}).value(), record(1));
}

TEST_P(HistoryContract, KeepsSoManyErrorsOfARun) {
  const auto history = open();
  RunRecord run = record(1);
  run.errors.resize(max_recorded_errors + 20, {.message = "again"});
  history->finish_run(run).value();
  EXPECT_THAT(history->run(run.id).value().errors, ::testing::SizeIs(max_recorded_errors));
}

TEST_P(HistoryContract, DropsTheOldestRunsWithAllThatBelongsToThem) {
  const auto history = open({.max_runs = 2});
  for (std::uint64_t number = 1; number <= 4; ++number) {
    history->start_run(record(number), two_tasks()).value();
    MetricsBatch batch = batch_of(RunId{number}, 0, 2);
    batch.slots = {{.worker = WorkerId{0}}};
    history->append(batch).value();
    history->finish_run(record(number)).value();
  }
  EXPECT_THAT(ids(history->runs(10, "").value()), ::testing::ElementsAre(4, 3));
  EXPECT_EQ(history->tasks(RunId{2}).error().code, Errc::run_unknown);
  // What was learned from them stays.
  EXPECT_THAT(history->samples("quick@1", 100).value(), ::testing::SizeIs(8));
}

TEST_P(HistoryContract, DropsTheOldestRunsThatHaveTooManyTasksTogetherButNeverTheNewest) {
  const auto history = open({.max_tasks = 100});
  const auto finish = [&](std::uint64_t number, std::uint64_t tasks) {
    RunRecord run = record(number);
    run.tasks.total = tasks;
    history->start_run(run, two_tasks()).value();
    history->finish_run(run).value();
    return ids(history->runs(10, "").value());
  };
  EXPECT_THAT(finish(1, 30), ::testing::ElementsAre(1));
  EXPECT_THAT(finish(2, 50), ::testing::ElementsAre(2, 1));
  EXPECT_THAT(finish(3, 50), ::testing::ElementsAre(3, 2));
  EXPECT_THAT(finish(4, 1000), ::testing::ElementsAre(4));
  EXPECT_THAT(finish(5, 100), ::testing::ElementsAre(5));
}

// -- task metrics ---------------------------------------------------------------------------------

TEST_P(HistoryContract, KeepsMetricsInTheOrderOfTheirBatches) {
  const auto history = open();
  history->start_run(record(1), two_tasks()).value();
  history->start_run(record(2), two_tasks()).value();

  MetricsBatch first{.run = RunId{1}, .tasks = {attempt(1, Nanos{5}), attempt(0, Nanos{9})}};
  first.tasks[0].outcome = AttemptOutcome::timed_out;
  first.tasks[0].attempt = 3;
  first.tasks[0].fetched_size = {4};
  first.tasks[0].path = {7, 0, 4'000'000'000};
  first.slots = {{.worker = WorkerId{4},
                  .worker_class = {.cpus = 0.5, .memory = {256}},
                  .cold = true,
                  .requested = Nanos{-3},
                  .granted = Nanos{8}}};
  MetricsBatch second{.run = RunId{1}, .tasks = {attempt(1, Nanos{6})}};
  second.slots = {{.worker = WorkerId{5}}};
  history->append(first).value();
  history->append(batch_of(RunId{2}, 0, 1)).value();
  history->append(second).value();

  EXPECT_THAT(history->tasks(RunId{1}).value(),
              ::testing::ElementsAre(first.tasks[0], first.tasks[1], second.tasks[0]));
  EXPECT_THAT(history->slots(RunId{1}).value(),
              ::testing::ElementsAre(first.slots[0], second.slots[0]));
}

TEST_P(HistoryContract, AcceptsABatchWithNothingInIt) {
  const auto history = open();
  history->start_run(record(1), two_tasks()).value();
  EXPECT_TRUE(history->append({.run = RunId{1}}));
  EXPECT_THAT(history->tasks(RunId{1}).value(), ::testing::IsEmpty());
}

// -- graphs ---------------------------------------------------------------------------------------

TEST_P(HistoryContract, KeepsWhatTheTasksOfARunAreCalledAndNeed) {
  Workflow wf{"maps"};
  const auto source = wf.task(list);
  const auto outside = wf.task(quick);
  const auto each = wf.for_each(source, [&](Future<int> item) {
    const auto made = wf.task(slow, item);
    wf.after(made, outside);
    return made;
  });
  wf.name(source, "source");
  const auto graph = freeze(wf);
  const auto history = open();
  history->start_run(record(1), graph).value();

  const TaskId map = graph->scope(1).map;
  const auto recorded = history->graph(RunId{1}).value();
  ASSERT_THAT(recorded, ::testing::SizeIs(graph->task_count()));
  const RecordedTask& first = recorded[source.task().number()];
  EXPECT_EQ(first.name, "source");
  EXPECT_EQ(first.function, "list@1");
  EXPECT_EQ(recorded[map.number()].function, "weft.map@1");
  EXPECT_THAT(recorded[map.number()].dependencies, ::testing::ElementsAre(source.task()));
  EXPECT_EQ(recorded[each.task().number()].task, each.task());
  EXPECT_THAT(recorded[each.task().number()].dependencies,
              ::testing::ElementsAre(outside.task(), map));
}

TEST_P(HistoryContract, DoesNotKeepTheGraphOfALargeWorkflow) {
  const auto history = open({.max_recorded_tasks = 1});
  history->start_run(record(1), two_tasks()).value();
  EXPECT_THAT(history->graph(RunId{1}).value(), ::testing::IsEmpty());
  // Its tasks are sampled all the same.
  history->append(batch_of(RunId{1}, 0, 1)).value();
  EXPECT_THAT(history->samples("quick@1", 9).value(), ::testing::SizeIs(1));
}

// -- samples --------------------------------------------------------------------------------------

TEST_P(HistoryContract, MakesASampleOfACommittedAttempt) {
  const auto history = open();
  history->start_run(record(1), two_tasks()).value();
  MetricsBatch batch{.run = RunId{1}, .tasks = {attempt(1, Nanos{50}, WorkerId{3})}};
  batch.slots = {{.worker = WorkerId{3}, .worker_class = {.cpus = 2, .memory = {512}}}};
  history->append(batch).value();

  const Sample expected{.function = "slow@2",
                        .worker_class = {.cpus = 2, .memory = {512}},
                        .at = record(1).submitted,
                        .wait = Nanos{30},
                        .execution = Nanos{50},
                        .publish = Nanos{7},
                        .input_size = {11},
                        .output_size = {22}};
  EXPECT_THAT(history->samples("slow@2", 10).value(), ::testing::ElementsAre(expected));
  EXPECT_THAT(history->samples("quick@1", 10).value(), ::testing::IsEmpty());
}

TEST_P(HistoryContract, LearnsNothingFromAttemptsThatDidNotCommit) {
  const auto history = open();
  history->start_run(record(1), two_tasks()).value();
  MetricsBatch batch{.run = RunId{1}};
  for (const auto outcome : {AttemptOutcome::failed, AttemptOutcome::timed_out,
                             AttemptOutcome::cancelled, AttemptOutcome::lost}) {
    batch.tasks.push_back(attempt(0, Nanos{1}));
    batch.tasks.back().outcome = outcome;
  }
  history->append(batch).value();
  EXPECT_THAT(history->samples("quick@1", 10).value(), ::testing::IsEmpty());
  EXPECT_THAT(history->tasks(RunId{1}).value(), ::testing::SizeIs(4));
}

TEST_P(HistoryContract, RemembersTheClassOfAWorkerFromAnEarlierBatch) {
  const auto history = open();
  history->start_run(record(1), two_tasks()).value();
  MetricsBatch slots{.run = RunId{1}};
  slots.slots = {{.worker = WorkerId{0}, .worker_class = {.cpus = 8}}};
  history->append(slots).value();
  history->append(batch_of(RunId{1}, 0, 1)).value();
  EXPECT_EQ(history->samples("quick@1", 1).value().at(0).worker_class.cpus, 8);
}

TEST_P(HistoryContract, ThinsTheSamplesOfABatchEvenly) {
  const auto history = open({.max_samples_per_batch = 5});
  history->start_run(record(1), two_tasks()).value();
  MetricsBatch batch = batch_of(RunId{1}, 0, 100);
  batch.tasks.push_back(attempt(1, Nanos{1}));
  history->append(batch).value();

  EXPECT_THAT(executions(history->samples("quick@1", 100).value()),
              ::testing::ElementsAre(80, 60, 40, 20, 0));
  EXPECT_THAT(history->samples("slow@2", 100).value(), ::testing::SizeIs(1));
  EXPECT_THAT(history->tasks(RunId{1}).value(), ::testing::SizeIs(101));
}

TEST_P(HistoryContract, DropsTheOldestSamplesOfAFunctionAndClass) {
  const auto history = open({.max_samples = 4});
  history->start_run(record(1), two_tasks()).value();
  MetricsBatch other{.run = RunId{1}, .tasks = {attempt(0, Nanos{900}, WorkerId{1})}};
  other.slots = {{.worker = WorkerId{1}, .worker_class = {.cpus = 2}}};
  history->append(other).value();
  history->append(batch_of(RunId{1}, 0, 3)).value();
  history->append(batch_of(RunId{1}, 0, 3, 10)).value();

  EXPECT_THAT(executions(history->samples("quick@1", 100).value()),
              ::testing::ElementsAre(12, 11, 10, 2, 900));
}

TEST_P(HistoryContract, DropsSamplesOnceTheBoundIsLowered) {
  open()->start_run(record(1), two_tasks()).value();
  for (const std::size_t bound : {100, 3}) {
    const auto history = open({.max_samples = bound});
    history->start_run(record(1), two_tasks()).value();
    history->append(batch_of(RunId{1}, 0, 20)).value();
  }
  EXPECT_THAT(executions(open()->samples("quick@1", 100).value()),
              ::testing::ElementsAre(19, 18, 17));
}

TEST_P(HistoryContract, AnswersSamplesNewestFirstWhicheverWorkflowTheyAreFrom) {
  const auto history = open();
  for (const std::uint64_t number : {3, 1, 2}) {
    history->start_run(record(number, "flow-" + std::to_string(number)), two_tasks()).value();
    history->append(batch_of(RunId{number}, 0, 1, static_cast<int>(number))).value();
  }
  EXPECT_THAT(executions(history->samples("quick@1", 100).value()),
              ::testing::ElementsAre(3, 2, 1));
  EXPECT_THAT(executions(history->samples("quick@1", 2).value()), ::testing::ElementsAre(3, 2));
}

TEST_P(HistoryContract, IgnoresTasksThatTheGraphDoesNotHaveWhenItSamples) {
  const auto history = open();
  history->start_run(record(1), two_tasks()).value();
  history->append(batch_of(RunId{1}, 77, 1)).value();
  EXPECT_THAT(history->tasks(RunId{1}).value(), ::testing::SizeIs(1));
}

// -- handles --------------------------------------------------------------------------------------

TEST_P(HistoryContract, IsThereAgainAfterReopening) {
  MetricsBatch batch = batch_of(RunId{1}, 0, 3);
  batch.slots = {{.worker = WorkerId{0}}};
  {
    const auto history = open();
    history->start_run(record(1), two_tasks()).value();
    history->append(batch).value();
    history->finish_run(record(1)).value();
  }
  const auto history = open();
  EXPECT_EQ(history->run(RunId{1}).value(), record(1));
  EXPECT_EQ(history->tasks(RunId{1}).value(), batch.tasks);
  EXPECT_EQ(history->slots(RunId{1}).value(), batch.slots);
  EXPECT_THAT(history->graph(RunId{1}).value(), ::testing::SizeIs(2));
  EXPECT_THAT(history->samples("quick@1", 10).value(), ::testing::SizeIs(3));
}

TEST_P(HistoryContract, GoesOnWithARunThatItsFormerProcessStarted) {
  open()->start_run(record(1), two_tasks()).value();
  const auto history = open();
  history->append(batch_of(RunId{1}, 0, 3)).value();
  EXPECT_THAT(history->tasks(RunId{1}).value(), ::testing::SizeIs(3));
}

}  // namespace weft::test
