// What an engine leaves in its history, by each strategy, and when it cannot.

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "runtime/engine_fixture.hpp"
#include "runtime/harness_fixture.hpp"
#include "support/caught_log.hpp"
#include "weft/storage/history/history_store.hpp"
#include "weft/storage/history/sqlite.hpp"

namespace weft::test {

namespace {

constexpr int width = 40;  // Fewer than the history thins out.

const Function second_try{"second_try@1", [](TaskContext& context) {
                            if (context.attempt() == 1) throw std::runtime_error("not yet");
                          }};
const Function nap{"nap@1", [](TaskContext& context, int x) {
                     context.sleep_for(1s);
                     return x;
                   }};

/// A folder of its own for each history, removed at its end.
class HistoryFolder {
public:
  HistoryFolder() {
    std::string pattern = testing::TempDir() + "/recording-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~HistoryFolder() { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::filesystem::path file() const { return folder_ / "history.db"; }

  /// Options of an engine that records there.
  [[nodiscard]] EngineOptions options(RecorderOptions recorder = {}) const {
    EngineOptions options = with_slots(2);
    options.recorder = std::move(recorder);
    options.recorder.history = file().string();
    return options;
  }

  /// What is in it now, as another process sees it.
  [[nodiscard]] std::shared_ptr<HistoryStore> open() const {
    return open_sqlite_history(file()).value();
  }

private:
  std::filesystem::path folder_;
};

/// A map over `width` elements, and a task that succeeds the second time.
Workflow recorded() {
  Workflow workflow{"recorded"};
  workflow.map(workflow.task(upto, width), twice);
  const auto stubborn = workflow.task(second_try);
  workflow.options(stubborn).retries = RetryPolicy{.attempts = 2, .backoff = 0s};
  return workflow;
}

void expect_in_order(const TaskMetrics& task) {
  const std::vector times{task.claimed, task.inputs_ready, task.started, task.finished,
                          task.committed};
  EXPECT_TRUE(std::ranges::is_sorted(times)) << "task " << task.task.number();
}

}  // namespace

// -- strategies -----------------------------------------------------------------------------------

struct NamedStrategy {
  const char* name;
  RecorderOptions options;

