#include "support/random_workflow.hpp"

#include <algorithm>

namespace weft::test {

namespace {

using Source = Operand::Source;

/// What the tasks of one scope may take from their own scope and those around it, and the nodes
/// inside of maps whose elements they may gather or go on from.
struct Visible {
  std::vector<std::uint32_t> numbers, lists, nested, nothings, maybes;
  std::vector<std::uint32_t> mapped_numbers, mapped_lists, mapped_nothings;
};

class Generator {
public:
  Generator(Dice& dice, const SketchOptions& options) : dice_(dice), options_(options) {}

  Sketch take() && {
    Visible visible;
    fill(visible, 0, 0);
    return std::move(sketch_);
  }

private:
  static constexpr int depth_max = 3;

  /// Adds the nodes of a scope; answers the one that a map around it yields.
  std::uint32_t fill(Visible& visible, std::uint32_t scope, int depth) {
    std::uint32_t own = add_number(visible, scope);
    const std::uint32_t steps =
      depth == 0 ? options_.tasks / 2 + dice_.roll(options_.tasks) : dice_.roll(5);
    for (std::uint32_t i = 0; i < steps; ++i) {
      const std::uint32_t kind = dice_.roll(14);
      if (kind < 5) {
        own = add_number(visible, scope);
      } else if (kind < 7) {
        add_list(visible, scope);
      } else if (kind == 7) {
        add_other(visible, scope);
      } else if (kind == 8) {
        own = add_total(visible, scope, own);
      } else if (kind == 9) {
        add_chained(visible);
      } else if (kind == 10 && options_.failures && dice_.chance(40)) {
        visible.numbers.push_back(add({.op = Op::doomed,
                                       .scope = scope,
                                       .operands = some(visible, 1),
                                       .attempts = 1 + dice_.roll(3)}));
      } else if (depth < depth_max && dice_.chance(70)) {
        add_map(visible, scope, depth);
      }
    }
    if (depth > 0 && dice_.chance(15)) return add_result(visible, scope, own);
    return own;
  }

  std::uint32_t add(SketchNode node) {
    const auto number = static_cast<std::uint32_t>(sketch_.nodes.size());
    if (options_.workers > 0 && dice_.chance(15)) node.worker = dice_.roll(options_.workers);
    node.keep = dice_.chance(10);
    if (!order_.empty() && dice_.chance(10)) add_order(node);
    if (node.scope == 0 && node.op != Op::map) order_.push_back(number);
    sketch_.nodes.push_back(std::move(node));
    return number;
  }

  /// Runs after some task of the workflow itself that it may or may not read.
  void add_order(SketchNode& node) {
    if (node.op == Op::item || node.op == Op::filter || node.op == Op::map) return;
    node.after.push_back(dice_.pick(order_));
  }

  std::uint32_t add_number(Visible& visible, std::uint32_t scope) {
    static const std::vector<Op> plain{Op::mix,          Op::mix_map,    Op::mix_tuple,
                                       Op::mix_optional, Op::mix_parcel, Op::mix_deep,
                                       Op::pair_up,      Op::checked};
    SketchNode node{.op = dice_.pick(plain), .scope = scope};
    if (dice_.chance(20)) make_eventful(node);
    switch (node.op) {
      case Op::pair_up:
        node.operands = some(visible, 2);
        if (dice_.chance(30)) node.operands[1] = node.operands[0];  // One future twice.
        break;
      case Op::mix_tuple:
        node.operands = some(visible, 2 + dice_.roll(3));
        break;
      case Op::mix_parcel:
        node.operands = some(visible, 1 + dice_.roll(4));
        break;
      case Op::mix:
      case Op::mix_map:
      case Op::mix_optional:
      case Op::mix_deep:
        node.operands = some(visible, dice_.roll(5));  // None: a late root.
        break;
      default:
        node.operands = some(visible, 1);
    }
    visible.numbers.push_back(add(std::move(node)));
    return visible.numbers.back();
  }

