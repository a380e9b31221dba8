#include "weft/workflow/registry.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "support/function_call.hpp"

namespace weft {
namespace {

using test::Call;
using Ints = std::vector<int>;

int one() {
  return 1;
}

FunctionName named(std::string_view text) {
  return parse_function_name(text).value();
}

Result<Value> run(Call& call, std::string_view function) {
  return call.run(*Registry{}.find(named(function)).value());
}

template <class T>
T read(const Result<Value>& result) {
  EXPECT_TRUE(result.has_value()) << to_string(result.error());
  if (!result) return {};
  EXPECT_NE(result->object<ValueList>(), nullptr);
  return *result->as<T>().value();
}

TEST(Registry, FindsWhatWasAdded) {
  const Function function{"one@2", one};
  Registry registry;
  registry.add(function);
  EXPECT_EQ(registry.find(named("one@2")).value(), function.definition());
}

TEST(Registry, KeepsVersionsApart) {
  Registry registry;
  registry.add(Function{"one@1", one}).add(Function{"one@2", one});
  EXPECT_EQ(registry.find(named("one@1")).value()->name().version, 1u);
  EXPECT_EQ(registry.find(named("one@2")).value()->name().version, 2u);
}

TEST(Registry, RefusesAnotherFunctionOfTheSameNameAndVersion) {
  Registry registry;
  registry.add(Function{"one", one});
  try {
    registry.add(Function{"one@1", one});
    FAIL() << "nothing was thrown";
  } catch (const Exception& exception) {
    EXPECT_EQ(exception.error().message, "another function is registered as one@1");
    EXPECT_FALSE(exception.error().hint.empty());
  }
}

TEST(Registry, TakesTheSameFunctionTwice) {
  const Function function{"one", one};
  Registry registry;
  EXPECT_NO_THROW(registry.add(function).add(function));
}

TEST(Registry, NamesTheNearestFunctionsWhenOneIsUnknown) {
  Registry registry;
  registry.add(Function{"square@1", one}).add(Function{"render@1", one});
  const auto found = registry.find(named("sqaure"));
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, Errc::function_unknown);
  EXPECT_EQ(found.error().message, "function 'sqaure@1' is not registered");
  EXPECT_EQ(found.error().hint, "did you mean square@1?");
}

TEST(Registry, SaysWhatToDoWhenNoNameIsNear) {
  EXPECT_EQ(Registry{}.find(named("square")).error().hint,
            "add it to the registry of every process that takes part in the run");
}

TEST(Registry, ListsItsNamesInOrderWithThoseOfWeft) {
  Registry registry;
  registry.add(Function{"zoom@1", one}).add(Function{"area@10", one}).add(Function{"area@9", one});
  std::vector<std::string> names;
  for (const FunctionName& name : registry.names()) names.push_back(to_string(name));
  EXPECT_EQ(names, (std::vector<std::string>{"area@9", "area@10", std::string(collect_function),
                                             std::string(filter_function), "zoom@1"}));
}

TEST(Registry, IsCopiedAsAPlainValue) {
  Registry registry;
  const Registry before = registry;
  registry.add(Function{"one", one});
  EXPECT_FALSE(before.find(named("one")).has_value());
  EXPECT_TRUE(Registry(registry).find(named("one")).has_value());
}

TEST(NearestNames, AreOrderedByDistanceAndAtMostThree) {
  const std::vector<std::string> known{"plans", "plane", "plain", "plan", "train", "xxxx"};
  EXPECT_EQ(nearest_names("plan", known), (std::vector<std::string>{"plan", "plain", "plane"}));
}

TEST(NearestNames, CountASwapOfNeighboursOnce) {
  EXPECT_EQ(nearest_names("ab", {"ba", "xy"}), std::vector<std::string>{"ba"});
}

TEST(NearestNames, AreNoneWhenNothingIsNear) {
  EXPECT_TRUE(nearest_names("render", {"square", "sum"}).empty());
  EXPECT_TRUE(nearest_names("", {"a"}).empty());
  EXPECT_TRUE(nearest_names("a", {}).empty());
}

TEST(NearestNames, AreNotSoughtForTextThatNobodyTypes) {
  const std::string endless(1u << 20, 'a');
  EXPECT_TRUE(nearest_names(endless, {endless}).empty());
}

// -- weft's own functions -------------------------------------------------------------------------

TEST(Collect, JoinsTheOutputsOfAMap) {
  Call call;
  call.gather({Value::of(1), Value::encoded("\x02")});
  EXPECT_EQ(read<Ints>(run(call, collect_function)), (Ints{1, 2}));
}

TEST(Collect, JoinsNothingToAnEmptyList) {
  Call call;
  call.gather({});
  EXPECT_EQ(read<Ints>(run(call, collect_function)), Ints{});
}

TEST(Collect, HandsElementsOverWithoutCopies) {
  struct Opaque {
    std::unique_ptr<int> content;
  };
  const Value element = Value::of(Opaque{std::make_unique<int>(3)});
  Call call;
  call.gather({element});
  const auto result = run(call, collect_function);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->list_item(0).value().object<Opaque>(), element.object<Opaque>());
}

