#include "weft/workflow/ids.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <type_traits>
#include <unordered_set>

#include "weft/workflow/codec.hpp"

namespace weft {
namespace {

static_assert(!std::is_convertible_v<TaskId, WorkerId> && !std::is_convertible_v<int, TaskId>);

TEST(Ids, AreOrderedAndHashedByTheirNumber) {
  EXPECT_LT(TaskId{3}, TaskId{4});
  EXPECT_EQ((std::unordered_set{TaskId{3}, TaskId{4}, TaskId{3}}.size()), 2u);
}

TEST(Ids, SurviveTheirEncoding) {
  Blob bytes;
  encode(std::pair{TaskId{7}, RunId{1ull << 63}}, bytes);
  const auto decoded = decode<std::pair<TaskId, RunId>>(bytes);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(*decoded, (std::pair{TaskId{7}, RunId{1ull << 63}}));
}

TEST(RunId, IsReadFromItsText) {
  for (const std::uint64_t number :
       {0ull, 1ull, 31ull, 32ull, 1ull << 42, std::numeric_limits<unsigned long long>::max()}) {
    const RunId id{number};
    EXPECT_EQ(id.text().size(), 13u);
    EXPECT_EQ(RunId::parse(id.text()), id);
  }
}

TEST(RunId, SortsByItsTextAsByItsNumber) {
  EXPECT_LT(RunId{31}.text(), RunId{32}.text());
  EXPECT_LT(RunId{1ull << 40}.text(), RunId{1ull << 63}.text());
}

TEST(RunId, RefusesTextThatSpellsNone) {
  for (const std::string_view text : {"", "0", "000000000000i", "000000000000L", "00000000000000",
                                      "g000000000000", "../../etc/pas"}) {
    EXPECT_EQ(RunId::parse(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace weft
