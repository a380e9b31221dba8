// A step that others act on is answered when enough replicas have it.

#include "storage/redis/client_fixture.hpp"
#include "storage/sample_workflow.hpp"
#include "weft/storage/redis/redis_run_store.hpp"

namespace weft::test {

namespace {

using namespace std::chrono_literals;

template <class Answer, class Operation>
Result<Answer> answer_of(Operation&& operation) {
  std::promise<Result<Answer>> answer;
  operation([&](Result<Answer> given) { answer.set_value(std::move(given)); });
  return answer.get_future().get();
}

class RedisReplicas : public RedisClientTest {
protected:
  void SetUp() override {
    RedisClientTest::SetUp();
    if (IsSkipped()) return;
    primary = std::make_unique<RedisServer>(
      RedisServerOptions{.tcp = true, .arguments = {"--repl-diskless-sync-delay", "0"}});
    const auto port = std::to_string(primary->tcp_endpoint().port);
    replica = std::make_unique<RedisServer>(
      RedisServerOptions{.arguments = {"--replicaof", "127.0.0.1", port}});
    ASSERT_TRUE(eventually([&] {
      return replica->run({"INFO", "replication"}).find("master_link_status:up") !=
             std::string::npos;
    }));
  }

  std::unique_ptr<RunStore> open(std::uint32_t replicas, Nanos patience) {
    client = connect(primary->endpoint());
    return RedisRunStore::open(client, std::make_shared<Registry>(sample::registry()),
                               {.replicas = replicas, .replicas_patience = patience})
      .value();
  }

  /// A run of one task, which is claimed.
  Result<Grant> begin(RunStore& store) {
    Workflow workflow{"kept"};
    task = workflow.task(sample::number).task();
    const GraphPtr graph = sample::freeze(workflow);
    const auto ready = answer_of<std::vector<ReadyTask>>([&](auto done) {
      store.create({.run = run, .graph = graph, .plan = sample::plan(*graph), .kept = {task}},
                   done);
    });
    if (!ready) return ready.error();
    auto claimed = answer_of<ClaimAnswer>(
      [&](auto done) { store.claim({.run = run, .worker = WorkerId{0}, .tasks = {task}}, done); });
    if (!claimed) return std::move(claimed).error();
    return std::move(claimed->grants.at(0));
  }

  Result<CommitAnswer> commit(RunStore& store, const Grant& grant) {
    return answer_of<CommitAnswer>([&](auto done) {
      store.commit({.run = run,
                    .task = task,
                    .fence = grant.fence,
                    .worker = WorkerId{0},
                    .output = Value::of(7)},
                   done);
    });
  }

  std::unique_ptr<RedisServer> primary;
  std::unique_ptr<RedisServer> replica;
  std::shared_ptr<redis::Client> client;
  RunId run{77};
  TaskId task;
};

TEST_F(RedisReplicas, HaveACommitByTheTimeItIsAnswered) {
  const auto store = open(1, 60s);
  const auto grant = begin(*store);
  ASSERT_TRUE(grant) << to_string(grant.error());
  const auto committed = commit(*store, *grant);
  ASSERT_TRUE(committed) << to_string(committed.error());
  primary->kill();
  EXPECT_NE(replica->run({"HLEN", "weft:{" + run.text() + "}:o"}).find(":1"), std::string::npos);
}

TEST_F(RedisReplicas, ThatDoNotTakeACommitMakeTheStoreUnavailable) {
  const auto grant = begin(*open(1, 60s));
  ASSERT_TRUE(grant) << to_string(grant.error());
  replica->stop();
  const auto store = open(1, 300ms);
  const auto refused = commit(*store, *grant);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::store_unavailable);
  EXPECT_EQ(refused.error().message, "0 of 1 replicas of Redis have taken a step in time");

  replica->cont();
  // Whoever asks again is told what the first time has done: the run is over.
  const auto again = commit(*open(1, 60s), *grant);
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_EQ(again->outcome, CommitOutcome::ended);
}

TEST_F(RedisReplicas, AreNotWaitedForWhereNoneIsAskedFor) {
  const auto store = open(0, 300ms);
  replica->stop();
  const auto grant = begin(*store);
  ASSERT_TRUE(grant);
  EXPECT_TRUE(commit(*store, *grant));
  replica->cont();
}

}  // namespace
}  // namespace weft::test
