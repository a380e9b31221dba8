#pragma once

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "weft/workflow/argument.hpp"
#include "weft/workflow/options.hpp"

namespace weft {

/// What a running task may ask of the engine. A task function that takes a `TaskContext&` as its
/// first parameter is given one; it is valid during the call, on the calling thread only.
class TaskContext {
public:
  virtual ~TaskContext() = default;

  /// Stops when the run is cancelled, the attempt times out, or another attempt has committed.
  [[nodiscard]] virtual std::stop_token stop_token() const = 0;

  /// Counted from 1.
  [[nodiscard]] virtual std::uint32_t attempt() const = 0;

  [[nodiscard]] virtual std::string task_name() const = 0;

  /// Which elements of the maps around it the task is for, counted from 0, the outermost map first.
  [[nodiscard]] virtual std::vector<std::uint32_t> rows() const = 0;

  [[nodiscard]] virtual RunId run() const = 0;

  /// Tells watchers of the run how far this attempt is. @param fraction 0 to 1
  virtual void report(double fraction, std::string_view note) = 0;

  /// Waits on the engine's clock (virtual under the harness). False when stopped meanwhile.
  virtual bool sleep_for(Nanos duration) = 0;

  /// The same for every attempt of this task: hand it to systems that must see an effect once.
  [[nodiscard]] std::string idempotency_key() const { return run().text() + "/" + task_name(); }
};

/// `name@version` of a function.
struct FunctionName {
  std::string name;
  std::uint32_t version = 1;

  friend auto operator<=>(const FunctionName&, const FunctionName&) = default;
};

/// Reads `name@version`; without `@version` it is version 1. A name is 1 to 128 characters out of
/// `[A-Za-z0-9_.-]`.
[[nodiscard]] Result<FunctionName> parse_function_name(std::string_view text);
[[nodiscard]] std::string to_string(const FunctionName& name);

/// A task function with its types erased: what the registry holds and executors call.
///
/// Immutable and thread-safe; the callable itself may be called by several threads at once.
class FunctionDefinition {
public:
  FunctionDefinition(FunctionName name, TaskOptions options)
      : name_(std::move(name)), options_(std::move(options)) {}
  virtual ~FunctionDefinition() = default;

  [[nodiscard]] const FunctionName& name() const { return name_; }

  /// What holds for each task of this function unless the task says otherwise.
  [[nodiscard]] const TaskOptions& options() const { return options_; }

  /// Calls the function. Throws what it throws; an error that it returns comes as the result.
  [[nodiscard]] virtual Result<Value> call(ArgumentReader& arguments,
                                           TaskContext& context) const = 0;

private:
  FunctionName name_;
  TaskOptions options_;
};

namespace function_detail {

template <class F>
struct Signature {
  static_assert(!std::same_as<F, F>,
                "weft: a task function has one call operator, const and without auto parameters");
  using Return = void;
  using Parameters = std::tuple<>;
};
template <class F>
  requires requires { &F::operator(); }
struct Signature<F> : Signature<decltype(&F::operator())> {};
template <class R, class... Ps>
struct Signature<R (*)(Ps...)> {
  using Return = R;
  using Parameters = std::tuple<Ps...>;
};
template <class R, class... Ps>
struct Signature<R (*)(Ps...) noexcept> : Signature<R (*)(Ps...)> {};
template <class C, class R, class... Ps>
struct Signature<R (C::*)(Ps...) const> : Signature<R (*)(Ps...)> {};
template <class C, class R, class... Ps>
struct Signature<R (C::*)(Ps...) const noexcept> : Signature<R (*)(Ps...)> {};

template <class P>
inline constexpr bool is_context = std::same_as<std::remove_cvref_t<P>, TaskContext>;

/// The parameters that come from the workflow: all but a leading `TaskContext&`.
template <class Tuple>
struct DataParameters {
  using type = std::tuple<>;
  static constexpr bool with_context = false;
};
template <class P, class... Ps>
struct DataParameters<std::tuple<P, Ps...>> {
  static constexpr bool with_context = is_context<P>;
  using type = std::conditional_t<with_context, std::tuple<std::remove_cvref_t<Ps>...>,
                                  std::tuple<std::remove_cvref_t<P>, std::remove_cvref_t<Ps>...>>;
};

/// Whether a parameter can be given a value that others read, too.
template <class P>
inline constexpr bool is_readable =
  is_context<P> || std::is_constructible_v<P, const std::remove_cvref_t<P>&>;
template <class Tuple>
inline constexpr bool all_readable = false;
template <class... Ps>
inline constexpr bool all_readable<std::tuple<Ps...>> = (is_readable<Ps> && ...);

template <class R>
struct OutputOf {
  using type = R;
};
template <>
struct OutputOf<void> {
  using type = Nothing;
};
template <class T>
struct OutputOf<Result<T>> : OutputOf<T> {};

}  // namespace function_detail

/// A typed task function: a name, a callable and the options that its tasks have by default.
///
/// Make one at namespace scope or anywhere else; register it with each `Registry` that shall run
/// it, and pass it to `Workflow::task`. The callable returns a value, a `Result`, or nothing, and
/// may throw; it may be called on several threads at once.
///
///     const weft::Function square{"square@1", [](int x) { return x * x; }};
template <class Callable>
class Function {
  using Signature = function_detail::Signature<Callable>;
  using Data = function_detail::DataParameters<typename Signature::Parameters>;
  static_assert(function_detail::all_readable<typename Signature::Parameters>,
                "weft: a task function takes copies or const references: its arguments are shared");

public:
  using Return = typename Signature::Return;
  using Output = typename function_detail::OutputOf<std::remove_cvref_t<Return>>::type;
  using Parameters = typename Data::type;  ///< Without references and without the context.

