#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "weft/storage/redis/endpoint.hpp"

namespace weft::test {

struct RedisServerOptions {
  bool tcp = false;  ///< Also listen on a loopback port.
  bool tls = false;  ///< Also listen on a loopback port with TLS; makes certificates for it.
  /// Lines of an ACL file, as `user default on >secret ~* &* +@all`; empty: everybody may do all.
  std::string users;
  /// What a restart keeps: nothing, or what was written before (`appendfsync always`).
  enum class Keep { nothing, everything } keep = Keep::nothing;
  std::string memory_max;              ///< As `maxmemory`, with `noeviction`; empty: no limit.
  std::vector<std::string> arguments;  ///< Further arguments of `redis-server`.
  /// Where it works; kept at the end. Empty: a new folder, removed at the end.
  std::filesystem::path directory;
};

/// A `redis-server` process of a test: on a private socket, and gone with the test.
///
/// Not thread-safe. The process also ends with the thread that started it, so start it on a thread
/// that outlives it. Failures to start throw `std::runtime_error` with what the server said.
class RedisServer {
public:
  /// Whether this machine has `redis-server`; a test without it is skipped, saying `missing`.
  static bool installed();
  static constexpr auto missing = "redis-server is not installed (scripts/packages.sh lists it)";

  /// Starts it, and waits until it answers.
  explicit RedisServer(RedisServerOptions options = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  /// Starts it again, with the data that it keeps, on the same socket and ports.
  /// @pre it does not run
  void start();
  /// Ends it at once, as a crash would.
  void kill();
  void restart() {
    kill();
    start();
  }
  /// Freezes it: connections stay open and nothing is answered, until `cont`.
  void stop() const;
  void cont() const;

  [[nodiscard]] redis::Endpoint endpoint() const;      ///< By the private socket.
  [[nodiscard]] redis::Endpoint tcp_endpoint() const;  ///< @pre options.tcp
  [[nodiscard]] redis::Endpoint tls_endpoint() const;  ///< @pre options.tls; trusts its authority.

  /// Sends a command over a connection of its own and returns the answer as Redis wrote it, such as
  /// `+OK\r\n`; only the beginning of a long one.
  std::string run(const std::vector<std::string_view>& command) const;

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
  [[nodiscard]] pid_t process() const { return process_; }

private:
  [[nodiscard]] std::string socket_path() const { return directory_ / "redis.sock"; }
  [[nodiscard]] std::vector<std::string> arguments() const;
  [[nodiscard]] std::string log() const;
  void wait_until_it_answers();

  RedisServerOptions options_;
  std::filesystem::path directory_;
  std::uint16_t port_ = 0;
  std::uint16_t tls_port_ = 0;
  pid_t process_ = -1;
};

/// Asks `condition` until it holds, for half a minute at least. For what other processes and
/// threads do; returns whether it held.
template <class Condition>
bool eventually(Condition condition);

/// Sleeps for a moment between two looks at a condition.
void wait_a_moment();

template <class Condition>
bool eventually(Condition condition) {
  constexpr int looks = 30'000;  // A millisecond each.
  for (int i = 0; i < looks; ++i) {
    if (condition()) return true;
    wait_a_moment();
  }
  return condition();
}

}  // namespace weft::test
