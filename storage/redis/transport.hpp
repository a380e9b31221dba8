#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weft/storage/redis/endpoint.hpp"
#include "weft/workflow/error.hpp"

namespace weft::redis {

/// The files and rules of `endpoint`'s TLS; nothing without TLS. Fails with `invalid_config`.
[[nodiscard]] Result<std::shared_ptr<boost::asio::ssl::context>> make_tls(const Endpoint& endpoint);

/// A stream of bytes to Redis: a socket of this machine, TCP, or TLS over it.
///
/// Belongs to the I/O thread. Handlers of what was begun are still called after `close`, with an
/// error: whoever begins something keeps the transport alive until then.
class Transport {
public:
  using Opened = std::function<void(boost::system::error_code)>;

  Transport(boost::asio::io_context& context, const Endpoint& endpoint,
            std::shared_ptr<boost::asio::ssl::context> tls);

  /// Connects, over all addresses of the host in turn, and agrees on TLS.
  void open(Opened opened);

  static constexpr std::string_view agreeing = "agreeing on TLS";
  /// What is being done for `open`, for messages: `looking up its address`.
  [[nodiscard]] std::string_view step() const { return step_; }

  /// Why TLS does not trust the server's certificate; empty if it does, or has not seen it.
  [[nodiscard]] std::string distrust() const;

  template <class Buffers, class Handler>
  void read_some(const Buffers& buffers, Handler handler) {
    if (tls_stream_) {
      tls_stream_->async_read_some(buffers, std::move(handler));
    } else {
      socket_.async_read_some(buffers, std::move(handler));
    }
  }

  template <class Buffers, class Handler>
  void write_some(const Buffers& buffers, Handler handler) {
    if (tls_stream_) {
      tls_stream_->async_write_some(buffers, std::move(handler));
    } else {
      socket_.async_write_some(buffers, std::move(handler));
    }
  }

  void close();

private:
  using Socket = boost::asio::generic::stream_protocol::socket;

  void look_up();
  void connect_next();
  void connected();
  void agree_on_tls();
  void finish(boost::system::error_code failure);

  const Endpoint endpoint_;
  std::shared_ptr<boost::asio::ssl::context> tls_;
  boost::asio::ip::tcp::resolver resolver_;
  Socket socket_;
  std::optional<boost::asio::ssl::stream<Socket&>> tls_stream_;
  std::vector<boost::asio::generic::stream_protocol::endpoint> addresses_;
  std::size_t next_address_ = 0;
  bool is_closed_ = false;
  std::string_view step_;
  Opened opened_;
};

}  // namespace weft::redis
