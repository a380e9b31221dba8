#pragma once

#include <atomic>
#include <boost/system/error_code.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "weft/storage/redis/client.hpp"
#include "weft/storage/redis/errors.hpp"
#include "weft/storage/redis/handshake.hpp"
#include "weft/storage/redis/loop.hpp"
#include "weft/storage/redis/outbox.hpp"
#include "weft/storage/redis/reply_reader.hpp"

namespace boost::asio::ssl {
class context;
}

namespace weft::redis {

class Transport;

/// What the connections of a client share. Belongs to the client and outlives them.
struct Surroundings {
  Loop& loop;
  const Endpoint& endpoint;
  const ClientOptions& options;
  std::shared_ptr<boost::asio::ssl::context> tls;
  /// Written by the I/O thread, read by any.
  std::atomic<std::uint64_t> bytes_sent{0};
  std::atomic<std::uint64_t> bytes_received{0};
  std::atomic<std::uint64_t> commands_sent{0};
  std::atomic<std::uint64_t> reconnects{0};
};

/// One connection from its first packet to its end: connects, says who we are, then carries
/// commands and replies. Never connects again.
///
/// Belongs to the I/O thread. Tells its user once that it is open, and once that it is lost, unless
/// the user has closed it before.
class Connection : public std::enable_shared_from_this<Connection> {
public:
  class User {
  public:
    virtual ~User() = default;
    virtual void on_open(const Greeting& greeting) = 0;
    /// Takes what it wants of `replies`; the rest is dropped.
    virtual void on_replies(std::vector<Reply>& replies) = 0;
    virtual void on_lost(const Failure& failure) = 0;
    /// Where the oldest command that has no reply ends, as `send` said.
    [[nodiscard]] virtual std::optional<std::uint64_t> owed() const = 0;
  };

  Connection(Surroundings& surroundings, User& user);
  ~Connection();

  void open();
  void close();
  /// What to say of it if it is not open after `ClientOptions::connect_timeout`.
  /// @pre it is not open
  [[nodiscard]] Failure overdue() const;

  // -- once it is open ----------------------------------------------------------------------------

  /// Queues `command`, whose large arguments must live until it has been written. Returns where it
  /// ends, in bytes since the connection began.
  std::uint64_t send(const Command& command);
  /// Writes what is queued, unless a write is under way, which is followed by the next then.
  void flush();
  /// How much has been written, in bytes since the connection began.
  [[nodiscard]] std::uint64_t written() const { return written_; }
  /// When the server was last seen to do something: bytes were read, or written of what it owes a
  /// reply to; or `touch` was called.
  [[nodiscard]] TimePoint last_progress() const { return last_progress_; }
  void touch() { last_progress_ = surroundings_.loop.now(); }
  /// Ends the connection as lost.
  void lose(Failure failure);

private:
  enum class State { opening, greeting, open, closed };

  void greet();
  void read();
  void on_read(const boost::system::error_code& failure, std::size_t count);
  [[nodiscard]] Result<void> take_bytes(std::size_t count);
  void hand_out();
  void take_greeting(std::vector<Reply>& replies);
  void write();
  void on_written(const boost::system::error_code& failure, std::size_t count);

  [[nodiscard]] Failure cannot_open(const boost::system::error_code& failure) const;
  [[nodiscard]] Failure ended(const boost::system::error_code& failure) const;
  [[nodiscard]] Failure garbled(const Error& error) const;

  Surroundings& surroundings_;
  User& user_;
  State state_ = State::opening;
  std::unique_ptr<Transport> transport_;
  Timer deadline_;
  Handshake handshake_;
  ReplyReader reader_;
  std::unique_ptr<char[]> scratch_;
  std::span<char> room_;  ///< Where the read that is under way writes first.
  std::string head_;      ///< The first bytes received, to recognize other protocols by.
  Outbox filling_;
  Outbox writing_;
  std::uint64_t queued_ = 0;
  std::uint64_t written_ = 0;
  TimePoint last_progress_{};
};

}  // namespace weft::redis
