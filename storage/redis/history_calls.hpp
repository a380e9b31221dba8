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
  /// @param pause see `write`
  /// @param clock nothing: the machine's
  HistoryCalls(std::shared_ptr<Client> client, Nanos pause, std::shared_ptr<const Clock> clock);

  /// @param key what the command reads, for messages
  [[nodiscard]] Result<Reply> read(Command command, const std::string& key) const;

  /// Once Redis was out of reach for the client's patience, what comes within the pause after that
  /// fails at once: who writes a batch after another shall not wait that long for each.
  [[nodiscard]] Result<Reply> write(Command command);

private:
  [[nodiscard]] Result<Reply> ask(Command command) const;

  std::shared_ptr<Client> client_;
  Nanos pause_;
  std::shared_ptr<const Clock> clock_;
  std::mutex mutex_;  ///< Guards what follows.
  TimePoint silent_until_{};
  std::optional<Error> trouble_;  ///< Of the last write.
};

}  // namespace weft::redis
