#include "weft/storage/redis/connection.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <utility>

#include "weft/storage/redis/transport.hpp"

namespace weft::redis {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// One read; many small replies, and about what a socket holds.
constexpr std::size_t scratch_size = std::size_t{64} << 10;

constexpr std::size_t head_max = 40;

/// The I/O thread alone writes: no need for a locked instruction.
void count_up(std::atomic<std::uint64_t>& counter, std::uint64_t count) {
  counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
}

std::string hint_of_opening(const Endpoint& endpoint, const error_code& failure) {
  const bool is_socket = !endpoint.unix_path.empty();
  if (failure == asio::error::connection_refused && !is_socket) {
    return "is Redis running there, and is this its port?";
  }
  if (failure == asio::error::connection_refused ||
      failure == boost::system::errc::no_such_file_or_directory) {
    return "is Redis running, and is this the unixsocket of its configuration?";
  }
  if (failure == boost::system::errc::permission_denied) {
    return "let this user use the socket: see unixsocketperm in Redis' configuration";
  }
  if (failure.category() == asio::error::get_netdb_category()) {
    return "is " + in_quotes(endpoint.host) + " spelled as it should be?";
  }
  return {};
}

}  // namespace

Connection::Connection(Surroundings& surroundings, User& user)
  : surroundings_(surroundings),
    user_(user),
    transport_(std::make_unique<Transport>(surroundings.loop.context(), surroundings.endpoint,
                                           surroundings.tls)),
    deadline_(surroundings.loop.context()),
    handshake_(surroundings.endpoint, surroundings.options.name),
    reader_(surroundings.options.reply_limits),
    scratch_(std::make_unique_for_overwrite<char[]>(scratch_size)) {}

Connection::~Connection() = default;

// -- opening --------------------------------------------------------------------------------------

void Connection::open() {
  deadline_.after(surroundings_.options.connect_timeout,
                  [self = shared_from_this()] { self->lose(self->overdue()); });
  transport_->open([self = shared_from_this()](const error_code& failure) {
    if (self->state_ == State::closed) return;
    if (failure) return self->lose(self->cannot_open(failure));
    self->greet();
  });
}

void Connection::greet() {
  state_ = State::greeting;
  for (const Command& command : handshake_.commands()) send(command);
  flush();
  read();
}

void Connection::take_greeting(std::vector<Reply>& replies) {
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (auto failure = handshake_.take(replies[i])) return lose(std::move(*failure));
    if (!handshake_.is_complete()) continue;
    if (i + 1 < replies.size()) {
      return lose(garbled({.message = "answered more than it was asked"}));
    }
    state_ = State::open;
    deadline_.cancel();
    user_.on_open(handshake_.greeting());
  }
}

Failure Connection::overdue() const {
  const Endpoint& endpoint = surroundings_.endpoint;
  const auto limit = format_duration(surroundings_.options.connect_timeout);
  if (state_ == State::greeting) {
    return {unavailable(endpoint, "accepted a connection and said nothing for " + limit,
                        endpoint.tls ? "is it Redis, and does it hang?"
                                     : "is it Redis, does it hang, or does it speak TLS at this "
                                       "port (rediss://)?")};
  }
  const bool is_tls = transport_->step() == Transport::agreeing;
  return {unavailable(
    endpoint, "could not be reached in " + limit + ": still " + std::string{transport_->step()},
    is_tls ? "does it speak TLS at this port? If not, use redis://"
           : "is there a firewall between?")};
}

Failure Connection::cannot_open(const error_code& failure) const {
  const Endpoint& endpoint = surroundings_.endpoint;
  if (failure.category() == asio::error::get_ssl_category() ||
      failure == asio::ssl::error::stream_truncated) {
    const auto distrust = transport_->distrust();
    if (!distrust.empty()) {
      return {unavailable(endpoint, "shows a certificate that is not trusted: " + distrust,
                          "name the file of its authority, and the name in the certificate"),
              Failure::Cure::people};
    }
    return {unavailable(endpoint, "does not agree on TLS: " + failure.message(),
                        "does it speak TLS at this port? If not, use redis://"),
            Failure::Cure::people};
  }
  return {unavailable(
    endpoint, "cannot be reached (" + std::string{transport_->step()} + "): " + failure.message(),
    hint_of_opening(endpoint, failure))};
}