  /// Throws `Exception` when the name is malformed or an option is out of range.
  Function(std::string_view name, Callable callable, TaskOptions options = {});

  [[nodiscard]] const std::shared_ptr<const FunctionDefinition>& definition() const {
    return definition_;
  }

private:
  class Definition;

  std::shared_ptr<const FunctionDefinition> definition_;
};

/// Checks a name and options for `Function`. Throws `Exception`.
[[nodiscard]] FunctionName checked_name(std::string_view name, const TaskOptions& options);

// -- implementation of the templates --------------------------------------------------------------

template <class Callable>
class Function<Callable>::Definition final : public FunctionDefinition {
public:
  Definition(FunctionName name, Callable callable, TaskOptions options)
      : FunctionDefinition(std::move(name), std::move(options)), callable_(std::move(callable)) {}

  Result<Value> call(ArgumentReader& reader, TaskContext& context) const override {
    return call_with(reader, context,
                     std::make_index_sequence<std::tuple_size_v<Parameters>>{});
  }

private:
  template <std::size_t... I>
  Result<Value> call_with([[maybe_unused]] ArgumentReader& reader,
                          [[maybe_unused]] TaskContext& context,
                          std::index_sequence<I...>) const {
    // Braces: the arguments are read from left to right.
    const std::tuple<Argument<std::tuple_element_t<I, Parameters>>...> arguments{
      reader.next<std::tuple_element_t<I, Parameters>>()...};
    if (!reader.done()) {
      return Error{.code = Errc::invalid_argument,
                   .message = "the task passes more arguments than the function takes"};
    }
    const auto invoke = [&]() -> Return {
      if constexpr (Data::with_context) {
        return std::invoke(callable_, context, std::get<I>(arguments).get()...);
      } else {
        return std::invoke(callable_, std::get<I>(arguments).get()...);
      }
    };
    return to_value(invoke);
  }

  template <class Invoke>
  static Result<Value> to_value(const Invoke& invoke) {
    if constexpr (std::is_void_v<Return>) {
      invoke();
      return Value::nothing();
    } else if constexpr (is_result<std::remove_cvref_t<Return>>) {
      auto result = invoke();
      if (!result) return result.error();
      if constexpr (std::is_void_v<typename std::remove_cvref_t<Return>::value_type>) {
        return Value::nothing();
      } else {
        return Value::of(std::move(*result));
      }
    } else {
      return Value::of(std::remove_cvref_t<Return>(invoke()));
    }
  }

  Callable callable_;
};

template <class Callable>
Function<Callable>::Function(std::string_view name, Callable callable, TaskOptions options)
    : definition_(std::make_shared<Definition>(checked_name(name, options), std::move(callable),
                                               std::move(options))) {}

}  // namespace weft
