#include "support/sketch_functions.hpp"

#include <stdexcept>

namespace weft::test {

std::atomic<std::uint64_t> calls_made{0};

Number digest(Op op, const Numbers& numbers) {
  constexpr std::uint64_t prime = 0x100'0000'01b3;  // Of FNV-1a; any odd number would do.
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325 + static_cast<std::uint64_t>(op);
  for (const Number number : numbers) {
    hash = (hash ^ static_cast<std::uint64_t>(number)) * prime;
    hash ^= hash >> 29;
  }
  return static_cast<Number>(hash % 1'000'003);
}

Numbers spread_from(Number seed) {
  Numbers list;
  for (Number i = 0; i < seed % 5; ++i) list.push_back(seed + i);
  return list;
}

Lists spread_lists_from(Number seed) {
  Lists lists;
  for (Number i = 0; i < seed % 4; ++i) lists.push_back(spread_from(seed / 4 + i));
  return lists;
}

namespace {

Number called(Op op, const Numbers& numbers) {
  calls_made.fetch_add(1, std::memory_order_relaxed);
  return digest(op, numbers);
}

void append(Numbers& to, const Numbers& more) {
  to.insert(to.end(), more.begin(), more.end());
}

Number call_mix_map(const functions::ParcelMap& all) {
  Numbers flat;
  for (const auto& entry : all) flat.push_back(entry.second);
  return called(Op::mix_map, flat);
}

Number call_mix_tuple(const std::tuple<Number, std::pair<Number, Numbers>>& all) {
  const auto& [first, more] = all;
  Numbers flat{first, more.first};
  append(flat, more.second);
  return called(Op::mix_tuple, flat);
}

Number call_mix_optional(std::optional<Number> first, const std::optional<Numbers>& rest) {
  Numbers flat;
  if (first) flat.push_back(*first);
  if (rest) append(flat, *rest);
  return called(Op::mix_optional, flat);
}

Number call_mix_parcel(const Parcel& parcel) {
  Numbers flat{parcel.first};
  append(flat, parcel.rest);
  if (parcel.extra) flat.push_back(*parcel.extra);
  flat.push_back(static_cast<Number>(parcel.label.size()));
  return called(Op::mix_parcel, flat);
}

Number call_mix_deep(const functions::Deep& all) {
  Numbers flat;
  for (const auto& map : all) {
    for (const auto& entry : map) append(flat, entry.second);
  }
  return called(Op::mix_deep, flat);
}

Number call_total_both(const Numbers& a, const Numbers& b) {
  Numbers flat = a;
  append(flat, b);
  return called(Op::total_both, flat);
}

Number call_total_lists(const Lists& lists) {
  Numbers flat;
  for (const Numbers& list : lists) append(flat, list);
  return called(Op::total_lists, flat);
}

Number call_nap(TaskContext& context, Number x, Number milliseconds) {
  context.sleep_for(std::chrono::milliseconds{milliseconds});
  return called(Op::nap, {x});
}

Number call_flaky(TaskContext& context, Number x, Number failures) {
  const Number result = called(Op::flaky, {x});
  if (static_cast<Number>(context.attempt()) <= failures) throw std::runtime_error("not yet");
  return result;
}

Number call_late(TaskContext& context, Number x, Number failures) {
  const Number result = called(Op::late, {x});
  if (static_cast<Number>(context.attempt()) <= failures) {
    context.sleep_for(functions::late_limit * 100);
  }
  return result;
}

Number call_doomed(Number x) {
  called(Op::doomed, {x});
  throw std::runtime_error("this never works");
}

}  // namespace

namespace functions {

const Function<Number (*)(const Numbers&)> mix{
  "mix@1", [](const Numbers& all) { return called(Op::mix, all); }};
const Function<Number (*)(const ParcelMap&)> mix_map{"mix_map@1", &call_mix_map};
const Function<Number (*)(const std::tuple<Number, std::pair<Number, Numbers>>&)> mix_tuple{
  "mix_tuple@1", &call_mix_tuple};
const Function<Number (*)(std::optional<Number>, const std::optional<Numbers>&)> mix_optional{
  "mix_optional@1", &call_mix_optional};
const Function<Number (*)(const Parcel&)> mix_parcel{"mix_parcel@1", &call_mix_parcel};
const Function<Number (*)(const Deep&)> mix_deep{"mix_deep@1", &call_mix_deep};
const Function<Number (*)(Number, Number)> pair_up{"pair_up@1", [](Number a, Number b) {
                                                     return called(Op::pair_up, {a, b});
                                                   }};
const Function<Result<Number> (*)(Number)> checked{
  "checked@1", [](Number x) { return Result<Number>(called(Op::checked, {x})); }};
const Function<Number (*)(const Numbers&)> total{
  "total@1", [](const Numbers& all) { return called(Op::total, all); }};
const Function<Number (*)(const Numbers&, const Numbers&)> total_both{"total_both@1",
                                                                      &call_total_both};
const Function<Number (*)(const Lists&)> total_lists{"total_lists@1", &call_total_lists};
const Function<Numbers (*)(const Numbers&)> spread{
  "spread@1", [](const Numbers& all) { return spread_from(called(Op::spread, all)); }};
const Function<Lists (*)(const Numbers&)> spread_lists{
  "spread_lists@1",
  [](const Numbers& all) { return spread_lists_from(called(Op::spread_lists, all)); }};
const Function<bool (*)(Number)> is_odd{"is_odd@1", [](Number x) {
                                          calls_made.fetch_add(1, std::memory_order_relaxed);
                                          return x % 2 != 0;
                                        }};
const Function<void (*)(Number)> touch{"touch@1", [](Number x) { called(Op::touch, {x}); }};
const Function<Number (*)(Nothing, Number)> after_touch{
  "after_touch@1", [](Nothing, Number x) { return called(Op::after_touch, {x}); }};
const Function<Number (*)(const std::vector<Nothing>&)> count_touches{
  "count_touches@1", [](const std::vector<Nothing>& all) {
    return called(Op::count_touches, {static_cast<Number>(all.size())});
  }};
const Function<std::optional<Number> (*)(Number)> half{"half@1",
                                                       [](Number x) -> std::optional<Number> {
                                                         called(Op::half, {x});
                                                         if (x % 2 != 0) return std::nullopt;
                                                         return x / 2;
                                                       }};
const Function<Number (*)(std::optional<Number>)> whole{
  "whole@1", [](std::optional<Number> x) { return called(Op::whole, {x.value_or(-1)}); }};
const Function<Number (*)(TaskContext&, Number, Number)> nap{"nap@1", &call_nap};
const Function<Number (*)(TaskContext&, Number, Number)> flaky{"flaky@1", &call_flaky};
const Function<Number (*)(TaskContext&, Number, Number)> late{
  "late@1", &call_late, {.timeout = late_limit}};
const Function<Number (*)(Number)> doomed{"doomed@1", &call_doomed};

}  // namespace functions

Registry sketch_registry() {
  using namespace functions;
  Registry all;
  all.add(mix).add(mix_map).add(mix_tuple).add(mix_optional).add(mix_parcel).add(mix_deep);
  all.add(pair_up).add(checked).add(total).add(total_both).add(total_lists);
  all.add(spread).add(spread_lists).add(is_odd).add(touch).add(after_touch).add(count_touches);
  all.add(half).add(whole).add(nap).add(flaky).add(late).add(doomed);
  return all;
}

}  // namespace weft::test