TEST(Collect, TakesAListInAnyForm) {
  for (const Value& list :
       {Value::of(Ints{1, 2}), Value::of(ValueList{{Value::of(1), Value::of(2)}}),
        Value::encoded("\x92\x01\x02")}) {
    Call call;
    call.input(list);
    EXPECT_EQ(read<Ints>(run(call, collect_function)), (Ints{1, 2}));
  }
}

TEST(Collect, FailsForWhatIsNoList) {
  Call call;
  call.input(Value::of(1));
  const auto result = run(call, collect_function);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message, "list to collect: the value is not a list");
}

TEST(Filter, KeepsTheElementsWhoseFlagIsSet) {
  const Value flags = Value::of(std::vector<bool>{true, false, true});
  const Value gathered = Value::of(ValueList{{Value::of(true), Value::of(false), Value::of(true)}});
  for (const Value& list : {Value::of(Ints{1, 2, 3}), Value::encoded("\x93\x01\x02\x03")}) {
    for (const Value& form : {flags, gathered, Value::encoded("\x93\xc3\xc2\xc3")}) {
      Call call;
      call.input(list).input(form);
      EXPECT_EQ(read<Ints>(run(call, filter_function)), (Ints{1, 3}));
    }
  }
}

TEST(Filter, TakesFlagsAsAMapGathersThem) {
  Call call;
  call.input(Value::of(std::vector<std::string>{"a", "b"}));
  call.gather({Value::of(false), Value::of(true)});
  EXPECT_EQ(read<std::vector<std::string>>(run(call, filter_function)),
            std::vector<std::string>{"b"});
}

TEST(Filter, LeavesAnEmptyListWhenNoFlagIsSet) {
  Call call;
  call.input(Value::of(Ints{1, 2})).gather({Value::of(false), Value::of(false)});
  EXPECT_EQ(read<Ints>(run(call, filter_function)), Ints{});
}

TEST(Filter, FailsWhenFlagsAndElementsDiffer) {
  Call call;
  call.input(Value::of(Ints{1, 2})).gather({Value::of(true)});
  const auto result = run(call, filter_function);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Errc::invalid_argument);
  EXPECT_EQ(result.error().message, "a list of 2 elements cannot be filtered by 1 flags");
}

TEST(Filter, NamesTheFlagThatIsNone) {
  Call call;
  call.input(Value::of(Ints{1, 2})).gather({Value::of(true), Value::of(std::string("yes"))});
  const auto result = run(call, filter_function);
  ASSERT_FALSE(result.has_value());
  EXPECT_TRUE(result.error().message.starts_with("flag 1: ")) << result.error().message;
}

TEST(BuiltInFunctions, MayRunAnyNumberOfTimes) {
  for (const auto function : {collect_function, filter_function}) {
    EXPECT_EQ(Registry{}.find(named(function)).value()->options().purity, Purity::pure);
  }
}

}  // namespace
}  // namespace weft