  friend void PrintTo(const NamedStrategy& x, std::ostream* out) { *out << x.name; }
};

class RecordedAt : public testing::TestWithParam<NamedStrategy> {
protected:
  HistoryFolder folder;
};

TEST_P(RecordedAt, ARunLeavesItsRecordAndEveryAttempt) {
  const RunRecord record = [&] {
    Engine engine{registry_of(upto, twice, second_try), folder.options(GetParam().options)};
    const auto run = engine.submit(recorded());
    run.get();
    return run.record();
  }();
  const auto history = folder.open();
  EXPECT_EQ(history->runs(10, "recorded").value(), std::vector{record});
  EXPECT_EQ(history->graph(record.id).value().size(), 4u);

  std::multiset<AttemptOutcome> outcomes;
  std::set<TaskId> committed;
  for (const TaskMetrics& task : history->tasks(record.id).value()) {
    expect_in_order(task);
    outcomes.insert(task.outcome);
    if (task.outcome == AttemptOutcome::committed) committed.insert(task.task);
  }
  EXPECT_EQ(outcomes.size(), record.tasks.total + record.tasks.retries);
  EXPECT_EQ(outcomes.count(AttemptOutcome::failed), 1u);
  EXPECT_EQ(committed.size(), static_cast<std::size_t>(width) + 3);

  EXPECT_EQ(history->samples("twice@1", 1000).value().size(), static_cast<std::size_t>(width));
  EXPECT_EQ(history->samples("second_try@1", 1000).value().size(), 1u);
  EXPECT_FALSE(history->slots(record.id).value().empty());
}

TEST_P(RecordedAt, ACancelledRunLeavesItsRecord) {
  Gate gate;
  const Function waiting{"waiting@1", [&] { gate.pass(); }};
  const RunRecord record = [&] {
    Engine engine{registry_of(waiting), folder.options(GetParam().options)};
    const auto run = submit_one(engine, waiting);
    gate.wait_until_reached();
    run.cancel();
    run.wait();
    gate.open();
    return run.record();
  }();
  EXPECT_EQ(record.state, RunState::cancelled);
  const RunRecord found = folder.open()->run(record.id).value();
  EXPECT_EQ(found.state, record.state);
  EXPECT_EQ(found.errors, record.errors);
  EXPECT_EQ(found, record);
}

INSTANTIATE_TEST_SUITE_P(
  Strategies, RecordedAt,
  testing::Values(
    NamedStrategy{"TheEnd", {.strategy = RecordStrategy::at_end}},
    NamedStrategy{"TheEndOfFewTasks", {.strategy = RecordStrategy::at_end, .count = 5}},
    NamedStrategy{"EachTask", {.strategy = RecordStrategy::each_task}},
    NamedStrategy{"ShortPeriods", {.strategy = RecordStrategy::periodic, .period = 1ms}},
    NamedStrategy{"PeriodsThatDoNotEnd", {.strategy = RecordStrategy::periodic, .period = 24h}},
    NamedStrategy{"CountsThatAreReached", {.strategy = RecordStrategy::by_count, .count = 7}},
    NamedStrategy{"CountsThatAreNotReached",
                  {.strategy = RecordStrategy::by_count, .count = 1000}}),
  [](const auto& named) { return named.param.name; });

/// Ten tasks of a second each, one after another, and how many of them the history has.
class RecordingInTime : public OnVirtualTime {
protected:
  void start_ten(RecorderOptions recorder) {
    registry.add(nap);
    EngineOptions options = folder_.options(std::move(recorder));
    options.pool.slots = 1;
    start(std::move(options));
    Workflow workflow{"ten"};
    for (int i = 0; i < 10; ++i) workflow.task(nap, i);
    run_.emplace(harness().submit(std::move(workflow)));
    id_ = run_->id();
  }

  [[nodiscard]] std::size_t recorded_after(Nanos time) {
    harness().advance(time);
    return folder_.open()->tasks(id_).value().size();
  }

  [[nodiscard]] RunState state() const { return folder_.open()->run(id_).value().state; }

  void let_go() { run_.reset(); }

private:
  RunId id_;
  HistoryFolder folder_;
  std::optional<weft::Run<void>> run_;
};

TEST_F(RecordingInTime, AtTheEndComesWithTheEnd) {
  start_ten({.strategy = RecordStrategy::at_end});
  EXPECT_EQ(recorded_after(9500ms), 0u);
  EXPECT_EQ(state(), RunState::running);
  EXPECT_EQ(recorded_after(500ms), 10u);
  EXPECT_EQ(state(), RunState::succeeded);
}

TEST_F(RecordingInTime, AfterEachTaskComesAtOnce) {
  start_ten({.strategy = RecordStrategy::each_task});
  EXPECT_EQ(recorded_after(5500ms), 5u);
  EXPECT_EQ(recorded_after(1s), 6u);
}

TEST_F(RecordingInTime, PeriodicallyComesWithEachPeriod) {
  start_ten({.strategy = RecordStrategy::periodic, .period = 2500ms});
  EXPECT_EQ(recorded_after(2400ms), 0u);
  EXPECT_EQ(recorded_after(200ms), 2u);
  EXPECT_EQ(recorded_after(2s), 2u);
  EXPECT_EQ(recorded_after(6s), 10u);
}

TEST_F(RecordingInTime, ByCountComesWhenSoManyWait) {
  start_ten({.strategy = RecordStrategy::by_count, .count = 4});
  EXPECT_EQ(recorded_after(3500ms), 0u);
  EXPECT_EQ(recorded_after(1s), 4u);
  EXPECT_EQ(recorded_after(3s), 4u);
  EXPECT_EQ(recorded_after(3s), 10u);
}

TEST_F(RecordingInTime, OfARunThatNobodyHoldsComesToItsEnd) {
  start_ten({});
  let_go();
  EXPECT_EQ(recorded_after(10s), 10u);
  EXPECT_EQ(state(), RunState::succeeded);
}

// -- histories that are full, broken or not there -------------------------------------------------

class Recording : public testing::Test {
protected:
  Engine engine_with(RecorderOptions recorder = {}) const {
    return Engine{registry_of(twice), folder.options(std::move(recorder))};
  }

