// What becomes of runs when Redis refuses, loses connections, or is asked for more than it may
// answer.

#include "storage/redis/client_fixture.hpp"
#include "storage/redis/redis_backend.hpp"
#include "weft/storage/redis/keys.hpp"
#include "weft/storage/redis/run_protocol.hpp"

namespace weft::test {

namespace {

constexpr WorkerId first_worker{0};
constexpr WorkerId second_worker{1};

class RedisStoreFaults : public RedisClientTest {
protected:
  void SetUp() override {
    RedisClientTest::SetUp();
    if (IsSkipped()) return;
    server = std::make_unique<RedisServer>();
    backend = std::make_unique<RedisBackend>(server->endpoint());
    store = std::make_unique<StoreClient>(*backend);
  }

  void create(const Workflow& workflow, std::vector<TaskId> kept = {}, std::uint32_t workers = 1) {
    const GraphPtr graph = sample::freeze(workflow);
    const auto ready = store->create(
      {.run = run, .graph = graph, .plan = sample::plan(*graph, workers), .kept = std::move(kept)});
    ASSERT_TRUE(ready) << to_string(ready.error());
  }

  Grant claim(TaskId task, WorkerId worker = first_worker) {
    auto claimed = store->claim({.run = run, .worker = worker, .tasks = {task}});
    EXPECT_TRUE(claimed) << to_string(claimed.error());
    return std::move(claimed->grants.at(0));
  }

  Result<CommitAnswer> commit(const Grant& grant, Value output) {
    return store->commit({.run = run,
                          .task = grant.task,
                          .fence = grant.fence,
                          .worker = first_worker,
                          .output = std::move(output)});
  }

  /// The names of keys in Redis, as it writes them.
  [[nodiscard]] std::string keys(std::string_view pattern) const {
    return server->run({"KEYS", pattern});
  }

