#include "weft/workflow/function.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "support/function_call.hpp"

namespace weft {
namespace {

using test::Call;
using test::output;
using test::run;
using test::StubContext;
using namespace std::chrono_literals;

int twice(int x) {
  return 2 * x;
}

// -- names ----------------------------------------------------------------------------------------

TEST(FunctionName, IsReadWithItsVersion) {
  EXPECT_EQ(parse_function_name("text.count_words@12").value(),
            (FunctionName{.name = "text.count_words", .version = 12}));
  EXPECT_EQ(parse_function_name("a@4294967295").value().version, 4294967295u);
}

TEST(FunctionName, IsVersionOneWhenNoneIsNamed) {
  EXPECT_EQ(parse_function_name("a-b").value(), (FunctionName{.name = "a-b", .version = 1}));
}

TEST(FunctionName, IsShownAsItIsRead) {
  EXPECT_EQ(to_string(FunctionName{.name = "square", .version = 3}), "square@3");
}

TEST(FunctionName, IsOrderedByNameThenByVersionAsANumber) {
  EXPECT_LT((FunctionName{.name = "a", .version = 9}), (FunctionName{.name = "a", .version = 10}));
  EXPECT_LT((FunctionName{.name = "a", .version = 9}), (FunctionName{.name = "b", .version = 1}));
}

TEST(FunctionName, RefusesWhatIsMalformed) {
  for (const std::string& text :
       {std::string(), std::string("@1"), std::string("a b"), std::string("a/b"),
        std::string("na\xc3\xafve"), std::string("a@"), std::string("a@0"), std::string("a@01"),
        std::string("a@-1"), std::string("a@1x"), std::string("a@1@2"), std::string("a@4294967296"),
        std::string(129, 'a')}) {
    const auto parsed = parse_function_name(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, Errc::invalid_argument);
    EXPECT_FALSE(parsed.error().hint.empty());
  }
  EXPECT_TRUE(parse_function_name(std::string(128, 'a')).has_value());
}

TEST(Function, ThrowsWhenItsNameIsMalformed) {
  EXPECT_THROW(Function("a b", twice), Exception);
}

TEST(Function, ThrowsWithEveryOptionOutOfRange) {
  try {
    Function("twice", twice, {.timeout = 0s, .max_items = 0});
    FAIL() << "nothing was thrown";
  } catch (const Exception& exception) {
    EXPECT_EQ(exception.error().message, "function twice@1 has options out of range");
    EXPECT_EQ(exception.error().causes.size(), 2u);
  }
}

TEST(Function, CarriesItsNameAndOptions) {
  const Function function{"twice@2", twice, {.purity = Purity::pure}};
  EXPECT_EQ(function.definition()->name(), (FunctionName{.name = "twice", .version = 2}));
  EXPECT_EQ(function.definition()->options().purity, Purity::pure);
}

// -- signatures -----------------------------------------------------------------------------------

TEST(Function, CallsAFunctionPointer) {
  EXPECT_EQ(output<int>(run(Call{}.constant(4), Function{"twice", twice})), 8);
}

TEST(Function, ReadsItsArgumentsFromLeftToRight) {
  const Function function{"join", [](const std::string& a, int b, const std::string& c) {
                            return a + std::to_string(b) + c;
                          }};
  Call call;
  call.constant(std::string("a")).input(Value::of(2)).constant(std::string("c"));
  EXPECT_EQ(output<std::string>(run(call, function)), "a2c");
}

TEST(Function, WithoutParametersNeedsNoArguments) {
  Call call;
  EXPECT_EQ(output<int>(run(call, Function{"five", [] { return 5; }})), 5);
}

TEST(Function, ThatReturnsNothingYieldsNothing) {
  bool called = false;
  const Function function{"effect", [&called](int) { called = true; }};
  static_assert(std::same_as<decltype(function)::Output, Nothing>);
  EXPECT_EQ(output<Nothing>(run(Call{}.constant(1), function)), Nothing{});
  EXPECT_TRUE(called);
}

TEST(Function, MayReturnAResult) {
  const Function half{"half", [](int x) -> Result<int> {
                        if (x % 2 != 0) return Error{.code = Errc::task_failed, .message = "odd"};
                        return x / 2;
                      }};
  static_assert(std::same_as<decltype(half)::Output, int>);
  EXPECT_EQ(output<int>(run(Call{}.constant(8), half)), 4);
  const auto failed = run(Call{}.constant(3), half);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().message, "odd");
}

TEST(Function, MayReturnAResultOfNothing) {
  const Function positive{"positive", [](int x) -> Result<void> {
                            if (x < 0) return Error{.code = Errc::task_failed, .message = "below"};
                            return {};
                          }};
  static_assert(std::same_as<decltype(positive)::Output, Nothing>);
  EXPECT_EQ(output<Nothing>(run(Call{}.constant(1), positive)), Nothing{});
  EXPECT_FALSE(run(Call{}.constant(-1), positive).has_value());
}

TEST(Function, MayReturnAnOptional) {
  const Function found{"found", [](int x) { return x ? std::optional{x} : std::nullopt; }};
  EXPECT_EQ(output<std::optional<int>>(run(Call{}.constant(1), found)), 1);
  EXPECT_EQ(output<std::optional<int>>(run(Call{}.constant(0), found)), std::nullopt);
}

TEST(Function, MayReturnAReferenceWhichIsCopied) {
  const std::string text = "kept";
  const Function function{"text", [&text]() -> const std::string& { return text; }};
  static_assert(std::same_as<decltype(function)::Output, std::string>);
  Call call;
  EXPECT_EQ(output<std::string>(run(call, function)), "kept");
}

TEST(Function, MayReturnAnObjectThatOnlyMoves) {
  const Function function{"make", [](int x) { return std::make_unique<int>(x); }};
  const auto result = run(Call{}.constant(5), function);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(**result->object<std::unique_ptr<int>>(), 5);
}

TEST(Function, LetsWhatItsCodeThrowsThrough) {
  const Function function{"fail", []() -> int { throw std::runtime_error("out of paper"); }};
  Call call;
  EXPECT_THROW(static_cast<void>(run(call, function)), std::runtime_error);
}

TEST(Function, IsGivenTheContextWhenItsFirstParameterAsksForIt) {
  const Function function{"busy", [](TaskContext& context, int x) {
                            context.report(0.5, "half way");
                            context.sleep_for(3s);
                            return context.idempotency_key() + "#" + std::to_string(x) + "#" +
                                   std::to_string(context.attempt());
                          }};
  static_assert(std::same_as<decltype(function)::Parameters, std::tuple<int>>);
  StubContext context;
  const auto result = Call{}.constant(9).run(*function.definition(), context);
  EXPECT_EQ(output<std::string>(result), "0000000000007/stub#9#3");
  EXPECT_EQ(context.reports, (std::vector<std::pair<double, std::string>>{{0.5, "half way"}}));
  EXPECT_EQ(context.waits, std::vector<Nanos>{3s});
}

}  // namespace
}  // namespace weft
