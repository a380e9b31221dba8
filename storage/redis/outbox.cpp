#include "weft/storage/redis/outbox.hpp"

#include <algorithm>

namespace weft::redis {

namespace {

/// Asio gathers no more than 64 pieces in one write.
constexpr std::size_t pieces_at_once = 64;

/// Room that is kept for the next commands; more was for a burst.
constexpr std::size_t room_kept = std::size_t{1} << 20;

}  // namespace

void Outbox::begin_writing() {
  const char* copied = text_.data();
  for (const Piece& piece : pieces_) {
    if (piece.copied == 0) {
      buffers_.emplace_back(piece.large.data(), piece.large.size());
    } else {
      buffers_.emplace_back(copied, piece.copied);
      copied += piece.copied;
    }
  }
  next_ = 0;
}

std::span<const boost::asio::const_buffer> Outbox::rest() const {
  const std::span all{buffers_};
  return all.subspan(next_, std::min(pieces_at_once, all.size() - next_));
}

bool Outbox::written(std::size_t count) {
  while (next_ < buffers_.size() && count >= buffers_[next_].size()) {
    count -= buffers_[next_++].size();
  }
  if (next_ < buffers_.size()) {
    buffers_[next_] += count;
    return false;
  }
  text_.clear();
  if (text_.capacity() > room_kept) text_.shrink_to_fit();
  pieces_.clear();
  buffers_.clear();
  return true;
}

}  // namespace weft::redis
