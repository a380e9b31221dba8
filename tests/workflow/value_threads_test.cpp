#include "workflow/value_fixture.hpp"

#include <array>
#include <latch>
#include <thread>

namespace weft {
namespace {

using test::after_a_journey;
using test::Counted;
using test::Ints;
using test::read;

class ValueThreadsTest : public test::ValueFixture {};

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

TEST_F(ValueThreadsTest, ThreadsThatEncodeAtOnceGetOneEncoding) {
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

TEST_F(ValueThreadsTest, ThreadsThatEncodeOneStructAtOnceOnlyReadIt) {
  using Errors = std::vector<Error>;
  const Errors errors{{.code = Errc::task_failed, .message = "no", .causes = {{.message = "why"}}}};
  race([&] { return Value::of(errors); },
       [&](int, const Value& value) { EXPECT_EQ(read<Errors>(after_a_journey(value)), errors); });
}

TEST_F(ValueThreadsTest, ThreadsThatDecodeAtOnceGetOneObject) {
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

TEST_F(ValueThreadsTest, ThreadsMayDecodeSeveralTypesAtOnce) {
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

TEST_F(ValueThreadsTest, ThreadsMayCopyAndReleaseAtOnce) {
  race([] { return Value::of(std::vector<Counted>(3)); },
       [](int, const Value& value) {
         for (int i = 0; i < 20; ++i) {
           const Value copy = value;
           const Value item = copy.list_item(2).value();
           EXPECT_EQ(item.object<Counted>()->number, 0);
         }
       });
}

TEST_F(ValueThreadsTest, TheLastOfSeveralThreadsReleasesTheObject) {
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
