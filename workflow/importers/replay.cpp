#include "weft/workflow/importers/replay.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "weft/workflow/importers/plain_names.hpp"
#include "weft/workflow/importers/replay_step.hpp"

namespace weft {

namespace {

constexpr double max_time_scale = 10;  // Slower than life serves nobody; keeps times in range.
constexpr double gibibyte = 1024.0 * 1024 * 1024;
constexpr double max_total_bytes = 8 * gibibyte;
constexpr double max_file_bytes = 4 * gibibyte - 1;  // What one msgpack binary can say.

// -- which tasks there are ------------------------------------------------------------------------

/// The function of each task.
std::vector<FunctionName> function_names(const Trace& trace) {
  constexpr std::string_view prefix = "replay.";
  constexpr std::size_t max_function_name = 128;
  PlainNames plain{"_.-", max_function_name - prefix.size()};
  std::unordered_map<std::string_view, std::string> by_category;
  std::vector<FunctionName> names;
  names.reserve(trace.tasks.size());
  for (const TraceTask& task : trace.tasks) {
    const auto [entry, fresh] = by_category.try_emplace(task.category);
    if (fresh) entry->second = std::string(prefix) + plain.take(task.category);
    names.push_back({.name = entry->second});
  }
  return names;
}

std::vector<std::string> task_names(const Trace& trace) {
  constexpr std::size_t max_task_name = 256;
  PlainNames plain{"_.:+@=-", max_task_name};
  std::vector<std::string> names;
  names.reserve(trace.tasks.size());
  for (const TraceTask& task : trace.tasks) names.push_back(plain.take(task.name));
  return names;
}

/// Makes the tasks of one replay.
class Replayer {
public:
  Replayer(const Trace& trace, const ReplayOptions& options)
    : trace_(trace),
      options_(options),
      functions_(function_names(trace)),
      names_(task_names(trace)),
      writers_(trace.files.size()),
      slots_(trace.tasks.size(), no_slot) {
    for (std::uint32_t i = 0; i < trace.tasks.size(); ++i) {
      const auto& outputs = trace.tasks[i].outputs;
      for (std::uint32_t at = 0; at < outputs.size(); ++at) {
        writers_[outputs[at]].push_back({i, at});
      }
    }
  }

  Workflow workflow() {
    constexpr std::size_t max_workflow_name = 128;
    Workflow workflow{PlainNames{"_.-", max_workflow_name}.take(trace_.name)};
    workflow.reserve(trace_.tasks.size());
    for (std::uint32_t i = 0; i < trace_.tasks.size(); ++i) workflow.add(task(i));
    return workflow;
  }

private:
  static constexpr std::uint32_t no_slot = std::numeric_limits<std::uint32_t>::max();

  /// A task that wrote a file, and the place of the file among its outputs.
  struct Writer {
    std::uint32_t task;
    std::uint32_t position;
  };

  TaskSpec task(std::uint32_t index) {
    const TraceTask& recorded = trace_.tasks[index];
    const auto reads = reads_of(recorded);
    ReplayStep step{.time = time_of(recorded), .work = options_.work};
    for (const std::uint32_t file : recorded.outputs) step.output_bytes.push_back(bytes_of(file));
    TaskSpec spec{.name = names_[index], .function = functions_[index]};
    ArgumentSpec::List inputs;
    for (std::size_t i = 0; i < recorded.parents.size(); ++i) {
      const std::string& parent = names_[recorded.parents[i]];
      if (reads.of_parent[i].empty()) {
        spec.after.push_back(parent);
      } else {
        inputs.emplace_back().node.emplace<ArgumentSpec::Output>().task = parent;
        step.reads.push_back(reads.of_parent[i]);
      }
    }
    step.outside_bytes = reads.outside_bytes;
    Bytes output;
    for (const std::uint64_t size : step.output_bytes) output += {size};
    spec.options.expected_time = step.time;
    spec.options.expected_output = output;
    spec.arguments.emplace_back().node.emplace<Value>(Value::of(std::move(step)));
    spec.arguments.emplace_back().node.emplace<ArgumentSpec::List>(std::move(inputs));
    return spec;
  }

  struct Reads {
    std::vector<std::vector<std::uint32_t>> of_parent;  ///< Places among the parent's outputs.
    std::uint64_t outside_bytes = 0;
  };

