#include "weft/workflow/importers/wfformat_reader.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include <fmt/format.h>

#include "weft/workflow/importers/json_text.hpp"
#include "weft/workflow/importers/task_category.hpp"

namespace weft {

namespace {

/// Three years: longer than any task, and far from what a count of nanoseconds holds.
constexpr double max_runtime_s = 1e8;

/// Beyond this, a JSON number of bytes is not exact any more.
constexpr double max_exact_bytes = 9'007'199'254'740'992;  // 2^53

Nanos nanos_of(double seconds) {
  return Nanos{std::llround(seconds * 1e9)};
}

/// Reads the fields of one document. Points into it.
class WfFormatReader {
public:
  WfFormatReader(const nlohmann::json& document, const TraceLimits& limits, ProblemList& problems)
    : root_(document), limits_(limits), problems_(problems) {}

  RecordedTrace read() {
    if (const auto name = text_member(root_, "name")) trace_.name = *name;
    const auto version = text_member(root_, "schemaVersion");
    if (!version) return std::move(trace_);
    if (*version != "1.4" && *version != "1.5") {
      problems_.add(fmt::format("/schemaVersion is {}, which is not known", in_quotes(*version)),
                    "versions 1.4 and 1.5 are; convert the file to one of them");
      return std::move(trace_);
    }
    const auto workflow = root_.member("workflow", problems_);
    if (!workflow) return std::move(trace_);
    if (*version == "1.4") {
      read_flat(*workflow);
    } else {
      read_split(*workflow);
    }
    return std::move(trace_);
  }

private:
  // -- 1.4: one object a task, files inside -------------------------------------------------------

  void read_flat(const JsonField& workflow) {
    const auto tasks = workflow.member("tasks", problems_);
    if (!tasks) return;
    const std::size_t count = task_count(*tasks);
    for (std::size_t i = 0; i < count; ++i) {
      const JsonField field = tasks->item(i);
      StatedTask task;
      const auto name = text_member(field, "name");
      task.alias = optional_text(field, "id");
      task.runtime = runtime_of(field);
      task.parents = optional_names(field, "parents");
      task.children = optional_names(field, "children");
      read_flat_files(field, task);
      if (!name) continue;
      task.name = *name;
      task.category =
        category_of({optional_text(field, "category"), *name, *name, program_of(field)});
      trace_.tasks.push_back(std::move(task));
    }
  }

  void read_flat_files(const JsonField& field, StatedTask& task) {
    const auto files = field.optional_member("files");
    if (!files) return;
    const std::size_t count = files->items(problems_);
    for (std::size_t i = 0; i < count; ++i) {
      const JsonField file = files->item(i);
      const auto name = text_member(file, "name");
      const auto size = number_member(file, "sizeInBytes", max_exact_bytes);
      const auto link = text_member(file, "link");
      if (link && *link != "input" && *link != "output") {
        problems_.add(fmt::format("{}/link is {}, neither 'input' nor 'output'", file.path(),
                                  in_quotes(*link)));
      }
      if (!name || !size || !link) continue;
      (*link == "output" ? task.outputs : task.inputs).push_back(*name);
      add_flat_file(*name, {static_cast<std::uint64_t>(*size)});
    }
  }

  /// Every task that has to do with a file states its size; a reader may have seen a part of it.
  void add_flat_file(std::string_view name, Bytes size) {
    const auto [place, fresh] = flat_files_.emplace(name, trace_.files.size());
    if (fresh) {
      trace_.files.push_back({name, size});
    } else {
      Bytes& known = trace_.files[place->second].size;
      known = std::max(known, size);
    }
  }

  // -- 1.5: what was to be done apart from how it went --------------------------------------------

  void read_split(const JsonField& workflow) {
    // A workflow that was never executed is valid, but has no times to replay.
    const auto execution = workflow.member("execution", problems_);
    if (!execution || !read_execution(*execution)) return;
    const auto specification = workflow.member("specification", problems_);
    if (!specification) return;
    read_files(*specification);
    const auto tasks = specification->member("tasks", problems_);
    if (!tasks) return;
    const std::size_t count = task_count(*tasks);
    for (std::size_t i = 0; i < count; ++i) read_task(tasks->item(i));
    if (count > 0) report_unmatched();
  }

  void read_task(const JsonField& field) {
    const auto id = text_member(field, "id");
    const auto name = text_member(field, "name");
    StatedTask task;
    task.parents = names_member(field, "parents");
    task.children = names_member(field, "children");
    task.inputs = optional_names(field, "inputFiles").value_or(std::vector<std::string_view>{});
    task.outputs = optional_names(field, "outputFiles").value_or(std::vector<std::string_view>{});
    if (!id) return;
    task.name = *id;
    CategoryClues clues{.category = {}, .name = name.value_or(*id), .id = *id, .program = {}};
    if (const auto found = execution_of_.find(*id); found != execution_of_.end()) {
      Execution& run = executions_[found->second];
      run.matched = true;
      task.runtime = run.runtime;
      clues.program = run.program;
    } else {
      problems_.add(
        fmt::format("task {} has no entry in /workflow/execution/tasks", in_quotes(*id)));
    }
    task.category = category_of(clues);
    trace_.tasks.push_back(std::move(task));
  }

