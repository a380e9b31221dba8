#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "storage/store_client.hpp"

namespace weft {

/// What a store has told one worker and nobody has read yet. Thread-safe.
class Mailbox {
public:
  /// Listens for a worker from now on, in place of whoever did. The store shares the mailbox: it
  /// may put something into it after the listener was replaced.
  [[nodiscard]] static std::shared_ptr<Mailbox> open(StoreBackend& backend, RunId run,
                                                     WorkerId worker) {
    auto box = std::make_shared<Mailbox>();
    backend.store().listen(run, worker, [box](Told told) { box->put(std::move(told)); });
    backend.settle();
    return box;
  }

  static void close(StoreBackend& backend, RunId run, WorkerId worker) {
    backend.store().listen(run, worker, {});
    backend.settle();
  }

  void put(Told told) {
    // That something may have been missed is a hint that a store may give at any time.
    if (told.number == 0) return;
    const std::lock_guard lock{mutex_};
    messages_.push_back(std::move(told));
  }

  /// The oldest message, if there is one.
  [[nodiscard]] std::optional<Told> take() {
    const std::lock_guard lock{mutex_};
    if (messages_.empty()) return std::nullopt;
    Told told = std::move(messages_.front());
    messages_.pop_front();
    return told;
  }

  /// Waits for a message. One that does not come is a message of number 0.
  [[nodiscard]] Told wait(StoreBackend& backend) {
    constexpr int pumps = 100'000;  // Far more than an answer takes.
    for (int i = 0; i < pumps; ++i) {
      if (auto told = take()) return std::move(*told);
      backend.pump();
    }
    return {};
  }

private:
  std::mutex mutex_;
  std::deque<Told> messages_;
};

}  // namespace weft
