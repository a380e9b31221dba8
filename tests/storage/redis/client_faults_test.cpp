#include <mutex>

#include "storage/redis/client_fixture.hpp"
#include "storage/redis/fake_server.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using redis::Client;
using redis::ClientOptions;
using redis::Command;
using redis::Reconnection;
using redis::Reply;
using redis::Script;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

using Keep = RedisServerOptions::Keep;

/// Remembers what a client tells of connections that came back.
class Reconnections {
public:
  explicit Reconnections(Client& client) {
    client.on_reconnect([this](const Reconnection& reconnection) {
      const std::lock_guard lock{mutex_};
      seen_.push_back(reconnection.new_incarnation);
    });
    settle(client);
  }

  std::vector<bool> seen() {
    const std::lock_guard lock{mutex_};
    return seen_;
  }

private:
  std::mutex mutex_;
  std::vector<bool> seen_;
};

class RedisFaults : public RedisClientTest {
protected:
  static bool has_reconnected(Client& client) {
    return eventually([&] { return client.statistics().reconnects > 0; });
  }
};

// -- a server that comes back ---------------------------------------------------------------------

TEST_F(RedisFaults, ARestartInTheMiddleOfCallsLosesNone) {
  RedisServer server{{.keep = Keep::everything}};
  const auto client = connect(server.endpoint());
  std::vector<std::future<Result<Reply>>> results;
  for (int i = 0; i < 1000; ++i) {
    results.push_back(begin(*client, Command{"SET", "key" + std::to_string(i), i}));
    if (i == 300) server.kill();
    if (i == 600) server.start();
  }
  for (auto& result : results) {
    const auto reply = waited_for(std::move(result));
    EXPECT_TRUE(reply) << to_string(reply.error());
  }
  EXPECT_EQ(ask(*client, Command{"DBSIZE"})->integer(), 1000);
  EXPECT_GE(client->statistics().reconnects, 1U);
}

TEST_F(RedisFaults, ARestartIsANewIncarnation) {
  RedisServer server;
  const auto client = connect(server.endpoint());
  Reconnections reconnections{*client};
  const auto before = client->incarnation();
  server.restart();
  EXPECT_EQ(text_of(*client, Command{"PING"}), "PONG");
  EXPECT_TRUE(eventually([&] { return !reconnections.seen().empty(); }));
  EXPECT_THAT(reconnections.seen(), ElementsAre(true));
  EXPECT_NE(client->incarnation(), before);
}

TEST_F(RedisFaults, AConnectionThatWasClosedIsNot) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  Reconnections reconnections{*client};
  const auto before = client->incarnation();
  server.run({"CLIENT", "KILL", "TYPE", "normal"});
  EXPECT_TRUE(has_reconnected(*client));
  EXPECT_EQ(text_of(*client, Command{"PING"}), "PONG");
  EXPECT_THAT(reconnections.seen(), ElementsAre(false));
  EXPECT_EQ(client->incarnation(), before);
}

TEST_F(RedisFaults, AServerThatHangsIsNoticedAndServesAgain) {
  const RedisServer server;
  auto options = patient();
  options.silence = 100ms;
  const auto client = connect(server.endpoint(), options);
  server.stop();
  auto result = begin(*client, Command{"SET", "key", "value"});
  EXPECT_TRUE(eventually([&] { return client->statistics().in_flight == 1; }));
  // The connection is given up, though it still stands.
  EXPECT_TRUE(eventually([&] { return client->queued() == 1; }));
  server.cont();
  EXPECT_TRUE(waited_for(std::move(result)));
  EXPECT_GE(client->statistics().reconnects, 1U);
}

TEST_F(RedisFaults, AServerThatHangsIsNoticedByOneWhoGoesOnAsking) {
  const RedisServer server;
  auto options = patient();
  options.silence = 400ms;
  const auto client = connect(server.endpoint(), options);
  server.stop();
  // The socket takes each of them, and nobody reads what it holds.
  again_and_again(*client, 150ms, [](Client& asked) { asked.call(Command{"PING"}, nullptr); });
  // What was sent waits for the next connection.
  EXPECT_TRUE(
    eventually([&] { return client->statistics().in_flight == 0 && client->queued() > 0; }));
  server.cont();
  EXPECT_TRUE(has_reconnected(*client));
}

