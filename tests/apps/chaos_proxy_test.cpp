#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>

#include "storage/redis/redis_server.hpp"
#include "weft/apps/weft/chaos_processes.hpp"
#include "weft/apps/weft/chaos_proxy.hpp"

namespace weft::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::RedisServer;

/// A client that knows no more than its socket.
class RawClient {
public:
  static RawClient at_path(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return RawClient{AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address};
  }
  static RawClient at_port(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return RawClient{AF_INET, reinterpret_cast<const sockaddr*>(&address), sizeof address};
  }
  RawClient(RawClient&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  ~RawClient() {
    if (socket_ >= 0) ::close(socket_);
  }

  void say(const std::string& text) const {
    ASSERT_EQ(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }

  /// What comes until so much is there, the stream ends, or ten seconds have passed.
  std::string hear(std::size_t size) {
    std::string text;
    std::array<char, 65'536> block;
    while (text.size() < size && readable(seconds{10})) {
      const ssize_t count = ::read(socket_, block.data(), block.size());
      ended_ = count <= 0;
      reset_ = count < 0 && errno == ECONNRESET;
      if (ended_) break;
      text.append(block.data(), static_cast<std::size_t>(count));
    }
    return text;
  }

  [[nodiscard]] bool readable(milliseconds time) const {
    pollfd socket{socket_, POLLIN, 0};
    return ::poll(&socket, 1, static_cast<int>(time.count())) == 1;
  }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool reset() const { return reset_; }

private:
  RawClient(int family, const sockaddr* address, socklen_t size)
    : socket_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (::connect(socket_, address, size) != 0) throw std::runtime_error{std::strerror(errno)};
  }

  int socket_;
  bool ended_ = false;
  bool reset_ = false;
};

const std::string ping = "PING\r\n";
const std::string pong = "+PONG\r\n";

class FaultProxyTest : public testing::Test {
protected:
  void SetUp() override {
    if (!RedisServer::installed()) GTEST_SKIP() << RedisServer::missing;
    server_.emplace();
    path_ = folder_.path() / "proxy.sock";
    proxy_ = FaultProxy::start(
               {.listen_path = path_, .server_path = server_->endpoint().unix_path, .seed = 1})
               .value();
  }

  /// A client whose connection goes through.
  RawClient client() {
    RawClient made = RawClient::at_path(path_);
    made.say(ping);
    EXPECT_EQ(made.hear(pong.size()), pong);
    return made;
  }

  milliseconds time_of_ping(RawClient& client) {
    const auto began = std::chrono::steady_clock::now();
    client.say(ping);
    EXPECT_EQ(client.hear(pong.size()), pong);
    return std::chrono::floor<milliseconds>(std::chrono::steady_clock::now() - began);
  }

