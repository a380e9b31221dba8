// What a header that comes from outside must be in itself.

#include <algorithm>
#include <functional>
#include <initializer_list>

#include <fmt/format.h>

#include "weft/workflow/graph_builder.hpp"
#include "weft/workflow/graph_header.hpp"

namespace weft {

namespace {

/// Checks one header; one object, one check.
class HeaderCheck {
public:
  HeaderCheck(const GraphHeader& header, const GraphLimits& limits)
    : header_(header), limits_(limits) {}

  Result<void> check_plan() const {
    return first_refusal(
      {&HeaderCheck::check_counts, &HeaderCheck::check_workers, &HeaderCheck::check_optimizations});
  }
  Result<void> check_graph() const {
    return first_refusal({&HeaderCheck::check_workflow, &HeaderCheck::check_functions,
                          &HeaderCheck::check_names, &HeaderCheck::check_read_inside_maps});
  }

private:
  using Step = Result<void> (HeaderCheck::*)() const;

  Result<void> first_refusal(std::initializer_list<Step> steps) const {
    for (const Step step : steps) {
      if (auto done = (this->*step)(); !done) return done;
    }
    return {};
  }

  static Error damaged(std::string message, std::vector<Error> causes = {}) {
    return {
      .code = Errc::decode_failed, .message = std::move(message), .causes = std::move(causes)};
  }
  static Error beyond(std::string_view what, std::uint64_t count, std::uint64_t limit) {
    return {.code = Errc::limit_exceeded,
            .message = fmt::format("it has {} {}; the limit is {}", count, what, limit)};
  }

  [[nodiscard]] Result<void> check_counts() const {
    if (header_.format != GraphHeader::known_format) {
      return damaged(
        fmt::format("its format is {}; {} is known", header_.format, GraphHeader::known_format));
    }
    if (header_.tasks > limits_.tasks) return beyond("tasks", header_.tasks, limits_.tasks);
    if (header_.constants > limits_.constants) {
      return beyond("constants", header_.constants, limits_.constants);
    }
    if (header_.tasks == 0) return damaged("it has no tasks");
    // Each is there for one task at least; a scope for its map and a task inside of it.
    if (header_.functions.size() > header_.tasks)
      return damaged("it has more functions than tasks");
    if (header_.scopes.size() >= header_.tasks) return damaged("it has more scopes than tasks");
    if (header_.choices.size() > header_.optimizations.size()) {
      return damaged("it states optimizations of no task");
    }
    return {};
  }

  // -- plan ---------------------------------------------------------------------------------------

  [[nodiscard]] Result<void> check_workers() const {
    for (std::size_t i = 0; i < header_.workers.size(); ++i) {
      const PlannedWorker& worker = header_.workers[i];
      if (worker.id.number() != i) {
        return damaged(fmt::format("worker {} stands at place {}", worker.id.number(), i));
      }
      auto found = problems(TaskOptions{.worker_class = worker.worker_class});
      if (!found.empty()) return damaged(fmt::format("worker {}", i), std::move(found));
    }
    return {};
  }

  /// A choice is stated once, but the plan has a copy of it for each task: they count as if they
  /// were stated as often, lest a few bytes become many.
  [[nodiscard]] Result<void> check_optimizations() const {
    std::vector<std::size_t> sizes;
    sizes.reserve(header_.choices.size());
    for (const OptimizationChoice& choice : header_.choices) {
      auto found = problems(TaskOptions{.optimizations = {choice}});
      if (!found.empty()) return damaged("an optimization", std::move(found));
      sizes.push_back(estimated_size(choice));
    }
    std::uint64_t size = 0;
    std::uint32_t last = 0;
    for (const auto& [task, choice] : header_.optimizations) {
      if (task < last || task >= header_.tasks) {
        return damaged(
          fmt::format("an optimization is on task {} of {}, out of order", task, header_.tasks));
      }
      if (choice >= sizes.size()) {
        return damaged(fmt::format("task {} has the unknown optimization {}", task, choice));
      }
      last = task;
      size += sizes[choice];
    }
    if (size <= limits_.header_bytes) return {};
    return beyond("bytes of optimizations", size, limits_.header_bytes);
  }

  // -- graph --------------------------------------------------------------------------------------

  [[nodiscard]] Result<void> check_workflow() const {
    const auto name = parse_function_name(header_.name);
    if (!name || header_.name.find('@') != std::string::npos) {
      return damaged(in_quotes(header_.name) + " cannot be the name of a workflow");
    }
    auto found = requirement_problems(header_.requirements);
    if (!found.empty()) return damaged("its requirements", std::move(found));
    return {};
  }

  [[nodiscard]] Result<void> check_functions() const {
    for (const std::string& text : header_.functions) {
      if (text.empty()) continue;
      const auto name = parse_function_name(text);
      if (!name) return damaged("it names a function that cannot be", {name.error()});
    }
    return {};
  }

  /// Names of tasks: each of another task, in order, and no two alike.
  [[nodiscard]] Result<void> check_names() const {
    const auto names = split_names(header_.names);
    if (!names) return damaged("the names of its tasks are cut short");
    std::uint32_t next = 0;
    for (const auto& [task, name] : *names) {
      if (task < next || task >= header_.tasks) {
        return damaged(fmt::format("it names task {} of {} out of order", task, header_.tasks));
      }
      if (!valid_task_name(name)) {
        return damaged(fmt::format("task {} is called {}", task, in_quotes(name)));
      }
      next = task + 1;
    }
    if (const auto name = repeated_name(*names)) {
      return damaged(fmt::format("two tasks are called {}", in_quotes(*name)));
    }
    return {};
  }

  /// Sorts them, numbers first, which is fast: whoever chooses the names could fill one place of a
  /// hash table with all of them, but makes no more of this than comparisons of text.
  static std::optional<std::string_view> repeated_name(const std::vector<NamedTask>& names) {
    std::vector<std::pair<std::size_t, std::string_view>> hashed;
    hashed.reserve(names.size());
    for (const auto& [task, name] : names) {
      hashed.emplace_back(std::hash<std::string_view>{}(name), name);
    }
    std::ranges::sort(hashed);
    const auto repeated = std::ranges::adjacent_find(hashed);
    if (repeated == hashed.end()) return std::nullopt;
    return repeated->second;
  }

  [[nodiscard]] Result<void> check_read_inside_maps() const {
    if (header_.scopes.empty() && !header_.read_inside_maps.empty()) {
      return damaged("tasks are read inside of maps, but there are none");
    }
    std::uint32_t next = 0;
    for (const std::uint32_t task : header_.read_inside_maps) {
      if (task < next || task >= header_.tasks) {
        return damaged(
          fmt::format("task {} of {}, read inside of maps, is out of order", task, header_.tasks));
      }
      next = task + 1;
    }
    return {};
  }

  const GraphHeader& header_;
  const GraphLimits& limits_;
};

}  // namespace

Result<void> check_header_of_plan(const GraphHeader& header, const GraphLimits& limits) {
  return HeaderCheck{header, limits}.check_plan();
}

Result<void> check_graph_header(const GraphHeader& header, const GraphLimits& limits) {
  const HeaderCheck check{header, limits};
  if (auto done = check.check_plan(); !done) return done;
  return check.check_graph();
}

}  // namespace weft
