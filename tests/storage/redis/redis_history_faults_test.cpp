// A history in Redis when something is wrong: connections, other programs, damaged rows.

#include <atomic>
#include <numeric>
#include <thread>

#include "storage/redis/asking.hpp"
#include "storage/redis/redis_history_backend.hpp"
#include "storage/store_client.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using redis::Command;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string base = "weft:{history}:";

class RedisHistoryFaults : public ::testing::Test {
protected:
  [[nodiscard]] std::shared_ptr<HistoryStore> open(RedisHistoryOptions options = {}) const {
    return open_history(server, std::move(options));
  }

  /// A finished run with a batch.
  static void finish_one(HistoryStore& history, std::uint64_t id) {
    history.start_run(record(id), two_tasks()).value();
    MetricsBatch batch = batch_of(RunId{id}, 0, 10);
    batch.slots = {{.worker = WorkerId{0}}};
    history.append(batch).value();
    history.finish_run(record(id)).value();
  }

  void run(Command command) const {
    (void)ask(*history_client(server), std::move(command)).value();
  }

  RedisServer server{{.keep = RedisServerOptions::Keep::everything}};
};

void expect_damaged(const Error& error, std::string_view named) {
  EXPECT_EQ(error.code, Errc::history_unavailable);
  EXPECT_THAT(to_string(error), HasSubstr(std::string{named}));
  EXPECT_NE(error.hint, "");
}

// -- connections ----------------------------------------------------------------------------------

TEST_F(RedisHistoryFaults, ConnectionsThatAreCutLoseNoBatchAndRepeatNone) {
  const auto history = open();
  history->start_run(record(1), two_tasks()).value();
  // Now and then, while a batch may be on its way: a client needs a moment to come back.
  std::atomic<int> written = 0;
  std::jthread cutter{[&] {
    for (int next = 5; next < 200; next += 20) {
      while (written < next) std::this_thread::yield();
      (void)server.run({"CLIENT", "KILL", "TYPE", "normal"});
    }
  }};
  for (int i = 0; i < 200; ++i) {
    history->append(batch_of(RunId{1}, 0, 5, 5 * i)).value();
    ++written;
  }
  cutter.join();
  std::vector<std::int64_t> seen;
  for (const TaskMetrics& task : history->tasks(RunId{1}).value()) {
    seen.push_back((task.finished - task.started).count());
  }
  std::vector<std::int64_t> expected(1000);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(seen, expected);
}

TEST_F(RedisHistoryFaults, ARestartThatKeepsItsDataLosesNothing) {
  const auto history = open();
  history->start_run(record(1), two_tasks()).value();
  history->append(batch_of(RunId{1}, 0, 3)).value();
  server.kill();
  std::jthread writer{[&] { history->append(batch_of(RunId{1}, 0, 3, 3)).value(); }};
  server.start();
  writer.join();
  history->append(batch_of(RunId{1}, 0, 3, 6)).value();
  EXPECT_THAT(history->tasks(RunId{1}).value(), SizeIs(9));
}

TEST(RedisHistoryFaultsOfMemory, ARestartThatForgetsEverythingBeginsAnew) {
  RedisServer forgetful;
  const auto history = open_history(forgetful);
  history->start_run(record(1), two_tasks()).value();
  forgetful.restart();
  EXPECT_TRUE(history->append(batch_of(RunId{1}, 0, 3)));
  EXPECT_TRUE(history->finish_run(record(1)));
  EXPECT_EQ(history->run(RunId{1}).value(), record(1));
  history->start_run(record(2), two_tasks()).value();
  history->append(batch_of(RunId{2}, 0, 3)).value();
  EXPECT_THAT(history->samples("quick@1", 10).value(), SizeIs(3));
}

TEST_F(RedisHistoryFaults, AServerThatIsGoneCostsOnePatienceAndIsAskedAgainAfterAPause) {
  const auto clock = std::make_shared<ManualClock>();
  const auto history =
    RedisHistory::open(history_client(server, 200ms), "the history", {.pause = 5s, .clock = clock})
      .value();
  history->start_run(record(1), two_tasks()).value();
  server.kill();
  expect_damaged(history->append(batch_of(RunId{1}, 0, 1)).error(), "redis.sock");
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(history->append(batch_of(RunId{1}, 0, 1)));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 20s);  // Not 200.
  server.start();
  clock->advance(5s);
  EXPECT_TRUE(eventually([&] {
    clock->advance(5s);
    return history->append(batch_of(RunId{1}, 0, 1)).has_value();
  }));
  // Or more: what nobody knows to be carried out may have been.
  EXPECT_THAT(history->tasks(RunId{1}).value(), ::testing::Not(IsEmpty()));
}

// -- other programs -------------------------------------------------------------------------------

TEST_F(RedisHistoryFaults, AForeignValueIsFoundWhenTheHistoryIsOpened) {
  for (const std::string& key : {base + "runs", base + "records", base + "total"}) {
    run(Command{"FLUSHALL"});
    run(Command{"RPUSH", key, "theirs"});
    const auto opened = RedisHistory::open(history_client(server), "unix:///there");
    ASSERT_FALSE(opened);
    expect_damaged(opened.error(), key);
    EXPECT_THAT(opened.error().message, HasSubstr("holds a list"));
  }
}