  void read_files(const JsonField& specification) {
    const auto files = specification.optional_member("files");
    if (!files) return;
    const std::size_t count = files->items(problems_);
    for (std::size_t i = 0; i < count; ++i) {
      const JsonField file = files->item(i);
      const auto id = text_member(file, "id");
      const auto size = number_member(file, "sizeInBytes", max_exact_bytes);
      if (id) trace_.files.push_back({*id, {static_cast<std::uint64_t>(size.value_or(0))}});
    }
  }

  /// Answers whether there is a list: without it, every task would be said to lack its entry.
  bool read_execution(const JsonField& execution) {
    const auto tasks = execution.member("tasks", problems_);
    if (!tasks) return false;
    const std::size_t count = tasks->items(problems_);
    for (std::size_t i = 0; i < count; ++i) {
      const JsonField field = tasks->item(i);
      const auto id = text_member(field, "id");
      const Execution run{id.value_or(""), runtime_of(field), program_of(field)};
      if (!id) continue;
      if (execution_of_.emplace(*id, executions_.size()).second) {
        executions_.push_back(run);
      } else {
        problems_.add(
          fmt::format("{}/id is {}, as that of an entry before it", field.path(), in_quotes(*id)));
      }
    }
    return tasks->value().is_array();
  }

  void report_unmatched() {
    for (const Execution& run : executions_) {
      if (run.matched) continue;
      problems_.add(fmt::format("/workflow/execution/tasks has an entry for an unknown task {}",
                                in_quotes(run.task)));
    }
  }

  // -- fields -------------------------------------------------------------------------------------

  std::size_t task_count(const JsonField& tasks) {
    const std::size_t count = tasks.items(problems_);
    if (count <= limits_.tasks) return count;
    problems_.add(
      fmt::format("{} holds {} tasks; {} are the most", tasks.path(), count, limits_.tasks),
      "split it into smaller workflows");
    return 0;
  }

  Nanos runtime_of(const JsonField& field) {
    return nanos_of(number_member(field, "runtimeInSeconds", max_runtime_s).value_or(0));
  }

  std::optional<std::string_view> program_of(const JsonField& field) {
    const auto command = field.optional_member("command");
    if (!command) return std::nullopt;
    return optional_text(*command, "program");
  }

  std::optional<std::string_view> text_member(const JsonField& field, std::string_view key) {
    const auto member = field.member(key, problems_);
    return member ? member->text(problems_) : std::nullopt;
  }

  /// Said by some systems only, and at times as an empty text.
  std::optional<std::string_view> optional_text(const JsonField& field, std::string_view key) {
    const auto member = field.optional_member(key);
    if (!member) return std::nullopt;
    const auto* text = member->value().get_ptr<const std::string*>();
    if (text && text->empty()) return std::nullopt;
    return member->text(problems_);
  }

  std::optional<double> number_member(const JsonField& field, std::string_view key, double max) {
    const auto member = field.member(key, problems_);
    return member ? member->number(max, problems_) : std::nullopt;
  }

  std::vector<std::string_view> names_of(const JsonField& list) {
    std::vector<std::string_view> names;
    const std::size_t count = list.items(problems_);
    names.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (const auto name = list.item(i).text(problems_)) names.push_back(*name);
    }
    return names;
  }

  std::optional<std::vector<std::string_view>> names_member(const JsonField& field,
                                                            std::string_view key) {
    const auto member = field.member(key, problems_);
    if (!member) return std::nullopt;
    return names_of(*member);
  }

  std::optional<std::vector<std::string_view>> optional_names(const JsonField& field,
                                                              std::string_view key) {
    const auto member = field.optional_member(key);
    if (!member) return std::nullopt;
    return names_of(*member);
  }

  struct Execution {
    std::string_view task;
    Nanos runtime{};
    std::optional<std::string_view> program;
    bool matched = false;
  };

  JsonField root_;
  const TraceLimits& limits_;
  ProblemList& problems_;
  RecordedTrace trace_;
  std::vector<Execution> executions_;
  std::unordered_map<std::string_view, std::size_t> execution_of_;  ///< Of each task.
  std::unordered_map<std::string_view, std::size_t> flat_files_;
};

}  // namespace

RecordedTrace read_wfformat(const nlohmann::json& document, const TraceLimits& limits,
                            ProblemList& problems) {
  return WfFormatReader{document, limits, problems}.read();
}

}  // namespace weft