  TemporaryFolder folder_;
  std::optional<RedisServer> server_;
  std::string path_;
  std::unique_ptr<FaultProxy> proxy_;
};

TEST_F(FaultProxyTest, HandsOnWhatBothSay) {
  RawClient one = client();
  const std::string text(300'000, 'x');
  one.say("*2\r\n$4\r\nECHO\r\n$300000\r\n" + text + "\r\n");
  const std::string reply = "$300000\r\n" + text + "\r\n";
  EXPECT_EQ(one.hear(reply.size()), reply);
  const ProxyStatistics statistics = proxy_->statistics();
  EXPECT_EQ(statistics.connections, 1u);
  EXPECT_GT(statistics.bytes_to_server, text.size());
  EXPECT_EQ(statistics.resets, 0u);
}

TEST_F(FaultProxyTest, ListensOnAPortOfItsOwn) {
  const auto other =
    FaultProxy::start({.server_path = server_->endpoint().unix_path, .seed = 1}).value();
  RawClient one = RawClient::at_port(other->port());
  one.say(ping);
  EXPECT_EQ(one.hear(pong.size()), pong);
}

TEST_F(FaultProxyTest, TellsClientsThatTheServerHasGone) {
  RawClient one = client();
  server_->kill();
  one.hear(1);
  EXPECT_TRUE(one.ended());
}

TEST_F(FaultProxyTest, SlowsBothWaysByTheLatency) {
  RawClient one = client();
  proxy_->begin({.kind = ProxyFaultKind::slow, .lasts = seconds{60}, .latency = milliseconds{30}});
  EXPECT_GE(time_of_ping(one), milliseconds{60});
}

TEST_F(FaultProxyTest, SlowsOneWayWhenThatIsAskedFor) {
  RawClient one = client();
  proxy_->begin(
    {.kind = ProxyFaultKind::stall, .direction = ProxyDirection::to_server, .lasts = seconds{60}});
  one.say(ping);
  EXPECT_FALSE(one.readable(milliseconds{50}));
  EXPECT_EQ(proxy_->statistics().bytes_to_server, ping.size()) << "only what came before";
}

TEST_F(FaultProxyTest, PassesOnlySoManyBytesASecond) {
  RawClient one = client();
  proxy_->begin({.kind = ProxyFaultKind::narrow,
                 .direction = ProxyDirection::to_client,
                 .lasts = seconds{60},
                 .bytes_per_second = 100'000});
  const auto began = std::chrono::steady_clock::now();
  const std::string reply = "$20000\r\n" + std::string(20'000, 'x') + "\r\n";
  one.say("*2\r\n$4\r\nECHO\r\n" + reply);
  EXPECT_EQ(one.hear(reply.size()), reply);
  // 20 kB take 200 ms; the last piece of 2 kB is not waited for.
  EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds{170});
}

TEST_F(FaultProxyTest, HoldsEverythingWhileItStallsAndTellsNobody) {
  RawClient one = client();
  proxy_->begin({.kind = ProxyFaultKind::stall, .lasts = milliseconds{300}});
  EXPECT_GE(time_of_ping(one), milliseconds{250});
  EXPECT_FALSE(one.ended());
}

TEST_F(FaultProxyTest, GoesOnWhenFaultsAreEnded) {
  RawClient one = client();
  proxy_->begin({.kind = ProxyFaultKind::stall, .lasts = std::chrono::hours{1}});
  one.say(ping);
  EXPECT_FALSE(one.readable(milliseconds{50}));
  proxy_->end_faults();
  EXPECT_EQ(one.hear(pong.size()), pong);
}

TEST_F(FaultProxyTest, ResetsConnectionsAndThoseThatCome) {
  const auto by_port =
    FaultProxy::start({.server_path = server_->endpoint().unix_path, .seed = 1}).value();
  RawClient one = RawClient::at_port(by_port->port());
  one.say(ping);
  EXPECT_EQ(one.hear(pong.size()), pong);
  by_port->begin({.kind = ProxyFaultKind::cut, .lasts = std::chrono::hours{1}});
  EXPECT_EQ(one.hear(1), "");
  EXPECT_TRUE(one.reset());
  RawClient other = RawClient::at_port(by_port->port());
  EXPECT_EQ(other.hear(1), "");
  EXPECT_TRUE(other.ended());
  EXPECT_EQ(by_port->statistics().resets, 1u);
  EXPECT_EQ(by_port->statistics().refused, 1u);
  by_port->end_faults();
  RawClient third = RawClient::at_port(by_port->port());
  third.say(ping);
  EXPECT_EQ(third.hear(pong.size()), pong);
}

TEST_F(FaultProxyTest, CutsInTheMiddleOfAReply) {
  RawClient one = client();
  proxy_->begin({.kind = ProxyFaultKind::cut_reply, .lasts = std::chrono::hours{1}});
  one.say(ping);
  const std::string part = one.hear(pong.size());
  EXPECT_TRUE(one.ended());
  EXPECT_GE(part.size(), 1u);
  EXPECT_LT(part.size(), pong.size());
  EXPECT_EQ(part, pong.substr(0, part.size()));
  EXPECT_EQ(proxy_->statistics().cut_replies, 1u);
}

TEST_F(FaultProxyTest, MeetsOnlyTheShareThatItIsToldTo) {
  RawClient one = client();
  proxy_->begin({.kind = ProxyFaultKind::cut, .lasts = std::chrono::hours{1}, .percent = 0});
  EXPECT_LT(time_of_ping(one), seconds{10});
  EXPECT_FALSE(one.ended());
}

TEST(FaultProxy, SaysWhyItCannotListen) {
  const auto proxy = FaultProxy::start({.listen_path = "/nowhere/proxy.sock"});
  ASSERT_FALSE(proxy);
  EXPECT_EQ(proxy.error().code, Errc::io_failed);
}

}  // namespace
}  // namespace weft::cli
