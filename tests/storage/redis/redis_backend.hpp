#pragma once

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "storage/redis/redis_server.hpp"
#include "storage/sample_workflow.hpp"
#include "storage/store_client.hpp"
#include "weft/storage/redis/redis_run_store.hpp"

namespace weft {

/// A store in Redis, under a prefix of its own. All backends of a program share one server.
class RedisBackend final : public StoreBackend {
public:
  static std::unique_ptr<StoreBackend> make() { return std::make_unique<RedisBackend>(); }

  RedisBackend() : RedisBackend(server().endpoint()) {}

  /// In a server of the test's own.
  explicit RedisBackend(const redis::Endpoint& endpoint) {
    static std::atomic<int> next{0};
    prefix_ = "test" + std::to_string(next++);
    client_ = redis::Client::connect(endpoint).value();
    store_ =
      RedisRunStore::open(client_, std::make_shared<Registry>(),
                          {.prefix = prefix_,
                           .inline_max = Bytes{4096},
                           .part_size = Bytes{1024},
                           .poll = std::chrono::milliseconds{20},
                           .clock = std::shared_ptr<const Clock>(std::shared_ptr<void>{}, &clock_)})
        .value();
  }

  RunStore& store() override { return *store_; }
  ManualClock& clock() override { return clock_; }
  void pump() override { std::this_thread::yield(); }
  void settle() override {
    std::promise<void> confirmed;
    client_->subscribe(
      "settle", [](std::string_view) {}, [&](const Result<void>&) { confirmed.set_value(); });
    confirmed.get_future().wait();
    client_->unsubscribe("settle");
  }
  [[nodiscard]] bool holds_objects() const override { return false; }
  [[nodiscard]] redis::Client& client() { return *client_; }
  [[nodiscard]] const std::string& prefix() const { return prefix_; }

  static test::RedisServer& server() {
    static test::RedisServer one;
    return one;
  }

private:
  std::string prefix_;
  ManualClock clock_;
  std::shared_ptr<redis::Client> client_;
  std::unique_ptr<RunStore> store_;
};

}  // namespace weft
