#pragma once

// The typed half of workflow.hpp: which argument fits which parameter, and how it becomes nodes.
// Include workflow.hpp instead.

#include "weft/workflow/workflow.hpp"

namespace weft {

namespace typed_detail {

using argument_detail::MapLike;
using argument_detail::TupleLike;

/// What an argument is once its futures are values.
template <class A>
struct Resolved {
  using type = A;
  static constexpr bool has_future = false;
};
/// Text that somebody else owns becomes a value of its own.
template <>
struct Resolved<const char*> {
  using type = std::string;
  static constexpr bool has_future = false;
};
template <>
struct Resolved<std::string_view> {
  using type = std::string;
  static constexpr bool has_future = false;
};
template <class T>
struct Resolved<Future<T>> {
  using type = T;
  static constexpr bool has_future = true;
};
template <class T>
struct Resolved<Mapped<T>> {
  using type = std::vector<T>;
  static constexpr bool has_future = true;
};
template <class T, class Al>
struct Resolved<std::vector<T, Al>> {
  using type = std::vector<typename Resolved<T>::type>;
  static constexpr bool has_future = Resolved<T>::has_future;
};
template <class K, class V, class C, class Al>
struct Resolved<std::map<K, V, C, Al>> {
  using type = std::map<K, typename Resolved<V>::type>;
  static constexpr bool has_future = Resolved<V>::has_future;
};
template <class K, class V, class H, class E, class Al>
struct Resolved<std::unordered_map<K, V, H, E, Al>> {
  using type = std::unordered_map<K, typename Resolved<V>::type>;
  static constexpr bool has_future = Resolved<V>::has_future;
};
template <class... Ts>
struct Resolved<std::tuple<Ts...>> {
  using type = std::tuple<typename Resolved<Ts>::type...>;
  static constexpr bool has_future = (Resolved<Ts>::has_future || ...);
};
template <class A, class B>
struct Resolved<std::pair<A, B>> {
  using type = std::pair<typename Resolved<A>::type, typename Resolved<B>::type>;
  static constexpr bool has_future = Resolved<A>::has_future || Resolved<B>::has_future;
};
template <class T>
struct Resolved<std::optional<T>> {
  using type = std::optional<typename Resolved<T>::type>;
  static constexpr bool has_future = Resolved<T>::has_future;
};
template <class P, class... Fields>
struct Resolved<ObjectArgument<P, Fields...>> {
  using type = P;
  static constexpr bool has_future = true;
};

template <class T>
struct Unshared {
  using type = T;
};
template <class T>
struct Unshared<Shared<T>> {
  using type = T;
};

/// Whether an argument of type `A` may stand where a parameter is a `P`. Futures must be of exactly
/// the parameter's type; constants may convert.
template <class P, class A>
constexpr bool fits();

template <class P, class A, std::size_t... I>
constexpr bool tuple_fits(std::index_sequence<I...>) {
  return (fits<std::tuple_element_t<I, P>, std::tuple_element_t<I, A>>() && ...);
}

template <class P, class A>
struct ObjectFits : std::false_type {};
/// Each field has its argument: one left out would be missing when the task runs.
template <class P, class... Fields>
  requires std::is_aggregate_v<P> && (sizeof...(Fields) == argument_detail::field_count<P>())
struct ObjectFits<P, ObjectArgument<P, Fields...>>
    : std::bool_constant<requires { P{std::declval<typename Resolved<Fields>::type>()...}; }> {};

template <class A>
inline constexpr bool is_mapped = false;
template <class T>
inline constexpr bool is_mapped<Mapped<T>> = true;
template <class A>
inline constexpr bool is_future = is_mapped<A>;
template <class T>
inline constexpr bool is_future<Future<T>> = true;

template <class P, class A>
constexpr bool fits() {
  using Plain = typename Unshared<P>::type;
  if constexpr (is_mapped<A> && !argument_detail::is_vector<P>) {
    return false;  // Gathered elements lie in as many values: only a list is made of them.
  } else if constexpr (std::derived_from<A, AnyFuture>) {
    return std::same_as<typename Resolved<A>::type, Plain> ||
           [] {
             if constexpr (is_list<Plain> && is_list<typename Resolved<A>::type>) {
               using Item = typename Unshared<typename Plain::value_type>::type;
               return std::same_as<Item, typename Resolved<A>::type::value_type>;
             } else {
               return false;
             }
           }();
  } else if constexpr (!Resolved<A>::has_future) {
    return std::convertible_to<A, Plain>;
  } else if constexpr (ObjectFits<P, A>::value) {
    return true;
  } else if constexpr (MapLike<P> && MapLike<A>) {
    return std::convertible_to<typename A::key_type, typename P::key_type> &&
           fits<typename P::mapped_type, typename A::mapped_type>();
  } else if constexpr (argument_detail::is_vector<P> && argument_detail::is_vector<A>) {
    return fits<typename P::value_type, typename A::value_type>();
  } else if constexpr (argument_detail::is_optional<P> && argument_detail::is_optional<A>) {
    return fits<typename P::value_type, typename A::value_type>();
  } else if constexpr (TupleLike<P> && TupleLike<A>) {
    if constexpr (std::tuple_size_v<P> == std::tuple_size_v<A>) {
      return tuple_fits<P, A>(std::make_index_sequence<std::tuple_size_v<P>>{});
    } else {
      return false;
    }
  } else {
    return false;
  }
}

template <class Parameters, class... Args>
constexpr bool all_fit() {
  if constexpr (std::tuple_size_v<Parameters> != sizeof...(Args)) {
    return false;
  } else {
    return tuple_fits<Parameters, std::tuple<Args...>>(std::index_sequence_for<Args...>{});
  }
}

}  // namespace typed_detail

template <class P, class A>
void Workflow::append(A&& argument) {
  using Plain = std::remove_cvref_t<A>;
  if constexpr (std::derived_from<Plain, AnyFuture>) {
    append_future(argument);
  } else if constexpr (!typed_detail::Resolved<Plain>::has_future) {
    append_constant(Value::of(typename typed_detail::Unshared<P>::type(std::forward<A>(argument))));
  } else if constexpr (typed_detail::ObjectFits<P, Plain>::value) {
    append_object(argument);
  } else if constexpr (typed_detail::MapLike<P>) {
    append_node(ArgKind::map, argument.size());
    for (const auto& [key, value] : argument) {
      append_constant(Value::of(typename P::key_type(key)));
      append<typename P::mapped_type>(value);
    }
  } else if constexpr (argument_detail::is_vector<P>) {
    append_node(ArgKind::list, argument.size());
    for (const auto& item : argument) append<typename P::value_type>(item);
  } else if constexpr (argument_detail::is_optional<P>) {
    append_node(argument ? ArgKind::some : ArgKind::none, 0);
    if (argument) append<typename P::value_type>(*argument);
  } else {
    append_node(ArgKind::tuple, std::tuple_size_v<P>);
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (append<std::tuple_element_t<I, P>>(std::get<I>(argument)), ...);
    }(std::make_index_sequence<std::tuple_size_v<P>>{});
  }
}

