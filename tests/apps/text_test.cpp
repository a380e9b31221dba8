#include <gtest/gtest.h>

#include "weft/apps/weft/text_style.hpp"
#include "weft/apps/weft/text_table.hpp"

namespace weft::cli {
namespace {

TEST(TextStyle, WritesNoEscapesWithoutColor) {
  const TextStyle plain;
  EXPECT_EQ(plain.red("x") + plain.bold("y") + plain.dim("z"), "xyz");
}

TEST(TextStyle, EndsEachColorThatItBegins) {
  EXPECT_EQ(TextStyle{.color = true}.red("x"), "\x1b[31mx\x1b[0m");
}

TEST(TextStyle, CountsCharactersAndNotBytesOrColors) {
  EXPECT_EQ(columns_of("━━é"), 3u);
  EXPECT_EQ(columns_of("\x1b[31mred\x1b[0m"), 3u);
}

TEST(TextStyle, CutsBetweenCharacters) {
  EXPECT_EQ(cut_to("éééééé", 4, {.unicode = true}), "ééé…");
  EXPECT_EQ(cut_to("abcdef", 4, {}), "ab..");
  EXPECT_EQ(cut_to("abcd", 4, {}), "abcd");
}

TEST(TextStyle, CutsTheMiddleOutOfNamesThatBeginAlike) {
  EXPECT_EQ(cut_middle("PIPELINE.STEP.SORT_12", 10, {.unicode = true}), "PIP…ORT_12");
  EXPECT_EQ(cut_middle("éééééééé", 4, {.unicode = true}), "é…éé");
  EXPECT_EQ(cut_middle("short", 5, {}), "short");
}

TEST(TextStyle, MakesControlCharactersOfOthersVisible) {
  EXPECT_EQ(printable("a\x1b[2J\rb\n"), "a\\x1b[2J\\x0db\n");
}

TEST(TextTable, AlignsColumnsAndLeavesNoSpaceAtTheEnd) {
  TextTable table{{{"name"}, {"n", Align::right}, {"note"}}};
  table.add({"a", "10", "x"});
  table.add({"long", "7", ""});
  EXPECT_EQ(table.text({}), "name   n  note\na     10  x\nlong   7\n");
}

TEST(TextTable, HasNoLineOfTitlesThatAreAllEmpty) {
  TextTable table{{{""}, {""}}};
  table.add({"a", "b"});
  EXPECT_EQ(table.text({}, 2), "  a  b\n");
}

TEST(TextTable, AlignsColoredCellsByWhatIsSeen) {
  const TextStyle style{.color = true};
  TextTable table{{{""}, {""}}};
  table.add({style.red("ab"), "x"});
  table.add({"abcd", "y"});
  EXPECT_EQ(table.text({}), style.red("ab") + "    x\nabcd  y\n");
}

}  // namespace
}  // namespace weft::cli
