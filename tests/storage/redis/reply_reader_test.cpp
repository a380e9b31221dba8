#include "weft/storage/redis/reply_reader.hpp"

#include <gmock/gmock.h>

#include <random>
#include <string>
#include <vector>

#include "weft/storage/redis/command.hpp"

namespace weft::redis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr ReplyLimits small_limits{
  .text_max = {100'000}, .reply_max = {150'000}, .elements_max = 1000};

std::string bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

/// Replies as text, so that they can be compared.
std::vector<std::string> shown(const std::vector<Reply>& replies) {
  std::vector<std::string> out;
  for (const Reply& reply : replies) out.push_back(to_string(reply));
  return out;
}

/// What the reader makes of a stream that ends here: an error as its message.
std::string stream_problem(const std::string& stream) {
  ReplyReader reader{small_limits};
  const auto done = reader.feed(stream);
  return done ? "none" : done.error().message;
}

TEST(RedisReplyReader, ReadsEveryKind) {
  ReplyReader reader{{}};
  ASSERT_TRUE(reader.feed(std::string_view{"+OK\r\n:-42\r\n$3\r\na\0b\r\n", 20}));
  ASSERT_TRUE(reader.feed("$-1\r\n*-1\r\n*0\r\n-ERR no\r\n*2\r\n:1\r\n*1\r\n$0\r\n\r\n"));
  const auto& replies = reader.replies();
  ASSERT_EQ(replies.size(), 8U);
  EXPECT_EQ(replies[0].kind(), Reply::Kind::status);
  EXPECT_EQ(replies[0].text(), "OK");
  EXPECT_EQ(replies[1].integer(), -42);
  EXPECT_EQ(replies[2].text(), std::string_view("a\0b", 3));
  EXPECT_TRUE(replies[3].is_nil());
  EXPECT_TRUE(replies[4].is_nil());
  EXPECT_TRUE(replies[5].is_array());
  EXPECT_TRUE(replies[6].is_error());
  EXPECT_EQ(replies[7][0].integer(), 1);
  EXPECT_EQ(replies[7][1][0].kind(), Reply::Kind::text);
}

/// A stream of every kind, with texts on both sides of what counts as large.
std::string mixed_stream() {
  const std::string large(3 * large_argument, 'l');
  return "+OK\r\n" + bulk(large) + ":7\r\n*3\r\n" + bulk("a") + bulk(large + "2") +
         "*2\r\n$-1\r\n" + bulk(std::string(large_argument, 'e')) +
         bulk(std::string(large_argument - 1, 'b')) + "-ERR no\r\n" + bulk("\r\n$5\r\n");
}

/// Gives `stream` to `reader` in parts of at most `part`, as a connection would: into its room
/// first.
void feed_in_parts(ReplyReader& reader, std::string_view stream, std::size_t part) {
  while (!stream.empty()) {
    const auto bytes = stream.substr(0, part);
    const auto room = reader.room();
    const auto large = bytes.copy(room.data(), room.size());
    if (large > 0) {
      ASSERT_TRUE(reader.fill(large));
    }
    ASSERT_TRUE(reader.feed(bytes.substr(large)));
    stream.remove_prefix(bytes.size());
  }
}

