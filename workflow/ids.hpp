#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace weft {

/// A number that names one kind of thing. Ids of different kinds do not convert into each other.
template <class Tag, class Number = std::uint32_t>
class Id {
public:
  using number_type = Number;

  constexpr Id() = default;
  constexpr explicit Id(Number number) : number_(number) {}

  [[nodiscard]] constexpr Number number() const { return number_; }
  friend constexpr auto operator<=>(const Id&, const Id&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Id& x) {
    return f.object(x).fields(f.field("number", x.number_));
  }

private:
  Number number_ = 0;
};

/// One task of one run. Tasks of the workflow come first, in the order in which they were added;
/// tasks that a map makes at run time follow.
using TaskId = Id<struct TaskTag>;

/// One worker of one plan.
using WorkerId = Id<struct WorkerTag>;

/// Fencing number of a claim: an attempt may commit only while its number is the task's latest.
using Fence = Id<struct FenceTag>;

/// Names a run, unique among all runs that share a store: 42 bits of milliseconds since 1970, then
/// 22 random bits, so that ids sort by the time of their submission.
class RunId {
public:
  constexpr RunId() = default;
  constexpr explicit RunId(std::uint64_t number) : number_(number) {}

  /// 13 characters out of `[0-9a-hjkmnp-tv-z]` (Crockford's base 32, lower case): fit for keys,
  /// paths and URLs.
  [[nodiscard]] std::string text() const;

  /// The id that `text` spells; nothing when it spells none.
  [[nodiscard]] static std::optional<RunId> parse(std::string_view text);

  [[nodiscard]] constexpr std::uint64_t number() const { return number_; }
  friend constexpr auto operator<=>(const RunId&, const RunId&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, RunId& x) {
    return f.object(x).fields(f.field("number", x.number_));
  }

private:
  std::uint64_t number_ = 0;
};

}  // namespace weft

template <class Tag, class Number>
struct std::hash<weft::Id<Tag, Number>> {
  std::size_t operator()(const weft::Id<Tag, Number>& id) const noexcept {
    return std::hash<Number>{}(id.number());
  }
};

template <>
struct std::hash<weft::RunId> {
  std::size_t operator()(const weft::RunId& id) const noexcept {
    return std::hash<std::uint64_t>{}(id.number());
  }
};