TEST_F(RedisFaults, AQuietConnectionIsNotTakenForADeadOne) {
  const RedisServer server;
  auto options = patient();
  options.silence = 20ms;
  const auto client = connect(server.endpoint(), options);
  std::promise<Result<bool>> later;
  client->run_after(200ms, [&later] { later.set_value(true); });
  EXPECT_TRUE(waited_for(later.get_future()));
  EXPECT_EQ(client->statistics().reconnects, 0U);
}

/// Sent over the next connection, it would be answered of that.
TEST_F(RedisFaults, WhatIsOfAConnectionIsNotSentOverAnother) {
  RedisServer server;
  const auto client = connect(server.endpoint());
  server.stop();
  Command wait{"WAIT", 1, 0};
  wait.stay();
  auto waiting = begin(*client, std::move(wait));
  auto asked = begin(*client, Command{"PING"});
  server.kill();
  server.start();
  const auto failed = waited_for(std::move(waiting));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::store_unavailable);
  EXPECT_TRUE(waited_for(std::move(asked)));
}

/// It would end each connection that it is asked for over.
TEST_F(RedisFaults, AReplyThatIsTooLargeFailsItsCallAlone) {
  const RedisServer server;
  auto options = patient();
  options.reply_limits.text_max = Bytes{1000};
  const auto client = connect(server.endpoint(), options);
  ASSERT_TRUE(ask(*client, Command{"SET", "large", std::string(2000, 'x')}));
  auto large = begin(*client, Command{"GET", "large"});
  auto small = begin(*client, Command{"PING"});
  const auto failed = waited_for(std::move(large));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::limit_exceeded);
  EXPECT_THAT(failed.error().message, HasSubstr("to GET"));
  EXPECT_TRUE(waited_for(std::move(small)));
}

TEST_F(RedisFaults, PatienceEndsWithWhatWasTried) {
  RedisServer server;
  auto options = patient();
  options.patience = 200ms;
  const auto client = connect(server.endpoint(), options);
  server.kill();
  const auto failed = ask(*client, Command{"SET", "key", "value"});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::store_unavailable);
  EXPECT_THAT(failed.error().message,
              MatchesRegex("SET could not be carried out in [0-9]+ms \\(it was (never sent|sent "
                           "once)\\): unix:///.*redis.sock .*"));
}

TEST_F(RedisFaults, PatienceEndsWithAServerThatHangsToo) {
  const RedisServer server;
  auto options = patient();
  options.patience = 150ms;
  options.silence = 50ms;
  const auto client = connect(server.endpoint(), options);
  server.stop();
  const auto failed = ask(*client, Command{"SET", "key", "value"});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::store_unavailable);
  EXPECT_THAT(to_string(failed.error()), HasSubstr("it was sent once"));
  EXPECT_THAT(to_string(failed.error()), HasSubstr("owed a reply and was silent for"));
}

// -- a server that cannot now ---------------------------------------------------------------------

