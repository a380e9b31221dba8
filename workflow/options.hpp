#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "weft/workflow/ids.hpp"
#include "weft/workflow/units.hpp"

namespace weft {

/// The size of a worker: what a pool must provide to host it.
struct WorkerClass {
  double cpus = 1;     ///< > 0; fractions are shares of one CPU.
  MemoryMiB memory{};  ///< 0: any.

  friend auto operator<=>(const WorkerClass&, const WorkerClass&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, WorkerClass& x) {
    return f.object(x).fields(f.field("cpus", x.cpus), f.field("memory", x.memory));
  }
};

/// `2 cpus, 512 MiB`
[[nodiscard]] std::string to_string(const WorkerClass& worker_class);

/// How often and when a failed task is tried again.
struct RetryPolicy {
  std::uint32_t attempts = 1;                      ///< In all, the first included; 1 to 65,535.
  Nanos backoff = std::chrono::milliseconds{100};  ///< Before the second attempt.
  double backoff_factor = 2;                       ///< Each further wait is this much longer.
  Nanos backoff_max = std::chrono::minutes{1};     ///< No wait is longer.
  std::vector<Errc> on{Errc::task_failed, Errc::timed_out};  ///< Other errors end the task at once.

  friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, RetryPolicy& x) {
    std::vector<std::uint8_t> on;
    for (const Errc code : x.on) on.push_back(static_cast<std::uint8_t>(code));
    const bool ok =
      f.object(x).fields(f.field("attempts", x.attempts), f.field("backoff", x.backoff),
                         f.field("backoff_factor", x.backoff_factor),
                         f.field("backoff_max", x.backoff_max), f.field("on", on));
    if constexpr (Inspector::is_loading) {
      x.on.clear();
      for (const std::uint8_t code : on) x.on.push_back(static_cast<Errc>(code));
    }
    return ok;
  }
};

/// Whether an attempt that failed with `error` is followed by another. `attempt` counts from 1.
[[nodiscard]] bool should_retry(const RetryPolicy& policy, std::uint32_t attempt,
                                const Error& error);

/// How long to wait after the failed attempt number `attempt`.
[[nodiscard]] Nanos backoff_after(const RetryPolicy& policy, std::uint32_t attempt);

/// Who decided something: what the user fixed is a constraint that no planner removes.
enum class Origin : std::uint8_t { planner, user };

/// Whether the user wants an optimization on a task or forbids it.
enum class Wish : std::uint8_t { wanted, forbidden };

/// One optimization on one task: its name in the catalogue, and its parameters.
struct OptimizationChoice {
  std::string kind;
  std::map<std::string, std::string> parameters;
  Wish wish = Wish::wanted;
  Origin origin = Origin::user;

  friend bool operator==(const OptimizationChoice&, const OptimizationChoice&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, OptimizationChoice& x) {
    auto wish = static_cast<std::uint8_t>(x.wish);
    auto origin = static_cast<std::uint8_t>(x.origin);
    const bool ok = f.object(x).fields(f.field("kind", x.kind), f.field("parameters", x.parameters),
                                       f.field("wish", wish), f.field("origin", origin));
    if constexpr (Inspector::is_loading) {
      x.wish = static_cast<Wish>(wish);
      x.origin = static_cast<Origin>(origin);
    }
    return ok;
  }
};

/// How the output size, and the time, of a function grow with its input size.
enum class IoRelation : std::uint8_t { constant, linear, power, n_log_n };

/// What may be assumed when a task runs more than once.
enum class Purity : std::uint8_t {
  unknown,     ///< Nothing: it is repeated only when it failed.
  idempotent,  ///< Running it again does no harm.
  pure,        ///< Same inputs, same output, no side effects: it may be duplicated.
};

/// Whether an output stays readable after its last reader is done, until the run is erased.
enum class KeepOutput : std::uint8_t { until_read, until_erased };

/// What the user fixes about a function or a task. Everything is optional; what a task sets wins
/// over what its function sets.
struct TaskOptions {
  std::optional<WorkerId> worker;
  std::optional<WorkerClass> worker_class;
  std::optional<RetryPolicy> retries;
  std::optional<Nanos> timeout;  ///< Of one attempt, from its start.
  std::vector<OptimizationChoice> optimizations;
  std::optional<IoRelation> io_relation;
  std::optional<Purity> purity;
  std::optional<KeepOutput> keep_output;
  std::optional<Nanos> expected_time;      ///< Hint for planners that have no history.
  std::optional<Bytes> expected_output;    ///< Hint for planners that have no history.
  std::optional<std::uint32_t> max_items;  ///< Of a map: the widest that it may become.

  friend bool operator==(const TaskOptions&, const TaskOptions&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, TaskOptions& x) {
    auto io_relation = number_of(x.io_relation);
    auto purity = number_of(x.purity);
    auto keep_output = number_of(x.keep_output);
    const bool ok = f.object(x).fields(
      f.field("worker", x.worker), f.field("worker_class", x.worker_class),
      f.field("retries", x.retries), f.field("timeout", x.timeout),
      f.field("optimizations", x.optimizations), f.field("io_relation", io_relation),
      f.field("purity", purity), f.field("keep_output", keep_output),
      f.field("expected_time", x.expected_time), f.field("expected_output", x.expected_output),
      f.field("max_items", x.max_items));
    if constexpr (Inspector::is_loading) {
      x.io_relation = enum_of<IoRelation>(io_relation);
      x.purity = enum_of<Purity>(purity);
      x.keep_output = enum_of<KeepOutput>(keep_output);
    }
    return ok;
  }

private:
  template <class Enum>
  static std::optional<std::uint8_t> number_of(std::optional<Enum> x) {
    if (!x) return std::nullopt;
    return static_cast<std::uint8_t>(*x);
  }
  template <class Enum>
  static std::optional<Enum> enum_of(std::optional<std::uint8_t> number) {
    if (!number) return std::nullopt;
    return static_cast<Enum>(*number);
  }
};

/// `task` where it says something, `function` elsewhere. Lists of optimizations are joined; the
/// task's entry of a kind replaces the function's.
[[nodiscard]] TaskOptions merged(const TaskOptions& function, const TaskOptions& task);

/// Every option out of range, each named. Empty when all is well.
[[nodiscard]] std::vector<Error> problems(const TaskOptions& options);

/// A map's widest expansion when the user sets none.
inline constexpr std::uint32_t default_max_items = 1'000'000;

}  // namespace weft
