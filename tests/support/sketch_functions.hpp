#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "weft/workflow/workflow.hpp"

namespace weft::test {

using Number = std::int64_t;
using Numbers = std::vector<Number>;
using Lists = std::vector<Numbers>;

/// What a task of a random workflow does: which function it calls, or what of the language it is.
enum class Op : std::uint8_t {
  // Numbers in all shapes of arguments, one number out.
  mix,
  mix_map,
  mix_tuple,
  mix_optional,
  mix_parcel,
  mix_deep,
  pair_up,
  checked,
  // Lists in, one number out.
  total,
  total_both,
  total_lists,
  // Lists out.
  spread,
  spread_lists,
  filter,
  collect,
  // Outputs that are not numbers.
  touch,
  after_touch,
  count_touches,
  half,
  whole,
  // What takes time, several attempts, or never works.
  nap,
  flaky,
  late,
  doomed,
  // A map, and the element inside it.
  map,
  item,
};

/// A number that depends on all of `numbers` and their order.
[[nodiscard]] Number digest(Op op, const Numbers& numbers);

/// What the functions that make lists return, given the digest of their arguments.
[[nodiscard]] Numbers spread_from(Number seed);
[[nodiscard]] Lists spread_lists_from(Number seed);

/// A struct with fields of several kinds.
struct Parcel {
  Number first = 0;
  Numbers rest;
  std::optional<Number> extra;
  std::string label;

  template <class Inspector>
  friend bool inspect(Inspector& f, Parcel& x) {
    return f.object(x).fields(f.field("first", x.first), f.field("rest", x.rest),
                              f.field("extra", x.extra), f.field("label", x.label));
  }
};

/// Calls of the functions below since the process began.
extern std::atomic<std::uint64_t> calls_made;

/// The functions of random workflows. `flaky` and `late` fail in their first attempts, as many as
/// their last argument says, by an exception or by running longer than `late_limit`; `doomed` fails
/// always.
namespace functions {

inline constexpr Nanos late_limit = std::chrono::milliseconds{10};

using ParcelMap = std::map<std::string, Number>;
using Deep = std::vector<std::map<std::string, Numbers>>;

extern const Function<Number (*)(const Numbers&)> mix;
extern const Function<Number (*)(const ParcelMap&)> mix_map;
extern const Function<Number (*)(const std::tuple<Number, std::pair<Number, Numbers>>&)> mix_tuple;
extern const Function<Number (*)(std::optional<Number>, const std::optional<Numbers>&)>
  mix_optional;
extern const Function<Number (*)(const Parcel&)> mix_parcel;
extern const Function<Number (*)(const Deep&)> mix_deep;
extern const Function<Number (*)(Number, Number)> pair_up;
extern const Function<Result<Number> (*)(Number)> checked;
extern const Function<Number (*)(const Numbers&)> total;
extern const Function<Number (*)(const Numbers&, const Numbers&)> total_both;
extern const Function<Number (*)(const Lists&)> total_lists;
extern const Function<Numbers (*)(const Numbers&)> spread;
extern const Function<Lists (*)(const Numbers&)> spread_lists;
extern const Function<bool (*)(Number)> is_odd;
extern const Function<void (*)(Number)> touch;
extern const Function<Number (*)(Nothing, Number)> after_touch;
extern const Function<Number (*)(const std::vector<Nothing>&)> count_touches;
extern const Function<std::optional<Number> (*)(Number)> half;
extern const Function<Number (*)(std::optional<Number>)> whole;
extern const Function<Number (*)(TaskContext&, Number, Number)> nap;
extern const Function<Number (*)(TaskContext&, Number, Number)> flaky;
extern const Function<Number (*)(TaskContext&, Number, Number)> late;
extern const Function<Number (*)(Number)> doomed;

}  // namespace functions

[[nodiscard]] Registry sketch_registry();

}  // namespace weft::test
