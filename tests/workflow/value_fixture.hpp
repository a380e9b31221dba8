#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "weft/workflow/value.hpp"

namespace weft::test {

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

/// Checks that every counted object is released by the end of the test.
class ValueFixture : public testing::Test {
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
inline Value after_a_journey(const Value& value) {
  const auto bytes = value.encoding();
  EXPECT_TRUE(bytes.has_value()) << to_string(bytes.error());
  return Value::encoded(Blob(*bytes));
}

}  // namespace weft::test
