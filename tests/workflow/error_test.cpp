#include "weft/workflow/error.hpp"

#include <gtest/gtest.h>

#include <set>

#include "weft/workflow/codec.hpp"

namespace weft {
namespace {

Error example() {
  return {.code = Errc::task_failed,
          .message = "the file is empty",
          .task = "count-3",
          .attempt = 2,
          .node = "worker-1",
          .hint = "look at its output",
          .causes = {{.code = Errc::io_failed, .message = "read returned 0 bytes"}}};
}

TEST(Errc, EveryCodeHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (auto number = 0; number <= static_cast<int>(Errc::internal); ++number) {
    names.insert(to_string(static_cast<Errc>(number)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Errc::internal) + 1);
  EXPECT_EQ(names.count("unknown"), 0u);
  EXPECT_EQ(to_string(Errc::task_failed), "task_failed");
}

TEST(Errc, ANumberOfALaterVersionIsUnknown) {
  EXPECT_EQ(to_string(static_cast<Errc>(255)), "unknown");
}

TEST(ErrorText, ShowsMessagePlaceCausesAndHintInThisOrder) {
  EXPECT_EQ(to_string(example()),
            "the file is empty\n"
            "  at task count-3, attempt 2, on worker-1\n"
            "  - read returned 0 bytes\n"
            "hint: look at its output");
}

TEST(ErrorText, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ(to_string(Error{.message = "no"}), "no");
  EXPECT_EQ(to_string(Error{.message = "no", .node = "n1"}), "no\n  at on n1");
}

TEST(ErrorText, NamesTheCodeWhenThereIsNoMessage) {
  EXPECT_EQ(to_string(Error{.code = Errc::timed_out}), "timed_out");
}

TEST(ErrorText, IndentsCausesOfCauses) {
  Error error{.message = "top", .causes = {example()}};
  EXPECT_EQ(to_string(error),
            "top\n"
            "  - the file is empty\n"
            "      at task count-3, attempt 2, on worker-1\n"
            "      - read returned 0 bytes\n"
            "    hint: look at its output");
}

TEST(ErrorText, IndentsTheLinesOfALongMessage) {
  Error error{.message = "top", .causes = {{.message = "exit status 1\nline 1\nline 2\n"}}};
  EXPECT_EQ(to_string(error), "top\n  - exit status 1\n    line 1\n    line 2");
}

TEST(ErrorText, ShowsTwentyCausesAndCountsTheRest) {
  Error error{.message = "many problems"};
  for (int i = 1; i <= 25; ++i) error.causes.push_back({.message = "problem " + std::to_string(i)});
  const std::string text = to_string(error);
  EXPECT_NE(text.find("\n  - problem 20\n  and 5 more"), std::string::npos) << text;
  EXPECT_EQ(text.find("problem 21"), std::string::npos);
}

TEST(ErrorText, IsBoundedForAChainOfAnyLength) {
  Error chain{.message = "cause"};
  for (int i = 0; i < 1000; ++i) {
    Error above{.message = "cause"};
    above.causes.push_back(std::move(chain));
    chain = std::move(above);
  }
  EXPECT_LT(to_string(chain).size(), 2000u);
}

TEST(Error, ContextIsPutBeforeTheMessage) {
  const Error error = with_context("loading plan 7", example());
  EXPECT_EQ(error.message, "loading plan 7: the file is empty");
  EXPECT_EQ(error.task, "count-3");
  EXPECT_EQ(error.causes.size(), 1u);
}

TEST(Error, SurvivesItsEncoding) {
  Blob bytes;
  encode(std::vector{example()}, bytes);
  const auto decoded = decode<std::vector<Error>>(bytes);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(*decoded, std::vector{example()});
}

TEST(InQuotes, CutsBetweenCharactersOfSeveralBytes) {
  const std::string before(58, 'x');
  EXPECT_EQ(in_quotes(before + "\u20ac" + "yz"), "'" + before + "...'");
  EXPECT_EQ(in_quotes(before + "\u00e9" + "yz"), "'" + before + "\u00e9...'");
}

TEST(InQuotes, HidesControlCharactersAndCutsLongText) {
  EXPECT_EQ(in_quotes("plain"), "'plain'");
  EXPECT_EQ(in_quotes("a\x1b[2Jb\n"), "'a\\x1b[2Jb\\x0a'");
  EXPECT_EQ(in_quotes(std::string(61, 'x')), "'" + std::string(60, 'x') + "...'");
  EXPECT_EQ(in_quotes(std::string(60, 'x')), "'" + std::string(60, 'x') + "'");
}

TEST(Exception, SaysWhatTheErrorSays) {
  const Exception exception{example()};
  EXPECT_EQ(exception.what(), to_string(example()));
  EXPECT_EQ(exception.error(), example());
}

TEST(Result, HoldsEitherAValueOrAnError) {
  Result<int> good = 3;
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(*good, 3);
  Result<int> bad = example();
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error(), example());
  EXPECT_TRUE(Result<void>{}.has_value());
  EXPECT_FALSE(Result<void>{example()}.has_value());
}

TEST(Result, ThrowsItsErrorWhenTheValueIsDemanded) {
  EXPECT_EQ(Result<int>{3}.value(), 3);
  EXPECT_THROW(Result<int>{example()}.value(), Exception);
  EXPECT_NO_THROW(Result<void>{}.value());
  EXPECT_THROW(Result<void>{example()}.value(), Exception);
}

TEST(ResultDeathTest, ReadingTheValueOfAFailureStopsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const Result<int> bad = example();
  EXPECT_DEATH(static_cast<void>(*bad), "only a successful result has a value");
}

TEST(CheckDeathTest, ABrokenBeliefIsPrintedWithItsPlace) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(check(1 + 1 == 3, "one and one are three"),
               "broken belief: one and one are three(.|\n)*error_test.cpp");
  check(true, "what holds changes nothing");
}

}  // namespace
}  // namespace weft
