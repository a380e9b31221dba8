// What only a history in Redis does: it is shared, and cut.

#include <regex>

#include "storage/redis/asking.hpp"
#include "storage/redis/redis_history_backend.hpp"

namespace weft::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RedisHistoryKept : public ::testing::Test {
protected:
  [[nodiscard]] std::shared_ptr<HistoryStore> open(RedisHistoryOptions options = {}) const {
    return open_history(server, std::move(options));
  }

  /// All keys, but those of writers.
  [[nodiscard]] std::vector<std::string> keys() {
    std::vector<std::string> found;
    const auto all = ask(*client, redis::Command{"KEYS", "*"}).value();
    for (const redis::Reply& key : all.elements()) {
      if (key.text().find(":a:") == std::string_view::npos) found.emplace_back(key.text());
    }
    return found;
  }

  std::int64_t number(redis::Command command) {
    return ask(*client, std::move(command)).value().integer();
  }

  RedisServer server;
  std::shared_ptr<redis::Client> client = history_client(server);
};

void write_run(HistoryStore& history, std::uint64_t id, std::string workflow = "pair") {
  history.start_run(record(id, workflow), two_tasks()).value();
  MetricsBatch batch = batch_of(RunId{id}, 0, 2, static_cast<int>(10 * id));
  batch.slots = {{.worker = WorkerId{0}}};
  history.append(batch).value();
  history.finish_run(record(id, workflow)).value();
}

// -- sharing --------------------------------------------------------------------------------------

TEST_F(RedisHistoryKept, TwoClientsSeeEachOthersRuns) {
  const auto one = open();
  const auto other = open();
  write_run(*one, 1);
  write_run(*other, 2);
  for (const auto& history : {one, other}) {
    EXPECT_THAT(ids(history->runs(10, "").value()), ElementsAre(2, 1));
    EXPECT_THAT(executions(history->samples("quick@1", 10).value()), ElementsAre(21, 20, 11, 10));
    EXPECT_THAT(history->tasks(RunId{1}).value(), SizeIs(2));
    EXPECT_THAT(history->graph(RunId{2}).value(), SizeIs(2));
  }
}

TEST_F(RedisHistoryKept, PrefixesKeepHistoriesApart) {
  write_run(*open({.prefix = "ours"}), 1);
  EXPECT_THAT(open({.prefix = "theirs"})->runs(10, "").value(), IsEmpty());
}

TEST_F(RedisHistoryKept, ALateBatchOfAnOldRunComesBehindThoseOfNewerOnes) {
  const auto history = open();
  history->start_run(record(1), two_tasks()).value();
  for (std::uint64_t id = 2; id <= 200; ++id) write_run(*history, id);
  history->append(batch_of(RunId{1}, 0, 3)).value();
  EXPECT_THAT(executions(history->samples("quick@1", 2).value()), ElementsAre(2001, 2000));
  EXPECT_THAT(history->samples("quick@1", 1000).value(), SizeIs(401));
  EXPECT_EQ(history->samples("quick@1", 1000).value().back().execution, Nanos{0});
}

TEST_F(RedisHistoryKept, SamplesCostWhatIsAskedFor) {
  const auto history = open();
  for (std::uint64_t id = 1; id <= 300; ++id) write_run(*history, id);
  const auto calls = [&] {
    const auto text = text_of(*client, redis::Command{"INFO", "commandstats"});
    std::smatch found;
    const std::regex pattern{"cmdstat_xrevrange:calls=([0-9]+)"};
    return std::regex_search(text, found, pattern) ? std::stoi(found[1]) : 0;
  };
  (void)history->samples("quick@1", 10).value();
  EXPECT_EQ(calls(), 1);
}

// -- bounds ---------------------------------------------------------------------------------------

TEST_F(RedisHistoryKept, HasNothingLeftOfRunsThatWereDropped) {
  const auto history = open({.bounds = {.max_runs = 2}});
  for (std::uint64_t id = 1; id <= 4; ++id) write_run(*history, id, "w" + std::to_string(id));
  const std::string base = "weft:{history}:";
  std::vector<std::string> expected{base + "runs", base + "records", base + "total"};
  for (const std::uint64_t id : {3, 4}) {
    for (const char* kind : {"g:", "t:", "l:"}) {
      expected.push_back(base + kind + RunId{id}.text());
    }
    expected.push_back(base + "w:w" + std::to_string(id));
  }
  expected.push_back(base + "f:quick@1");
  expected.push_back(base + "s:1x0:quick@1");
  EXPECT_THAT(keys(), ::testing::UnorderedElementsAreArray(expected));
}

