#include "weft/workflow/value.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <thread>

namespace weft {
namespace {

using Ints = std::vector<int>;

struct Counts {
  std::atomic<int> copies{0};
  std::atomic<int> encodings{0};
  std::atomic<int> decodings{0};
  std::atomic<int> alive{0};
};

/// Counts how often it is copied, encoded and decoded.
struct Counted {
  inline static Counts counts;

  int number = 0;

  explicit Counted(int the_number = 0) : number(the_number) { ++counts.alive; }
  Counted(const Counted& other) : number(other.number) {
    ++counts.alive;
    ++counts.copies;
  }
  Counted(Counted&& other) noexcept : number(other.number) { ++counts.alive; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --counts.alive; }

  template <class Inspector>
  friend bool inspect(Inspector& f, Counted& x) {
    if constexpr (Inspector::is_loading) {
      ++counts.decodings;
    } else if constexpr (!std::same_as<Inspector, codec_detail::MeasureInspector>) {
      ++counts.encodings;
    }
    return f.object(x).fields(f.field("number", x.number));
  }
};

/// A type without an encoding.
struct Opaque {
  std::function<int()> function;
};

class ValueTest : public testing::Test {
protected:
  void SetUp() override { reset_counts(); }
  void TearDown() override { EXPECT_EQ(Counted::counts.alive, 0) << "an object was not released"; }

