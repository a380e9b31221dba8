#include "workflow/value_fixture.hpp"

#include <array>
#include <deque>

namespace weft {
namespace {

using test::after_a_journey;
using test::Counted;
using test::Ints;
using test::read;
using test::read_error;

class ValueListTest : public test::ValueFixture {};

TEST_F(ValueListTest, ItemsOfAListObjectAreReadInPlace) {
  std::vector<Counted> numbers;
  numbers.reserve(2);
  numbers.emplace_back(1);
  numbers.emplace_back(2);
  Value list = Value::of(std::move(numbers));
  const Counted* second = &(*list.object<std::vector<Counted>>())[1];

  const Value item = list.list_item(1).value();
  list = Value{};
  EXPECT_EQ(item.object<Counted>(), second);
  EXPECT_EQ(item.object<Counted>()->number, 2);
  EXPECT_EQ(Counted::counts.copies, 0);
  EXPECT_EQ(Counted::counts.encodings, 0);
}

TEST_F(ValueListTest, ItemsOfAnEncodedListAreValuesOfTheirOwn) {
  const Value list = after_a_journey(Value::of(std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(list.list_size().value(), 2u);
  EXPECT_EQ(read<std::string>(list.list_item(1).value()), "b");
}

TEST_F(ValueListTest, AnEncodedListIsSplitOnceWhateverElseReadsIt) {
  const Value list = after_a_journey(Value::of(Ints{1, 2}));
  EXPECT_EQ(read<Ints>(list), (Ints{1, 2}));
  const auto first = list.list_item(0).value().encoding();
  const auto second = list.list_item(0).value().encoding();
  EXPECT_EQ(first->data(), second->data());
}

TEST_F(ValueListTest, EveryKindOfSequenceIsAList) {
  const std::vector<Value> lists{
    Value::of(Ints{1, 0}),
    Value::of(std::vector<bool>{true, false}),
    Value::of(std::vector<std::uint8_t>{1, 0}),
    Value::of(std::deque<int>{1, 0}),
    Value::of(std::array<int, 2>{1, 0}),
    Value::of(ValueList{{Value::of(1), Value::of(0)}}),
  };
  for (const Value& list : lists) {
    for (const Value& form : {list, after_a_journey(list)}) {
      ASSERT_TRUE(form.list_size().has_value()) << form.type_name();
      EXPECT_EQ(form.list_size().value(), 2u) << form.type_name();
      EXPECT_FALSE(form.list_item(1).value().missing());
    }
  }
  EXPECT_TRUE(read<bool>(lists[1].list_item(0).value()));
  EXPECT_EQ(read<std::uint8_t>(after_a_journey(lists[2]).list_item(0).value()), 1);
}

TEST_F(ValueListTest, AnEmptyListIsAList) {
  EXPECT_EQ(Value::of(Ints{}).list_size().value(), 0u);
  EXPECT_EQ(after_a_journey(Value::of(Ints{})).list_size().value(), 0u);
  EXPECT_EQ(read<Ints>(Value::of(ValueList{})), Ints{});
}

TEST_F(ValueListTest, WhatIsNoListHasNoItems) {
  for (const Value& value : {Value::of(1), Value::of(std::string("ab")), Value::nothing()}) {
    EXPECT_EQ(value.list_size().error().code, Errc::decode_failed);
    EXPECT_EQ(after_a_journey(value).list_size().error().code, Errc::decode_failed);
  }
}

TEST_F(ValueListTest, AnItemBeyondTheEndIsAnError) {
  const auto item = Value::of(Ints{1}).list_item(1);
  ASSERT_FALSE(item.has_value());
  EXPECT_EQ(item.error().message, "element 1 of a list of 1");
}

TEST_F(ValueListTest, AListOfValuesIsReadAsAVectorOfAnyElementType) {
  const Value list = Value::of(ValueList{{Value::of(1), after_a_journey(Value::of(2))}});
  EXPECT_EQ(read<Ints>(list), (Ints{1, 2}));
  EXPECT_EQ(read<std::vector<double>>(list), (std::vector{1.0, 2.0}));
  EXPECT_EQ(read<Ints>(after_a_journey(list)), (Ints{1, 2}));
}

TEST_F(ValueListTest, AListOfValuesKeepsTheVectorItWasReadAs) {
  const Value list = Value::of(ValueList{{Value::of(1)}});
  EXPECT_EQ(&**list.as<Ints>(), &**list.as<Ints>());
}

TEST_F(ValueListTest, AListOfValuesNests) {
  const Value inner = Value::of(ValueList{{Value::of(1), Value::of(2)}});
  const Value outer = Value::of(ValueList{{inner, Value::of(Ints{3})}});
  EXPECT_EQ(read<std::vector<Ints>>(outer), (std::vector<Ints>{{1, 2}, {3}}));
  EXPECT_EQ(read<std::vector<Ints>>(after_a_journey(outer)), (std::vector<Ints>{{1, 2}, {3}}));
}

TEST_F(ValueListTest, AListOfBytesIsReadAsAVectorOfBytes) {
  using Octets = std::vector<std::uint8_t>;
  const Value list =
    Value::of(ValueList{{Value::of(std::uint8_t{1}), Value::of(std::uint8_t{255})}});
  EXPECT_EQ(read<Octets>(list), (Octets{1, 255}));
  EXPECT_EQ(read<Octets>(after_a_journey(list)), (Octets{1, 255}));
}

TEST_F(ValueListTest, AListOfFlagsIsReadAsAVectorOfBools) {
  const Value list = Value::of(ValueList{{Value::of(true), Value::of(false)}});
  EXPECT_EQ(read<std::vector<bool>>(list), (std::vector<bool>{true, false}));
}

TEST_F(ValueListTest, TheElementThatCannotBeReadIsNamed) {
  const Value list = Value::of(ValueList{{Value::of(1), Value::of(std::string("x"))}});
  const auto numbers = list.as<Ints>();
  ASSERT_FALSE(numbers.has_value());
  EXPECT_EQ(numbers.error().code, Errc::decode_failed);
  EXPECT_TRUE(numbers.error().message.starts_with("element 1: ")) << numbers.error().message;
}

TEST_F(ValueListTest, AListWithAMissingElementCannotBeReadOrEncoded) {
  const Value list = Value::of(ValueList{{Value::of(1), Value{}}});
  EXPECT_EQ(read_error<Ints>(list), Errc::input_missing);
  EXPECT_EQ(list.encoding().error().code, Errc::input_missing);
}

}  // namespace
}  // namespace weft
