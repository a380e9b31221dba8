#include "storage/redis/client_fixture.hpp"

namespace weft::test {
namespace {

using namespace std::chrono_literals;
using redis::ClientOptions;
using redis::Command;
using testing::AnyOf;
using testing::HasSubstr;

class RedisTls : public RedisClientTest {};

TEST_F(RedisTls, CarriesCallsAndLargeValues) {
  const RedisServer server{{.tls = true}};
  const auto client = connect(server.tls_endpoint());
  const std::string large(std::size_t{3} << 20, 'x');
  EXPECT_EQ(text_of(*client, Command{"SET", "key", Value::encoded(large)}), "OK");
  EXPECT_TRUE(text_of(*client, Command{"GET", "key"}) == large);
  std::vector<std::future<Result<redis::Reply>>> results;
  for (int i = 0; i < 1000; ++i) results.push_back(begin(*client, Command{"INCR", "count"}));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(waited_for(std::move(results[i]))->integer(), i + 1);
}

TEST_F(RedisTls, ComesBackAfterARestart) {
  RedisServer server{{.tls = true}};
  const auto client = connect(server.tls_endpoint());
  EXPECT_EQ(text_of(*client, Command{"PING"}), "PONG");
  server.restart();
  EXPECT_EQ(text_of(*client, Command{"PING"}), "PONG");
}

TEST_F(RedisTls, TrustsTheAuthorityThatIsNamedOnly) {
  const RedisServer server{{.tls = true}};
  auto endpoint = server.tls_endpoint();
  endpoint.tls_files.authorities.clear();
  const auto problem = refusal(endpoint, patient());
  EXPECT_THAT(problem, HasSubstr("shows a certificate that is not trusted"));
  EXPECT_THAT(problem, HasSubstr("name the file of its authority"));
}

TEST_F(RedisTls, TrustsTheServerThatIsNamedOnly) {
  const RedisServer server{{.tls = true}};
  auto endpoint = server.tls_endpoint();
  endpoint.host = "127.0.0.1";
  EXPECT_EQ(text_of(*connect(endpoint), Command{"PING"}), "PONG");
  endpoint.tls_files.server_name = "store.example";
  EXPECT_THAT(refusal(endpoint, patient()), AnyOf(HasSubstr("ostname mismatch")));
  endpoint.tls_files.server_name = "localhost";
  EXPECT_EQ(text_of(*connect(endpoint), Command{"PING"}), "PONG");
}

TEST_F(RedisTls, ShowsItsOwnCertificate) {
  const RedisServer server{{.tls = true, .arguments = {"--tls-auth-clients", "yes"}}};
  auto endpoint = server.tls_endpoint();
  EXPECT_NE(refusal(endpoint, {.connect_timeout = 100ms}), "none");
  endpoint.tls_files.certificate = server.directory() / "server.pem";
  endpoint.tls_files.key = server.directory() / "server.key";
  EXPECT_EQ(text_of(*connect(endpoint), Command{"PING"}), "PONG");
}

TEST_F(RedisTls, IsSuggestedWhereOneSideSpeaksItAlone) {
  const RedisServer server{{.tcp = true, .tls = true}};
  auto plain = server.tls_endpoint();
  plain.tls = false;
  EXPECT_THAT(refusal(plain, {.connect_timeout = 100ms}), HasSubstr("rediss://"));
  auto wrapped = server.tls_endpoint();
  wrapped.port = server.tcp_endpoint().port;
  EXPECT_THAT(refusal(wrapped, {.connect_timeout = 100ms}), HasSubstr("redis://"));
}

TEST_F(RedisTls, FilesThatCannotBeReadAreNamed) {
  const RedisServer server{{.tls = true}};
  auto endpoint = server.tls_endpoint();
  endpoint.tls_files.authorities = "/nowhere/authority.pem";
  EXPECT_THAT(refusal(endpoint), HasSubstr("the file of authorities '/nowhere/authority.pem'"));
  endpoint = server.tls_endpoint();
  endpoint.tls_files.certificate = "/nowhere/client.pem";
  EXPECT_THAT(refusal(endpoint), HasSubstr("the certificate '/nowhere/client.pem'"));
}

}  // namespace
}  // namespace weft::test