  static void reset_counts() {
    Counted::counts.copies = 0;
    Counted::counts.encodings = 0;
    Counted::counts.decodings = 0;
  }
};

template <class T>
T read(const Value& value) {
  auto shared = value.as<T>();
  EXPECT_TRUE(shared.has_value()) << to_string(shared.error());
  return shared ? **shared : T{};
}

template <class T>
Errc read_error(const Value& value) {
  const auto shared = value.as<T>();
  return shared ? Errc::none : shared.error().code;
}

/// The same value, known by its encoding alone.
Value after_a_journey(const Value& value) {
  const auto bytes = value.encoding();
  EXPECT_TRUE(bytes.has_value()) << to_string(bytes.error());
  return Value::encoded(Blob(*bytes));
}

TEST_F(ValueTest, MissingIsNotNothing) {
  const Value missing;
  const Value nothing = Value::nothing();
  EXPECT_TRUE(missing.missing());
  EXPECT_FALSE(nothing.missing());
  EXPECT_FALSE(missing == nothing);
  EXPECT_EQ(read_error<Nothing>(missing), Errc::input_missing);
  EXPECT_EQ(read<Nothing>(nothing), Nothing{});
  EXPECT_EQ(read<Nothing>(after_a_journey(nothing)), Nothing{});
}

TEST_F(ValueTest, AMissingValueHasNoContent) {
  const Value missing;
  EXPECT_EQ(missing.encoding().error().code, Errc::input_missing);
  EXPECT_EQ(missing.list_size().error().code, Errc::input_missing);
  EXPECT_EQ(missing.list_item(0).error().code, Errc::input_missing);
  EXPECT_EQ(missing.size(), Bytes{0});
  EXPECT_EQ(missing.object<int>(), nullptr);
  EXPECT_EQ(missing.type_name(), "missing");
}

TEST_F(ValueTest, CopiesShareOneObject) {
  const Value value = Value::of(Counted{7});
  const Value copy = value;
  EXPECT_EQ(copy.object<Counted>(), value.object<Counted>());
  EXPECT_EQ(&**copy.as<Counted>(), value.object<Counted>());
  EXPECT_EQ(Counted::counts.copies, 0);
}

TEST_F(ValueTest, TheObjectLivesAsLongAsAnyReader) {
  Value value = Value::of(Counted{7});
  const Shared<Counted> shared = value.as<Counted>().value();
  value = Value{};
  EXPECT_EQ(Counted::counts.alive, 1);
  EXPECT_EQ(shared->number, 7);
}

TEST_F(ValueTest, AnObjectIsReadAsItsOwnTypeWithoutEncoding) {
  EXPECT_EQ(read<std::string>(Value::of(std::string("x"))), "x");
  const Value value = Value::of(Counted{7});
  EXPECT_TRUE(value.as<Counted>().has_value());
  EXPECT_EQ(Counted::counts.encodings, 0);
}

TEST_F(ValueTest, IsEncodedOnce) {
  const Value value = Value::of(Counted{7});
  const Value copy = value;
  const auto first = value.encoding();
  const auto second = copy.encoding();
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(first->data(), second->data());
  EXPECT_EQ(Counted::counts.encodings, 1);
}

TEST_F(ValueTest, IsDecodedOnce) {
  const Value value = after_a_journey(Value::of(Counted{7}));
  const auto first = value.as<Counted>();
  const auto second = Value(value).as<Counted>();
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(&**first, &**second);
  EXPECT_EQ((*first)->number, 7);
  EXPECT_EQ(Counted::counts.decodings, 1);
}

TEST_F(ValueTest, IsDecodedOnceForEachTypeThatReadsIt) {
  const Value value = after_a_journey(Value::of(Ints{1, 2}));
  const auto* numbers = &**value.as<Ints>();
  const auto* doubles = &**value.as<std::vector<double>>();
  const auto* items = &**value.as<ValueList>();
  EXPECT_EQ(&**value.as<Ints>(), numbers);
  EXPECT_EQ(&**value.as<std::vector<double>>(), doubles);
  EXPECT_EQ(&**value.as<ValueList>(), items);
}

TEST_F(ValueTest, CanBeReadAsAnotherTypeOfTheSameEncoding) {
  EXPECT_EQ(read<double>(Value::of(3)), 3.0);
  EXPECT_EQ(read<std::int64_t>(Value::of(3u)), 3);
  EXPECT_EQ(read<std::set<int>>(Value::of(Ints{2, 1})), (std::set{1, 2}));
  EXPECT_EQ(read<std::optional<int>>(Value::of(3)), 3);
  EXPECT_EQ(read<std::optional<int>>(Value::nothing()), std::nullopt);
}

TEST_F(ValueTest, CannotBeReadAsWhatItIsNot) {
  const auto text = Value::of(std::string("x")).as<int>();
  ASSERT_FALSE(text.has_value());
  EXPECT_EQ(text.error().code, Errc::decode_failed);
  EXPECT_EQ(text.error().message,
            "a value of type std::string cannot be read as int: the encoding is of another type");
}

TEST_F(ValueTest, HostileBytesAreAnErrorWhenTheyAreRead) {
  const Value bomb = Value::encoded(Blob(1u << 20, '\x91'));
  EXPECT_EQ(read_error<Ints>(bomb), Errc::limit_exceeded);
  EXPECT_EQ(bomb.list_size().error().code, Errc::limit_exceeded);
  EXPECT_EQ(read_error<Ints>(Value::encoded("")), Errc::decode_failed);
  EXPECT_EQ(read_error<Ints>(Value::encoded("\xdd\xff\xff\xff\xff")), Errc::limit_exceeded);
}

TEST_F(ValueTest, ATypeWithoutAnEncodingStaysInTheProcess) {
  const Value value = Value::of(Opaque{[] { return 5; }});
  EXPECT_EQ(value.object<Opaque>()->function(), 5);
  const auto bytes = value.encoding();
  ASSERT_FALSE(bytes.has_value());
  EXPECT_EQ(bytes.error().code, Errc::encode_failed);
  EXPECT_NE(bytes.error().message.find("Opaque"), std::string::npos);
  EXPECT_FALSE(bytes.error().hint.empty());
  EXPECT_EQ(read_error<int>(value), Errc::encode_failed);
  EXPECT_EQ(read_error<Opaque>(Value::of(1)), Errc::decode_failed);
}

TEST_F(ValueTest, ATypeThatOnlyMovesCanBeAValue) {
  const Value value = Value::of(std::make_unique<int>(5));
  EXPECT_EQ(**value.object<std::unique_ptr<int>>(), 5);
  EXPECT_EQ(**value.as<std::unique_ptr<int>>().value(), 5);
}

TEST_F(ValueTest, SizeIsExactOnceEncodedAndEstimatedBefore) {
  const Value value = Value::of(Counted{7});
  EXPECT_GT(value.size(), Bytes{0});
  EXPECT_EQ(Counted::counts.encodings, 0);
  const std::size_t encoded = value.encoding()->size();
  EXPECT_EQ(value.size(), Bytes{encoded});
}

TEST_F(ValueTest, EqualityComparesEncodings) {
  const Value value = Value::of(3);
  EXPECT_TRUE(value == Value(value));
  EXPECT_TRUE(value == Value::of(3u));
  EXPECT_TRUE(value == after_a_journey(value));
  EXPECT_FALSE(value == Value::of(4));
  EXPECT_TRUE(Value{} == Value{});
}

TEST_F(ValueTest, TypeNamesAreWrittenAsPeopleWriteThem) {
  EXPECT_EQ(Value::of(1).type_name(), "int");
  EXPECT_EQ(Value::of(std::string()).type_name(), "std::string");
  EXPECT_EQ(after_a_journey(Value::of(1)).type_name(), "encoded");
}

// -- lists ----------------------------------------------------------------------------------------

TEST_F(ValueTest, ItemsOfAListObjectAreReadInPlace) {
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

TEST_F(ValueTest, ItemsOfAnEncodedListAreValuesOfTheirOwn) {
  const Value list = after_a_journey(Value::of(std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(list.list_size().value(), 2u);
  EXPECT_EQ(read<std::string>(list.list_item(1).value()), "b");
}

TEST_F(ValueTest, AnEncodedListIsSplitOnceWhateverElseReadsIt) {
  const Value list = after_a_journey(Value::of(Ints{1, 2}));
  EXPECT_EQ(read<Ints>(list), (Ints{1, 2}));
  const auto first = list.list_item(0).value().encoding();
  const auto second = list.list_item(0).value().encoding();
  EXPECT_EQ(first->data(), second->data());
}

TEST_F(ValueTest, EveryKindOfSequenceIsAList) {
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

TEST_F(ValueTest, AnEmptyListIsAList) {
  EXPECT_EQ(Value::of(Ints{}).list_size().value(), 0u);
  EXPECT_EQ(after_a_journey(Value::of(Ints{})).list_size().value(), 0u);
  EXPECT_EQ(read<Ints>(Value::of(ValueList{})), Ints{});
}

TEST_F(ValueTest, WhatIsNoListHasNoItems) {
  for (const Value& value : {Value::of(1), Value::of(std::string("ab")), Value::nothing()}) {
    EXPECT_EQ(value.list_size().error().code, Errc::decode_failed);
    EXPECT_EQ(after_a_journey(value).list_size().error().code, Errc::decode_failed);
  }
}

TEST_F(ValueTest, AnItemBeyondTheEndIsAnError) {
  const auto item = Value::of(Ints{1}).list_item(1);
  ASSERT_FALSE(item.has_value());
  EXPECT_EQ(item.error().message, "element 1 of a list of 1");
}

TEST_F(ValueTest, AListOfValuesIsReadAsAVectorOfAnyElementType) {
  const Value list = Value::of(ValueList{{Value::of(1), after_a_journey(Value::of(2))}});
  EXPECT_EQ(read<Ints>(list), (Ints{1, 2}));
  EXPECT_EQ(read<std::vector<double>>(list), (std::vector{1.0, 2.0}));
  EXPECT_EQ(read<Ints>(after_a_journey(list)), (Ints{1, 2}));
}

TEST_F(ValueTest, AListOfValuesKeepsTheVectorItWasReadAs) {
  const Value list = Value::of(ValueList{{Value::of(1)}});
  EXPECT_EQ(&**list.as<Ints>(), &**list.as<Ints>());
}

TEST_F(ValueTest, AListOfValuesNests) {
  const Value inner = Value::of(ValueList{{Value::of(1), Value::of(2)}});
  const Value outer = Value::of(ValueList{{inner, Value::of(Ints{3})}});
  EXPECT_EQ(read<std::vector<Ints>>(outer), (std::vector<Ints>{{1, 2}, {3}}));
  EXPECT_EQ(read<std::vector<Ints>>(after_a_journey(outer)), (std::vector<Ints>{{1, 2}, {3}}));
}

TEST_F(ValueTest, AListOfBytesIsReadAsAVectorOfBytes) {
  using Octets = std::vector<std::uint8_t>;
  const Value list =
    Value::of(ValueList{{Value::of(std::uint8_t{1}), Value::of(std::uint8_t{255})}});
  EXPECT_EQ(read<Octets>(list), (Octets{1, 255}));
  EXPECT_EQ(read<Octets>(after_a_journey(list)), (Octets{1, 255}));
}

TEST_F(ValueTest, AListOfFlagsIsReadAsAVectorOfBools) {
  const Value list = Value::of(ValueList{{Value::of(true), Value::of(false)}});
  EXPECT_EQ(read<std::vector<bool>>(list), (std::vector<bool>{true, false}));
}

TEST_F(ValueTest, TheElementThatCannotBeReadIsNamed) {
  const Value list = Value::of(ValueList{{Value::of(1), Value::of(std::string("x"))}});
  const auto numbers = list.as<Ints>();
  ASSERT_FALSE(numbers.has_value());
  EXPECT_EQ(numbers.error().code, Errc::decode_failed);
  EXPECT_TRUE(numbers.error().message.starts_with("element 1: ")) << numbers.error().message;
}

TEST_F(ValueTest, AListWithAMissingElementCannotBeReadOrEncoded) {
  const Value list = Value::of(ValueList{{Value::of(1), Value{}}});
  EXPECT_EQ(read_error<Ints>(list), Errc::input_missing);
  EXPECT_EQ(list.encoding().error().code, Errc::input_missing);
}

// -- values inside structs ------------------------------------------------------------------------

struct Envelope {
  std::string to;
  Value content;
};

template <class Inspector>
bool inspect(Inspector& f, Envelope& x) {
  return f.object(x).fields(f.field("to", x.to), f.field("content", x.content));
}

TEST_F(ValueTest, TravelsInsideAStruct) {
  const Value sent = Value::of(Envelope{.to = "a", .content = Value::of(Ints{1, 2})});
  const auto got = after_a_journey(sent).as<Envelope>();
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ((*got)->to, "a");
  EXPECT_EQ(read<Ints>((*got)->content), (Ints{1, 2}));
}

TEST_F(ValueTest, StaysMissingInsideAStruct) {
  const auto got = after_a_journey(Value::of(Envelope{.to = "a", .content = {}})).as<Envelope>();
  ASSERT_TRUE(got.has_value());
  EXPECT_TRUE((*got)->content.missing());
}

TEST_F(ValueTest, KeepsAStructInTheProcessWhenItHasNoEncodingItself) {
  const Value sent = Value::of(Envelope{.to = "a", .content = Value::of(Opaque{})});
  EXPECT_EQ(sent.encoding().error().code, Errc::encode_failed);
}

// -- threads --------------------------------------------------------------------------------------

constexpr int thread_count = 4;
constexpr int rounds = 200;

/// Runs `body(thread, value)` on several threads that start each round together.
template <class MakeValue, class Body>
void race(const MakeValue& make_value, const Body& body) {
  for (int round = 0; round < rounds; ++round) {
    const Value value = make_value();
    std::latch start{thread_count};
    std::vector<std::jthread> threads;
    for (int i = 0; i < thread_count; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        body(i, value);
      });
    }
  }
}

TEST_F(ValueTest, ThreadsThatEncodeAtOnceGetOneEncoding) {
  std::array<const char*, thread_count> seen{};
  race(
    [&] {
      return seen = {}, Value::of(Ints{1, 2, 3});
    },
    [&](int thread, const Value& value) {
      seen[static_cast<std::size_t>(thread)] = value.encoding()->data();
      EXPECT_EQ(seen[static_cast<std::size_t>(thread)], value.encoding()->data());
      EXPECT_EQ(value.size(), Bytes{4});
    });
  for (const char* data : seen) EXPECT_EQ(data, seen[0]);
}

TEST_F(ValueTest, ThreadsThatEncodeOneStructAtOnceOnlyReadIt) {
  using Errors = std::vector<Error>;
  const Errors errors{{.code = Errc::task_failed, .message = "no", .causes = {{.message = "why"}}}};
  race([&] { return Value::of(errors); },
       [&](int, const Value& value) { EXPECT_EQ(read<Errors>(after_a_journey(value)), errors); });
}

TEST_F(ValueTest, ThreadsThatDecodeAtOnceGetOneObject) {
  const Value original = Value::of(Ints{1, 2, 3});
  std::array<const Ints*, thread_count> seen{};
  race([&] { return after_a_journey(original); },
       [&](int thread, const Value& value) {
         const auto numbers = value.as<Ints>();
         EXPECT_EQ((*numbers)->size(), 3u);
         seen[static_cast<std::size_t>(thread)] = &**numbers;
         EXPECT_EQ(&**value.as<Ints>(), &**numbers);
       });
  for (const Ints* object : seen) EXPECT_EQ(object, seen[0]);
}

TEST_F(ValueTest, ThreadsMayDecodeSeveralTypesAtOnce) {
  const Value original = Value::of(Ints{1, 2});
  race([&] { return after_a_journey(original); },
       [](int thread, const Value& value) {
         if (thread % 2 == 0) {
           EXPECT_EQ(read<std::vector<double>>(value), (std::vector{1.0, 2.0}));
         } else {
           EXPECT_EQ(read<int>(value.list_item(1).value()), 2);
         }
         EXPECT_EQ(&**value.as<Ints>(), &**value.as<Ints>());
       });
}

TEST_F(ValueTest, ThreadsMayCopyAndReleaseAtOnce) {
  race([] { return Value::of(std::vector<Counted>(3)); },
       [](int, const Value& value) {
         for (int i = 0; i < 20; ++i) {
           const Value copy = value;
           const Value item = copy.list_item(2).value();
           EXPECT_EQ(item.object<Counted>()->number, 0);
         }
       });
}

TEST_F(ValueTest, TheLastOfSeveralThreadsReleasesTheObject) {
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::jthread> threads;
    Value value = Value::of(Counted{1});
    for (int i = 0; i < thread_count; ++i) {
      threads.emplace_back([mine = value] { EXPECT_EQ(mine.object<Counted>()->number, 1); });
    }
    value = Value{};
    threads.clear();
    EXPECT_EQ(Counted::counts.alive, 0);
  }
}

}  // namespace
}  // namespace weft
