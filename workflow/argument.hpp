#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "weft/workflow/value.hpp"

namespace weft {

/// What one node of an argument tree is. See `ArgNode`.
enum class ArgKind : std::uint8_t {
  constant,  ///< `value`: index of a constant of the graph.
  input,     ///< `value`: slot of the task's dependency whose output stands here.
  gather,    ///< `value`: slot of a dependency on all elements of a map; a list of their outputs.
  list,      ///< `value`: number of children that follow.
  map,       ///< `value`: number of entries; each is a key and a value that follow.
  tuple,     ///< `value`: number of children that follow. Also pairs.
  object,    ///< `value`: number of children that follow: the fields of a struct, in order.
  some,      ///< An optional that is set; its child follows.
  none,      ///< An optional that is not set.
};

/// One node of an argument tree. A task's arguments are a forest of such nodes in pre-order: one
/// recursive walk reads them, whatever they nest.
struct ArgNode {
  ArgKind kind = ArgKind::none;
  std::uint32_t value = 0;

  friend bool operator==(const ArgNode&, const ArgNode&) = default;
};

/// The values that the dependencies of one task yielded, by slot.
class Inputs {
public:
  void reserve(std::size_t slots) { values_.reserve(slots); }

  /// Appends the next slot, which holds one value.
  void add(Value value) {
    values_.push_back(std::move(value));
    if (!ends_.empty()) ends_.push_back(static_cast<std::uint32_t>(values_.size()));
  }

  /// Appends the next slot, which holds the outputs of all elements of a map.
  void add_gathered(std::vector<Value> values);

  /// Replaces the value of a slot that holds one.
  void set(std::uint32_t slot, Value value) { values_[begin(slot)] = std::move(value); }

  /// Replaces one of `values`.
  void set_value(std::uint32_t place, Value value) { values_[place] = std::move(value); }

  [[nodiscard]] const Value& at(std::uint32_t slot) const { return values_[begin(slot)]; }
  [[nodiscard]] std::span<const Value> gathered(std::uint32_t slot) const {
    return {values_.data() + begin(slot), values_.data() + end(slot)};
  }
  [[nodiscard]] const std::vector<Value>& values() const { return values_; }
  [[nodiscard]] Bytes size() const;

private:
  [[nodiscard]] std::size_t begin(std::uint32_t slot) const {
    if (ends_.empty()) return slot;
    return slot == 0 ? 0 : ends_[slot - 1];
  }
  [[nodiscard]] std::size_t end(std::uint32_t slot) const {
    return ends_.empty() ? slot + 1 : ends_[slot];
  }

  std::vector<Value> values_;
  std::vector<std::uint32_t> ends_;  ///< One past each slot; empty while every slot is one value.
};

template <class P>
class Argument;

/// Reads the arguments of one call, left to right. Throws `Exception` when a value is not what the
/// parameter asks for; the executor turns that into the task's error.
class ArgumentReader {
public:
  ArgumentReader(std::span<const ArgNode> nodes, std::span<const Value> constants,
                 const Inputs& inputs)
      : nodes_(nodes), constants_(constants), inputs_(inputs) {}

  /// The next argument, as a parameter of type `P`: in place where it is a whole value, built
  /// otherwise.
  template <class P>
  Argument<P> next();

  /// The next argument as a value of its own. Lists become a `ValueList`.
  Value next_value();

  [[nodiscard]] bool done() const { return position_ == nodes_.size(); }

  /// The next argument as an object of its own.
  template <class P>
  P build();

private:
  template <class P>
  P copy_of(const Value& value);
  [[nodiscard]] const ArgNode& peek() const;
  const ArgNode& take();
  [[nodiscard]] const Value* whole_value(const ArgNode& node) const;
  [[noreturn]] static void mismatch(std::string_view wanted);

  std::span<const ArgNode> nodes_;
  std::span<const Value> constants_;
  const Inputs& inputs_;
  std::size_t position_ = 0;
};

/// What one parameter binds to: an object inside a value, or one built for this call.
template <class P>
class Argument {
public:
  explicit Argument(Shared<P> shared) : state_(std::move(shared)) {}
  explicit Argument(P built) : state_(std::move(built)) {}