  /// Finds each input of a task among the outputs of its parents.
  Reads reads_of(const TraceTask& task) {
    Reads reads;
    reads.of_parent.resize(task.parents.size());
    for (std::uint32_t i = 0; i < task.parents.size(); ++i) slots_[task.parents[i]] = i;
    for (const std::uint32_t file : task.inputs) {
      bool found = false;
      for (const Writer& writer : writers_[file]) {
        const std::uint32_t slot = slots_[writer.task];
        if (slot == no_slot) continue;
        reads.of_parent[slot].push_back(writer.position);
        found = true;
      }
      if (!found) reads.outside_bytes += bytes_of(file);
    }
    for (const std::uint32_t parent : task.parents) slots_[parent] = no_slot;
    return reads;
  }

  [[nodiscard]] Nanos time_of(const TraceTask& task) const {
    return Nanos{std::llround(static_cast<double>(task.runtime.count()) * options_.time_scale)};
  }

  [[nodiscard]] std::uint64_t bytes_of(std::uint32_t file) const {
    const double bytes = static_cast<double>(trace_.files[file].size.count) * options_.data_scale;
    // A file from outside may be of any size; reading more than this of it never ends anyway.
    return static_cast<std::uint64_t>(std::round(std::min(bytes, 1e18)));
  }

  const Trace& trace_;
  const ReplayOptions& options_;
  std::vector<FunctionName> functions_;
  std::vector<std::string> names_;
  std::vector<std::vector<Writer>> writers_;  ///< Of each file.
  std::vector<std::uint32_t> slots_;          ///< Of each parent of the task being made.
};

// -- whether it fits ------------------------------------------------------------------------------

/// @param what would take `bytes` at `scale`, which is more than `max`
Error too_much_data(const Trace& trace, std::string_view what, double bytes, double max,
                    double scale) {
  const double fitting = scale * (max / bytes);
  // Two digits, rounded down: the scale that the hint names fits.
  const double digit = std::pow(10, std::floor(std::log10(fitting)) - 1);
  const double rounded = std::floor(fitting / digit) * digit;
  return {
    .code = Errc::limit_exceeded,
    .message = fmt::format("{} of {} would take {}; {} is the most", what, in_quotes(trace.name),
                           format_bytes({static_cast<std::uint64_t>(std::min(bytes, 1e18))}),
                           format_bytes({static_cast<std::uint64_t>(max)})),
    .hint = "replay it with a data scale of " +
            (rounded < 100 ? fmt::format("{:.2g}", rounded) : fmt::format("{:.0f}", rounded)) +
            " or less"};
}

Result<void> check_sizes(const Trace& trace, const ReplayOptions& options) {
  double total = 0;
  for (const TraceTask& task : trace.tasks) {
    for (const std::uint32_t file : task.outputs) {
      const double bytes = static_cast<double>(trace.files[file].size.count) * options.data_scale;
      if (bytes > max_file_bytes) {
        return too_much_data(trace, "file " + in_quotes(trace.files[file].name), bytes,
                             max_file_bytes, options.data_scale);
      }
      total += bytes;
    }
  }
  if (total > max_total_bytes) {
    return too_much_data(trace, "the files", total, max_total_bytes, options.data_scale);
  }
  return {};
}

}  // namespace

Result<void> validate(const ReplayOptions& options) {
  std::vector<Error> problems;
  if (!(options.time_scale >= 0 && options.time_scale <= max_time_scale)) {
    problems.push_back({.code = Errc::invalid_argument,
                        .message = fmt::format("the time scale is {}", options.time_scale),
                        .hint = fmt::format("give a number from 0 to {}", max_time_scale)});
  }
  if (!(options.data_scale >= 0 && std::isfinite(options.data_scale))) {
    problems.push_back({.code = Errc::invalid_argument,
                        .message = fmt::format("the data scale is {}", options.data_scale),
                        .hint = "give a number from 0 on"});
  }
  if (problems.empty()) return {};
  if (problems.size() == 1) return problems.front();
  return Error{.code = Errc::invalid_argument,
               .message = "the trace cannot be replayed with these options",
               .causes = std::move(problems)};
}

Result<Workflow> replay(const Trace& trace, const ReplayOptions& options) {
  if (auto valid = validate(options); !valid) return valid.error();
  if (options.purpose == ReplayOptions::Purpose::run) {
    if (auto fits = check_sizes(trace, options); !fits) return fits.error();
  }
  return Replayer{trace, options}.workflow();
}

void add_replay_functions(Registry& registry, const Trace& trace) {
  const auto known = registry.names();
  std::set<FunctionName> there{known.begin(), known.end()};
  for (FunctionName& name : function_names(trace)) {
    if (there.contains(name)) continue;
    registry.add(Function{to_string(name), play, TaskOptions{.purity = Purity::pure}});
    there.insert(std::move(name));
  }
}

}  // namespace weft