TEST_F(RedisFaults, AFullRedisIsAskedAgainUntilThereIsRoom) {
  const RedisServer server{{.memory_max = "1"}};
  const auto client = connect(server.endpoint());
  auto result = begin(*client, Command{"SET", "key", "value"});
  EXPECT_TRUE(eventually([&] { return client->statistics().commands_sent > 10; }));
  EXPECT_TRUE(ask(*client, Command{"GET", "key"}));  // Others do not wait behind it.
  server.run({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_TRUE(waited_for(std::move(result)));
  EXPECT_EQ(text_of(*client, Command{"GET", "key"}), "value");
}

TEST_F(RedisFaults, AFullRedisFailsInTheEndWithItsWordsAndAHint) {
  const RedisServer server{{.memory_max = "1"}};
  auto options = patient();
  options.patience = 100ms;
  const auto client = connect(server.endpoint(), options);
  for (auto* source : {"", "return redis.call('SET', 'key', 'value')"}) {
    const bool is_script = *source != '\0';
    const auto failed =
      ask(*client, is_script ? Command{Script{source}, {}} : Command{"SET", "key", "value"});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Errc::store_unavailable);
    EXPECT_THAT(failed.error().message, HasSubstr("OOM command not allowed when used memory"));
    EXPECT_THAT(failed.error().hint, HasSubstr("maxmemory"));
  }
}

TEST_F(RedisFaults, ABusyRedisIsAskedAgain) {
  const RedisServer server{{.arguments = {"--busy-reply-threshold", "1"}}};
  const auto busy = connect(server.endpoint());
  const auto client = connect(server.endpoint());
  auto endless = begin(*busy, Command{Script{"while true do end"}, {}});
  EXPECT_TRUE(eventually([&] { return server.run({"PING"}).starts_with("-BUSY"); }));
  auto result = begin(*client, Command{"SET", "key", "value"});
  EXPECT_TRUE(eventually([&] { return client->queued() == 1; }));
  server.run({"SCRIPT", "KILL"});
  EXPECT_TRUE(waited_for(std::move(result)));
  EXPECT_FALSE(waited_for(std::move(endless)));
}

TEST_F(RedisFaults, AReplicaIsLeftUntilItIsThePrimaryAgain) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  Reconnections reconnections{*client};
  server.run({"REPLICAOF", "127.0.0.1", "1"});
  const auto sent = client->statistics().commands_sent;
  auto result = begin(*client, Command{"SET", "key", "value"});
  EXPECT_TRUE(eventually([&] { return client->statistics().commands_sent > sent + 1; }));
  server.run({"REPLICAOF", "NO", "ONE"});
  EXPECT_TRUE(waited_for(std::move(result)));
  EXPECT_THAT(reconnections.seen(), ElementsAre(true));
}

TEST_F(RedisFaults, AReplicaIsNamedWhenPatienceEnds) {
  const RedisServer server;
  auto options = patient();
  options.patience = 200ms;
  const auto client = connect(server.endpoint(), options);
  server.run({"REPLICAOF", "127.0.0.1", "1"});
  const auto first = ask(*client, Command{"SET", "key", "value"});
  EXPECT_THAT(to_string(first.error()), HasSubstr("replica"));
  EXPECT_THAT(text_of(*client, Command{"SET", "key", "value"}),
              HasSubstr("a replica of '127.0.0.1'"));
  options.connect_timeout = 100ms;
  EXPECT_THAT(refusal(server.endpoint(), options), HasSubstr("a replica of '127.0.0.1'"));
}

TEST(RedisRefusals, OfAServerThatCannotNowAreNotTheEnd) {
  for (const std::string words : {"LOADING Redis is loading the dataset in memory",
                                  "MISCONF Redis is configured to save RDB snapshots",
                                  "NOREPLICAS Not enough good replicas to write.",
                                  "CLUSTERDOWN The cluster is down", "TRYAGAIN", "MASTERDOWN x"}) {
    int refusals = 3;
    const FakeServer server{FakeServer::after_greeting([&](const FakeServer::Request&) {
      return refusals-- > 0 ? "-" + words + "\r\n" : "+OK\r\n";
    })};
    const auto client = Client::connect(server.endpoint()).value();
    EXPECT_EQ(text_of(*client, Command{"SET", "key", "value"}), "OK") << words;
    EXPECT_EQ(server.connections(), 1);
  }
}

TEST(RedisRefusals, DropTheConnectionWhenTheServerIsAReplica) {
  int refusals = 1;
  const FakeServer server{FakeServer::after_greeting([&](const FakeServer::Request&) {
    return refusals-- > 0 ? "-READONLY You can't write against a read only replica.\r\n"
                          : "+OK\r\n";
  })};
  const auto client = Client::connect(server.endpoint()).value();
  EXPECT_EQ(text_of(*client, Command{"SET", "key", "value"}), "OK");
  EXPECT_EQ(server.connections(), 2);
}

