#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "weft/storage/redis/command.hpp"
#include "weft/storage/redis/errors.hpp"
#include "weft/storage/redis/reply.hpp"

namespace weft::redis {

/// What a server said of itself.
struct Greeting {
  std::string incarnation;  ///< As `Client::incarnation`.
};

/// What is said on a new connection before it is used: who we are, and who the server is. Without
/// I/O: sends nothing, reads nothing.
class Handshake {
public:
  /// `name` is how Redis lists the connection.
  Handshake(const Endpoint& endpoint, const std::string& name);

  /// To be sent, in this order, all at once.
  [[nodiscard]] const std::vector<Command>& commands() const { return commands_; }

  /// Takes the next reply; a failure ends the connection.
  std::optional<Failure> take(const Reply& reply);

  /// Whether all replies have been taken.
  [[nodiscard]] bool is_complete() const { return taken_ == commands_.size(); }
  [[nodiscard]] const Greeting& greeting() const { return greeting_; }

private:
  enum class Step { authenticate, select, name, server, replication };

  [[nodiscard]] Failure failed(Step step, const Reply& reply) const;
  [[nodiscard]] Failure unknown(const Reply& reply) const;
  std::optional<Failure> take_server(const Reply& reply);
  std::optional<Failure> take_replication(const Reply& reply);
  void add(Step step, Command command);

  Endpoint endpoint_;
  std::vector<Step> steps_;
  std::vector<Command> commands_;
  std::size_t taken_ = 0;
  Greeting greeting_;
};

}  // namespace weft::redis
