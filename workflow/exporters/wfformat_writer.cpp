#include "weft/workflow/exporters/wfformat_writer.hpp"

#include <algorithm>
#include <span>
#include <unordered_set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/workflow/exporters/trace_links.hpp"
#include "weft/workflow/importers/task_category.hpp"

namespace weft {

namespace {

/// Beyond this, the importer takes a runtime for a mistake.
constexpr Nanos max_written_runtime = std::chrono::seconds{100'000'000};

/// Beyond this, a JSON number of bytes is not exact any more.
constexpr std::uint64_t max_written_bytes = std::uint64_t{1} << 53;

// -- whether it can be written --------------------------------------------------------------------

Error unwritable(std::string what, std::string hint = {}) {
  return {.code = Errc::invalid_argument,
          .message = "this is no trace to write: " + std::move(what),
          .hint = std::move(hint)};
}

template <class Named>
Result<void> check_names(const std::vector<Named>& all, std::string_view kind) {
  std::unordered_set<std::string_view> names;
  names.reserve(all.size());
  for (const Named& each : all) {
    if (each.name.empty()) return unwritable(fmt::format("a {} has no name", kind));
    if (!names.insert(each.name).second) {
      return unwritable(fmt::format("two {}s are called {}", kind, in_quotes(each.name)));
    }
  }
  return {};
}

bool in_range(const std::vector<std::uint32_t>& indexes, std::size_t end) {
  return std::ranges::all_of(indexes, [end](std::uint32_t index) { return index < end; });
}

Result<void> check_tasks_of(const Trace& trace) {
  for (const TraceTask& task : trace.tasks) {
    if (!in_range(task.parents, trace.tasks.size()) || !in_range(task.inputs, trace.files.size()) ||
        !in_range(task.outputs, trace.files.size())) {
      return unwritable(
        fmt::format("task {} names a task or file that is not there", in_quotes(task.name)));
    }
    if (task.runtime < Nanos{} || task.runtime > max_written_runtime) {
      return unwritable(
        fmt::format("task {} took {}", in_quotes(task.name), format_duration(task.runtime)),
        "give a runtime from 0 to 10^8 s");
    }
  }
  for (const TraceFile& file : trace.files) {
    if (file.size.count <= max_written_bytes) continue;
    return unwritable(fmt::format("file {} has {} bytes", in_quotes(file.name), file.size.count),
                      "a number in JSON is exact up to 2^53");
  }
  return {};
}

Result<void> check_execution(const Trace& trace, const TraceExecution& execution) {
  if (auto named = check_names(execution.machines, "machine"); !named) return named;
  if (!execution.tasks.empty() && execution.tasks.size() != trace.tasks.size()) {
    return unwritable(fmt::format("it has {} tasks and executions of {}", trace.tasks.size(),
                                  execution.tasks.size()));
  }
  for (const TaskExecution& task : execution.tasks) {
    if (task.machine && *task.machine >= execution.machines.size()) {
      return unwritable("a task ran on a machine that is not there");
    }
  }
  return {};
}

Result<void> check_trace(const Trace& trace, const TraceExecution& execution) {
  if (trace.name.empty()) return unwritable("it has no name");
  if (trace.tasks.empty()) return unwritable("it has no tasks");
  if (auto named = check_names(trace.tasks, "task"); !named) return named;
  if (auto named = check_names(trace.files, "file"); !named) return named;
  if (auto sound = check_tasks_of(trace); !sound) return sound;
  return check_execution(trace, execution);
}

// -- text -----------------------------------------------------------------------------------------

/// Collects text and passes it on when there is a good deal of it.
class TextPieces {
public:
  explicit TextPieces(const std::function<void(std::string_view)>& sink) : sink_(sink) {}

  TextPieces& operator<<(std::string_view text) {
    if (text_.size() + text.size() > piece) flush();
    text_ += text;
    return *this;
  }

  void flush() {
    if (!text_.empty()) sink_(text_);
    text_.clear();
  }

private:
  static constexpr std::size_t piece = std::size_t{1} << 16;

