#include "weft/runtime/pools/process/frame.hpp"

#include <algorithm>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dice.hpp"

namespace weft {
namespace {

using testing::HasSubstr;

Blob encoded(const std::vector<Frame>& frames) {
  Blob bytes;
  for (const Frame& frame : frames) {
    const auto header = frame_header(frame.kind, frame.payload.size());
    bytes.append(header.data(), header.size());
    bytes += frame.payload;
  }
  return bytes;
}

/// Puts bytes into a decoder as a socket would, at most `step` at once.
Result<void> feed(FrameDecoder& decoder, std::string_view bytes, std::vector<Frame>& frames,
                  std::size_t step = std::string_view::npos) {
  while (!bytes.empty()) {
    const auto space = decoder.space();
    EXPECT_FALSE(space.empty());
    const std::size_t count = std::min({bytes.size(), step, space.size()});
    std::memcpy(space.data(), bytes.data(), count);
    bytes.remove_prefix(count);
    if (auto taken = decoder.take(count, frames); !taken) return taken;
  }
  return {};
}

Blob random_bytes(test::Dice& dice, std::size_t size) {
  Blob bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(dice.roll(256));
  return bytes;
}

std::vector<Frame> random_frames(test::Dice& dice) {
  std::vector<Frame> frames(dice.roll(6));
  for (Frame& frame : frames) {
    frame.kind = static_cast<FrameKind>(16 + dice.roll(60'000));
    // None, small, about the size of the decoder's buffer, and larger.
    const std::size_t size = dice.pick(std::vector<std::size_t>{0, 20, 70'000, 900'000});
    frame.payload = random_bytes(dice, dice.roll(size + 1));
  }
  return frames;
}

TEST(Frames, AreTheSameHoweverTheStreamIsCut) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    test::Dice dice{seed};
    const auto sent = random_frames(dice);
    const Blob bytes = encoded(sent);
    FrameDecoder decoder;
    std::vector<Frame> received;
    const std::size_t cut = bytes.empty() ? 0 : dice.roll(bytes.size());
    const std::size_t step = 1 + dice.roll(dice.chance(30) ? 300'000 : 3'000);
    ASSERT_TRUE(feed(decoder, std::string_view{bytes}.substr(0, cut), received, step));
    ASSERT_TRUE(feed(decoder, std::string_view{bytes}.substr(cut), received, step));
    EXPECT_TRUE(decoder.between_frames());
    EXPECT_TRUE(received == sent);
  }
}

TEST(Frames, ComeOutOneByteAtATime) {
  const std::vector<Frame> sent{
    {FrameKind::hello, "hello"}, {FrameKind{16}, ""}, {FrameKind{0xffff}, Blob(300, 'x')}};
  FrameDecoder decoder;
  std::vector<Frame> received;
  ASSERT_TRUE(feed(decoder, encoded(sent), received, 1));
  EXPECT_EQ(received, sent);
}

TEST(Frames, AreCompleteOnlyWithTheirLastByte) {
  const Blob bytes = encoded({{FrameKind{16}, "payload"}});
  FrameDecoder decoder;
  std::vector<Frame> received;
  EXPECT_TRUE(decoder.between_frames());
  ASSERT_TRUE(feed(decoder, std::string_view{bytes}.substr(0, bytes.size() - 1), received));
  EXPECT_TRUE(received.empty());
  EXPECT_FALSE(decoder.between_frames());
  ASSERT_TRUE(feed(decoder, std::string_view{bytes}.substr(bytes.size() - 1), received));
  EXPECT_EQ(received.size(), 1u);
  EXPECT_TRUE(decoder.between_frames());
}

TEST(Frames, HaveALittleEndianHeader) {
  const auto header = frame_header(FrameKind{0x1234}, 0x0a0b0c0d);
  EXPECT_EQ(std::string_view(header.data(), header.size()), "\x0d\x0c\x0b\x0a\x34\x12");
}

TEST(Frames, LargerThanTheLimitAreRefusedByTheirHeader) {
  FrameDecoder decoder{100};
  std::vector<Frame> received;
  ASSERT_TRUE(feed(decoder, encoded({{FrameKind{16}, Blob(100, 'x')}}), received));
  const auto header = frame_header(FrameKind{16}, 101);
  const auto taken = feed(decoder, {header.data(), header.size()}, received);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Errc::limit_exceeded);
  EXPECT_EQ(received.size(), 1u);
}

TEST(Frames, OfKindsThatAreNoneAreRefused) {
  for (const FrameKind kind : {FrameKind{0}, FrameKind{5}, FrameKind{15}}) {
    FrameDecoder decoder;
    std::vector<Frame> received;
    const auto header = frame_header(kind, 0);
    const auto taken = feed(decoder, {header.data(), header.size()}, received);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, Errc::decode_failed);
    EXPECT_THAT(taken.error().message, HasSubstr("kind"));
  }
}

TEST(Frames, AreNotLookedForBehindGarbage) {
  FrameDecoder decoder;
  std::vector<Frame> received;
  ASSERT_FALSE(feed(decoder, "GET / HTTP/1.1\r\n", received));
  EXPECT_FALSE(feed(decoder, encoded({{FrameKind{16}, "x"}}), received));
  EXPECT_TRUE(received.empty());
}

TEST(Frames, BeforeGarbageAreReceived) {
  FrameDecoder decoder;
  std::vector<Frame> received;
  EXPECT_FALSE(feed(decoder, encoded({{FrameKind{16}, "x"}}) + Blob(6, '\0'), received));
  EXPECT_EQ(received.size(), 1u);
}

TEST(Frames, ThatOnlyClaimToBeLargeTakeLittleMemory) {
  FrameDecoder decoder;
  std::vector<Frame> received;
  const auto header = frame_header(FrameKind{16}, default_frame_size_max);
  ASSERT_TRUE(feed(decoder, {header.data(), header.size()}, received));
  EXPECT_LE(decoder.space().size(), 1u << 20);
}

TEST(Frames, OfRandomBytesNeverHarm) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    test::Dice dice{seed};
    FrameDecoder decoder{1000};
    std::vector<Frame> received;
    const auto taken = feed(decoder, random_bytes(dice, dice.roll(4000)), received, 777);
    for (const Frame& frame : received) EXPECT_LE(frame.payload.size(), 1000u);
  }
}

}  // namespace
}  // namespace weft
