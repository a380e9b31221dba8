#include "storage/redis/client_fixture.hpp"
#include "storage/redis/fake_server.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using redis::Client;
using redis::ClientOptions;
using redis::Command;
using redis::Reply;
using testing::HasSubstr;

/// Soon tired, so that a call to an enemy ends.
ClientOptions hasty() {
  return {.connect_timeout = 5s, .patience = 100ms, .silence = 50ms, .backoff_min = 1ms};
}

/// Why a call fails to a server that greets well and then answers every command with `bytes`.
std::string failure_with(const std::string& bytes) {
  const FakeServer server{
    FakeServer::after_greeting([&](const FakeServer::Request&) { return bytes; })};
  const auto client = Client::connect(server.endpoint(), hasty()).value();
  const auto reply = ask(*client, Command{"GET", "key"});
  return reply ? "none: " + to_string(*reply) : to_string(reply.error());
}

/// Why no client can be made to a server that answers the greeting with `answer`.
std::string refusal_of(FakeServer::Answer answer, ClientOptions options = {}) {
  const FakeServer server{std::move(answer)};
  const auto client = Client::connect(server.endpoint(), std::move(options));
  return client ? "none" : to_string(client.error());
}

TEST(RedisHostileServer, GarbageIsNamed) {
  EXPECT_THAT(failure_with("nonsense\r\n"), HasSubstr("'nonsense\\x0d\\x0a', which is not Redis'"));
  EXPECT_THAT(failure_with("*1\r\n!5\r\n"), HasSubstr("not Redis' protocol"));
  EXPECT_THAT(failure_with(":12x\r\n"), HasSubstr("broke Redis' protocol"));
}

