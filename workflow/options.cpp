#include "weft/workflow/options.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

namespace weft {

namespace {

/// Collects what is wrong with options, each with what to do about it.
class OptionProblems {
public:
  void require(bool condition, std::string message, std::string hint) {
    if (condition) return;
    problems_.push_back(Error{
      .code = Errc::invalid_argument, .message = std::move(message), .hint = std::move(hint)});
  }

  /// For an enumeration that may have been read from bytes.
  template <class Enum>
  void require_known(std::string_view option, const std::optional<Enum>& value, Enum last) {
    if (!value) return;
    require(*value <= last,
            fmt::format("{} has the unknown value {}", option, static_cast<unsigned>(*value)),
            "choose one of its enumerators");
  }

  std::vector<Error> take() { return std::move(problems_); }

private:
  std::vector<Error> problems_;
};

void check_worker_class(const WorkerClass& worker_class, OptionProblems& problems) {
  problems.require(std::isfinite(worker_class.cpus) && worker_class.cpus > 0,
                   fmt::format("worker_class.cpus is {}", worker_class.cpus),
                   "give a number above 0; 0.5 is half a CPU");
}

void check_retries(const RetryPolicy& retries, OptionProblems& problems) {
  constexpr std::uint32_t attempts_max = 65'535;
  problems.require(retries.attempts <= attempts_max, "retries.attempts is above 65535",
                   "let a task that asks again and again do so inside of one attempt");
  problems.require(retries.attempts >= 1, "retries.attempts is 0",
                   "count the first attempt, too: 1 means no retry");
  problems.require(retries.backoff >= Nanos::zero(),
                   "retries.backoff is " + format_duration(retries.backoff), "give 0s or more");
  problems.require(std::isfinite(retries.backoff_factor) && retries.backoff_factor >= 1,
                   fmt::format("retries.backoff_factor is {}", retries.backoff_factor),
                   "give 1 or more: 1 waits equally long each time, 2 doubles the wait");
  problems.require(retries.backoff_max >= Nanos::zero(),
                   "retries.backoff_max is " + format_duration(retries.backoff_max),
                   "give 0s or more");
  for (const Errc code : retries.on) {
    problems.require(
      code > Errc::none && code <= Errc::internal,
      fmt::format("retries.on has the unknown error {}", static_cast<unsigned>(code)),
      "name errors such as task_failed or timed_out");
  }
}

void check_optimizations(const std::vector<OptimizationChoice>& choices, OptionProblems& problems) {
  std::set<std::string_view> kinds;
  for (const OptimizationChoice& choice : choices) {
    problems.require(!choice.kind.empty(), "an optimization has no name",
                     "name one of the catalogue");
    problems.require(kinds.insert(choice.kind).second,
                     "optimization " + in_quotes(choice.kind) + " is named twice",
                     "keep one entry of a kind: it is either wanted or forbidden");
    problems.require_known("wish of optimization " + in_quotes(choice.kind),
                           std::optional(choice.wish), Wish::forbidden);
    problems.require_known("origin of optimization " + in_quotes(choice.kind),
                           std::optional(choice.origin), Origin::user);
  }
}

template <class T>
std::optional<T> first_set(const std::optional<T>& task, const std::optional<T>& function) {
  return task ? task : function;
}

std::vector<OptimizationChoice> joined(const std::vector<OptimizationChoice>& function,
                                       const std::vector<OptimizationChoice>& task) {
  std::vector<OptimizationChoice> all;
  for (const OptimizationChoice& choice : function) {
    if (std::ranges::find(task, choice.kind, &OptimizationChoice::kind) == task.end()) {
      all.push_back(choice);
    }
  }
  all.insert(all.end(), task.begin(), task.end());
  return all;
}

}  // namespace

std::string to_string(const WorkerClass& worker_class) {
  const auto cpus =
    fmt::format("{} {}", worker_class.cpus, worker_class.cpus == 1 ? "cpu" : "cpus");
  if (worker_class.memory == MemoryMiB{}) return cpus + ", any memory";
  return fmt::format("{}, {} MiB", cpus, worker_class.memory.count);
}

bool should_retry(const RetryPolicy& policy, std::uint32_t attempt, const Error& error) {
  return attempt < policy.attempts && std::ranges::find(policy.on, error.code) != policy.on.end();
}

Nanos backoff_after(const RetryPolicy& policy, std::uint32_t attempt) {
  if (policy.backoff <= Nanos::zero()) return Nanos::zero();
  const double exponent = attempt > 1 ? static_cast<double>(attempt - 1) : 0;
  const double wait =
    static_cast<double>(policy.backoff.count()) * std::pow(policy.backoff_factor, exponent);
  // Compared before it is converted: the product may be beyond what a count holds, or infinite.
  if (!(wait < static_cast<double>(policy.backoff_max.count()))) return policy.backoff_max;
  return Nanos{static_cast<std::int64_t>(wait)};
}

TaskOptions merged(const TaskOptions& function, const TaskOptions& task) {
  return {
    .worker = first_set(task.worker, function.worker),
    .worker_class = first_set(task.worker_class, function.worker_class),
    .retries = first_set(task.retries, function.retries),
    .timeout = first_set(task.timeout, function.timeout),
    .optimizations = joined(function.optimizations, task.optimizations),
    .io_relation = first_set(task.io_relation, function.io_relation),
    .purity = first_set(task.purity, function.purity),
    .keep_output = first_set(task.keep_output, function.keep_output),
    .expected_time = first_set(task.expected_time, function.expected_time),
    .expected_output = first_set(task.expected_output, function.expected_output),
    .max_items = first_set(task.max_items, function.max_items),
  };
}

std::vector<Error> problems(const TaskOptions& options) {
  OptionProblems found;
  if (options.worker_class) check_worker_class(*options.worker_class, found);
  if (options.retries) check_retries(*options.retries, found);
  if (options.timeout) {
    found.require(*options.timeout > Nanos::zero(),
                  "timeout is " + format_duration(*options.timeout),
                  "give a time above 0, or leave it out for no limit");
  }
  check_optimizations(options.optimizations, found);
  found.require_known("io_relation", options.io_relation, IoRelation::n_log_n);
  found.require_known("purity", options.purity, Purity::pure);
  found.require_known("keep_output", options.keep_output, KeepOutput::until_erased);
  if (options.expected_time) {
    found.require(*options.expected_time >= Nanos::zero(),
                  "expected_time is " + format_duration(*options.expected_time),
                  "give 0s or more, or leave it out when it is not known");
  }
  found.require(options.max_items != 0u, "max_items is 0",
                "give the widest that the map may become, at least 1");
  return found.take();
}

}  // namespace weft
