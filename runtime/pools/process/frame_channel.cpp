#include "weft/runtime/pools/process/frame_channel.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace weft {

namespace {

/// Pieces that one system call writes. Small frames are two pieces each.
constexpr std::size_t pieces_per_call = 64;

/// A sender writes for others no longer than this; then the I/O thread does.
constexpr int calls_per_sender = 8;

/// Reads before other descriptors of the thread have their turn: 1 MiB or so of small frames.
constexpr int reads_per_turn = 16;

/// What is read of a peer that has gone. More cannot be in a socket, unless a process that it has
/// left behind goes on writing.
constexpr int reads_of_the_dead = 4096;

/// The pieces of memory that one call writes.
class Pieces {
public:
  [[nodiscard]] bool full() const { return count_ + 3 > pieces_.size(); }

  /// Adds what of `bytes` lies behind the first `skipped` bytes; lowers `skipped`.
  void add(std::string_view bytes, std::size_t& skipped) {
    const std::size_t skip = std::min(skipped, bytes.size());
    skipped -= skip;
    bytes.remove_prefix(skip);
    if (bytes.empty()) return;
    pieces_[count_++] = {.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  }

  [[nodiscard]] long send(int socket) {
    msghdr message{};
    message.msg_iov = pieces_.data();
    message.msg_iovlen = count_;
    return ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  }

private:
  std::array<iovec, pieces_per_call> pieces_;
  std::size_t count_ = 0;
};

Error broken(const char* what, int number) {
  return {.code = Errc::io_failed, .message = fmt::format("{}: {}", what, std::strerror(number))};
}

}  // namespace

Result<std::shared_ptr<FrameChannel>> FrameChannel::open(IoThread& thread, OwnedDescriptor socket,
                                                         FrameChannelOptions options,
                                                         FrameChannelEvents events) {
  auto watch = DescriptorWatch::open(thread, std::move(socket));
  if (!watch) return std::move(watch).error();
  std::shared_ptr<FrameChannel> channel{
    new FrameChannel{thread, *std::move(watch), options, std::move(events)}};
  thread.post([channel] { channel->read_later(); });
  return channel;
}

FrameChannel::FrameChannel(IoThread& thread, std::unique_ptr<DescriptorWatch> socket,
                           FrameChannelOptions options, FrameChannelEvents events)
  : thread_(thread),
    options_(options),
    socket_(std::move(socket)),
    events_(std::move(events)),
    decoder_(options.frame_size_max) {}

// -- sending --------------------------------------------------------------------------------------

Result<void> FrameChannel::send(FrameKind kind, Payload payload) {
  if (payload.size() > options_.frame_size_max) {
    return Error{
      .code = Errc::limit_exceeded,
      .message = fmt::format("a frame of {} is larger than {}", format_bytes({payload.size()}),
                             format_bytes({options_.frame_size_max})),
      .hint = "send it in parts"};
  }
  const std::size_t size = frame_header_size + payload.size();
  std::unique_lock lock{mutex_};
  if (ended_) return Error{.code = Errc::io_failed, .message = "the channel has ended"};
  if (queued_ > 0 && queued_ + size > options_.queue_size_max) {
    refused_ = true;
    return Error{.code = Errc::limit_exceeded,
                 .message = fmt::format("the peer does not read: {} are waiting for it",
                                        format_bytes({queued_})),
                 .hint = "wait until it has read"};
  }
  const auto header = frame_header(kind, payload.size());
  queue_.push_back({.header = header, .payload = std::move(payload)});
  queued_ += size;
  if (!writing_) {
    writing_ = true;
    write_queue(lock);
  }
  return {};
}

void FrameChannel::write_queue(std::unique_lock<std::mutex>& lock) {
  for (int call = 0; !queue_.empty() && !ended_; ++call) {
    if (call == calls_per_sender) {
      thread_.post([self = shared_from_this()] { self->write_now(); });
      return;
    }
    const long written = write_once(lock);
    const int number = errno;
    if (ended_) return;
    if (written >= 0) {
      take_from_queue(static_cast<std::size_t>(written));
    } else if (number == EAGAIN) {
      thread_.post([self = shared_from_this()] {
        if (!self->socket_) return;
        self->socket_->when_writable([self] { self->write_now(); });
      });
      return;
    } else if (number != EINTR) {
      return write_failed(number);
    }
  }
  writing_ = false;
  changed_.notify_all();
}

long FrameChannel::write_once(std::unique_lock<std::mutex>& lock) {
  Pieces pieces;
  std::size_t skipped = begun_;
  for (const Outgoing& each : queue_) {
    if (pieces.full()) break;
    pieces.add({each.header.data(), each.header.size()}, skipped);
    pieces.add(each.payload.own, skipped);
    pieces.add(each.payload.borrowed, skipped);
  }
  const int socket = socket_->number();  // It is not closed while `in_call_`.
  in_call_ = true;
  lock.unlock();
  const long written = pieces.send(socket);
  const int number = errno;
  lock.lock();
  in_call_ = false;
  if (ended_) changed_.notify_all();
  errno = number;
  return written;
}

void FrameChannel::take_from_queue(std::size_t written) {
  queued_ -= written;
  begun_ += written;
  while (!queue_.empty() && begun_ >= queue_.front().size()) {
    begun_ -= queue_.front().size();
    queue_.pop_front();
  }
  if (!refused_ || queued_ > options_.queue_size_max / 2) return;
  refused_ = false;
  thread_.post([self = shared_from_this()] {
    if (self->events_.on_room) self->events_.on_room();
  });
}

void FrameChannel::write_failed(int number) {
  queue_.clear();
  queued_ = begun_ = 0;
  changed_.notify_all();
  const bool gone = number == EPIPE || number == ECONNRESET;
  // `writing_` stays, so that nobody tries again.
  thread_.post([self = shared_from_this(), gone, number] {
    if (gone) return self->drain();
    self->finish(broken("frames cannot be sent", number));
  });
}

void FrameChannel::write_now() {
  std::unique_lock lock{mutex_};
  if (!ended_) write_queue(lock);
}

Bytes FrameChannel::queued() const {
  const std::lock_guard lock{mutex_};
  return {queued_};
}

bool FrameChannel::flush(Nanos time) {
  std::unique_lock lock{mutex_};
  return changed_.wait_for(lock, std::min(time, longest_wait),
                           [this] { return ended_ || queue_.empty(); });
}

// -- receiving ------------------------------------------------------------------------------------

void FrameChannel::read_later() {
  if (!socket_) return;
  socket_->when_readable([self = shared_from_this()] { self->read_now(); });
}

void FrameChannel::read_now() {
  for (int i = 0; i < reads_per_turn; ++i) {
    const Read read = read_once();
    if (read == Read::end) return;
    if (read != Read::full) break;
  }
  read_later();
}

void FrameChannel::drain() {
  for (int i = 0; i < reads_of_the_dead; ++i) {
    const Read read = read_once();
    if (read == Read::end) return;
    if (read == Read::nothing) break;
  }
  finish_stream();
}

FrameChannel::Read FrameChannel::read_once() {
  if (!socket_) return Read::end;
  const auto space = decoder_.space();
  const long count = ::recv(socket_->number(), space.data(), space.size(), MSG_DONTWAIT);
  if (count < 0 && errno == EINTR) return Read::part;
  if (count < 0 && errno == EAGAIN) return Read::nothing;
  if (count < 0 && errno != ECONNRESET) {
    finish(broken("frames cannot be received", errno));
    return Read::end;
  }
  if (count <= 0) {
    finish_stream();
    return Read::end;
  }
  const auto sound = decoder_.take(static_cast<std::size_t>(count), arrived_);
  for (Frame& frame : arrived_) {
    if (events_.on_frame) events_.on_frame(std::move(frame));
  }
  arrived_.clear();
  if (!sound) {
    finish(sound.error());
    return Read::end;
  }
  return static_cast<std::size_t>(count) == space.size() ? Read::full : Read::part;
}

// -- end ------------------------------------------------------------------------------------------

void FrameChannel::close() {
  const std::lock_guard lock{mutex_};
  // Posted under the lock: once the channel has ended the thread may be gone.
  if (!ended_) thread_.post([self = shared_from_this()] { self->finish(std::nullopt); });
}

void FrameChannel::finish_stream() {
  if (decoder_.between_frames()) return finish(std::nullopt);
  finish(Error{.code = Errc::io_failed, .message = "the stream ended within a frame"});
}

void FrameChannel::finish(std::optional<Error> failure) {
  if (!socket_) return;
  {
    std::unique_lock lock{mutex_};
    ended_ = true;
    changed_.wait(lock,
                  [this] { return !in_call_; });  // No longer than one call that never blocks.
    queue_.clear();
    queued_ = begun_ = 0;
    changed_.notify_all();
    socket_->close();
  }
  socket_.reset();
  const FrameChannelEvents last = std::exchange(events_, {});
  if (last.on_end) last.on_end(std::move(failure));
}

}  // namespace weft
