#include "weft/workflow/codec.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "weft/workflow/units.hpp"

namespace weft {
namespace {

enum class Colour : std::int8_t { red = -1, green = 7 };

/// Written with the macro of msgpack: an array of its fields.
struct Point {
  int x = 0;
  std::string label;
  std::optional<double> weight;

  friend bool operator==(const Point&, const Point&) = default;
  MSGPACK_DEFINE(x, label, weight)
};

/// Written with `inspect`: a map from field name to value.
struct Scene {
  std::string title;
  std::vector<Point> points;
  std::map<std::string, std::vector<std::optional<Colour>>> palettes;
  std::optional<std::tuple<int, std::pair<bool, float>>> camera;
  Nanos length{};

  friend bool operator==(const Scene&, const Scene&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, Scene& x) {
  return f.object(x).fields(f.field("title", x.title), f.field("points", x.points),
                            f.field("palettes", x.palettes), f.field("camera", x.camera),
                            f.field("length", x.length));
}

struct OldSettings {
  int width = 0;
};
template <class Inspector>
bool inspect(Inspector& f, OldSettings& x) {
  return f.object(x).fields(f.field("width", x.width));
}

struct NewSettings {
  int width = 0;
  std::optional<int> height = 5;
};
template <class Inspector>
bool inspect(Inspector& f, NewSettings& x) {
  return f.object(x).fields(f.field("width", x.width), f.field("height", x.height));
}

template <class T>
Blob encoding_of(const T& x) {
  Blob bytes;
  encode(x, bytes);
  return bytes;
}

template <class T>
T round_trip(const T& x) {
  auto decoded = decode<T>(encoding_of(x));
  EXPECT_TRUE(decoded.has_value()) << to_string(decoded.error());
  return decoded ? *decoded : T{};
}

template <class T>
Errc decode_error(std::string_view bytes, const DecodeLimits& limits = {}) {
  const auto decoded = decode<T>(bytes, limits);
  return decoded ? Errc::none : decoded.error().code;
}

Scene example_scene() {
  return {.title = "harbour",
          .points = {{.x = 1, .label = "a", .weight = 0.5}, {.x = -2, .label = "", .weight = {}}},
          .palettes = {{"warm", {Colour::red, std::nullopt, Colour::green}}, {"none", {}}},
          .camera = {{4, {true, 2.5f}}},
          .length = std::chrono::milliseconds{1500}};
}

template <class T>
void expect_limits_survive() {
  using Limits = std::numeric_limits<T>;
  for (const T x : {Limits::lowest(), Limits::max(), Limits::min(), T{0}, T{1}}) {
    EXPECT_EQ(round_trip(x), x) << typeid(T).name();
  }
}

TEST(Codec, NumbersSurviveAtTheirLimits) {
  expect_limits_survive<char>();
  expect_limits_survive<signed char>();
  expect_limits_survive<unsigned char>();
  expect_limits_survive<short>();
  expect_limits_survive<unsigned short>();
  expect_limits_survive<int>();
  expect_limits_survive<unsigned>();
  expect_limits_survive<long>();
  expect_limits_survive<unsigned long>();
  expect_limits_survive<long long>();
  expect_limits_survive<unsigned long long>();
  expect_limits_survive<float>();
  expect_limits_survive<double>();
}

TEST(Codec, SpecialNumbersSurvive) {
  EXPECT_TRUE(round_trip(true));
  EXPECT_FALSE(round_trip(false));
  EXPECT_TRUE(std::isnan(round_trip(std::nan(""))));
  EXPECT_EQ(round_trip(-std::numeric_limits<double>::infinity()),
            -std::numeric_limits<double>::infinity());
  EXPECT_EQ(round_trip(-0.0), 0.0);
  EXPECT_EQ(round_trip(1e300), 1e300);
}

TEST(Codec, TextOfEveryLengthClassSurvives) {
  for (const std::size_t size : {0u, 1u, 31u, 32u, 255u, 256u, 65535u, 65536u}) {
    EXPECT_EQ(round_trip(std::string(size, 'x')).size(), size);
  }
  EXPECT_EQ(round_trip(std::string("\0\xff\n", 3)), std::string("\0\xff\n", 3));
}

TEST(Codec, ContainersSurvive) {
  using Strings = std::vector<std::string>;
  EXPECT_EQ(round_trip(Strings{"a", "", "c"}), (Strings{"a", "", "c"}));
  EXPECT_EQ(round_trip(std::vector<bool>{true, false}), (std::vector<bool>{true, false}));
  EXPECT_EQ(round_trip(std::vector<char>{'a', '\xff'}), (std::vector<char>{'a', '\xff'}));
  EXPECT_EQ(round_trip(std::vector<std::uint8_t>{0, 255}), (std::vector<std::uint8_t>{0, 255}));
  EXPECT_EQ(round_trip(std::deque<int>{1, 2}), (std::deque<int>{1, 2}));
  EXPECT_EQ(round_trip(std::list<int>{1, 2}), (std::list<int>{1, 2}));
  EXPECT_EQ(round_trip(std::array<int, 3>{1, 2, 3}), (std::array<int, 3>{1, 2, 3}));
  EXPECT_EQ(round_trip(std::set<int>{3, 1}), (std::set<int>{1, 3}));
  EXPECT_EQ(round_trip(std::unordered_set<int>{3, 1}), (std::unordered_set<int>{1, 3}));
}

TEST(Codec, MapsPairsTuplesAndOptionalsSurvive) {
  using Names = std::map<int, std::string>;
  EXPECT_EQ(round_trip(Names{{1, "one"}, {2, "two"}}), (Names{{1, "one"}, {2, "two"}}));
  using Counts = std::unordered_map<std::string, int>;
  EXPECT_EQ(round_trip(Counts{{"a", 1}}), (Counts{{"a", 1}}));
  EXPECT_EQ(round_trip(std::pair{1, std::string("x")}), (std::pair{1, std::string("x")}));
  EXPECT_EQ(round_trip(std::tuple{1, 2.5, std::string("x")}),
            (std::tuple{1, 2.5, std::string("x")}));
  EXPECT_EQ(round_trip(std::optional<int>{}), std::nullopt);
  EXPECT_EQ(round_trip(std::optional<int>{3}), 3);
}

TEST(Codec, ContainersNestToAnyDepth) {
  using Nested = std::map<std::string, std::vector<std::optional<std::tuple<int, std::set<char>>>>>;
  const Nested nested{{"a", {std::tuple{1, std::set{'x', 'y'}}, std::nullopt}}, {"b", {}}};
  EXPECT_EQ(round_trip(nested), nested);
}

TEST(Codec, DurationsAndEnumerationsSurvive) {
  EXPECT_EQ(round_trip(Nanos{-5}), Nanos{-5});
  using Hours = std::chrono::duration<double, std::ratio<3600>>;
  EXPECT_EQ(round_trip(Hours{1.5}), Hours{1.5});
  EXPECT_EQ(round_trip(Colour::red), Colour::red);
  EXPECT_EQ(encoding_of(Colour::green), encoding_of(7));
}

TEST(Codec, NothingIsEncodedAsNil) {
  EXPECT_EQ(encoding_of(Nothing{}), "\xc0");
  EXPECT_EQ(round_trip(Nothing{}), Nothing{});
  EXPECT_EQ(decode_error<Nothing>(encoding_of(0)), Errc::decode_failed);
}

TEST(Codec, AStructWithTheMacroOfMsgpackSurvives) {
  const Point point{.x = 3, .label = "p", .weight = 1.5};
  EXPECT_EQ(round_trip(point), point);
}

TEST(Codec, AStructWithInspectSurvives) {
  EXPECT_EQ(round_trip(example_scene()), example_scene());
  EXPECT_EQ(round_trip(Scene{}), Scene{});
}

TEST(Codec, AnInspectedStructIsAMapFromFieldNameToValue) {
  EXPECT_EQ(encoding_of(OldSettings{.width = 9}), "\x81\xa5width\x09");
}

TEST(Codec, AMissingOptionalFieldIsNotSet) {
  const auto settings = decode<NewSettings>(encoding_of(OldSettings{.width = 9}));
  ASSERT_TRUE(settings.has_value());
  EXPECT_EQ(settings->width, 9);
  EXPECT_EQ(settings->height, std::nullopt);
}

TEST(Codec, AnUnknownFieldIsIgnored) {
  const auto settings = decode<OldSettings>(encoding_of(NewSettings{.width = 9, .height = 1}));
  ASSERT_TRUE(settings.has_value());
  EXPECT_EQ(settings->width, 9);
}

TEST(Codec, AMissingFieldThatIsNotOptionalIsAnError) {
  EXPECT_EQ(decode_error<OldSettings>("\x80"), Errc::decode_failed);
}

TEST(Codec, AnotherTypeIsAnError) {
  EXPECT_EQ(decode_error<int>(encoding_of(std::string("x"))), Errc::decode_failed);
  EXPECT_EQ(decode_error<std::string>(encoding_of(1)), Errc::decode_failed);
  EXPECT_EQ(decode_error<std::vector<int>>(encoding_of(1)), Errc::decode_failed);
  EXPECT_EQ(decode_error<Scene>(encoding_of(1)), Errc::decode_failed);
  EXPECT_EQ(decode_error<Point>(encoding_of(example_scene())), Errc::decode_failed);
  EXPECT_EQ((decode_error<std::map<int, int>>(encoding_of(std::vector{1}))), Errc::decode_failed);
}

TEST(Codec, ANumberThatDoesNotFitIsAnError) {
  EXPECT_EQ(decode_error<std::int8_t>(encoding_of(128)), Errc::decode_failed);
  EXPECT_EQ(decode_error<std::uint32_t>(encoding_of(-1)), Errc::decode_failed);
  EXPECT_EQ(decode_error<Colour>(encoding_of(1000)), Errc::decode_failed);
  EXPECT_EQ(decode_error<int>(encoding_of(1.5)), Errc::decode_failed);
}

TEST(Codec, AFailureInATypesOwnUnpackingIsAnError) {
  struct Odd {
    void msgpack_unpack(const msgpack::object&) { throw std::runtime_error("an even number"); }
    void msgpack_pack(msgpack::packer<msgpack::sbuffer>&) const {}
  };
  const auto decoded = decode<Odd>("\x02");
  ASSERT_FALSE(decoded.has_value());
  EXPECT_EQ(decoded.error().code, Errc::decode_failed);
  EXPECT_EQ(decoded.error().message, "an even number");
}

static_assert(Encodable<std::vector<std::map<std::string, Point>>>);
static_assert(Encodable<Scene> && Encodable<const Scene&> && Encodable<Error> && Encodable<Bytes>);
static_assert(!Encodable<std::function<void()>> && !Encodable<std::vector<std::function<void()>>>);
static_assert(!Encodable<int*> && !Encodable<const char*> && !Encodable<std::unique_ptr<int>>);
static_assert(!Encodable<long double>);

// -- bytes from outside ---------------------------------------------------------------------------

TEST(CodecOfHostileBytes, EveryTruncationIsAnError) {
  const Blob bytes = encoding_of(example_scene());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(decode_error<Scene>(std::string_view(bytes).substr(0, size)), Errc::decode_failed)
      << "after " << size << " bytes";
  }
}

TEST(CodecOfHostileBytes, TrailingBytesAreAnError) {
  EXPECT_EQ(decode_error<int>(encoding_of(1) + encoding_of(2)), Errc::decode_failed);
  EXPECT_EQ(decode_error<Scene>(encoding_of(example_scene()) + "\xc0"), Errc::decode_failed);
}

TEST(CodecOfHostileBytes, AnyOtherByteAnywhereIsEitherAnErrorOrAnotherScene) {
  const Blob original = encoding_of(example_scene());
  for (std::size_t at = 0; at < original.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      Blob bytes = original;
      bytes[at] = static_cast<char>(byte);
      if (const auto scene = decode<Scene>(bytes)) {
        EXPECT_EQ(encoding_of(*scene).empty(), false);
      } else {
        EXPECT_TRUE(scene.error().code == Errc::decode_failed ||
                    scene.error().code == Errc::limit_exceeded);
      }
    }
  }
}

TEST(CodecOfHostileBytes, AnUnassignedByteIsAnError) {
  EXPECT_EQ(decode_error<int>("\xc1"), Errc::decode_failed);
}

TEST(CodecOfHostileBytes, ADepthBombExceedsALimit) {
  constexpr std::size_t mebibyte = 1u << 20;
  EXPECT_EQ(decode_error<std::vector<int>>(std::string(mebibyte, '\x91')), Errc::limit_exceeded);
  EXPECT_EQ(decode_error<int>(std::string(mebibyte, '\x81')), Errc::limit_exceeded);
}

TEST(CodecOfHostileBytes, DepthIsAllowedUpToItsLimit) {
  using Deep = std::vector<std::vector<std::vector<int>>>;
  const Blob bytes = encoding_of(Deep{{{1}}});
  EXPECT_EQ(decode_error<Deep>(bytes, {.depth = 3}), Errc::none);
  EXPECT_EQ(decode_error<Deep>(bytes, {.depth = 2}), Errc::limit_exceeded);
}

TEST(CodecOfHostileBytes, SiblingsDoNotAddToTheDepth) {
  const Blob bytes = encoding_of(std::vector<std::vector<int>>(200));
  EXPECT_EQ(decode_error<std::vector<std::vector<int>>>(bytes, {.depth = 2}), Errc::none);
}

TEST(CodecOfHostileBytes, CountsAreAllowedUpToTheirLimit) {
  const Blob list = encoding_of(std::vector{1, 2, 3});
  EXPECT_EQ(decode_error<std::vector<int>>(list, {.items = 3}), Errc::none);
  EXPECT_EQ(decode_error<std::vector<int>>(list, {.items = 2}), Errc::limit_exceeded);
  const Blob map = encoding_of(std::map<int, int>{{1, 1}, {2, 2}});
  EXPECT_EQ((decode_error<std::map<int, int>>(map, {.items = 1})), Errc::limit_exceeded);
}

TEST(CodecOfHostileBytes, TextIsAllowedUpToItsLimit) {
  EXPECT_EQ(decode_error<std::string>(encoding_of(std::string("abcd")), {.bytes = 4}), Errc::none);
  EXPECT_EQ(decode_error<std::string>(encoding_of(std::string("abcde")), {.bytes = 4}),
            Errc::limit_exceeded);
}

TEST(CodecOfHostileBytes, HugeClaimedLengthsReserveNothing) {
  using std::string_literals::operator""s;
  const std::vector<std::string> claims{
    "\xdd\xff\xff\xff\xff"s,      // list of 2^32-1 elements
    "\xdd\x03\xff\xff\xff"s,      // list of as many elements as the limit allows
    "\xdf\x7f\xff\xff\xff"s,      // map
    "\xdb\xff\xff\xff\xff"s,      // text
    "\xc6\xff\xff\xff\xff"s,      // binary
    "\xc9\xff\xff\xff\xff\x01"s,  // extension
  };
  for (const std::string& claim : claims) {
    const Errc code = decode_error<std::vector<int>>(claim);
    EXPECT_TRUE(code == Errc::decode_failed || code == Errc::limit_exceeded) << to_string(code);
  }
}

TEST(CodecOfHostileBytes, NestedClaimsTogetherAreBoundedByTheInput) {
  // Each level claims a million elements, which the million bytes below it could be.
  std::string bytes;
  for (int level = 0; level < 60; ++level) bytes += std::string("\xdd\x00\x0f\x00\x00", 5);
  bytes.resize(1u << 20, '\x01');
  EXPECT_EQ(decode_error<std::vector<int>>(bytes), Errc::decode_failed);
}

// -- sizes ----------------------------------------------------------------------------------------

TEST(EstimatedSize, IsWithinAFewBytesOfTheEncodingForText) {
  for (const std::size_t size : {0u, 10u, 1000u, 100000u}) {
    const std::string text(size, 'x');
    EXPECT_NEAR(static_cast<double>(estimated_size(text)),
                static_cast<double>(encoding_of(text).size()), 5);
  }
}

TEST(EstimatedSize, GrowsWithAllThatAStructHolds) {
  Scene scene = example_scene();
  const std::size_t before = estimated_size(scene);
  scene.points.push_back({.x = 0, .label = std::string(1000, 'x'), .weight = {}});
  EXPECT_GE(estimated_size(scene), before + sizeof(Point));
  scene.title = std::string(1000, 'x');
  EXPECT_GE(estimated_size(scene), before + 900);
}

TEST(EstimatedSize, CountsTheElementsOfContainers) {
  EXPECT_EQ(estimated_size(std::vector<double>(1000)), 5 + 8000u);
  EXPECT_EQ(estimated_size(std::map<int, double>{{1, 1.0}, {2, 2.0}}), 5 + 2 * 12u);
  EXPECT_EQ(estimated_size(std::tuple{1, std::optional<int>{2}}), 1 + 4 + 5u);
  EXPECT_EQ(estimated_size(Nothing{}), 1u);
}

}  // namespace
}  // namespace weft