TEST(RedisHostileServer, ClaimsBeyondTheLimitsAreNotBelieved) {
  EXPECT_THAT(failure_with("*2147483647\r\n"), HasSubstr("more than is read at once"));
  EXPECT_THAT(failure_with("*4000000\r\n*4000000\r\n"), HasSubstr("more than is read at once"));
  EXPECT_THAT(failure_with("$99999999999\r\n"), HasSubstr("a text of 93.1GiB"));
  EXPECT_THAT(failure_with("$-5\r\n"), HasSubstr("not Redis' protocol"));
  EXPECT_THAT(failure_with("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"),
              HasSubstr("depth"));
  EXPECT_THAT(failure_with("+" + std::string(100'000, 'x')), HasSubstr("a line of more than"));
}

TEST(RedisHostileServer, RepliesThatNeverEndAreNotWaitedForForever) {
  EXPECT_THAT(failure_with("$1000\r\nand then nothing"), HasSubstr("was silent for"));
  EXPECT_THAT(failure_with("$900000000\r\nand then nothing"), HasSubstr("was silent for"));
  EXPECT_THAT(failure_with("*3\r\n:1\r\n"), HasSubstr("was silent for"));
  EXPECT_THAT(failure_with(""), HasSubstr("was silent for"));
}

TEST(RedisHostileServer, RepliesThatNobodyAskedForEndTheConnection) {
  const FakeServer server{FakeServer::after_greeting(
    [](const FakeServer::Request&) { return "+one\r\n+two\r\n+three\r\n"; })};
  const auto client = Client::connect(server.endpoint(), hasty()).value();
  EXPECT_EQ(text_of(*client, Command{"GET", "key"}), "one");
  EXPECT_TRUE(eventually([&] { return client->statistics().reconnects >= 1; }));
  EXPECT_EQ(text_of(*client, Command{"GET", "key"}), "one");
}

/// Answers `GET` with `early` as well, and whatever is set with `+OK`.
FakeServer::Answer answering_early(std::string early) {
  return FakeServer::after_greeting([early = std::move(early)](const FakeServer::Request& request) {
    return request.front() == "GET" ? "+one\r\n" + early : "+OK\r\n";
  });
}

/// What `SET` is answered, of a value that is still being written when `GET` is answered.
Result<Reply> set_behind_get(Client& client) {
  std::future<Result<Reply>> first;
  std::future<Result<Reply>> second;
  client.post([&] {
    first = begin(client, Command{"GET", "key"});
    second = begin(client, Command{"SET", "key", std::string(std::size_t{32} << 20, 'x')});
  });
  settle(client);
  EXPECT_EQ(waited_for(std::move(first))->text(), "one");
  return waited_for(std::move(second));
}

TEST(RedisHostileServer, AReplyThatComesTooEarlyLeavesTheCommandAliveUntilItIsWritten) {
  const FakeServer server{answering_early("+early\r\n")};
  auto options = hasty();
  options.patience = 60s;
  options.silence = 60s;
  const auto client = Client::connect(server.endpoint(), options).value();
  EXPECT_EQ(set_behind_get(*client)->text(), "early");
  // What the command itself was answered belongs to nobody.
  EXPECT_TRUE(eventually([&] { return client->statistics().reconnects == 1; }));
}

TEST(RedisHostileServer, AFloodOfRepliesThatComeTooEarlyEndsTheConnection) {
  std::string flood;
  while (flood.size() < 1'000'000) flood += "+early\r\n";
  const FakeServer server{answering_early(flood)};
  auto options = hasty();
  options.patience = 60s;
  options.silence = 60s;
  const auto client = Client::connect(server.endpoint(), options).value();
  EXPECT_EQ(set_behind_get(*client)->text(), "OK");
  EXPECT_EQ(client->statistics().reconnects, 1U);
}

TEST(RedisHostileServer, ConnectionsClosedInTheMiddleOfAReplyAreMadeAgain) {
  int requests = 0;
  const FakeServer server{
    FakeServer::after_greeting([&](const FakeServer::Request&) -> std::optional<std::string> {
      if (++requests == 1) return std::nullopt;
      return "$5\r\nvalue\r\n";
    })};
  auto options = hasty();
  options.patience = 60s;
  const auto client = Client::connect(server.endpoint(), options).value();
  EXPECT_EQ(text_of(*client, Command{"GET", "key"}), "value");
  EXPECT_EQ(server.connections(), 2);
}

TEST(RedisHostileServer, OtherProtocolsAreNamedAtOnce) {
  const auto http = [](const FakeServer::Request&) {
    return "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
  };
  EXPECT_THAT(refusal_of(http, {.connect_timeout = 60s}), HasSubstr("an HTTP server listens"));
  const auto tls = [](const FakeServer::Request&) { return "\x15\x03\x01\x02"; };
  EXPECT_THAT(refusal_of(tls, {.connect_timeout = 60s}), HasSubstr("use rediss://"));
  const FakeServer ssh{[](const FakeServer::Request&) { return ""; }, "SSH-2.0-OpenSSH_9.2\r\n"};
  const auto client = Client::connect(ssh.endpoint(), {.connect_timeout = 60s});
  ASSERT_FALSE(client);
  EXPECT_THAT(to_string(client.error()), HasSubstr("'SSH-2.0-OpenSSH_9.2"));
}

TEST(RedisHostileServer, OneThatNeverGreetsIsGivenUp) {
  const auto silent = [](const FakeServer::Request&) { return ""; };
  EXPECT_THAT(refusal_of(silent, {.connect_timeout = 50ms}), HasSubstr("said nothing for 50.0ms"));
  const auto closing = [](const FakeServer::Request&) { return std::nullopt; };
  EXPECT_THAT(refusal_of(closing, {.connect_timeout = 50ms}), HasSubstr("closed the connection"));
}

TEST(RedisHostileServer, OneThatIsTooOldOrNoRedisIsRefused) {
  const auto old = [](const FakeServer::Request& request) -> std::string {
    return request.front() == "INFO" ? FakeServer::info("6.0.16", "abcd") : "+OK\r\n";
  };
  EXPECT_THAT(refusal_of(old), HasSubstr("is Redis 6.0.16, which is too old"));
  const auto other = [](const FakeServer::Request&) { return "+OK\r\n"; };
  EXPECT_THAT(refusal_of(other), HasSubstr("does not say which Redis it is"));
  const auto chatty = [](const FakeServer::Request& request) -> std::string {
    return request.front() == "INFO" ? FakeServer::info("7.0.0", "abcd") + "+more\r\n" : "+OK\r\n";
  };
  EXPECT_THAT(refusal_of(chatty), HasSubstr("does not say which Redis it is, but 'more'"));
}

TEST(RedisHostileServer, MessagesThatNobodyAskedForDoNoHarm) {
  const FakeServer server{[](const FakeServer::Request& request) -> std::optional<std::string> {
    if (request.front() == "CLIENT") return "+OK\r\n";
    if (request.front() == "INFO") return FakeServer::info("7.0.0", "abcd");
    if (request.front() != "SUBSCRIBE") return "+PONG\r\n";
    return "*3\r\n$7\r\nmessage\r\n$5\r\nother\r\n$1\r\nx\r\n"
           "*1\r\n$7\r\nmessage\r\n"
           "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"
           "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$5\r\nhello\r\n";
  }};
  const auto client = Client::connect(server.endpoint(), hasty()).value();
  std::promise<Result<std::string>> message;
  ASSERT_TRUE(subscribe(
    *client, "a", [&message](std::string_view text) { message.set_value(std::string{text}); }));
  EXPECT_EQ(waited_for(message.get_future()).value(), "hello");
}

}  // namespace
}  // namespace weft::test