TEST_F(RedisHistoryKept, OneWorkflowDoesNotCrowdOutTheOthers) {
  const auto history = open({.max_runs_per_workflow = 3});
  write_run(*history, 1, "rare");
  for (std::uint64_t id = 2; id <= 20; ++id) write_run(*history, id, "busy");
  EXPECT_THAT(ids(history->runs(100, "").value()), ElementsAre(20, 19, 18, 1));
  EXPECT_THAT(ids(history->runs(100, "busy").value()), ElementsAre(20, 19, 18));
  EXPECT_EQ(history->tasks(RunId{17}).error().code, Errc::run_unknown);
}

TEST_F(RedisHistoryKept, TrimmingKeepsTheNewestBatches) {
  const auto history = open({.max_batches = 100});
  history->start_run(record(1), two_tasks()).value();
  for (int i = 0; i < 1000; ++i) history->append(batch_of(RunId{1}, 0, 1, i)).value();
  const auto tasks = history->tasks(RunId{1}).value();
  // About as many: streams are cut by whole nodes.
  EXPECT_GE(tasks.size(), 100u);
  EXPECT_LE(tasks.size(), 300u);
  EXPECT_EQ(tasks.back().finished - tasks.back().started, Nanos{999});
}

TEST_F(RedisHistoryKept, TrimmingKeepsTheNewestSamplesAndNoMore) {
  const auto history = open({.bounds = {.max_samples = 50}});
  history->start_run(record(1), two_tasks()).value();
  for (int i = 0; i < 500; ++i) history->append(batch_of(RunId{1}, 0, 1, i)).value();
  const auto samples = history->samples("quick@1", 1000).value();
  ASSERT_THAT(samples, SizeIs(50));
  EXPECT_EQ(samples.front().execution, Nanos{499});
  EXPECT_EQ(samples.back().execution, Nanos{450});
  EXPECT_LE(number(redis::Command{"XLEN", "weft:{history}:s:1x0:quick@1"}), 200);
}

TEST_F(RedisHistoryKept, AFunctionHasSoManyClasses) {
  const auto history = open({.max_classes = 3});
  history->start_run(record(1), two_tasks()).value();
  for (std::uint32_t i = 1; i <= 10; ++i) {
    MetricsBatch batch{.run = RunId{1}, .tasks = {attempt(0, Nanos{i}, WorkerId{i})}};
    batch.slots = {{.worker = WorkerId{i}, .worker_class = {.cpus = static_cast<double>(i)}}};
    history->append(batch).value();
  }
  const auto samples = history->samples("quick@1", 100).value();
  EXPECT_THAT(samples, SizeIs(3));
  EXPECT_THAT(executions(samples), ::testing::Contains(10));
  EXPECT_EQ(number(redis::Command{"HLEN", "weft:{history}:f:quick@1"}), 3);
}

TEST_F(RedisHistoryKept, EverythingExpiresWhenNobodyWrites) {
  write_run(*open({.life = std::chrono::hours{1}}), 1);
  const auto all = ask(*client, redis::Command{"KEYS", "*"}).value();
  EXPECT_GT(all.size(), 9u);
  for (const redis::Reply& key : all.elements()) {
    const std::int64_t left = number(redis::Command{"PTTL", key.text()});
    EXPECT_GT(left, 0) << key.text();
    EXPECT_LE(left, 3'600'000) << key.text();
  }
}

TEST_F(RedisHistoryKept, RunsWhoseMetricsHaveExpiredHaveNone) {
  const auto history = open();
  write_run(*history, 1);
  for (const char* kind : {"g:", "t:", "l:"}) {
    (void)number(redis::Command{"DEL", "weft:{history}:" + std::string{kind} + RunId{1}.text()});
  }
  EXPECT_EQ(history->run(RunId{1}).value(), record(1));
  EXPECT_THAT(history->tasks(RunId{1}).value(), IsEmpty());
  EXPECT_THAT(history->slots(RunId{1}).value(), IsEmpty());
  EXPECT_THAT(history->graph(RunId{1}).value(), IsEmpty());
}

TEST_F(RedisHistoryKept, CountsTasksAnewWhenRecordsWereTakenAway) {
  const auto history = open({.bounds = {.max_tasks = 100}});
  const auto finish = [&](std::uint64_t id) {
    RunRecord run = record(id);
    run.tasks.total = 40;
    history->finish_run(run).value();
  };
  finish(1);
  finish(2);
  (void)number(redis::Command{"DEL", "weft:{history}:records"});
  for (const std::uint64_t id : {3, 4, 5}) finish(id);
  EXPECT_THAT(ids(history->runs(10, "").value()), ElementsAre(5, 4));
}

}  // namespace
}  // namespace weft::test
