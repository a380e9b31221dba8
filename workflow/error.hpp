#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "weft/workflow/check.hpp"

namespace weft {

/// What kind of thing went wrong. Append only: the numbers are stored in history.
enum class Errc : std::uint8_t {
  none = 0,             ///< Nothing: an `Error` never carries it.
  invalid_argument,     ///< A caller passed something that cannot be used.
  invalid_workflow,     ///< The workflow has structure problems; `causes` names each.
  invalid_file,         ///< A file cannot be read as what it should be.
  invalid_config,       ///< A configuration value is unknown or malformed.
  function_unknown,     ///< The registry has no such `name@version`.
  decode_failed,        ///< Bytes are not the encoding of the type asked for.
  encode_failed,        ///< A value cannot leave the process: its type has no encoding.
  limit_exceeded,       ///< Something from outside is larger than its limit.
  task_failed,          ///< The user's function threw or returned an error.
  timed_out,            ///< A task or a run took longer than it was allowed to.
  cancelled,            ///< The run was cancelled before this could finish.
  skipped,              ///< The task was not run, since a task that it needs failed.
  plan_conflict,        ///< Two plug-ins own the same stage of a task, or a constraint cannot hold.
  plan_infeasible,      ///< No pool can host what is asked for, or what is needed is missing.
  run_unknown,          ///< The store holds no run of this id.
  run_ended,            ///< The run has ended; its state does not change any more.
  claim_lost,           ///< Another attempt committed first, or the claim was fenced off.
  input_missing,        ///< An input that should be stored is not there.
  store_unavailable,    ///< The store cannot be reached or refuses to work.
  history_unavailable,  ///< The history cannot be opened, read or written.
  shutting_down,        ///< The engine is being closed.
  io_failed,            ///< The operating system refused a file or socket operation.
  internal,             ///< A defect of weft itself.
};

/// Stable lower-case name, as it appears in messages and JSON: `task_failed`.
[[nodiscard]] std::string_view to_string(Errc code);

/// What went wrong, where, and what to do next. A plain value.
///
/// Made where the failure is seen; context is added going up with `with_context`.
struct Error {
  Errc code = Errc::internal;
  std::string message;                   ///< One sentence that names the thing at fault.
  std::string task;                      ///< Name of the task concerned; empty if none is.
  std::optional<std::uint32_t> attempt;  ///< Counted from 1.
  std::string node;                      ///< Node or worker where it happened; empty if unknown.
  std::string hint;                      ///< What to do next; may be empty.
  std::vector<Error> causes;             ///< Each problem found, or the one error below this one.

  friend bool operator==(const Error&, const Error&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Error& x) {
    auto code = static_cast<std::uint8_t>(x.code);
    const bool ok = f.object(x).fields(f.field("code", code), f.field("message", x.message),
                                       f.field("task", x.task), f.field("attempt", x.attempt),
                                       f.field("node", x.node), f.field("hint", x.hint),
                                       f.field("causes", x.causes));
    // Not when saving: other threads may be reading the same error.
    if constexpr (Inspector::is_loading) x.code = static_cast<Errc>(code);
    return ok;
  }
};

/// The same error with `context: ` before its message.
[[nodiscard]] Error with_context(std::string_view context, Error error);

/// Several lines for people: message, place, causes (indented), hint.
[[nodiscard]] std::string to_string(const Error& error);

/// Text from outside as it may stand in a message: in quotes, without control characters, cut when
/// it is long.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// An `Error` as an exception, for callers who prefer them.
class Exception : public std::exception {
public:
  explicit Exception(Error error) : error_(std::move(error)), text_(to_string(error_)) {}

  [[nodiscard]] const Error& error() const { return error_; }
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

private:
  Error error_;
  std::string text_;
};

/// A value or an error. Never ignored, never both.
template <class T>
class [[nodiscard]] Result {
  static_assert(!std::is_same_v<T, Error>, "weft: whether an error is the result cannot be told");

public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  /// @pre has_value()
  [[nodiscard]] T& operator*() & { return checked(); }
  [[nodiscard]] const T& operator*() const& { return const_cast<Result*>(this)->checked(); }
  [[nodiscard]] T&& operator*() && { return std::move(checked()); }
  [[nodiscard]] T* operator->() { return &checked(); }
  [[nodiscard]] const T* operator->() const { return &const_cast<Result*>(this)->checked(); }

  /// @pre !has_value()
  [[nodiscard]] const Error& error() const& {
    check(!has_value(), "only a failed result has an error");
    return std::get<1>(state_);
  }
  [[nodiscard]] Error&& error() && {
    check(!has_value(), "only a failed result has an error");
    return std::get<1>(std::move(state_));
  }

  /// The value; throws `Exception` built from the error otherwise.
  T value() && {
    if (!has_value()) throw Exception(std::get<1>(std::move(state_)));
    return std::get<0>(std::move(state_));
  }

private:
  T& checked() {
    check(has_value(), "only a successful result has a value");
    return *std::get_if<0>(&state_);
  }

  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
  using value_type = void;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }

  [[nodiscard]] const Error& error() const {
    check(!has_value(), "only a failed result has an error");
    return *error_;
  }

  /// Throws `Exception` if failed.
  void value() && {
    if (!has_value()) throw Exception(std::move(*error_));
  }

private:
  std::optional<Error> error_;
};

template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<Result<T>> = true;

/// The exception that is being handled, as an error: weft's own as it is, any other as
/// `task_failed` with what it says. Call in a `catch` block only.
[[nodiscard]] Error current_exception_as_error();

}  // namespace weft