// -- the end --------------------------------------------------------------------------------------

void Connection::close() {
  state_ = State::closed;
  deadline_.cancel();
  transport_->close();
}

void Connection::lose(Failure failure) {
  if (state_ == State::closed) return;
  close();
  user_.on_lost(failure);
}

Failure Connection::ended(const error_code& failure) const {
  const bool closed = failure == asio::error::eof || failure == asio::ssl::error::stream_truncated;
  auto problem =
    closed ? std::string{"closed the connection"} : "lost the connection: " + failure.message();
  if (state_ == State::open) return {unavailable(surroundings_.endpoint, std::move(problem))};
  problem += " before it had said who it is";
  const bool may_want_tls = head_.empty() && !surroundings_.endpoint.tls;
  return {unavailable(
    surroundings_.endpoint, std::move(problem),
    may_want_tls ? "does it speak TLS at this port? Then use rediss://" : "see Redis' log")};
}

Failure Connection::garbled(const Error& error) const {
  Error out = unavailable(surroundings_.endpoint, error.message);
  if (state_ == State::open) {
    return {.error = std::move(out), .reply_too_large = error.code == Errc::limit_exceeded};
  }
  constexpr std::string_view tls_alert = "\x15\x03";
  if (head_.starts_with("HTTP/")) {
    out.hint = "an HTTP server listens at this port; name the port of Redis";
  } else if (head_.starts_with(tls_alert)) {
    out.hint = "it speaks TLS at this port; use rediss://";
  } else {
    out.hint = "is it Redis that listens at this port?";
  }
  return {std::move(out), Failure::Cure::people};
}

// -- reading --------------------------------------------------------------------------------------

void Connection::read() {
  room_ = reader_.room();
  const auto handler = [self = shared_from_this()](const error_code& failure, std::size_t count) {
    self->on_read(failure, count);
  };
  const asio::mutable_buffer rest{scratch_.get(), scratch_size};
  if (room_.empty()) return transport_->read_some(rest, handler);
  transport_->read_some(
    std::array<asio::mutable_buffer, 2>{asio::mutable_buffer{room_.data(), room_.size()}, rest},
    handler);
}

void Connection::on_read(const error_code& failure, std::size_t count) {
  if (state_ == State::closed) return;
  if (failure) return lose(ended(failure));
  count_up(surroundings_.bytes_received, count);
  touch();
  const auto taken = take_bytes(count);
  hand_out();
  if (!taken) return lose(garbled(taken.error()));
  if (state_ != State::closed) read();
}

Result<void> Connection::take_bytes(std::size_t count) {
  const auto large = std::min(count, room_.size());
  if (large > 0) {
    if (auto done = reader_.fill(large); !done) return done;
  }
  const std::string_view rest{scratch_.get(), count - large};
  if (head_.size() < head_max) head_ += rest.substr(0, head_max - head_.size());
  return reader_.feed(rest);
}

void Connection::hand_out() {
  auto& replies = reader_.replies();
  if (replies.empty()) return;
  if (state_ == State::open) {
    user_.on_replies(replies);
  } else {
    take_greeting(replies);
  }
  replies.clear();
}

// -- writing --------------------------------------------------------------------------------------

std::uint64_t Connection::send(const Command& command) {
  filling_.add(command);
  count_up(surroundings_.commands_sent, 1);
  return queued_ += command.size();
}

void Connection::flush() {
  if (state_ == State::closed || filling_.is_empty() || !writing_.is_empty()) return;
  std::swap(filling_, writing_);
  writing_.begin_writing();
  write();
}

void Connection::write() {
  transport_->write_some(writing_.rest(),
                         [self = shared_from_this()](const error_code& failure, std::size_t count) {
                           self->on_written(failure, count);
                         });
}

void Connection::on_written(const error_code& failure, std::size_t count) {
  if (state_ == State::closed) return;
  // Redis may have said why it closed the connection: the read that is under way tells.
  if (failure) return;
  count_up(surroundings_.bytes_sent, count);
  // What follows the command that a reply is owed to is taken by the socket, whoever is at its end.
  if (written_ < user_.owed().value_or(0)) touch();
  written_ += count;
  if (writing_.written(count)) {
    flush();
  } else {
    write();
  }
}

}  // namespace weft::redis
