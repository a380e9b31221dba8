#include "support/random_workflow.hpp"

namespace weft::test {

namespace {

using Source = Operand::Source;

/// Writes a sketch in weft's language.
class Writer {
public:
  explicit Writer(const Sketch& sketch) : sketch_(sketch), futures_(sketch.nodes.size()) {}

  SketchedWorkflow take() && {
    write_scope(0);
    return {std::move(workflow_), std::move(futures_)};
  }

private:
  void write_scope(std::uint32_t scope) {
    for (std::uint32_t i = 0; i < sketch_.nodes.size(); ++i) {
      const SketchNode& node = sketch_.nodes[i];
      const bool here =
        node.chained ? sketch_.scopes[node.scope].parent == scope : node.scope == scope;
      if (!here || node.op == Op::item) continue;
      futures_[i] = write(node);
      write_options(node, futures_[i]);
    }
  }

  void write_options(const SketchNode& node, const AnyFuture& future) {
    for (const std::uint32_t earlier : node.after) workflow_.after(future, futures_[earlier]);
    if (node.op == Op::map) {
      if (node.worker) workflow_.map_options(future).worker = WorkerId{*node.worker};
      return;
    }
    if (!node.worker && !node.keep && node.attempts == 1) return;
    TaskOptions& options = workflow_.options(future);
    if (node.worker) options.worker = WorkerId{*node.worker};
    if (node.keep) options.keep_output = KeepOutput::until_erased;
    if (node.attempts > 1) {
      options.retries = RetryPolicy{.attempts = node.attempts,
                                    .backoff = std::chrono::milliseconds{node.parameter}};
    }
  }

  AnyFuture write(const SketchNode& node) {
    const std::vector<Operand>& from = node.operands;
    switch (node.op) {
      case Op::total:
        return on_list(functions::total, from[0]);
      case Op::total_both:
        return write_total_both(from);
      case Op::total_lists:
        return from[0].source == Source::elements
                 ? workflow_.task(functions::total_lists, mapped<Numbers>(from[0]))
                 : workflow_.task(functions::total_lists, future<Lists>(from[0]));
      case Op::spread:
        return on_numbers(functions::spread, from);
      case Op::spread_lists:
        return on_numbers(functions::spread_lists, from);
      case Op::filter:
        return workflow_.filter(future<Numbers>(from[0]), functions::is_odd);
      case Op::collect:
        return workflow_.gather(mapped<Number>(from[0]));
      case Op::after_touch:
        return write_after_touch(from);
      case Op::count_touches:
        return workflow_.task(functions::count_touches, mapped<Nothing>(from[0]));
      case Op::whole:
        return workflow_.task(functions::whole, future<std::optional<Number>>(from[0]));
      case Op::nap:
        return on_number(functions::nap, from[0], node.parameter);
      case Op::flaky:
        return on_number(functions::flaky, from[0], node.parameter);
      case Op::late:
        return on_number(functions::late, from[0], node.parameter);
      case Op::touch:
        return on_number(functions::touch, from[0]);
      case Op::half:
        return on_number(functions::half, from[0]);
      case Op::checked:
        return on_number(functions::checked, from[0]);
      case Op::doomed:
        return on_number(functions::doomed, from[0]);
      case Op::map:
        return write_map(node);
      default:
        return write_mix(node);
    }
  }

  AnyFuture write_mix(const SketchNode& node) {
    const std::vector<Operand>& from = node.operands;
    switch (node.op) {
      case Op::mix_map:
        return write_mix_map(from);
      case Op::mix_tuple:
        return write_mix_tuple(from);
      case Op::mix_optional:
        return write_mix_optional(from);
      case Op::mix_parcel:
        return write_mix_parcel(from);
      case Op::mix_deep:
        return write_mix_deep(from);
      case Op::pair_up:
        return write_pair_up(node);
      default:
        return on_numbers(functions::mix, from);
    }
  }

  // -- arguments ----------------------------------------------------------------------------------

  template <class T>
  Future<T> future(const Operand& operand) const {
    const AnyFuture& any = futures_[operand.node];
    return {any.workflow(), any.task(),
            any.kind() == AnyFuture::Kind::item ? AnyFuture::Kind::item : AnyFuture::Kind::output};
  }
  template <class T>
  Mapped<T> mapped(const Operand& operand) const {
    const AnyFuture& any = futures_[operand.node];
    return {any.workflow(), any.task(), AnyFuture::Kind::mapped};
  }

  /// Whether the operands are outputs. They are all of one sort.
  static bool outputs(const std::vector<Operand>& from) {
    return !from.empty() && from.front().source == Source::output;
  }

  /// Calls `use` with the operands from `first` on: as a vector of futures or as one of constants.
  template <class Use>
  auto with_vector(const std::vector<Operand>& from, std::size_t first, Use&& use) {
    std::vector<Future<Number>> futures;
    Numbers constants;
    for (std::size_t i = first; i < from.size(); ++i) {
      if (outputs(from)) {
        futures.push_back(future<Number>(from[i]));
      } else {
        constants.push_back(from[i].constant);
      }
    }
    return outputs(from) ? AnyFuture(use(futures)) : AnyFuture(use(constants));
  }

  /// Calls `use` with the operand as a future or as a constant.
  template <class Use>
  auto with_number(const Operand& from, Use&& use) {
    return from.source == Source::output ? AnyFuture(use(future<Number>(from)))
                                         : AnyFuture(use(from.constant));
  }

