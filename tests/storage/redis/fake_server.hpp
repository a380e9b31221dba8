#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "weft/storage/redis/endpoint.hpp"

namespace weft::test {

/// A server that answers as a test wants, over a socket of its own: what no Redis can be made to
/// say, and what only an enemy would.
class FakeServer {
public:
  using Request = std::vector<std::string>;
  /// The bytes to answer `request` with; none: the connection is closed. Runs on the server's
  /// thread.
  using Answer = std::function<std::optional<std::string>(const Request& request)>;

  /// Greets as Redis does, then answers by `answer`.
  static Answer after_greeting(Answer answer);
  /// What Redis answers `INFO` with, of this version and run.
  static std::string info(const std::string& version, const std::string& run_id);

  /// `banner` is sent to everybody who connects.
  explicit FakeServer(Answer answer, std::string banner = {});
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  [[nodiscard]] redis::Endpoint endpoint() const;
  /// How many connections were accepted.
  [[nodiscard]] int connections() const { return connections_.load(); }

private:
  void serve();
  void accept_one();
  /// False when the connection is at its end.
  bool serve_one(int socket, std::string& received);

  Answer answer_;
  std::string banner_;
  std::filesystem::path directory_;
  int listener_ = -1;
  int stop_ = -1;  ///< Readable once the server is to end.
  std::map<int, std::string> received_;
  std::atomic<int> connections_{0};
  std::thread thread_;
};

}  // namespace weft::test
