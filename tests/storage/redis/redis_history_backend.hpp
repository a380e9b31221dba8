#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "storage/history/history_contract.hpp"
#include "storage/redis/redis_server.hpp"
#include "weft/storage/redis/redis_history.hpp"

namespace weft::test {

/// Patient with a slow machine.
inline std::shared_ptr<redis::Client> history_client(const RedisServer& server,
                                                     Nanos patience = std::chrono::seconds{60}) {
  return redis::Client::connect(server.endpoint(), {.connect_timeout = std::chrono::seconds{30},
                                                    .patience = patience,
                                                    .backoff_max = std::chrono::milliseconds{50}})
    .value();
}

/// A handle with a client of its own.
inline std::shared_ptr<HistoryStore> open_history(const RedisServer& server,
                                                  RedisHistoryOptions options = {}) {
  return RedisHistory::open(history_client(server), to_string(server.endpoint()),
                            std::move(options))
    .value();
}

/// A history in Redis, under a prefix of its own. All of a program share one server.
class RedisHistoryBackend final : public HistoryBackend {
public:
  /// The server starts on this thread, which outlives it.
  RedisHistoryBackend() { server(); }

  static std::unique_ptr<HistoryBackend> make() { return std::make_unique<RedisHistoryBackend>(); }

  std::shared_ptr<HistoryStore> open(const HistoryOptions& options) override {
    return open_history(server(), {.bounds = options, .prefix = prefix_});
  }

  static RedisServer& server() {
    static RedisServer one;
    return one;
  }

private:
  static std::string next_prefix() {
    static std::atomic<int> next{0};
    return "test" + std::to_string(next++);
  }

  const std::string prefix_ = next_prefix();
};

}  // namespace weft::test