TEST(RedisReplyReader, ReadsTheSameHoweverTheStreamIsSplit) {
  const auto stream = mixed_stream();
  ReplyReader whole{{}};
  ASSERT_TRUE(whole.feed(stream));
  ASSERT_EQ(whole.replies().size(), 7U);
  EXPECT_EQ(whole.replies()[3][1].text().size(), 3 * large_argument + 1);
  for (const std::size_t part : {1, 2, 3, 7, 1000, 16'383, 16'384, 16'385, 40'000, 65'536}) {
    ReplyReader reader{{}};
    feed_in_parts(reader, stream, part);
    EXPECT_EQ(shown(reader.replies()), shown(whole.replies())) << part;
    EXPECT_EQ(reader.replies()[3][1].text(), whole.replies()[3][1].text()) << part;
  }
}

TEST(RedisReplyReader, LargeTextsAreReadIntoTheStringThatIsHandedOn) {
  const std::string text(large_argument, 'x');
  ReplyReader reader{{}};
  ASSERT_TRUE(reader.feed("$16384\r\n"));
  const auto room = reader.room();
  ASSERT_EQ(room.size(), text.size());
  text.copy(room.data(), room.size());
  ASSERT_TRUE(reader.fill(room.size()));
  ASSERT_TRUE(reader.feed("\r\n"));
  ASSERT_EQ(reader.replies().size(), 1U);
  const auto taken = reader.replies()[0].take_text();
  EXPECT_EQ(taken, text);
  EXPECT_EQ(taken.data(), room.data());
}

TEST(RedisReplyReader, AClaimedLengthTakesNoMemoryUntilItsBytesArrive) {
  ReplyReader reader{{}};
  ASSERT_TRUE(reader.feed("$1073741824\r\n"));
  EXPECT_LE(reader.room().size(), std::size_t{1} << 20);
}

TEST(RedisReplyReader, RefusesWhatIsTooLarge) {
  EXPECT_THAT(stream_problem("$100001\r\n"), HasSubstr("a text of"));
  EXPECT_THAT(stream_problem("*1001\r\n"), HasSubstr("1000 elements"));
  EXPECT_THAT(stream_problem("*2147483647\r\n"), HasSubstr("1000 elements"));
  EXPECT_THAT(stream_problem("*600\r\n*600\r\n"), HasSubstr("1000 elements"));
  const auto large = bulk(std::string(90'000, 'x'));
  EXPECT_THAT(stream_problem("*2\r\n" + large + "$90000\r\n"), HasSubstr("146KiB"));
  std::string many = "*20\r\n";
  for (int i = 0; i < 20; ++i) many += bulk(std::string(8000, 'x'));
  EXPECT_THAT(stream_problem(many), HasSubstr("146KiB"));
  EXPECT_THAT(stream_problem("+" + std::string(70'000, 'x')),
              HasSubstr("a line of more than 64 KiB"));
  EXPECT_EQ(stream_problem("*2\r\n:1\r\n" + large + large + large),
            "none");  // Each by itself is not.
}

TEST(RedisReplyReader, RefusesWhatIsNotTheProtocol) {
  EXPECT_THAT(stream_problem("HTTP/1.1 400 Bad Request\r\n"), HasSubstr("'HTTP/1.1 400"));
  EXPECT_THAT(stream_problem("SSH-2.0"), HasSubstr("'SSH-2.0'"));
  EXPECT_THAT(stream_problem("\n"), HasSubstr("not Redis' protocol"));
  for (const char* stream : {"$x\r\n", "$-2\r\n", "$5\n", "$\r\n", "$99999999999999999999\r\n"}) {
    EXPECT_THAT(stream_problem(stream), HasSubstr("not Redis' protocol")) << stream;
  }
  for (const char* stream : {"*x\r\n", "*-2\r\n", ":x\r\n", "*99999999999\r\n"}) {
    EXPECT_NE(stream_problem(stream), "none") << stream;
  }
  std::string nested;
  for (int i = 0; i < 20; ++i) nested += "*1\r\n";
  EXPECT_THAT(stream_problem(nested), HasSubstr("depth"));
}

TEST(RedisReplyReader, WhatCameBeforeAnErrorIsKept) {
  ReplyReader reader{{}};
  EXPECT_FALSE(reader.feed("+OK\r\n:1\r\nnonsense"));
  EXPECT_THAT(shown(reader.replies()), ElementsAre("'OK'", "1"));
}

TEST(RedisReplyReader, SurvivesStreamsThatWereTamperedWith) {
  const auto stream = mixed_stream();
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 dice{seed};
    auto tampered = stream;
    for (int i = 0; i < 20; ++i) tampered[dice() % tampered.size()] = "$*:-+\r\n0129x"[dice() % 13];
    ReplyReader reader{small_limits};
    std::string_view rest = tampered;
    while (!rest.empty()) {
      const auto part = rest.substr(0, 1 + dice() % 5000);
      if (!reader.feed(part)) break;
      rest.remove_prefix(part.size());
    }
  }
}

TEST(RedisReply, AskedForWhatItIsNotYieldsNothing) {
  const Reply nil;
  EXPECT_EQ(nil.integer(), 0);
  EXPECT_EQ(nil.text(), "");
  EXPECT_EQ(nil.size(), 0U);
  EXPECT_TRUE(nil[3][4].is_nil());
}

TEST(RedisReply, NumbersAreReadFromIntegersAndTexts) {
  EXPECT_EQ(Reply{std::int64_t{7}}.as_integer().value(), 7);
  EXPECT_EQ((Reply{Reply::Kind::text, "-7"}.as_integer().value()), -7);
  for (const char* text : {"", "7x", "99999999999999999999"}) {
    EXPECT_FALSE((Reply{Reply::Kind::text, text}.as_integer())) << text;
  }
  EXPECT_FALSE(Reply{}.as_integer());
}

TEST(RedisReply, IsShownInOneLineHoweverLargeItIs) {
  std::vector<Reply> many;
  for (int i = 0; i < 100; ++i) many.emplace_back(std::int64_t{i});
  std::vector<Reply> outer;
  outer.emplace_back(std::move(many));
  EXPECT_EQ(to_string(Reply{std::move(outer)}), "[100 elements]");
}

}  // namespace
}  // namespace weft::redis
