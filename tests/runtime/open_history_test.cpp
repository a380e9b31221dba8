// Engines that record in Redis, and what a history may be called.

#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/engine_fixture.hpp"
#include "storage/redis/redis_server.hpp"
#include "weft/runtime/open_history.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const Function doubled{"doubled@1", [](int x) { return 2 * x; }};

class HistoryInARedis : public testing::Test {
protected:
  void SetUp() override {
    if (!test::RedisServer::installed()) GTEST_SKIP() << test::RedisServer::missing;
    server.emplace();
  }

  [[nodiscard]] EngineOptions options() const {
    EngineOptions options = test::with_slots(2);
    options.recorder.history = to_string(server->endpoint());
    options.store.patience = 500ms;
    return options;
  }

  [[nodiscard]] std::shared_ptr<HistoryStore> open() const {
    return open_history(options().recorder, options().store).value();
  }

  static RunRecord run_one(Engine& engine) {
    Workflow workflow{"doubles"};
    for (int i = 0; i < 5; ++i) (void)workflow.task(doubled, i);
    const auto run = engine.submit(std::move(workflow));
    run.get();
    return run.record();
  }

  std::optional<test::RedisServer> server;
};

Error refusal(RecorderOptions recorder) {
  auto opened = open_history(recorder, {.patience = 100ms});
  return opened ? Error{} : opened.error();
}

TEST_F(HistoryInARedis, HasWhatEnginesOfSeveralClientsRecorded) {
  std::vector<RunRecord> records;
  for (int i = 0; i < 2; ++i) {
    Engine engine{test::registry_of(doubled), options()};
    records.push_back(run_one(engine));
  }
  const auto history = open();
  EXPECT_THAT(history->runs(10, "doubles").value(), ::testing::UnorderedElementsAreArray(records));
  for (const RunRecord& record : records) {
    EXPECT_THAT(history->tasks(record.id).value(), SizeIs(5));
    EXPECT_THAT(history->graph(record.id).value(), SizeIs(5));
  }
  EXPECT_THAT(history->samples("doubled@1", 100).value(), SizeIs(10));
}

TEST_F(HistoryInARedis, ThatIsGoneStopsNoRun) {
  Engine engine{test::registry_of(doubled), options()};
  (void)run_one(engine);
  server->kill();
  EXPECT_EQ(run_one(engine).state, RunState::succeeded);
}

TEST(HistoryNames, TellFilesFromUrls) {
  for (const char* url : {"redis://host", "rediss://me@host:1/2", "unix:///there", "http://x"}) {
    EXPECT_TRUE(is_url(url)) << url;
  }
  for (const char* file : {":memory:", "history.db", "/a/b", "redis:", "unix:/there"}) {
    EXPECT_FALSE(is_url(file)) << file;
  }
  EXPECT_TRUE(open_history({.history = ":memory:"}, {}));
}

TEST(HistoryNames, ThatAreNoUrlOfARedisAreRefused) {
  const Error unknown = refusal({.history = "http://somewhere"});
  EXPECT_EQ(unknown.code, Errc::invalid_config);
  EXPECT_THAT(unknown.message, HasSubstr("history.file"));
  const Error secret = refusal({.history = "redis://me:secret@localhost"});
  EXPECT_EQ(secret.code, Errc::invalid_config);
  EXPECT_THAT(to_string(secret), ::testing::Not(HasSubstr("me:secret")));
}

TEST(HistoryNames, OfAServerThatIsNotThereAreUnavailable) {
  const Error error = refusal({.history = "unix:///nowhere/redis.sock"});
  EXPECT_EQ(error.code, Errc::history_unavailable);
  EXPECT_THAT(error.message, HasSubstr("/nowhere/redis.sock"));
  EXPECT_NE(error.hint, "");
}

}  // namespace
}  // namespace weft