TEST_F(RedisHistoryFaults, AForeignValueIsNamedByWhoeverComesAcrossItAndStays) {
  const std::string id = RunId{1}.text();
  for (const std::string& key :
       {base + "runs", base + "records", base + "w:pair", base + "g:" + id, base + "t:" + id,
        base + "l:" + id, base + "f:quick@1", base + "s:1x0:quick@1"}) {
    SCOPED_TRACE(key);
    run(Command{"FLUSHALL"});
    const auto history = open();
    finish_one(*history, 1);
    run(Command{"DEL", key});
    run(Command{"PFADD", key, "x"});
    const bool is_string = key == base + "g:" + id;  // As what PFADD makes is.
    MetricsBatch batch = batch_of(RunId{1}, 0, 1);
    const auto started = history->start_run(record(1), two_tasks());
    if (!started) expect_damaged(started.error(), key);
    batch.slots = {{.worker = WorkerId{0}}};
    const auto appended = history->append(batch);
    const auto finished = history->finish_run(record(2));
    if (!appended) expect_damaged(appended.error(), key);
    if (!finished) expect_damaged(finished.error(), key);
    EXPECT_TRUE(is_string || !appended || !finished);
    if (!is_string) {
      EXPECT_EQ(server.run({"TYPE", key}), "+string\r\n");
    }
    std::vector<Error> errors;
    const auto look = [&](const auto& result) {
      if (!result) errors.push_back(result.error());
    };
    look(history->runs(10, ""));
    look(history->runs(10, "pair"));
    look(history->tasks(RunId{1}));
    look(history->slots(RunId{1}));
    look(history->samples("quick@1", 10));
    if (!is_string) {
      EXPECT_THAT(errors, ::testing::Not(IsEmpty()));
    }
    for (const Error& error : errors) expect_damaged(error, key);
  }
}

// -- rows -----------------------------------------------------------------------------------------

TEST_F(RedisHistoryFaults, ARecordThatCannotBeReadIsLeftOutOfListsAndToldOnce) {
  std::vector<std::string> told;
  const auto history = open({.warn = [&](const Error& error) { told.push_back(error.message); }});
  for (std::uint64_t id = 1; id <= 3; ++id) finish_one(*history, id);
  run(Command{"HSET", base + "records", RunId{2}.text(), "\x02 of a newer weft"});
  EXPECT_THAT(ids(history->runs(10, "").value()), ElementsAre(3, 1));
  EXPECT_THAT(ids(history->runs(2, "").value()), ElementsAre(3, 1));
  expect_damaged(history->run(RunId{2}).error(), "layout 2, this weft knows layout 1");
  EXPECT_THAT(told, ElementsAre(HasSubstr("the record of run " + RunId{2}.text())));
}

TEST_F(RedisHistoryFaults, NothingButRowsThatCannotBeReadIsAnError) {
  const auto history = open();
  finish_one(*history, 1);
  run(Command{"HSET", base + "records", RunId{1}.text(), ""});
  expect_damaged(history->runs(10, "").error(), RunId{1}.text());
  run(Command{"DEL", base + "s:1x0:quick@1"});
  run(Command{"XADD", base + "s:1x0:quick@1", "99", "what", "else"});
  expect_damaged(history->samples("quick@1", 10).error(), "quick@1");
  run(Command{"HSET", base + "f:quick@1", "1x0", "not a state"});
  expect_damaged(history->samples("quick@1", 10).error(), "quick@1");
}

TEST_F(RedisHistoryFaults, RowsOfOneRunThatAreDamagedDoNotHideTheOthers) {
  const auto history = open();
  for (std::uint64_t id = 1; id <= 2; ++id) finish_one(*history, id);
  const std::string id = RunId{1}.text();
  run(Command{"XADD", base + "t:" + id, "*", "v", "\x01\x93\xC0"});
  run(Command{"XADD", base + "l:" + id, "*", "v", "\x01\xC1"});
  run(Command{"SET", base + "g:" + id, "\x01"});
  for (const Error& error : {history->tasks(RunId{1}).error(), history->slots(RunId{1}).error(),
                             history->graph(RunId{1}).error()}) {
    expect_damaged(error, id);
    EXPECT_THAT(error.causes, SizeIs(1));
  }
  EXPECT_THAT(history->tasks(RunId{2}).value(), SizeIs(10));
  EXPECT_THAT(history->graph(RunId{2}).value(), SizeIs(2));
}

TEST_F(RedisHistoryFaults, ASeriesThatSomebodyElseHasWrittenToBeginsAnew) {
  const auto history = open();
  finish_one(*history, 1);
  run(Command{"XADD", base + "s:1x0:quick@1", "1000", "what", "else"});
  finish_one(*history, 2);
  EXPECT_THAT(history->samples("quick@1", 100).value(), SizeIs(10));
}

TEST_F(RedisHistoryFaults, ARecordOfAnotherLayoutGoesWithItsRun) {
  const auto history = open({.bounds = {.max_runs = 2}});
  for (std::uint64_t id = 1; id <= 2; ++id) finish_one(*history, id);
  run(Command{"HSET", base + "records", RunId{1}.text(), "torn"});
  for (std::uint64_t id = 3; id <= 4; ++id) finish_one(*history, id);
  EXPECT_THAT(ids(history->runs(10, "").value()), ElementsAre(4, 3));
  EXPECT_EQ(server.run({"HLEN", base + "records"}), ":2\r\n");
  EXPECT_EQ(server.run({"ZCARD", base + "runs"}), ":2\r\n");
}

}  // namespace
}  // namespace weft::test
