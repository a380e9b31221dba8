#include "weft/runtime/pools/process/frame_channel.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/process/eventually.hpp"

namespace weft {
namespace {

using namespace std::chrono_literals;
using test::eventually;

/// One end of a channel, and what it has told.
class ChannelEnd {
public:
  ChannelEnd(IoThread& io, int socket, FrameChannelOptions options = {}) {
    auto opened = FrameChannel::open(io, OwnedDescriptor{socket}, options,
                                     {.on_frame =
                                        [this](Frame frame) {
                                          const std::lock_guard lock{mutex_};
                                          frames_.push_back(std::move(frame));
                                        },
                                      .on_end =
                                        [this](std::optional<Error> error) {
                                          const std::lock_guard lock{mutex_};
                                          error_ = std::move(error);
                                          ++ends_;
                                        },
                                      .on_room = [this] { ++rooms_; }});
    channel_ = *std::move(opened);
  }
  /// What it told must not be told to nobody.
  ~ChannelEnd() {
    channel_->close();
    EXPECT_TRUE(eventually([this] { return ends() > 0; }));
    EXPECT_EQ(ends(), 1);
  }
  ChannelEnd(const ChannelEnd&) = delete;
  ChannelEnd& operator=(const ChannelEnd&) = delete;

  FrameChannel& operator*() { return *channel_; }
  FrameChannel* operator->() { return channel_.get(); }

  std::size_t count() {
    const std::lock_guard lock{mutex_};
    return frames_.size();
  }
  std::vector<Frame> frames() {
    const std::lock_guard lock{mutex_};
    return frames_;
  }
  int ends() {
    const std::lock_guard lock{mutex_};
    return ends_;
  }
  std::optional<Error> error() {
    const std::lock_guard lock{mutex_};
    return error_;
  }
  int rooms() const { return rooms_; }

private:
  std::mutex mutex_;
  std::vector<Frame> frames_;
  std::optional<Error> error_;
  int ends_ = 0;
  std::atomic<int> rooms_ = 0;
  std::shared_ptr<FrameChannel> channel_;
};

struct Sockets {
  Sockets() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, numbers), 0); }
  int numbers[2] = {-1, -1};
};

constexpr auto some_kind = FrameKind{20};

TEST(FrameChannel, BringsFramesBothWaysInOrder) {
  const Sockets sockets;
  IoThread io{"io"};
  ChannelEnd left{io, sockets.numbers[0]};
  ChannelEnd right{io, sockets.numbers[1]};
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(left->send(some_kind, std::to_string(i)));
    ASSERT_TRUE(right->send(some_kind, Blob(static_cast<std::size_t>(i), 'r')));
  }
  ASSERT_TRUE(eventually([&] { return left.count() == 1000 && right.count() == 1000; }));
  const auto of_right = right.frames();
  const auto of_left = left.frames();
  for (std::size_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(of_right[i], (Frame{some_kind, std::to_string(i)}));
    EXPECT_EQ(of_left[i].payload.size(), i);
  }
}

TEST(FrameChannel, BringsLargeFramesWhole) {
  const Sockets sockets;
  IoThread io{"io"};
  ChannelEnd left{io, sockets.numbers[0]};
  ChannelEnd right{io, sockets.numbers[1]};
  Blob large(default_frame_size_max, 'x');
  for (std::size_t i = 0; i < large.size(); i += 4093) large[i] = static_cast<char>(i);
  ASSERT_TRUE(left->send(some_kind, large));
  ASSERT_TRUE(left->send(some_kind, Blob{"behind it"}));
  ASSERT_TRUE(eventually([&] { return right.count() == 2; }));
  EXPECT_TRUE(right.frames()[0].payload == large);
  EXPECT_EQ(right.frames()[1].payload, "behind it");
}

TEST(FrameChannel, SendsBorrowedBytesAndGivesThemBack) {
  const Sockets sockets;
  IoThread io{"io"};
  ChannelEnd left{io, sockets.numbers[0]};
  ChannelEnd right{io, sockets.numbers[1]};
  const auto lender = std::make_shared<const Blob>(3'000'000, 'b');
  ASSERT_TRUE(left->send(some_kind, Payload{"head", *lender, lender}));
  ASSERT_TRUE(eventually([&] { return right.count() == 1; }));
  EXPECT_TRUE(right.frames()[0].payload == "head" + *lender);
  EXPECT_TRUE(eventually([&] { return lender.use_count() == 1; }));
}

TEST(FrameChannel, TakesFramesFromManyThreads) {
  const Sockets sockets;
  IoThread io{"io"};
  ChannelEnd left{io, sockets.numbers[0]};
  ChannelEnd right{io, sockets.numbers[1]};
  constexpr int threads = 8;
  constexpr int frames = 500;
  {
    std::vector<std::jthread> senders;
    for (int i = 0; i < threads; ++i) {
      senders.emplace_back([&, i] {
        for (int j = 0; j < frames; ++j) {
          const Blob payload = std::to_string(i) + " " + std::to_string(j) + Blob(2000, 'x');
          EXPECT_TRUE(left->send(some_kind, payload));
        }
      });
    }
  }
  ASSERT_TRUE(eventually([&] { return right.count() == threads * frames; }));
  std::vector<int> next(threads);
  for (const Frame& frame : right.frames()) {
    int sender = 0;
    int number = 0;
    ASSERT_EQ(std::sscanf(frame.payload.c_str(), "%d %d", &sender, &number), 2);
    EXPECT_EQ(number, next[static_cast<std::size_t>(sender)]++);
    EXPECT_TRUE(frame.payload.ends_with("x"));
  }
}

