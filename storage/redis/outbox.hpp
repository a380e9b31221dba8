#pragma once

#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weft/storage/redis/command.hpp"

namespace weft::redis {

/// Commands on their way into the socket: small pieces are copied behind each other, large ones
/// stay where they are until they have been written.
///
/// Two take turns: one is being written while the other is filled.
class Outbox {
public:
  /// @pre it is not being written; the large arguments of `command` live until it has been
  void add(const Command& command) {
    command.for_each_piece([this](std::string_view small) { add_small(small); },
                           [this](std::string_view large) {
                             pieces_.push_back({large, 0});
                           });
  }

  [[nodiscard]] bool is_empty() const { return pieces_.empty(); }

  /// Ends filling: what is to be written next is `rest()`.
  void begin_writing();

  /// At most as many pieces as the system takes at once.
  [[nodiscard]] std::span<const boost::asio::const_buffer> rest() const;

  /// The first `count` bytes of `rest()` have been written. True when all have been: it is empty
  /// again then.
  bool written(std::size_t count);

private:
  /// A large piece, or `copied` further bytes of `text_`.
  struct Piece {
    std::string_view large;
    std::size_t copied;
  };

  void add_small(std::string_view small) {
    if (pieces_.empty() || pieces_.back().copied == 0) pieces_.push_back({{}, 0});
    pieces_.back().copied += small.size();
    text_ += small;
  }

  std::string text_;
  std::vector<Piece> pieces_;
  std::vector<boost::asio::const_buffer> buffers_;
  std::size_t next_ = 0;
};

}  // namespace weft::redis