  std::unique_ptr<RedisServer> server;
  std::unique_ptr<RedisBackend> backend;
  std::unique_ptr<StoreClient> store;
  RunId run{77};
};

Value text_of_size(std::size_t size) {
  return Value::of(std::string(size, 'x'));
}

}  // namespace

// -- outputs in parts -----------------------------------------------------------------------------

/// A connection that is lost before the answers have come has all of it sent again.
TEST_F(RedisStoreFaults, PartsOfAnOutputThatAreSentAgainStay) {
  Workflow workflow{"large"};
  const TaskId task = workflow.task(sample::number).task();
  create(workflow, {task});
  const Grant grant = claim(task);
  ASSERT_TRUE(commit(grant, text_of_size(9000)));
  ASSERT_TRUE(commit(grant, text_of_size(9000)));
  const auto part = redis::RunKeys{backend->prefix(), run}.chunk(task, grant.fence, 0);
  EXPECT_EQ(server->run({"PTTL", part}), ":-1\r\n");
}

/// What Redis has refused is sent again later, so that what follows comes first.
TEST_F(RedisStoreFaults, APartThatIsNotThereIsNotCounted) {
  Workflow workflow{"large"};
  const TaskId task = workflow.task(sample::number).task();
  create(workflow, {task});
  const Grant grant = claim(task);
  // Room for what counts a part, and none for the part.
  const auto held_back = [&](bool refused) {
    server->run({"ACL", "SETUSER", "default", refused ? "-set" : "+set"});
  };
  held_back(true);
  Result<CommitAnswer> committed = Error{};
  std::atomic<bool> answered{false};
  backend->store().commit({.run = run,
                           .task = task,
                           .fence = grant.fence,
                           .worker = first_worker,
                           .output = text_of_size(9000)},
                          [&](Result<CommitAnswer> answer) {
                            committed = std::move(answer);
                            answered = true;
                          });
  ASSERT_TRUE(eventually([&] { return answered.load(); }));
  held_back(false);
  ASSERT_FALSE(committed);
  EXPECT_EQ(store->status(run)->tasks.committed, 0U);
}

// -- a Redis that is full -------------------------------------------------------------------------

TEST_F(RedisStoreFaults, AFullRedisLetsRunsEndAndGo) {
  Workflow workflow{"full"};
  const TaskId task = workflow.task(sample::number).task();
  create(workflow, {task});
  ASSERT_TRUE(store->launch(run, first_worker, "holder").value());
  server->run({"CONFIG", "SET", "maxmemory", "1"});
  EXPECT_TRUE(RedisRunStore::open(connect(server->endpoint()), std::make_shared<Registry>(), {}));
  EXPECT_TRUE(store->renew(run, first_worker, "holder")->held);
  EXPECT_TRUE(store->status(run));
  EXPECT_TRUE(store->sweep());
  EXPECT_TRUE(store->cancel(run, "full").value());
  EXPECT_TRUE(store->erase(run));
  EXPECT_EQ(keys("test*{*"), "*0\r\n");
  EXPECT_EQ(store->runs()->size(), 0U);
}

/// Whoever looks for what is left of it has to find its name.
TEST_F(RedisStoreFaults, ARunThatCannotBeErasedKeepsItsName) {
  Workflow workflow{"stuck"};
  workflow.task(sample::number);
  create(workflow);
  server->run({"ACL", "SETUSER", "default", "-fcall"});
  EXPECT_FALSE(store->erase(run));
  server->run({"ACL", "SETUSER", "default", "+fcall"});
  EXPECT_EQ(store->runs()->size(), 1U);
}

// -- steps of several commands --------------------------------------------------------------------

TEST_F(RedisStoreFaults, ARunWhosePartsAreRefusedIsNot) {
  Workflow workflow{"parts"};
  workflow.task(sample::number);
  const GraphPtr graph = sample::freeze(workflow);
  server->run({"ACL", "SETUSER", "default", "-zadd"});
  const auto ready =
    store->create({.run = run, .graph = graph, .plan = sample::plan(*graph), .kept = {}});
  server->run({"ACL", "SETUSER", "default", "+zadd"});
  ASSERT_FALSE(ready);
  EXPECT_FALSE(store->status(run));
}

// -- much at once ---------------------------------------------------------------------------------

/// So much of it comes along, and the rest of the tasks fetch it: 12 MB would be sent otherwise.
TEST_F(RedisStoreFaults, ManyTasksThatReadOneOutputGetItOnce) {
  Workflow workflow{"wide"};
  const auto source = workflow.task(sample::number);
  std::vector<Future<int>> readers;
  for (int i = 0; i < 3000; ++i) readers.push_back(workflow.task(sample::step, source));
  const GraphPtr graph = sample::freeze(workflow);
  auto plan = sample::plan(*graph, 2);
  for (std::size_t i = 1; i < plan->placements.size(); ++i) {
    plan->placements[i].worker = second_worker;
  }
  ASSERT_TRUE(store->create({.run = run, .graph = graph, .plan = plan, .kept = {}}));
  ASSERT_TRUE(store->launch(run, second_worker, "holder").value());
  const Grant grant = claim(source.task());
  const auto committed = store->commit({.run = run,
                                        .task = grant.task,
                                        .fence = grant.fence,
                                        .worker = first_worker,
                                        .output = Value::of(std::string(4000, 'x')),
                                        .claim = ClaimChildren::placed});
  ASSERT_TRUE(committed) << to_string(committed.error());
  const auto before = backend->client().statistics().received.count;
  const auto held = store->held(run, second_worker);
  ASSERT_TRUE(held);
  EXPECT_EQ(held->size(), readers.size());
  EXPECT_LT(backend->client().statistics().received.count - before, 6U << 20);
}

// -- a Redis that is another one ------------------------------------------------------------------

/// Clients come back one after another, and each says what it knows of the server.
TEST_F(RedisStoreFaults, ALateClientBeginsNoOtherEpoch) {
  Workflow workflow{"epochs"};
  const TaskId task = workflow.task(sample::number).task();
  create(workflow, {task});
  const auto renew = [&](std::string_view incarnation) {
    const std::string key = redis::RunKeys{backend->prefix(), run}.states();
    return ask(backend->client(), redis::Command{"FCALL", redis::protocol_function("renew_epoch"),
                                                 1, key, "", incarnation})
      ->integer();
  };
  EXPECT_EQ(renew("second"), 1);
  EXPECT_EQ(renew("third"), 1);
  const Grant grant = claim(task);
  EXPECT_EQ(renew("second"), 0);
  EXPECT_EQ(renew("third"), 0);
  EXPECT_EQ(commit(grant, Value::of(1))->outcome, CommitOutcome::committed);
}

}  // namespace weft::test
