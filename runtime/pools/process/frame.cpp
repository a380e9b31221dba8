#include "weft/runtime/pools/process/frame.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "weft/workflow/units.hpp"

namespace weft {

namespace {

/// What one read may bring: a socket's buffer holds some 200 KiB.
constexpr std::size_t buffer_size = 64u << 10;

/// Room that is made for a payload before any of it has come. From there on it doubles.
constexpr std::size_t first_room = 256u << 10;

bool is_known(std::uint16_t kind) {
  return kind >= static_cast<std::uint16_t>(FrameKind::first_of_caller) ||
         (kind >= static_cast<std::uint16_t>(FrameKind::hello) &&
          kind <= static_cast<std::uint16_t>(FrameKind::leaving));
}

std::size_t byte_of(const char* at, std::size_t index) {
  return static_cast<unsigned char>(at[index]);
}

}  // namespace

std::array<char, frame_header_size> frame_header(FrameKind kind, std::size_t payload_size) {
  check(payload_size <= std::numeric_limits<std::uint32_t>::max(), "a frame's length fits 32 bits");
  const auto number = static_cast<std::size_t>(kind);
  const auto byte = [](std::size_t from, int shift) {
    return static_cast<char>(static_cast<unsigned char>(from >> shift));
  };
  return {byte(payload_size, 0),  byte(payload_size, 8), byte(payload_size, 16),
          byte(payload_size, 24), byte(number, 0),       byte(number, 8)};
}

FrameDecoder::FrameDecoder(std::size_t frame_size_max)
  : frame_size_max_(frame_size_max), buffer_(buffer_size) {}

bool FrameDecoder::reads_into_payload() const {
  // What is left of a payload and fits into the buffer is read with the frames behind it.
  return partial_ && partial_->size - partial_->filled > buffer_size / 2;
}

std::span<char> FrameDecoder::space() {
  if (reads_into_payload()) {
    Blob& payload = partial_->frame.payload;
    if (partial_->filled == payload.size()) {
      payload.resize(std::min(partial_->size, std::max(first_room, 2 * payload.size())));
    }
    return {payload.data() + partial_->filled, payload.size() - partial_->filled};
  }
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  return {buffer_.data() + end_, buffer_.size() - end_};
}

Result<void> FrameDecoder::take(std::size_t count, std::vector<Frame>& frames) {
  if (failure_) return *failure_;
  check(count <= space().size(), "no more is read than there is room for");
  (reads_into_payload() ? partial_->filled : end_) += count;
  while (true) {
    if (!partial_) {
      if (end_ - begin_ < frame_header_size) return {};
      if (auto sound = begin_frame(); !sound) return sound;
    }
    fill_from_buffer();
    if (partial_->filled < partial_->size) return {};
    frames.push_back(std::move(partial_->frame));
    partial_.reset();
  }
}

Result<void> FrameDecoder::begin_frame() {
  const char* at = buffer_.data() + begin_;
  const std::size_t size =
    byte_of(at, 0) | byte_of(at, 1) << 8 | byte_of(at, 2) << 16 | byte_of(at, 3) << 24;
  const auto kind = static_cast<std::uint16_t>(byte_of(at, 4) | byte_of(at, 5) << 8);
  if (!is_known(kind)) {
    failure_ = Error{.code = Errc::decode_failed,
                     .message = fmt::format("a frame is of kind {}, which is none", kind)};
    return *failure_;
  }
  if (size > frame_size_max_) {
    failure_ = Error{.code = Errc::limit_exceeded,
                     .message = fmt::format("a frame of {} is larger than {}", format_bytes({size}),
                                            format_bytes({frame_size_max_}))};
    return *failure_;
  }
  begin_ += frame_header_size;
  partial_ = Partial{.frame = {.kind = static_cast<FrameKind>(kind), .payload = {}}, .size = size};
  return {};
}

void FrameDecoder::fill_from_buffer() {
  const std::size_t count = std::min(end_ - begin_, partial_->size - partial_->filled);
  if (count == 0) return;
  Blob& payload = partial_->frame.payload;
  // Room may have been made that nothing was read into.
  payload.resize(partial_->filled);
  if (partial_->size - partial_->filled <= buffer_size) payload.reserve(partial_->size);
  payload.append(buffer_.data() + begin_, count);
  partial_->filled += count;
  begin_ += count;
}

}  // namespace weft
