#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weft/storage/redis/reply.hpp"

struct redisReader;
struct redisReadTask;

namespace weft::redis {

/// Turns the bytes of a connection into replies, within limits.
///
/// hiredis reads the protocol. It believes every length and count and copies each text twice, so
/// this stands before it: it follows the stream from line to line and from text to text, refuses
/// what is too large before anything is allocated for it, and reads large texts past hiredis into
/// the string that the reply keeps.
///
/// Belongs to one thread. After an error it is of no further use.
class ReplyReader {
public:
  explicit ReplyReader(const ReplyLimits& limits);
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  /// Where the next bytes of the stream may be written: inside of a large text that is arriving.
  /// Empty if none is. Valid until the next call.
  std::span<char> room();

  /// Tells that the first `count` bytes of `room()` have been written.
  Result<void> fill(std::size_t count);

  /// Takes the next bytes of the stream. Fails with `limit_exceeded`, or `decode_failed` if they
  /// are not Redis' protocol.
  Result<void> feed(std::string_view bytes);

  /// Replies that are complete, in order; those before an error too. The caller empties it.
  std::vector<Reply>& replies() { return replies_; }

private:
  struct Close {
    void operator()(redisReader* reader) const;
  };
  /// A large text on its way.
  struct Large {
    std::string text;
    std::size_t filled = 0;
    std::size_t size = 0;
  };

  /// The functions by which hiredis builds a reply; nothing means that a limit was exceeded.
  struct Builder;

  /// How many bytes of a line were taken, and whether hiredis is still to be given them.
  struct Taken {
    std::size_t count;
    bool is_fed;
  };

  Result<Taken> take_line(std::string_view before, std::string_view rest);
  Result<void> hold_back(std::string_view part);
  Result<std::size_t> text_size(std::string_view line);
  Result<void> begin_large(std::size_t size);
  Result<void> parse(std::string_view bytes);
  Result<void> parse_some(std::string_view bytes);
  [[nodiscard]] Error beyond_limits() const;
  Reply& place(const redisReadTask& task);

  ReplyLimits limits_;
  std::unique_ptr<redisReader, Close> reader_;
  std::vector<Reply> replies_;

  // -- where the stream is ------------------------------------------------------------------------
  std::string line_;           ///< The beginning of a line whose end has not arrived.
  std::size_t body_left_ = 0;  ///< Bytes of a text, and its end of line, that hiredis is to read.
  Large large_;
  bool is_large_ = false;        ///< The next bytes belong to `large_`.
  bool large_is_ready_ = false;  ///< `large_` is what the next text that hiredis finds stands for.

  // -- the reply that is being built --------------------------------------------------------------
  Reply root_;
  std::uint64_t bytes_ = 0;   ///< Of its texts so far.
  std::size_t elements_ = 0;  ///< As its arrays claim.
  bool is_too_large_ = false;
};

}  // namespace weft::redis
