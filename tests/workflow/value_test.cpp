#include "workflow/value_fixture.hpp"

#include <memory>
#include <set>

namespace weft {
namespace {

using test::after_a_journey;
using test::Counted;
using test::Ints;
using test::Opaque;
using test::read;
using test::read_error;

class ValueTest : public test::ValueFixture {};

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

}  // namespace
}  // namespace weft