  /// What an engine is refused with that records in `file`.
  static Error refusal(const std::filesystem::path& file) {
    EngineOptions options = with_slots(1);
    options.recorder.history = file.string();
    try {
      const Engine engine{Registry{}, options};
    } catch (const Exception& refused) {
      return refused.error();
    }
    ADD_FAILURE() << "an engine without a history that works was made";
    return {};
  }

  HistoryFolder folder;
};

TEST_F(Recording, KeepsTheNewestRunsUpToItsLimit) {
  std::vector<RunId> newest;
  {
    Engine engine = engine_with({.max_runs = 3});
    for (int i = 0; i < 10; ++i) {
      const auto run = submit_one(engine, twice, i);
      run.wait();
      newest.insert(newest.begin(), run.id());
    }
  }
  std::vector<RunId> kept;
  for (const RunRecord& record : folder.open()->runs(100, "").value()) kept.push_back(record.id);
  newest.resize(3);
  EXPECT_EQ(kept, newest);
}

TEST_F(Recording, GoesOnWhereTheLastEngineStopped) {
  for (int i = 0; i < 3; ++i) {
    Engine engine = engine_with();
    EXPECT_EQ(submit_one(engine, twice, i).get(), 2 * i);
  }
  EXPECT_EQ(folder.open()->runs(100, "one").value().size(), 3u);
  EXPECT_EQ(folder.open()->samples("twice@1", 100).value().size(), 3u);
}

TEST_F(Recording, IsSharedByEnginesOfOneFile) {
  {
    Engine first = engine_with({.strategy = RecordStrategy::each_task});
    Engine second = engine_with({.strategy = RecordStrategy::each_task});
    std::vector<weft::Run<int>> runs;
    for (int i = 0; i < 20; ++i) {
      runs.push_back(submit_one(first, twice, i));
      runs.push_back(submit_one(second, twice, i));
    }
    for (const auto& run : runs) run.wait();
  }
  EXPECT_EQ(folder.open()->samples("twice@1", 1000).value().size(), 40u);
}

TEST_F(Recording, IsLeftOutWithoutAHistory) {
  Engine engine{registry_of(twice), with_slots(1)};
  EXPECT_EQ(submit_one(engine, twice, 4).get(), 8);
  EXPECT_EQ(engine.history(), nullptr);
}

TEST_F(Recording, RefusesAFileThatIsNoHistory) {
  std::ofstream(folder.file()) << std::string(5'000, 'x');
  for (const auto& file : {folder.file(), folder.file() / "below"}) {
    const Error error = refusal(file);
    EXPECT_EQ(error.code, Errc::history_unavailable);
    EXPECT_THAT(error.message, HasSubstr(file.string()));
    EXPECT_NE(error.hint, "");
  }
}

TEST_F(Recording, ThatFailsIsReportedOnceAndHarmsNoRun) {
  const CaughtLog log;
  {
    Engine engine = engine_with({.strategy = RecordStrategy::each_task});
    SqliteDatabase(folder.file()).execute("DROP TABLE runs");
    for (int i = 0; i < 5; ++i) {
      const auto run = submit_one(engine, twice, i);
      EXPECT_EQ(run.get(), 2 * i);
      EXPECT_EQ(run.record().state, RunState::succeeded);
    }
  }
  const std::string reported = "runs are not recorded";
  const std::string text = log.text();
  const auto first = text.find(reported);
  ASSERT_NE(first, std::string::npos);
  EXPECT_THAT(text, HasSubstr(folder.file().string()));
  EXPECT_EQ(text.find(reported, first + 1), std::string::npos) << text;
}

}  // namespace weft::test
