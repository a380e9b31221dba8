#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "weft/storage/redis/connection.hpp"

namespace weft::redis {

/// Keeps a connection: makes a new one, after a wait that grows, whenever one was lost; and notices
/// one that has fallen silent.
///
///   down --(the wait is over)--> connecting --(greeting)--> up --(lost, silent, dropped)--> down
///
/// Belongs to the I/O thread.
class Link : private Connection::User {
public:
  class User {
  public:
    virtual ~User() = default;
    virtual void on_up(const Greeting& greeting) = 0;
    virtual void on_replies(std::vector<Reply>& replies) = 0;
    /// A connection was lost, or could not be made; another will be tried.
    virtual void on_down(const Failure& failure) = 0;
    /// Where the oldest command that has no reply ends, as `send` said; none: silence does not mean
    /// that the connection is dead.
    [[nodiscard]] virtual std::optional<std::uint64_t> owed() const = 0;
  };

  Link(Surroundings& surroundings, Link::User& user);

  /// Makes the first connection.
  void start();
  /// For good.
  void close();
  /// Gives the connection up for a new one.
  void drop(Failure failure);

  [[nodiscard]] bool is_up() const { return is_up_; }
  /// Why there is no connection: what went wrong last, or what the first is waiting for.
  /// @pre it was started, and is not up
  [[nodiscard]] Error trouble() const;

  // -- while it is up -----------------------------------------------------------------------------

  /// As of `Connection`. From here on until the reply, silence is noticed.
  std::uint64_t send(const Command& command);
  void flush();
  [[nodiscard]] std::uint64_t written() const { return connection_->written(); }

private:
  void on_open(const Greeting& greeting) override;
  void on_replies(std::vector<Reply>& replies) override;
  void on_lost(const Failure& failure) override;
  [[nodiscard]] std::optional<std::uint64_t> owed() const override { return user_.owed(); }

  void connect();
  void watch();
  void look_for_silence();

  Surroundings& surroundings_;
  Link::User& user_;
  std::shared_ptr<Connection> connection_;
  Timer next_attempt_;
  Timer watch_;
  bool is_up_ = false;
  bool is_watching_ = false;
  bool was_up_ = false;
  TimePoint up_since_{};
  std::uint32_t failures_ = 0;  ///< Since a connection last held for a while.
  std::optional<Error> last_failure_;
  std::minstd_rand dice_;
};

}  // namespace weft::redis