// -- who may connect ------------------------------------------------------------------------------

class RedisCredentials : public RedisClientTest {};

TEST_F(RedisCredentials, AMissingPasswordIsToldAtOnce) {
  const RedisServer server{{.arguments = {"--requirepass", "secret"}}};
  const auto problem = refusal(server.endpoint(), patient());
  EXPECT_THAT(problem, HasSubstr("NOAUTH Authentication required"));
  EXPECT_THAT(problem, HasSubstr("set WEFT_STORE_PASSWORD"));
  auto endpoint = server.endpoint();
  endpoint.password = "secret";
  EXPECT_EQ(text_of(*connect(endpoint), Command{"PING"}), "PONG");
}

TEST_F(RedisCredentials, AWrongPasswordIsToldAtOnceAndNotRepeated) {
  const RedisServer server{{.users = "user weft on >secret ~run:* &* +@all\nuser default off\n"}};
  auto endpoint = server.endpoint();
  endpoint.user = "weft";
  endpoint.password = "wrong-one";
  const auto problem = refusal(endpoint, patient());
  EXPECT_THAT(problem, HasSubstr("WRONGPASS"));
  EXPECT_THAT(problem, HasSubstr("check the user"));
  EXPECT_THAT(problem, testing::Not(HasSubstr("wrong-one")));
}

TEST_F(RedisCredentials, AMissingRightFailsTheCallAtOnce) {
  const RedisServer server{{.users = "user weft on >secret ~run:* &* +@all\nuser default off\n"}};
  auto endpoint = server.endpoint();
  endpoint.user = "weft";
  endpoint.password = "secret";
  const auto client = connect(endpoint);
  EXPECT_EQ(text_of(*client, Command{"SET", "run:1", "x"}), "OK");
  const auto denied = ask(*client, Command{"SET", "other", "x"});
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().code, Errc::store_unavailable);
  EXPECT_THAT(denied.error().message, HasSubstr("NOPERM"));
  EXPECT_THAT(denied.error().hint, HasSubstr("ACL SETUSER"));
}

TEST_F(RedisCredentials, ThatWereTakenAwayFailWaitingCallsAtOnce) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  ask(*client, Command{"CONFIG", "SET", "requirepass", "secret"}).value();
  ask(*client, Command{"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"}).value();
  EXPECT_THAT(text_of(*client, Command{"GET", "key"}), HasSubstr("NOAUTH"));
}

TEST_F(RedisCredentials, ADatabaseThatIsNotThereIsRefused) {
  const RedisServer server;
  auto endpoint = server.endpoint();
  endpoint.database = 99;
  EXPECT_THAT(refusal(endpoint, patient()), HasSubstr("DB index is out of range"));
}

// -- servers that cannot be reached ---------------------------------------------------------------

TEST_F(RedisFaults, NobodyAtTheAddressIsNamedWithWhatToDo) {
  RedisServer server{{.tcp = true}};
  server.kill();
  const ClientOptions options{.connect_timeout = 50ms};
  EXPECT_THAT(refusal(server.tcp_endpoint(), options), HasSubstr("refused"));
  EXPECT_THAT(refusal(server.tcp_endpoint(), options), HasSubstr("hint: is Redis running there"));
  redis::Endpoint nowhere;
  nowhere.unix_path = "/nowhere/redis.sock";
  EXPECT_THAT(refusal(nowhere, options), HasSubstr("unix:///nowhere/redis.sock cannot be reached"));
  EXPECT_THAT(refusal(nowhere, options), HasSubstr("No such file"));
}

TEST_F(RedisFaults, AServerThatStartsLaterIsWaitedFor) {
  RedisServer server;
  server.kill();
  auto client = std::async(std::launch::async, [endpoint = server.endpoint()] {
    return Client::connect(endpoint, patient()).has_value();
  });
  server.start();
  EXPECT_TRUE(client.get());
}

}  // namespace
}  // namespace weft::test