  /// A task that takes time or several attempts.
  void make_eventful(SketchNode& node) {
    if (options_.time && dice_.chance(40)) {
      node.op = Op::nap;
      node.parameter = dice_.roll(200);
    } else if (options_.retries) {
      node.op = options_.time && dice_.chance(40) ? Op::late : Op::flaky;
      node.parameter = dice_.roll(4);
      node.attempts = static_cast<std::uint32_t>(node.parameter) + 1 + dice_.roll(2);
    }
  }

  void add_list(Visible& visible, std::uint32_t scope) {
    if (dice_.chance(25)) {
      visible.nested.push_back(add({.op = Op::spread_lists,
                                    .kind = Kind::lists,
                                    .scope = scope,
                                    .operands = some(visible, dice_.roll(4))}));
    } else if (!visible.lists.empty() && dice_.chance(25)) {
      visible.lists.push_back(add({.op = Op::filter,
                                   .kind = Kind::numbers,
                                   .scope = scope,
                                   .operands = {output(dice_.pick(visible.lists))}}));
    } else if (!visible.mapped_numbers.empty() && dice_.chance(25)) {
      visible.lists.push_back(add({.op = Op::collect,
                                   .kind = Kind::numbers,
                                   .scope = scope,
                                   .operands = {elements(dice_.pick(visible.mapped_numbers))}}));
    } else {
      visible.lists.push_back(add({.op = Op::spread,
                                   .kind = Kind::numbers,
                                   .scope = scope,
                                   .operands = some(visible, dice_.roll(4))}));
    }
  }

  /// A task that returns nothing or perhaps something, or one that takes that.
  void add_other(Visible& visible, std::uint32_t scope) {
    if (!visible.nothings.empty() && dice_.chance(40)) {
      auto operands = some(visible, 1);
      operands.insert(operands.begin(), output(dice_.pick(visible.nothings)));
      visible.numbers.push_back(
        add({.op = Op::after_touch, .scope = scope, .operands = std::move(operands)}));
    } else if (!visible.maybes.empty() && dice_.chance(40)) {
      visible.numbers.push_back(
        add({.op = Op::whole, .scope = scope, .operands = {output(dice_.pick(visible.maybes))}}));
    } else if (!visible.mapped_nothings.empty() && dice_.chance(60)) {
      visible.numbers.push_back(add({.op = Op::count_touches,
                                     .scope = scope,
                                     .operands = {elements(dice_.pick(visible.mapped_nothings))}}));
    } else if (dice_.chance(50)) {
      visible.nothings.push_back(add(
        {.op = Op::touch, .kind = Kind::nothing, .scope = scope, .operands = some(visible, 1)}));
    } else {
      visible.maybes.push_back(
        add({.op = Op::half, .kind = Kind::maybe, .scope = scope, .operands = some(visible, 1)}));
    }
  }

  std::uint32_t add_total(Visible& visible, std::uint32_t scope, std::uint32_t own) {
    SketchNode node{.op = Op::total, .scope = scope};
    if (!visible.mapped_lists.empty() && dice_.chance(40)) {
      node.op = Op::total_lists;
      node.operands = {elements(dice_.pick(visible.mapped_lists))};
    } else if (!visible.nested.empty() && dice_.chance(20)) {
      node.op = Op::total_lists;
      node.operands = {output(dice_.pick(visible.nested))};
    } else if (any_list(visible)) {
      node.operands = {list(visible)};
      if (dice_.chance(50)) {
        node.op = Op::total_both;
        node.operands.push_back(list(visible));
      }
    } else {
      return own;
    }
    visible.numbers.push_back(add(std::move(node)));
    return visible.numbers.back();
  }