TEST(FrameChannel, RefusesFramesWhenThePeerDoesNotReadAndTellsWhenItDoes) {
  const Sockets sockets;
  IoThread io{"io"};
  ChannelEnd left{io, sockets.numbers[0], {.queue_size_max = 1u << 20}};
  Result<void> sent;
  int count = 0;
  while ((sent = left->send(some_kind, Blob(10'000, 'x')))) ASSERT_LT(++count, 10'000);
  EXPECT_EQ(sent.error().code, Errc::limit_exceeded);
  EXPECT_LE(left->queued().count, 1u << 20);
  EXPECT_FALSE(left->flush(1ms));
  EXPECT_EQ(left.rooms(), 0);

  ChannelEnd right{io, sockets.numbers[1]};
  EXPECT_TRUE(eventually([&] { return left.rooms() == 1; }));
  EXPECT_TRUE(left->flush(60s));
  EXPECT_TRUE(left->send(some_kind, Blob(10'000, 'y')));
  EXPECT_TRUE(eventually([&] { return right.count() == static_cast<std::size_t>(count) + 1; }));
}

TEST(FrameChannel, RefusesAFrameThatIsTooLarge) {
  const Sockets sockets;
  IoThread io{"io"};
  ChannelEnd left{io, sockets.numbers[0], {.frame_size_max = 10}};
  ChannelEnd right{io, sockets.numbers[1], {.frame_size_max = 10}};
  const auto sent = left->send(some_kind, Blob(11, 'x'));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::limit_exceeded);
  EXPECT_TRUE(left->send(some_kind, Blob(10, 'x')));
  EXPECT_TRUE(eventually([&] { return right.count() == 1; }));
}

TEST(FrameChannel, EndsWithItsPeerAfterAllThatThePeerHasSent) {
  const Sockets sockets;
  IoThread io{"io"};
  ChannelEnd right{io, sockets.numbers[1]};
  {
    ChannelEnd left{io, sockets.numbers[0]};
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(left->send(some_kind, Blob(1000, 'x')));
    ASSERT_TRUE(left->flush(60s));
  }
  ASSERT_TRUE(eventually([&] { return right.ends() == 1; }));
  EXPECT_EQ(right.count(), 100u);
  EXPECT_EQ(right.error(), std::nullopt);
  const auto sent = right->send(some_kind, Blob{"too late"});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::io_failed);
}

TEST(FrameChannel, EndsWithAnErrorAtGarbage) {
  const Sockets sockets;
  IoThread io{"io"};
  ChannelEnd left{io, sockets.numbers[0]};
  ASSERT_EQ(::write(sockets.numbers[1], "GET / HTTP/1.1\r\n", 16), 16);
  ASSERT_TRUE(eventually([&] { return left.ends() == 1; }));
  ASSERT_TRUE(left.error());
  EXPECT_NE(left.error()->code, Errc::io_failed);
  ::close(sockets.numbers[1]);
}

TEST(FrameChannel, EndsWithAnErrorWithinAFrame) {
  const Sockets sockets;
  IoThread io{"io"};
  ChannelEnd left{io, sockets.numbers[0]};
  const auto header = frame_header(some_kind, 10);
  ASSERT_EQ(::write(sockets.numbers[1], header.data(), header.size()), 6);
  ::close(sockets.numbers[1]);
  ASSERT_TRUE(eventually([&] { return left.ends() == 1; }));
  ASSERT_TRUE(left.error());
  EXPECT_EQ(left.error()->code, Errc::io_failed);
}

TEST(FrameChannel, EndsWhenItsPeerHasClosedWhileMuchIsQueued) {
  const Sockets sockets;
  IoThread io{"io"};
  ChannelEnd left{io, sockets.numbers[0]};
  ASSERT_TRUE(left->send(some_kind, Blob(10'000'000, 'x')));
  ::close(sockets.numbers[1]);
  ASSERT_TRUE(eventually([&] { return left.ends() == 1; }));
  EXPECT_EQ(left->queued().count, 0u);
}

TEST(FrameChannel, EndsWithAnErrorOnWhatIsNoSocket) {
  IoThread io{"io"};
  ChannelEnd file{io, ::open("/dev/null", O_RDWR | O_CLOEXEC)};
  ASSERT_TRUE(eventually([&] { return file.ends() == 1; }));
  EXPECT_TRUE(file.error());
}

TEST(FrameChannel, RefusesWhatIsNoDescriptor) {
  IoThread io{"io"};
  const auto opened = FrameChannel::open(io, OwnedDescriptor{1'000'000}, {}, {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::io_failed);
}

TEST(IoThread, CallsATimerOnceAndAsItWasSetLast) {
  IoThread io{"io"};
  Timer timer{io};
  std::atomic<int> first = 0;
  std::atomic<int> second = 0;
  io.post([&] {
    timer.start(0s, [&] { ++first; });
    timer.start(1ms, [&] { ++second; });
  });
  EXPECT_TRUE(eventually([&] { return second == 1; }));
  EXPECT_EQ(first, 0);
  io.stop();
}

}  // namespace
}  // namespace weft
