#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "weft/storage/redis/client.hpp"

namespace weft::test {

/// Waits for `future`, for a minute at most.
template <class T>
Result<T> waited_for(std::future<Result<T>> future) {
  if (future.wait_for(std::chrono::minutes{1}) != std::future_status::ready) {
    return Error{.code = Errc::internal, .message = "no answer came in a minute"};
  }
  return future.get();
}

/// Calls and returns what the call's end will be.
inline std::future<Result<redis::Reply>> begin(redis::Client& client, redis::Command command) {
  auto promise = std::make_shared<std::promise<Result<redis::Reply>>>();
  client.call(std::move(command),
              [promise](Result<redis::Reply> result) { promise->set_value(std::move(result)); });
  return promise->get_future();
}

/// Calls and waits.
inline Result<redis::Reply> ask(redis::Client& client, redis::Command command) {
  return waited_for(begin(client, std::move(command)));
}

/// What the call is answered, as text; an error as its message.
inline std::string text_of(redis::Client& client, redis::Command command) {
  auto result = ask(client, std::move(command));
  return result ? std::string{result->text()} : result.error().message;
}

/// Waits until the client's I/O thread has done what it was told before.
inline void settle(redis::Client& client) {
  std::promise<void> done;
  client.post([&done] { done.set_value(); });
  done.get_future().wait();
}

/// Calls `ask` every `interval` from now on, for as long as there is the client.
inline void again_and_again(redis::Client& client, Nanos interval,
                            std::function<void(redis::Client&)> ask) {
  client.run_after(interval, [&client, interval, ask = std::move(ask)] {
    ask(client);
    again_and_again(client, interval, ask);
  });
}

/// Subscribes and waits for Redis to confirm.
inline Result<void> subscribe(redis::Client& client, const std::string& channel,
                              redis::Client::Take take) {
  auto promise = std::make_shared<std::promise<Result<bool>>>();
  client.subscribe(channel, std::move(take), [promise](Result<void> ready) {
    promise->set_value(ready ? Result<bool>{true} : Result<bool>{ready.error()});
  });
  auto ready = waited_for(promise->get_future());
  return ready ? Result<void>{} : Result<void>{ready.error()};
}

}  // namespace weft::test