  /// A further step for each element of a map, added from the scope around it.
  void add_chained(Visible& visible) {
    if (visible.mapped_numbers.empty()) return;
    const std::uint32_t each = dice_.pick(visible.mapped_numbers);
    auto operands = some(visible, 1);
    operands.insert(operands.begin(), output(each));
    visible.mapped_numbers.push_back(add({.op = Op::pair_up,
                                          .scope = sketch_.nodes[each].scope,
                                          .operands = std::move(operands),
                                          .chained = true}));
  }

  void add_map(Visible& visible, std::uint32_t scope, int depth) {
    const bool of_lists = !visible.nested.empty() && dice_.chance(40);
    if (!of_lists && visible.lists.empty()) return;
    const auto body = static_cast<std::uint32_t>(sketch_.scopes.size());
    const Operand source = output(dice_.pick(of_lists ? visible.nested : visible.lists));
    const std::uint32_t map = add(
      {.op = Op::map, .kind = Kind::nothing, .scope = scope, .operands = {source}, .body = body});
    sketch_.scopes.push_back({.parent = scope, .map = map});
    Visible inside = visible;
    inside.mapped_numbers.clear();
    inside.mapped_lists.clear();
    inside.mapped_nothings.clear();
    const std::uint32_t item =
      add({.op = Op::item, .kind = of_lists ? Kind::numbers : Kind::number, .scope = body});
    sketch_.scopes[body].item = item;
    (of_lists ? inside.lists : inside.numbers).push_back(item);
    const std::uint32_t result = fill(inside, body, depth + 1);
    sketch_.nodes[map].result = result;
    switch (sketch_.nodes[result].kind) {
      case Kind::numbers:
        visible.mapped_lists.push_back(result);
        break;
      case Kind::nothing:
        visible.mapped_nothings.push_back(result);
        break;
      default:
        visible.mapped_numbers.push_back(result);
    }
  }

  /// A result of a body that is not a number.
  std::uint32_t add_result(Visible& visible, std::uint32_t scope, std::uint32_t own) {
    if (!visible.mapped_numbers.empty() && dice_.chance(60)) {
      return add({.op = Op::collect,
                  .kind = Kind::numbers,
                  .scope = scope,
                  .operands = {elements(dice_.pick(visible.mapped_numbers))}});
    }
    return add({.op = Op::touch, .kind = Kind::nothing, .scope = scope, .operands = {output(own)}});
  }

  static Operand output(std::uint32_t node) { return {.source = Source::output, .node = node}; }
  static Operand elements(std::uint32_t node) { return {.source = Source::elements, .node = node}; }

  static bool any_list(const Visible& visible) {
    return !visible.lists.empty() || !visible.mapped_numbers.empty();
  }

  Operand list(const Visible& visible) {
    const bool gather = !visible.mapped_numbers.empty() && dice_.chance(60);
    if (gather || visible.lists.empty()) return elements(dice_.pick(visible.mapped_numbers));
    return output(dice_.pick(visible.lists));
  }

  /// Numbers: mostly what is near, sometimes what is far, so that edges skip levels; constants when
  /// there is nothing yet. All are outputs or all are constants, as the elements of a vector must
  /// be.
  std::vector<Operand> some(const Visible& visible, std::uint32_t count) {
    std::vector<Operand> chosen;
    const bool constants = visible.numbers.empty() || dice_.chance(12);
    for (std::uint32_t i = 0; i < count; ++i) {
      if (constants) {
        chosen.push_back({.constant = dice_.roll(100)});
        continue;
      }
      const std::size_t near = std::min<std::size_t>(visible.numbers.size(), 4);
      chosen.push_back(output(dice_.chance(70)
                                ? visible.numbers[visible.numbers.size() - 1 - dice_.roll(near)]
                                : dice_.pick(visible.numbers)));
    }
    return chosen;
  }

  Dice& dice_;
  SketchOptions options_;
  Sketch sketch_;
  std::vector<std::uint32_t> order_;  ///< Tasks of the workflow itself, to run after.
};

}  // namespace

Sketch random_sketch(Dice& dice, const SketchOptions& options) {
  return Generator{dice, options}.take();
}

}  // namespace weft::test