  template <class Callable>
  AnyFuture on_numbers(const Function<Callable>& function, const std::vector<Operand>& from) {
    return with_vector(from, 0, [&](const auto& all) { return workflow_.task(function, all); });
  }

  template <class Callable, class... More>
  AnyFuture on_number(const Function<Callable>& function, const Operand& from, More... more) {
    return with_number(from, [&](const auto& x) { return workflow_.task(function, x, more...); });
  }

  template <class Callable>
  AnyFuture on_list(const Function<Callable>& function, const Operand& from) {
    if (from.source == Source::elements) return workflow_.task(function, mapped<Number>(from));
    return workflow_.task(function, future<Numbers>(from));
  }

  AnyFuture write_total_both(const std::vector<Operand>& from) {
    using functions::total_both;
    const auto second = [&](const auto& a) -> AnyFuture {
      if (from[1].source == Source::elements) {
        return workflow_.task(total_both, a, mapped<Number>(from[1]));
      }
      return workflow_.task(total_both, a, future<Numbers>(from[1]));
    };
    if (from[0].source == Source::elements) return second(mapped<Number>(from[0]));
    return second(future<Numbers>(from[0]));
  }

  AnyFuture write_after_touch(const std::vector<Operand>& from) {
    return with_number(from[1], [&](const auto& x) {
      return workflow_.task(functions::after_touch, future<Nothing>(from[0]), x);
    });
  }

  AnyFuture write_pair_up(const SketchNode& node) {
    const std::vector<Operand>& from = node.operands;
    return with_number(from[1], [&](const auto& second) -> AnyFuture {
      if (node.chained) return workflow_.map(mapped<Number>(from[0]), functions::pair_up, second);
      return with_number(from[0], [&](const auto& first) {
        return workflow_.task(functions::pair_up, first, second);
      });
    });
  }

  AnyFuture write_mix_map(const std::vector<Operand>& from) {
    return with_vector(from, 0, [&]<class T>(const std::vector<T>& all) {
      std::map<std::string, T> named;
      for (std::size_t i = 0; i < all.size(); ++i) named.emplace("k" + std::to_string(i), all[i]);
      return workflow_.task(functions::mix_map, named);
    });
  }

  AnyFuture write_mix_tuple(const std::vector<Operand>& from) {
    return with_vector(from, 2, [&](const auto& rest) {
      return with_number(from[0], [&](const auto& first) {
        return with_number(from[1], [&](const auto& second) {
          return workflow_.task(functions::mix_tuple,
                                std::make_tuple(first, std::make_pair(second, rest)));
        });
      });
    });
  }

  AnyFuture write_mix_optional(const std::vector<Operand>& from) {
    return with_vector(from, std::min<std::size_t>(from.size(), 1),
                       [&]<class T>(const std::vector<T>& rest) -> AnyFuture {
                         std::optional<std::vector<T>> more;
                         if (from.size() > 1) more = rest;
                         if (from.empty())
                           return workflow_.task(functions::mix_optional, std::nullopt, more);
                         return with_number(from[0], [&](const auto& first) {
                           return workflow_.task(functions::mix_optional, std::make_optional(first),
                                                 more);
                         });
                       });
  }

  /// The first number, the second as the optional field, the others as the list.
  AnyFuture write_mix_parcel(const std::vector<Operand>& from) {
    return with_vector(from, std::min<std::size_t>(from.size(), 2), [&](const auto& rest) {
      return with_number(from[0], [&](const auto& first) -> AnyFuture {
        const auto write = [&](const auto& extra) {
          return workflow_.task(functions::mix_parcel,
                                object<Parcel>(first, rest, extra, std::string("label")));
        };
        if (from.size() < 2) return write(std::optional<Number>{});
        return with_number(from[1], [&](const auto& x) { return write(std::make_optional(x)); });
      });
    });
  }

  /// Two maps, of lists with one or no element each.
  AnyFuture write_mix_deep(const std::vector<Operand>& from) {
    return with_vector(from, 0, [&]<class T>(const std::vector<T>& all) {
      std::vector<std::map<std::string, std::vector<T>>> deep(2);
      for (std::size_t i = 0; i < all.size(); ++i) {
        deep[2 * i / all.size()]["k" + std::to_string(i)] = {all[i]};
      }
      deep[1]["z"] = {};
      return workflow_.task(functions::mix_deep, deep);
    });
  }

  // -- maps ---------------------------------------------------------------------------------------

  AnyFuture write_map(const SketchNode& node) {
    const std::uint32_t item = sketch_.scopes[node.body].item;
    const auto write_body = [&]<class Item>(const Future<std::vector<Item>>& list) {
      return workflow_.for_each(list, [&](Future<Item> element) {
        futures_[item] = element;
        write_scope(node.body);
        // What type the result has matters to those only who take it, and they know.
        return future<Number>({.source = Source::output, .node = node.result});
      });
    };
    if (sketch_.nodes[item].kind == Kind::numbers)
      return write_body(future<Lists>(node.operands[0]));
    return write_body(future<Numbers>(node.operands[0]));
  }

  const Sketch& sketch_;
  std::vector<AnyFuture> futures_;
  Workflow workflow_{"random"};
};

}  // namespace

SketchedWorkflow write_workflow(const Sketch& sketch) {
  return Writer{sketch}.take();
}

}  // namespace weft::test
