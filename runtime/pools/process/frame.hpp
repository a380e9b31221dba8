#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "weft/workflow/codec.hpp"
#include "weft/workflow/error.hpp"

namespace weft {

/// What a frame is about. The first few are said by the processes themselves; whoever uses a
/// channel defines its own from `first_of_caller` on.
enum class FrameKind : std::uint16_t {
  hello = 1,    ///< Worker to node, once, before anything else: `WorkerHello`.
  ping = 2,     ///< Node to worker: is answered with the same payload, whatever the worker does.
  pong = 3,     ///< The answer to a ping.
  leaving = 4,  ///< Worker to node, before it ends by itself: a text that says why, or nothing.
  first_of_caller = 16,
};

/// One message on the stream between a node and a worker process.
struct Frame {
  FrameKind kind = FrameKind::first_of_caller;
  Blob payload;

  friend bool operator==(const Frame&, const Frame&) = default;
};

/// Largest payload of one frame unless said otherwise. What is larger goes in parts, so that no
/// frame holds up those behind it for more than some 10 ms.
constexpr std::size_t default_frame_size_max = 64u << 20;

/// What goes into a frame: bytes of its own, then bytes that belong to somebody else and are not
/// copied.
struct Payload {
  Payload() = default;
  Payload(Blob bytes) : own(std::move(bytes)) {}
  /// @param the_lender keeps `the_borrowed` alive and unchanged until it was sent
  Payload(Blob bytes, std::string_view the_borrowed, std::shared_ptr<const void> the_lender)
    : own(std::move(bytes)), borrowed(the_borrowed), lender(std::move(the_lender)) {}

  [[nodiscard]] std::size_t size() const { return own.size() + borrowed.size(); }

  Blob own;
  std::string_view borrowed;
  std::shared_ptr<const void> lender;
};

// -- on the wire ----------------------------------------------------------------------------------

/// Length of the payload (4 bytes), kind (2 bytes), both little-endian; then the payload.
constexpr std::size_t frame_header_size = 6;

/// @pre `payload_size` fits into 32 bits
[[nodiscard]] std::array<char, frame_header_size> frame_header(FrameKind kind,
                                                               std::size_t payload_size);

/// Finds the frames in a stream of bytes, however they were cut. Does no I/O, and trusts nothing:
/// a length that is not followed by its bytes costs little memory.
///
/// Not thread-safe.
class FrameDecoder {
public:
  explicit FrameDecoder(std::size_t frame_size_max = default_frame_size_max);

  /// Where the next bytes of the stream are to be put; never empty. Large payloads are read to
  /// where they stay.
  [[nodiscard]] std::span<char> space();

  /// Takes the first `count` bytes of `space()`, and appends the frames that they complete.
  /// Fails with `limit_exceeded` or `decode_failed`; all further calls fail alike, since nobody
  /// knows any more where a frame begins.
  [[nodiscard]] Result<void> take(std::size_t count, std::vector<Frame>& frames);

  /// Whether the stream may end here: no frame has begun that is not complete.
  [[nodiscard]] bool between_frames() const { return !partial_ && begin_ == end_; }

private:
  /// A frame whose header was read and whose payload was not, or not all of it.
  struct Partial {
    Frame frame;           ///< Its payload is as long as there is room made for.
    std::size_t size = 0;  ///< What the payload will have.
    std::size_t filled = 0;
  };

  [[nodiscard]] bool reads_into_payload() const;
  Result<void> begin_frame();
  void fill_from_buffer();

  std::size_t frame_size_max_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  ///< Of the bytes in `buffer_` that were not looked at.
  std::size_t end_ = 0;
  std::optional<Partial> partial_;
  std::optional<Error> failure_;
};

}  // namespace weft
