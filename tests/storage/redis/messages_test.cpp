#include <atomic>
#include <mutex>

#include "storage/redis/client_fixture.hpp"
#include "storage/redis/fake_server.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using redis::Client;
using redis::Command;
using redis::Reconnection;
using testing::ElementsAre;
using testing::HasSubstr;

/// Messages as they were taken.
class Inbox {
public:
  Client::Take take() {
    return [this](std::string_view message) {
      const std::lock_guard lock{mutex_};
      messages_.emplace_back(message);
    };
  }

  std::vector<std::string> messages() {
    const std::lock_guard lock{mutex_};
    return messages_;
  }

  bool has(std::size_t count) {
    return eventually([&] { return messages().size() == count; });
  }

private:
  std::mutex mutex_;
  std::vector<std::string> messages_;
};

class RedisMessages : public RedisClientTest {
protected:
  static void publish(const RedisServer& server, std::string_view channel,
                      std::string_view message) {
    server.run({"PUBLISH", channel, message});
  }
};

TEST_F(RedisMessages, AreTakenInOrderOnceRedisHasConfirmed) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  Inbox a;
  Inbox b;
  ASSERT_TRUE(subscribe(*client, "a", a.take()));
  ASSERT_TRUE(subscribe(*client, "b", b.take()));
  publish(server, "a", "1");
  publish(server, "b", std::string(100'000, 'x'));
  publish(server, "a", "2");
  EXPECT_TRUE(a.has(2));
  EXPECT_TRUE(b.has(1));
  EXPECT_THAT(a.messages(), ElementsAre("1", "2"));
  EXPECT_EQ(b.messages()[0].size(), 100'000U);
}

TEST_F(RedisMessages, AreTakenNoMoreOnceUnsubscribed) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  Inbox a;
  Inbox b;
  ASSERT_TRUE(subscribe(*client, "a", a.take()));
  client->unsubscribe("a");
  client->unsubscribe("never");
  ASSERT_TRUE(subscribe(*client, "b", b.take()));
  publish(server, "a", "1");
  publish(server, "b", "1");
  EXPECT_TRUE(b.has(1));
  EXPECT_THAT(a.messages(), ElementsAre());
}

TEST_F(RedisMessages, GoToTheLatestSubscriptionOfAChannel) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  Inbox first;
  Inbox second;
  ASSERT_TRUE(subscribe(*client, "a", first.take()));
  ASSERT_TRUE(subscribe(*client, "a", second.take()));
  publish(server, "a", "1");
  EXPECT_TRUE(second.has(1));
  EXPECT_THAT(first.messages(), ElementsAre());
}

TEST_F(RedisMessages, ComeAgainAfterTheConnectionWasLost) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  Inbox a;
  Inbox b;
  ASSERT_TRUE(subscribe(*client, "a", a.take()));
  ASSERT_TRUE(subscribe(*client, "b", b.take()));
  std::promise<Result<bool>> back;
  client->on_reconnect(
    [&](const Reconnection& reconnection) { back.set_value(reconnection.new_incarnation); });
  settle(*client);
  server.run({"CLIENT", "KILL", "TYPE", "pubsub"});
  EXPECT_FALSE(waited_for(back.get_future()).value());
  publish(server, "a", "1");
  publish(server, "b", "2");
  EXPECT_TRUE(a.has(1));
  EXPECT_TRUE(b.has(1));
}

TEST_F(RedisMessages, ComeAgainAfterARestartWhichIsToldOnce) {
  RedisServer server;
  const auto client = connect(server.endpoint());
  Inbox a;
  ASSERT_TRUE(subscribe(*client, "a", a.take()));
  std::atomic<int> back{0};
  std::atomic<int> changes{0};
  client->on_reconnect([&](const Reconnection& reconnection) {
    if (reconnection.new_incarnation) ++changes;
    ++back;
  });
  settle(*client);
  server.restart();
  EXPECT_TRUE(eventually([&] { return back == 2; }));
  EXPECT_EQ(changes, 1);
  publish(server, "a", "1");
  EXPECT_TRUE(a.has(1));
}

TEST(RedisSilence, OnTheConnectionForMessagesIsNoticed) {
  const FakeServer server{
    FakeServer::after_greeting([](const FakeServer::Request& request) -> std::string {
      // Nothing comes after, not even an answer to whether it is still there.
      if (request.front() != "SUBSCRIBE") return "";
      return "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n";
    })};
  const auto client = Client::connect(server.endpoint(), {.silence = 50ms}).value();
  std::atomic<int> back{0};
  client->on_reconnect([&](const Reconnection&) { ++back; });
  ASSERT_TRUE(subscribe(*client, "a", [](std::string_view) {}));
  EXPECT_TRUE(eventually([&] { return back >= 2; }));
  EXPECT_GE(server.connections(), 4);
}

TEST(RedisSilence, OnTheConnectionForMessagesIsNoticedWhileOthersSubscribe) {
  const FakeServer server{
    FakeServer::after_greeting([](const FakeServer::Request&) -> std::string { return ""; })};
  const auto client = Client::connect(server.endpoint(), {.silence = 50ms}).value();
  again_and_again(*client, 5ms, [](Client& asked) {
    asked.subscribe(
      "a", [](std::string_view) {}, nullptr);
  });
  EXPECT_TRUE(eventually([&] { return server.connections() >= 4; }));
}

TEST_F(RedisMessages, OfAChannelThatIsForbiddenAreRefused) {
  const RedisServer server{{.users = "user default on nopass ~* &run:* +@all\n"}};
  const auto client = connect(server.endpoint());
  Inbox inbox;
  const auto refused = subscribe(*client, "other", inbox.take());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("NOPERM"));
  ASSERT_TRUE(subscribe(*client, "run:1", inbox.take()));
  publish(server, "run:1", "1");
  EXPECT_TRUE(inbox.has(1));
}

TEST_F(RedisMessages, OfASubscriptionThatEndsBeforeItIsConfirmedAreCancelled) {
  const RedisServer server;
  const auto client = connect(server.endpoint());
  server.stop();
  std::promise<Result<bool>> first;
  client->subscribe(
    "a", [](std::string_view) {},
    [&first](const Result<void>& ready) { first.set_value(ready.error()); });
  client->unsubscribe("a");
  EXPECT_EQ(waited_for(first.get_future()).error().code, Errc::cancelled);
  server.cont();
}

}  // namespace
}  // namespace weft::test