  [[nodiscard]] const P& get() const {
    if (const auto* shared = std::get_if<0>(&state_)) return **shared;
    return *std::get_if<1>(&state_);
  }

private:
  std::variant<Shared<P>, P> state_;
};

// -- implementation of the templates --------------------------------------------------------------

template <class T>
inline constexpr bool is_shared = false;
template <class T>
inline constexpr bool is_shared<Shared<T>> = true;

namespace argument_detail {

template <class P>
concept MapLike = requires { typename P::key_type; typename P::mapped_type; };
template <class P>
concept TupleLike = requires { std::tuple_size<P>::value; } && !requires(P& p) { p.size(); };
template <class P>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class P>
inline constexpr bool is_vector = false;
template <class T, class A>
inline constexpr bool is_vector<std::vector<T, A>> = true;

template <class P>
inline constexpr bool is_shared_list = false;
template <class T, class A>
inline constexpr bool is_shared_list<std::vector<Shared<T>, A>> = true;

/// Converts to any type, in unevaluated code only.
struct AnyField {
  template <class F>
  operator F() const;
};

/// Converts to optionals alone, in unevaluated code only.
struct OptionalField {
  template <class F>
  operator std::optional<F>() const;
};

template <std::size_t>
using AnyFieldAt = AnyField;

template <class P, std::size_t... I>
constexpr bool takes_fields(std::index_sequence<I...>) {
  return requires { P{AnyFieldAt<I>{}...}; };
}

template <class P, std::size_t Index, std::size_t... I>
constexpr bool takes_optional(std::index_sequence<I...>) {
  return requires { P{std::conditional_t<I == Index, OptionalField, AnyField>{}...}; };
}

/// More fields than anybody writes by hand; it bounds the work of counting those of a long array.
inline constexpr std::size_t max_fields = 64;

/// Number of fields of an aggregate.
template <class P, std::size_t N = 0>
constexpr std::size_t field_count() {
  if constexpr (N < max_fields && takes_fields<P>(std::make_index_sequence<N + 1>{})) {
    return field_count<P, N + 1>();
  } else {
    return N;
  }
}

/// Converts to a field of an aggregate by building it from the next argument.
struct FieldBuilder {
  ArgumentReader& reader;
  template <class F>
  operator F() const;
};

/// The same for an optional, which would rather be made from what it may hold.
struct OptionalFieldBuilder {
  ArgumentReader& reader;
  template <class F>
  operator std::optional<F>() const;
};

template <class P, std::size_t... I>
P build_object(ArgumentReader& reader, std::index_sequence<I...> all) {
  return P{std::conditional_t<takes_optional<P, I>(decltype(all){}), OptionalFieldBuilder,
                              FieldBuilder>{reader}...};
}

}  // namespace argument_detail

template <class F>
argument_detail::FieldBuilder::operator F() const {
  return reader.build<F>();
}

template <class F>
argument_detail::OptionalFieldBuilder::operator std::optional<F>() const {
  return reader.build<std::optional<F>>();
}

template <class P>
Argument<P> ArgumentReader::next() {
  if constexpr (!is_shared<P> && !argument_detail::is_shared_list<P>) {
    if (const Value* value = whole_value(peek())) {
      ++position_;
      auto shared = value->as<P>();
      if (!shared) throw Exception(std::move(shared).error());
      return Argument<P>{std::move(*shared)};
    }
  }
  return Argument<P>{build<P>()};
}

template <class P>
P ArgumentReader::copy_of(const Value& value) {
  if constexpr (is_shared<P>) {
    auto shared = value.as<typename P::element_type>();
    if (!shared) throw Exception(std::move(shared).error());
    return std::move(*shared);
  } else if constexpr (argument_detail::is_shared_list<P>) {
    auto list = value.as<ValueList>();
    if (!list) throw Exception(std::move(list).error());
    P out;
    out.reserve((*list)->items.size());
    for (const Value& item : (*list)->items) out.push_back(copy_of<typename P::value_type>(item));
    return out;
  } else {
    auto shared = value.as<P>();
    if (!shared) throw Exception(std::move(shared).error());
    return **shared;
  }
}

template <class P>
P ArgumentReader::build() {
  using namespace argument_detail;
  const ArgNode& node = take();
  if (const Value* value = whole_value(node)) return copy_of<P>(*value);
  switch (node.kind) {
    case ArgKind::gather:
    case ArgKind::list:
      if constexpr (is_vector<P>) {
        P out;
        if (node.kind == ArgKind::gather) {
          const auto items = inputs_.gathered(node.value);
          out.reserve(items.size());
          for (const Value& item : items) out.push_back(copy_of<typename P::value_type>(item));
        } else {
          out.reserve(node.value);
          for (std::uint32_t i = 0; i < node.value; ++i) {
            out.push_back(build<typename P::value_type>());
          }
        }
        return out;
      }
      break;
    case ArgKind::map:
      if constexpr (MapLike<P>) {
        P out;
        for (std::uint32_t i = 0; i < node.value; ++i) {
          auto key = build<typename P::key_type>();
          out.emplace(std::move(key), build<typename P::mapped_type>());
        }
        return out;
      }
      break;
    case ArgKind::tuple:
      if constexpr (TupleLike<P>) {
        if (node.value == std::tuple_size_v<P>) {
          return [this]<std::size_t... I>(std::index_sequence<I...>) {
            return P{build<std::tuple_element_t<I, P>>()...};
          }(std::make_index_sequence<std::tuple_size_v<P>>{});
        }
      }
      break;
    case ArgKind::object:
      if constexpr (std::is_aggregate_v<P>) {
        constexpr std::size_t fields = field_count<P>();
        if (node.value == fields) return build_object<P>(*this, std::make_index_sequence<fields>{});
      }
      break;
    case ArgKind::some:
      if constexpr (is_optional<P>) return P{build<typename P::value_type>()};
      break;
    case ArgKind::none:
      if constexpr (is_optional<P>) return P{};
      break;
    default:
      break;
  }
  mismatch(readable_name(typeid(P)));
}

}  // namespace weft