template <class P, class... Fields>
void Workflow::append_object(const ObjectArgument<P, Fields...>& object) {
  append_node(ArgKind::object, sizeof...(Fields));
  std::apply([this](const auto&... fields) {
    (append<typename typed_detail::Resolved<std::decay_t<decltype(fields)>>::type>(fields), ...);
  }, object.fields);
}

template <class Callable, class... Args>
auto Workflow::task(const Function<Callable>& function, Args&&... args)
  -> Future<typename Function<Callable>::Output> {
  using Parameters = typename Function<Callable>::Parameters;
  static_assert(std::tuple_size_v<Parameters> == sizeof...(Args),
                "weft: the task has another number of arguments than its function has parameters");
  static_assert(typed_detail::all_fit<Parameters, std::decay_t<Args>...>(),
                "weft: an argument of the task is not of the type that its function takes");
  const TaskId id = begin_task(function.definition());
  if constexpr (typed_detail::all_fit<Parameters, std::decay_t<Args>...>()) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (append<std::tuple_element_t<I, Parameters>>(std::forward<Args>(args)), ...);
    }(std::index_sequence_for<Args...>{});
  }
  return {tag_, id, AnyFuture::Kind::output};
}

template <class T, class Callable, class... Extra>
auto Workflow::map(const Future<std::vector<T>>& list, const Function<Callable>& function,
                   Extra&&... extra) -> Mapped<typename Function<Callable>::Output> {
  return for_each(list, [&](Future<T> item) {
    return task(function, item, std::forward<Extra>(extra)...);
  });
}

