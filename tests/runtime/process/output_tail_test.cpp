#include "weft/runtime/pools/process/output_tail.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft {
namespace {

using testing::ElementsAre;

TEST(OutputTail, KeepsAllThatFits) {
  OutputTail tail{20};
  tail.add("one\n");
  tail.add("two\n");
  EXPECT_EQ(tail.text(), "one\ntwo\n");
}

TEST(OutputTail, BeginsWithAWholeLineWhenSomethingWent) {
  OutputTail tail{12};
  for (int i = 0; i < 1000; ++i) tail.add("line " + std::to_string(i) + "\n");
  EXPECT_EQ(tail.text(), "line 999\n");
}

TEST(OutputTail, KeepsTheEndOfALineThatIsTooLong) {
  OutputTail tail{4};
  tail.add("0123456789");
  EXPECT_EQ(tail.text(), "6789");
}

TEST(PrintableText, ShowsWhatATerminalWouldObey) {
  EXPECT_EQ(printable_text("a\x1b[31mb\x07\tc\r\nd\x7f"), "a\\x1b[31mb\\x07\tc\nd\\x7f");
  EXPECT_EQ(printable_text("\xc2\x9b"), "\\xc2\\x9b");
}

TEST(PrintableText, KeepsUtf8AndNothingThatOnlyLooksLikeIt) {
  EXPECT_EQ(printable_text("größer € 𝄞"), "größer € 𝄞");
  EXPECT_EQ(printable_text("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(printable_text("\xc0\x80"), "\\xc0\\x80");           // Longer than needed.
  EXPECT_EQ(printable_text("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // Half of a pair.
}

TEST(LineSplitter, HandsOutLinesHoweverTheyCome) {
  std::vector<std::string> lines;
  LineSplitter splitter{[&](std::string_view line) { lines.emplace_back(line); }};
  splitter.add("on");
  splitter.add("e\ntwo\r\n\nth");
  EXPECT_THAT(lines, ElementsAre("one", "two", ""));
  splitter.finish();
  EXPECT_THAT(lines, ElementsAre("one", "two", "", "th"));
}

TEST(LineSplitter, CutsLinesThatWouldNotEnd) {
  std::vector<std::string> lines;
  LineSplitter splitter{[&](std::string_view line) { lines.emplace_back(line); }};
  splitter.add(std::string(20'000, 'x'));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_LE(lines[0].size(), 8192u);
}

}  // namespace
}  // namespace weft
