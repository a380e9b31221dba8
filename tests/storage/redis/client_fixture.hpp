#pragma once

#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <utility>

#include "storage/redis/asking.hpp"
#include "storage/redis/redis_server.hpp"

namespace weft::test {

/// Skips its tests on a machine without Redis.
class RedisClientTest : public testing::Test {
protected:
  void SetUp() override {
    if (!RedisServer::installed()) GTEST_SKIP() << RedisServer::missing;
  }

  /// Patient with a slow machine: a test that waits for a failure says how long.
  static redis::ClientOptions patient() {
    return {.connect_timeout = std::chrono::seconds{30}, .patience = std::chrono::seconds{60}};
  }

  static std::unique_ptr<redis::Client> connect(const redis::Endpoint& endpoint,
                                                redis::ClientOptions options = patient()) {
    return redis::Client::connect(endpoint, std::move(options)).value();
  }

  /// Why a connection cannot be made, all of it.
  static std::string refusal(const redis::Endpoint& endpoint, redis::ClientOptions options = {}) {
    auto client = redis::Client::connect(endpoint, std::move(options));
    return client ? "none" : to_string(client.error());
  }
};

}  // namespace weft::test