template <class T, class Callable, class... Extra>
auto Workflow::map(const Mapped<T>& each, const Function<Callable>& function, Extra&&... extra)
  -> Mapped<typename Function<Callable>::Output> {
  return for_each(each, [&](const Future<T>& element) {
    return task(function, element, std::forward<Extra>(extra)...);
  });
}

template <class T, class Body>
  requires std::invocable<Body, Future<T>>
auto Workflow::for_each(const Mapped<T>& each, Body&& body) {
  using Returned = std::remove_cvref_t<std::invoke_result_t<Body, Future<T>>>;
  static_assert(typed_detail::is_future<Returned> && !typed_detail::is_mapped<Returned>,
                "weft: the body that goes on with an element returns a Future");
  const Future<T> element{each.workflow(), each.task(), AnyFuture::Kind::output};
  const std::uint32_t scope = owns(each) ? tasks_[each.task().number()].scope : scope_;
  const AnyFuture output = in_scope(scope, [&]() -> AnyFuture {
    const AnyFuture returned = body(element);
    // A future of another workflow is a problem that has been noted already.
    return owns(each) && scope != 0 ? checked_body(scopes_[scope].map, returned) : returned;
  });
  return Mapped<typename Returned::value_type>{tag_, output.task(), AnyFuture::Kind::mapped};
}

template <class List, class Callable, class... Extra>
auto Workflow::map(const List&, const Function<Callable>&, Extra&&...) {
  static_assert(!std::same_as<List, List>,
                "weft: a map goes over a Future of a std::vector, or over a Mapped");
}

template <class T, class Body>
  requires std::invocable<Body, Future<T>>
auto Workflow::for_each(const Future<std::vector<T>>& list, Body&& body) {
  using Returned = std::remove_cvref_t<std::invoke_result_t<Body, Future<T>>>;
  static_assert(typed_detail::is_future<Returned>,
                "weft: the body of a for_each returns a Future or a Mapped");
  const TaskId map = begin_map(list);
  if constexpr (typed_detail::is_future<Returned>) {
    const auto output = in_scope(tasks_[map.number()].body, [&] {
      Returned returned = body(Future<T>{tag_, map, AnyFuture::Kind::item});
      if constexpr (typed_detail::is_mapped<Returned>) {
        // A map inside the body: its elements become one list.
        return gather(returned);
      } else {
        const AnyFuture checked = checked_body(map, returned);
        return Returned{tag_, checked.task(), AnyFuture::Kind::output};
      }
    });
    return Mapped<typename decltype(output)::value_type>{tag_, output.task(),
                                                         AnyFuture::Kind::mapped};
  }
}

template <class T>
auto Workflow::gather(const Mapped<T>& each) -> Future<std::vector<T>> {
  return {tag_, collect(each).task(), AnyFuture::Kind::output};
}

template <class T, class Callable>
auto Workflow::filter(const Future<std::vector<T>>& list, const Function<Callable>& predicate)
  -> Future<std::vector<T>> {
  static_assert(std::same_as<typename Function<Callable>::Output, bool>,
                "weft: the predicate of a filter returns bool");
  return {tag_, keep_flagged(list, map(list, predicate)).task(), AnyFuture::Kind::output};
}

}  // namespace weft
