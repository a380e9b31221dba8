#include "weft/storage/redis/command.hpp"

#include <gmock/gmock.h>

#include <string>

namespace weft::redis {
namespace {

/// The encoding as one text, and how many pieces of it were not copied.
struct Encoded {
  std::string text;
  int large = 0;
};

Encoded encoded(const Command& command) {
  Encoded out;
  command.for_each_piece([&](std::string_view small) { out.text += small; },
                         [&](std::string_view large) {
                           out.text += large;
                           ++out.large;
                         });
  EXPECT_EQ(command.size(), out.text.size());
  return out;
}

TEST(RedisCommand, IsEncodedAsAnArrayOfTexts) {
  const std::string with_zero{'a', '\0', 'b'};
  const Command command{"SET", "key", with_zero, -12, std::size_t{7}};
  EXPECT_EQ(encoded(command).text,
            "*5\r\n$3\r\nSET\r\n$3\r\nkey\r\n$3\r\n" + with_zero + "\r\n$3\r\n-12\r\n$1\r\n7\r\n");
  EXPECT_EQ(command.count(), 5U);
  EXPECT_EQ(command.name(), "SET");
}

TEST(RedisCommand, CountsAsManyArgumentsAsThereAre) {
  Command command{"DEL"};
  std::string expected;
  for (int i = 0; i < 12'344; ++i) {
    command.add("");
    expected += "$0\r\n\r\n";
  }
  EXPECT_EQ(encoded(command).text, "*12345\r\n$3\r\nDEL\r\n" + expected);
}

TEST(RedisCommand, LargeArgumentsStayWhereTheyAre) {
  const std::string text(large_argument, 'x');
  auto shared = std::make_shared<const std::string>(text);
  auto moved = text;
  const Value value = Value::encoded(text);
  Command command{"SET"};
  command.add(std::move(moved)).add("between").add(value).add_shared(shared, *shared);

  const auto begin = "*5\r\n$3\r\nSET\r\n$16384\r\n" + text + "\r\n$7\r\nbetween\r\n";
  const auto large = "$16384\r\n" + text + "\r\n";
  EXPECT_EQ(encoded(command).text, begin + large + large);
  EXPECT_EQ(encoded(command).large, 3);

  const auto* const before = value.encoding()->data();
  const Command elsewhere = std::move(command);
  bool found = false;
  elsewhere.for_each_piece([](std::string_view) {},
                           [&](std::string_view piece) { found |= piece.data() == before; });
  EXPECT_TRUE(found);
  EXPECT_EQ(encoded(elsewhere).text, begin + large + large);
}

TEST(RedisCommand, SmallArgumentsAreCopied) {
  std::string text(large_argument - 1, 'x');
  Command command{"SET", text, Value::encoded(text), std::string{text}};
  command.add_shared(nullptr, text);
  const auto before = encoded(command).text;
  text.assign(text.size(), 'y');
  EXPECT_EQ(encoded(command).text, before);
  EXPECT_EQ(encoded(command).large, 0);
}

TEST(RedisCommand, AScriptIsCalledByItsDigest) {
  const Script script{"return 1"};
  EXPECT_EQ(script.sha1(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
  Command command{script, {"{run}:state", "{run}:tasks"}};
  command.add("argument");
  EXPECT_EQ(encoded(command).text, "*6\r\n$7\r\nEVALSHA\r\n$40\r\n" + script.sha1() +
                                     "\r\n$1\r\n2\r\n$11\r\n{run}:state\r\n$11\r\n{run}:tasks"
                                     "\r\n$8\r\nargument\r\n");
  EXPECT_EQ(command.script()->source(), "return 1");
}

}  // namespace
}  // namespace weft::redis
