#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "weft/workflow/error.hpp"
#include "weft/workflow/units.hpp"

namespace weft::cli {

/// What a proxy does to the connections that go through it.
enum class ProxyFaultKind : std::uint8_t {
  slow,       ///< Everything comes later by a fixed time, and up to as much again by chance.
  narrow,     ///< Only so many bytes a second pass.
  stall,      ///< Nothing passes, and nobody is told: a connection that is half open.
  cut,        ///< Connections are reset, and new ones at once.
  cut_reply,  ///< Each connection is reset in the middle of the next thing that the server says.
};

/// Which way bytes go.
enum class ProxyDirection : std::uint8_t { to_server, to_client, both };

/// A fault of all connections, those there are and those that come, for some time. Another of the
/// same kind replaces it.
struct ProxyFault {
  ProxyFaultKind kind = ProxyFaultKind::stall;
  ProxyDirection direction = ProxyDirection::both;  ///< Of what slows; who is cut is cut.
  Nanos lasts = std::chrono::milliseconds{100};
  Nanos latency{};                     ///< Of `slow`.
  std::uint64_t bytes_per_second = 1;  ///< Of `narrow`; at least 1.
  /// Which of 100 connections it meets, by chance.
  std::uint32_t percent = 100;
};

/// Where a proxy listens, and to whom it leads.
struct ProxyOptions {
  std::string listen_path;        ///< Of a unix socket; empty: a port of the loopback interface.
  std::string server_path;        ///< Unix socket of the server; empty: `server_port`.
  std::uint16_t server_port = 0;  ///< On the loopback interface.
  std::uint64_t seed = 0;         ///< Of all that is left to chance.
};

/// What has gone through a proxy.
struct ProxyStatistics {
  std::uint64_t connections = 0;
  std::uint64_t refused = 0;  ///< The server could not be reached, or connections were being cut.
  std::uint64_t resets = 0;
  std::uint64_t cut_replies = 0;
  std::uint64_t bytes_to_server = 0;
  std::uint64_t bytes_to_client = 0;
};

/// Stands between clients and a server, and hands on what they say, but for the faults that it is
/// told to have. A queue holds at most 1 MiB for each direction of a connection; beyond, the sender
/// waits as on a network.
///
/// Thread-safe. Has a thread of its own.
class FaultProxy {
public:
  /// Listens. Fails with `io_failed`.
  [[nodiscard]] static Result<std::unique_ptr<FaultProxy>> start(ProxyOptions options);

  /// Resets all connections.
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  /// Begins a fault, which ends by itself.
  void begin(const ProxyFault& fault);

  /// Ends all faults. What was held goes on.
  void end_faults();

  /// The port that it listens on; 0 for a unix socket.
  [[nodiscard]] std::uint16_t port() const;

  [[nodiscard]] ProxyStatistics statistics() const;

private:
  class Core;

  explicit FaultProxy(std::unique_ptr<Core> core);

  std::unique_ptr<Core> core_;
};

[[nodiscard]] std::string_view to_string(ProxyFaultKind kind);

}  // namespace weft::cli
