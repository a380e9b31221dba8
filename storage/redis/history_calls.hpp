#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "weft/storage/redis/client.hpp"
#include "weft/workflow/clock.hpp"

namespace weft::redis {

/// What a history asks of Redis, one call after another: each waits for its answer.
///
/// Every call fails with `history_unavailable`: names the server and what to do. Thread-safe; not
/// for the client's I/O thread.
class HistoryCalls {
public:
  /// @param pause see `ask`
  /// @param clock nothing: the machine's
  HistoryCalls(std::shared_ptr<Client> client, Nanos pause, std::shared_ptr<const Clock> clock);

  /// Once Redis was out of reach for the client's patience, what is asked within the pause after
  /// that fails at once: who writes a batch after another shall not wait that long for each.
  /// @param key what the command is about, for messages; empty when a script says so itself
  [[nodiscard]] Result<Reply> ask(Command command, const std::string& key = {});

private:
  std::shared_ptr<Client> client_;
  Nanos pause_;
  std::shared_ptr<const Clock> clock_;
  std::mutex mutex_;  ///< Guards what follows.
  TimePoint silent_until_{};
  std::optional<Error> trouble_;  ///< Of the last call, if Redis was out of reach.
};

}  // namespace weft::redis