  const std::function<void(std::string_view)>& sink_;
  std::string text_;
};

/// Bytes that are no UTF-8 come out as replacement characters.
std::string quoted_json(std::string_view text) {
  const bool plain = std::ranges::all_of(
    text, [](char c) { return c >= ' ' && c < '\x7f' && c != '"' && c != '\\'; });
  if (plain) return fmt::format("\"{}\"", text);
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Seconds, with as many digits behind the point as it takes.
std::string seconds_of(Nanos time) {
  constexpr std::int64_t second = 1'000'000'000;
  std::string text = fmt::format("{}.{:09}", time.count() / second, time.count() % second);
  text.resize(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

/// What a task is called beside its id, and the program that it ran, if one can be told.
struct StatedKind {
  std::string_view name;
  std::string_view program;
};

/// Chooses the words from which the importer finds the category again: the program, unless it would
/// be taken for a path or a script; else the name.
StatedKind stated_kind(const TraceTask& task) {
  const auto found = [&task](const StatedKind& kind) {
    CategoryClues clues{
      .category = {}, .name = kind.name, .id = task.name, .program = std::nullopt};
    if (!kind.program.empty()) clues.program = kind.program;
    return category_of(clues) == task.category;
  };
  const StatedKind by_program{task.name, task.category};
  const StatedKind by_name{task.category, {}};
  if (task.category.empty()) return {task.name, {}};
  return found(by_program) ? by_program : by_name;
}

// -- the document ---------------------------------------------------------------------------------

class WfFormatWriter {
public:
  WfFormatWriter(const Trace& trace, const WfFormatOptions& options, const TraceLinks& links,
                 Nanos longest_chain, const std::function<void(std::string_view)>& sink)
    : trace_(trace),
      options_(options),
      links_(links),
      makespan_(options.execution.makespan.value_or(longest_chain)),
      out_(sink) {}

  void write() {
    out_ << "{\n";
    text_field("name", trace_.name);
    if (!options_.description.empty()) text_field("description", options_.description);
    if (options_.created_at) text_field("createdAt", format_time(*options_.created_at));
    text_field("schemaVersion", "1.5");
    if (options_.system) write_system(*options_.system);
    out_ << "\"workflow\": {\n";
    write_specification();
    out_ << ",\n";
    write_execution();
    out_ << "\n}\n}\n";
    out_.flush();
  }

private:
  void text_field(std::string_view key, std::string_view text) {
    out_ << fmt::format("\"{}\": {},\n", key, quoted_json(text));
  }

  void write_system(const TraceSystem& system) {
    out_ << fmt::format("\"runtimeSystem\": {{\"name\": {}, \"version\": {}",
                        quoted_json(system.name), quoted_json(system.version));
    if (!system.url.empty()) out_ << fmt::format(", \"url\": {}", quoted_json(system.url));
    out_ << "},\n";
  }

  /// A list with an item a line.
  template <class Write>
  void lines(std::string_view key, std::size_t count, Write write) {
    out_ << fmt::format("\"{}\": [", key);
    for (std::uint32_t i = 0; i < count; ++i) {
      out_ << (i == 0 ? "\n" : ",\n");
      write(i);
    }
    out_ << "\n]";
  }

  template <class Named>
  void names(std::string_view key, std::span<const std::uint32_t> indexes,
             const std::vector<Named>& named) {
    out_ << ", \"" << key << "\": [";
    for (std::size_t i = 0; i < indexes.size(); ++i) {
      if (i > 0) out_ << ", ";
      out_ << quoted_json(named[indexes[i]].name);
    }
    out_ << "]";
  }

  void write_specification() {
    out_ << "\"specification\": {\n";
    lines("tasks", trace_.tasks.size(), [this](std::uint32_t i) {
      const TraceTask& task = trace_.tasks[i];
      out_ << fmt::format("{{\"name\": {}, \"id\": {}", quoted_json(stated_kind(task).name),
                          quoted_json(task.name));
      names("parents", task.parents, trace_.tasks);
      names("children", links_.children(i), trace_.tasks);
      names("inputFiles", task.inputs, trace_.files);
      names("outputFiles", task.outputs, trace_.files);
      out_ << "}";
    });
    out_ << ",\n";
    lines("files", trace_.files.size(), [this](std::uint32_t i) {
      const TraceFile& file = trace_.files[i];
      out_ << fmt::format("{{\"id\": {}, \"sizeInBytes\": {}}}", quoted_json(file.name),
                          file.size.count);
    });
    out_ << "\n}";
  }

  void write_execution() {
    const TraceExecution& execution = options_.execution;
    out_ << fmt::format("\"execution\": {{\n\"makespanInSeconds\": {},\n\"executedAt\": \"{}\",\n",
                        seconds_of(makespan_), format_time(execution.executed_at));
    lines("tasks", trace_.tasks.size(), [this](std::uint32_t i) { write_executed(i); });
    if (!execution.machines.empty()) {
      out_ << ",\n";
      lines("machines", execution.machines.size(), [this](std::uint32_t i) { write_machine(i); });
    }
    out_ << "\n}";
  }

  void write_executed(std::uint32_t index) {
    const TraceTask& task = trace_.tasks[index];
    out_ << fmt::format("{{\"id\": {}, \"runtimeInSeconds\": {}", quoted_json(task.name),
                        seconds_of(task.runtime));
    if (const std::string_view program = stated_kind(task).program; !program.empty()) {
      out_ << fmt::format(", \"command\": {{\"program\": {}}}", quoted_json(program));
    }
    if (!options_.execution.tasks.empty()) write_facts(options_.execution.tasks[index]);
    out_ << "}";
  }

  void write_facts(const TaskExecution& task) {
    if (task.executed_at) {
      out_ << fmt::format(", \"executedAt\": \"{}\"", format_time(*task.executed_at));
    }
    if (task.read) out_ << fmt::format(", \"readBytes\": {}", task.read->count);
    if (task.written) out_ << fmt::format(", \"writtenBytes\": {}", task.written->count);
    if (task.machine) {
      const std::string& name = options_.execution.machines[*task.machine].name;
      out_ << fmt::format(", \"machines\": [{}]", quoted_json(name));
    }
  }

  void write_machine(std::uint32_t index) {
    const TraceMachine& machine = options_.execution.machines[index];
    out_ << "{\"nodeName\": " << quoted_json(machine.name);
    if (machine.cores) out_ << fmt::format(", \"cpu\": {{\"coreCount\": {}}}", *machine.cores);
    out_ << "}";
  }

  const Trace& trace_;
  const WfFormatOptions& options_;
  const TraceLinks& links_;
  Nanos makespan_;
  TextPieces out_;
};

}  // namespace

Result<void> write_wfformat(const Trace& trace, const WfFormatOptions& options,
                            const std::function<void(std::string_view)>& sink) {
  if (auto sound = check_trace(trace, options.execution); !sound) return sound;
  const TraceLinks links{trace};
  const auto longest_chain = links.longest_chain();
  if (!longest_chain) return unwritable("tasks wait for one another");
  WfFormatWriter{trace, options, links, *longest_chain, sink}.write();
  return {};
}

}  // namespace weft
