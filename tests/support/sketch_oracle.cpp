#include "support/sketch_oracle.hpp"

namespace weft::test {

namespace {

using Source = Operand::Source;

void flatten(const Datum& datum, Numbers& flat) {
  if (const auto* number = std::get_if<Number>(&datum)) {
    flat.push_back(*number);
  } else if (const auto* list = std::get_if<Numbers>(&datum)) {
    flat.insert(flat.end(), list->begin(), list->end());
  } else if (const auto* lists = std::get_if<Lists>(&datum)) {
    for (const Numbers& one : *lists) flat.insert(flat.end(), one.begin(), one.end());
  }
}

/// The parcel takes its second number last but for the label.
void rearrange_parcel(Numbers& flat) {
  if (flat.size() > 1) {
    const Number extra = flat[1];
    flat.erase(flat.begin() + 1);
    flat.push_back(extra);
  }
  flat.push_back(5);  // Length of its label.
}

Datum odd_ones(const Numbers& list) {
  Numbers odd;
  for (const Number x : list) {
    if (x % 2 != 0) odd.push_back(x);
  }
  return odd;
}

}  // namespace

// -- evaluation -----------------------------------------------------------------------------------

const std::optional<Datum>& SketchOracle::output(std::uint32_t node) {
  return outcome(node, {}).datum;
}

const SketchOracle::Outcome& SketchOracle::outcome(std::uint32_t node, const Rows& rows) {
  const auto key = std::make_pair(node, rows);
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  return known_.emplace(key, evaluate(node, rows)).first->second;
}

SketchOracle::Outcome SketchOracle::evaluate(std::uint32_t number, const Rows& rows) {
  const SketchNode& node = sketch_.nodes[number];
  for (const std::uint32_t earlier : node.after) {
    if (outcome(earlier, rows_of(sketch_.nodes[earlier].scope, rows)).ending != Ending::committed) {
      return {.ending = Ending::skipped};
    }
  }
  std::vector<Datum> arguments;
  for (const Operand& operand : node.operands) {
    auto given = argument(operand, rows);
    if (!given) return {.ending = Ending::skipped};
    arguments.push_back(std::move(*given));
  }
  return compute(node, arguments);
}

SketchOracle::Outcome SketchOracle::compute(const SketchNode& node,
                                            const std::vector<Datum>& arguments) const {
  Numbers flat;
  for (const Datum& argument : arguments) flatten(argument, flat);
  const auto returns = [](Datum datum) { return Outcome{.datum = std::move(datum)}; };
  switch (node.op) {
    case Op::doomed:
      return {.ending = Ending::failed};
    case Op::map:
      return returns(Nothing{});
    case Op::touch:
      return returns(Nothing{});
    case Op::collect:
      return returns(flat);
    case Op::filter:
      return returns(odd_ones(flat));
    case Op::spread:
      return returns(spread_from(digest(node.op, flat)));
    case Op::spread_lists:
      return returns(spread_lists_from(digest(node.op, flat)));
    case Op::half:
      return returns(flat[0] % 2 != 0 ? std::optional<Number>{} : std::optional{flat[0] / 2});
    case Op::whole:
      return returns(digest(node.op, {std::get<std::optional<Number>>(arguments[0]).value_or(-1)}));
    case Op::mix_parcel:
      rearrange_parcel(flat);
      break;
    default:
      break;
  }
  return returns(digest(node.op, flat));
}

std::optional<Datum> SketchOracle::argument(const Operand& operand, const Rows& rows) {
  if (operand.source == Source::constant) return Datum{operand.constant};
  if (operand.source == Source::elements) return gathered(operand.node, rows);
  const SketchNode& node = sketch_.nodes[operand.node];
  const Rows own = rows_of(node.scope, rows);
  if (node.op == Op::item) return item(node.scope, own);
  return outcome(operand.node, own).datum;
}

std::optional<Datum> SketchOracle::gathered(std::uint32_t node, const Rows& rows) {
  const SketchNode& element = sketch_.nodes[node];
  const std::uint32_t map = sketch_.scopes[element.scope].map;
  const Rows around = rows_of(sketch_.nodes[map].scope, rows);
  if (outcome(map, around).ending != Ending::committed) return std::nullopt;
  const std::size_t width = length(*argument(sketch_.nodes[map].operands[0], around));
  Numbers numbers;
  Lists lists;
  for (std::uint32_t row = 0; row < width; ++row) {
    Rows inside = around;
    inside.push_back(row);
    const auto& datum = outcome(node, inside).datum;
    if (!datum) return std::nullopt;
    if (const auto* number = std::get_if<Number>(&*datum)) numbers.push_back(*number);
    if (const auto* list = std::get_if<Numbers>(&*datum)) lists.push_back(*list);
    if (std::holds_alternative<Nothing>(*datum)) numbers.push_back(0);
  }
  // Elements that return nothing are counted by their reader.
  if (element.kind == Kind::nothing) return Datum{static_cast<Number>(numbers.size())};
  if (element.kind == Kind::numbers) return Datum{lists};
  return Datum{numbers};
}

std::optional<Datum> SketchOracle::item(std::uint32_t scope, const Rows& rows) {
  const SketchNode& map = sketch_.nodes[sketch_.scopes[scope].map];
  const Rows around(rows.begin(), rows.end() - 1);
  const auto list = argument(map.operands[0], around);
  if (const auto* numbers = std::get_if<Numbers>(&*list)) return Datum{(*numbers)[rows.back()]};
  return Datum{std::get<Lists>(*list)[rows.back()]};
}

SketchOracle::Rows SketchOracle::rows_of(std::uint32_t scope, const Rows& rows) const {
  std::size_t depth = 0;
  for (; scope != 0; scope = sketch_.scopes[scope].parent) ++depth;
  return {rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(depth)};
}

std::size_t SketchOracle::length(const Datum& list) {
  if (const auto* numbers = std::get_if<Numbers>(&list)) return numbers->size();
  return std::get<Lists>(list).size();
}

// -- counting -------------------------------------------------------------------------------------

Tally SketchOracle::tally() {
  Tally tally;
  count(0, {}, tally);
  return tally;
}

void SketchOracle::count(std::uint32_t scope, const Rows& rows, Tally& tally) {
  for (std::uint32_t i = 0; i < sketch_.nodes.size(); ++i) {
    const SketchNode& node = sketch_.nodes[i];
    if (node.scope == scope && node.op != Op::item) count_node(i, rows, tally);
  }
}

void SketchOracle::count_node(std::uint32_t number, const Rows& rows, Tally& tally) {
  const SketchNode& node = sketch_.nodes[number];
  const Ending ending = outcome(number, rows).ending;
  // A filter is a map, its predicates, and a task that keeps what they chose.
  const std::uint64_t tasks = node.op == Op::filter ? 2 : 1;
  tally.total += tasks;
  if (ending == Ending::skipped) {
    tally.skipped += tasks;
    return;
  }
  std::uint64_t attempts = 1;
  if (ending == Ending::failed) {
    ++tally.failed;
    attempts = node.attempts;
  } else {
    tally.committed += tasks;
    if (node.op == Op::flaky || node.op == Op::late) {
      attempts += static_cast<std::uint64_t>(node.parameter);
    }
  }
  tally.retries += attempts - 1;
  const bool called = node.op != Op::map && node.op != Op::filter && node.op != Op::collect;
  if (called) tally.calls += attempts;
  if (node.op != Op::map && node.op != Op::filter) return;
  const std::size_t width = length(*argument(node.operands[0], rows));
  if (node.op == Op::filter) {
    tally.total += width;
    tally.committed += width;
    tally.calls += width;
    return;
  }
  for (std::uint32_t row = 0; row < width; ++row) {
    Rows inside = rows;
    inside.push_back(row);
    count(node.body, inside, tally);
  }
}

}  // namespace weft::test
