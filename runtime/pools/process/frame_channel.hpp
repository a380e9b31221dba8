#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "weft/runtime/pools/process/frame.hpp"
#include "weft/runtime/pools/process/io_thread.hpp"
#include "weft/workflow/units.hpp"

namespace weft {

struct FrameChannelOptions {
  std::size_t frame_size_max = default_frame_size_max;  ///< Bytes of a payload, both ways.
  /// Bytes that wait for a peer that does not read; a frame alone may be larger. Some seconds of
  /// what a socket carries.
  std::size_t queue_size_max = 256u << 20;
};

/// What a channel tells, always on its I/O thread.
struct FrameChannelEvents {
  std::function<void(Frame)> on_frame;
  /// Once, and last: nothing when the peer has closed its end between two frames or this end was
  /// closed, else what went wrong.
  std::function<void(std::optional<Error>)> on_end;
  /// A frame was refused since too many were waiting, and half of them have gone. May be empty.
  std::function<void()> on_room = {};
};

/// A stream of frames over a connected socket.
///
/// `send`, `flush`, `close` and `queued` may be called by any thread. A frame is written by the
/// thread that sends it as long as the peer reads: it costs one system call and no other thread.
/// Frames that are sent meanwhile are written together.
class FrameChannel : public std::enable_shared_from_this<FrameChannel> {
public:
  /// Takes the socket and begins to read. `thread` must live until `on_end` was called.
  [[nodiscard]] static Result<std::shared_ptr<FrameChannel>> open(IoThread& thread,
                                                                  OwnedDescriptor socket,
                                                                  FrameChannelOptions options,
                                                                  FrameChannelEvents events);

  /// Sends one frame; frames arrive in the order in which they were sent. Never blocks. Fails with
  /// `limit_exceeded` when the frame is too large or too much is waiting (then nothing of it is
  /// sent, and `on_room` will tell), and with `io_failed` when the channel has ended.
  [[nodiscard]] Result<void> send(FrameKind kind, Payload payload);

  /// Bytes that were sent and that the system has not taken yet.
  [[nodiscard]] Bytes queued() const;

  /// Waits until nothing is queued, or the channel has ended; whether that was within `time`.
  /// Never called on the I/O thread.
  bool flush(Nanos time);

  /// Ends the channel soon; what is queued is lost.
  void close();

  /// Takes what has come and is not read yet, and ends the channel if that was all. For an owner
  /// on the I/O thread who knows that the peer has gone.
  void drain();

  FrameChannel(const FrameChannel&) = delete;
  FrameChannel& operator=(const FrameChannel&) = delete;
  ~FrameChannel() = default;

private:
  struct Outgoing {
    std::array<char, frame_header_size> header;
    Payload payload;

    [[nodiscard]] std::size_t size() const { return header.size() + payload.size(); }
  };
  /// What a read has brought: all that there was room for, less, nothing yet, the end.
  enum class Read : std::uint8_t { full, part, nothing, end };

  FrameChannel(IoThread& thread, std::unique_ptr<DescriptorWatch> socket,
               FrameChannelOptions options, FrameChannelEvents events);

  // On the I/O thread.
  void read_later();
  void read_now();
  Read read_once();
  void write_now();
  void finish_stream();
  void finish(std::optional<Error> failure);

  // By whoever has set `writing_`.
  void write_queue(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] long write_once(std::unique_lock<std::mutex>& lock);
  void take_from_queue(std::size_t written);
  void write_failed(int number);

  IoThread& thread_;
  FrameChannelOptions options_;

  // Of the I/O thread.
  std::unique_ptr<DescriptorWatch> socket_;
  FrameChannelEvents events_;
  FrameDecoder decoder_;
  std::vector<Frame> arrived_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Outgoing> queue_;  ///< Elements stay where they are while it grows.
  std::size_t queued_ = 0;      ///< Bytes in `queue_` that were not written.
  std::size_t begun_ = 0;       ///< Bytes of the first element that were written.
  bool writing_ = false;        ///< Somebody writes, or will when the socket takes more.
  bool in_call_ = false;        ///< A thread uses the socket and the queue without the lock.
  bool refused_ = false;        ///< `on_room` is owed.
  bool ended_ = false;
};

}  // namespace weft
