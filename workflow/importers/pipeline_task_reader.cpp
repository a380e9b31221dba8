#include <algorithm>

#include <fmt/format.h>

#include "weft/workflow/importers/pipeline_reader.hpp"

namespace weft {

namespace {

const std::vector<std::string> reserved_names{"params", "in", "out", "item", "index"};

/// Reads one task of a pipeline.
class TaskReader {
public:
  TaskReader(const YamlEntry& entry, const YamlNode* defaults, PipelineFields& fields)
    : node_(entry.value),
      defaults_(defaults),
      fields_(fields),
      what_("task " + in_quotes(entry.key)) {
    task_.name = entry.key;
    task_.place = entry.place;
  }

  PipelineTask read() {
    check_task_name();
    if (!fields_.check_map(node_, what_, pipeline_keys().find("tasks.*")->second)) {
      return std::move(task_);
    }
    if (const auto* node = node_.find("description")) {
      task_.description = fields_.text(*node, "description").value_or("");
    }
    read_work();
    if (const auto* node = node_.find("foreach")) read_foreach(*node);
    if (const auto* node = node_.find("in")) read_inputs(*node);
    if (const auto* node = node_.find("out")) read_outputs(*node);
    read_streams();
    read_environment(defaults_ ? defaults_->find("env") : nullptr);
    read_environment(node_.find("env"));
    if (const auto* node = node_.find("after")) task_.after = fields_.texts(*node, "after");
    if (const auto* node = node_.find("exit_codes")) read_exit_codes(*node);
    read_options();
    if (task_.command()) {
      check_command_keys();
    } else {
      check_function_keys();
    }
    return std::move(task_);
  }

private:
  void check_task_name() {
    if (!fields_.check_name(task_.name, task_.place, "a task")) return;
    if (std::ranges::find(reserved_names, task_.name) == reserved_names.end()) return;
    fields_.problem(task_.place, fmt::format("a task cannot be called {}", in_quotes(task_.name)),
                    "references use that word; take another name");
  }

  /// A key of the task, or of the defaults.
  const YamlNode* find_with_default(std::string_view key) const {
    const YamlNode* own = node_.find(key);
    return own || !defaults_ ? own : defaults_->find(key);
  }

  void read_work() {
    const YamlNode* run = node_.find("run");
    const YamlNode* shell = node_.find("shell");
    const YamlNode* function = node_.find("function");
    const int works = (run != nullptr) + (shell != nullptr) + (function != nullptr);
    // A misspelt `run` has been told of already.
    if (works == 0 && has_unknown_key()) return;
    if (works != 1) {
      fields_.problem(task_.place,
                      fmt::format("{} has to have one of run, shell and function", what_),
                      "add run: [program, argument]");
      return;
    }
    if (run) read_run(*run);
    if (shell) read_shell(*shell);
    if (function) read_function(*function);
  }

  [[nodiscard]] bool has_unknown_key() const {
    const auto& known = pipeline_keys().find("tasks.*")->second;
    return std::ranges::any_of(node_.entries, [&known](const YamlEntry& entry) {
      return std::ranges::find(known, entry.key) == known.end();
    });
  }

  void read_run(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::list || node.items.empty()) {
      fields_.problem(
        node.place,
        fmt::format("run of {} is {}; it has to be a list of the program and its "
                    "arguments",
                    what_,
                    node.kind == YamlNode::Kind::list ? "an empty list" : kind_in_words(node)),
        "write run: [program, argument]; a line for the shell goes under shell:");
      return;
    }
    PipelineCommand command;
    for (const YamlNode& item : node.items) {
      if (auto word = fields_.text_template(item, "an item of run")) {
        command.words.push_back(std::move(*word));
      }
    }
    task_.work = std::move(command);
  }

  void read_shell(const YamlNode& node) {
    auto text = fields_.text_template(node, "shell");
    if (!text) return;
    PipelineCommand command{.shell = true};
    command.words.push_back(std::move(*text));
    task_.work = std::move(command);
  }

  void read_function(const YamlNode& node) {
    const auto text = fields_.text(node, "function");
    if (!text) return;
    auto name = parse_function_name(*text);
    if (name) {
      task_.work = std::move(*name);
    } else {
      fields_.problem(node.place, name.error());
    }
    if (const auto* list = node_.find("arguments")) {
      if (!fields_.check_list(*list, "arguments")) return;
      for (const YamlNode& item : list->items) task_.arguments.push_back(argument(item));
    }
  }

  PipelineArgument argument(const YamlNode& node) {
    PipelineArgument out;
    switch (node.kind) {
      case YamlNode::Kind::null:
        break;
      case YamlNode::Kind::scalar:
        out = scalar_argument(node);
        break;
      case YamlNode::Kind::list: {
        PipelineArgument::List list;
        for (const YamlNode& item : node.items) list.push_back(argument(item));
        out.node = std::move(list);
        break;
      }
      case YamlNode::Kind::map: {
        PipelineArgument::Map map;
        for (const YamlEntry& entry : node.entries) {
          map.emplace_back(entry.key, argument(entry.value));
        }
        out.node = std::move(map);
        break;
      }
    }
    return out;
  }

  PipelineArgument scalar_argument(const YamlNode& node) {
    PipelineArgument out;
    if (!node.quoted && (node.text == "true" || node.text == "false")) {
      out.node = node.text == "true";
    } else if (const auto whole = whole_number(node.text); !node.quoted && whole) {
      out.node = *whole;
    } else if (const auto real = real_number(node.text); !node.quoted && real) {
      out.node = *real;
    } else if (auto text = fields_.text_template(node, "an argument")) {
      out.node = std::move(*text);
    }
    return out;
  }

  void read_foreach(const YamlNode& node) {
    PipelineForeach foreach{.over = TextTemplate{}, .place = node.place};
    if (node.kind == YamlNode::Kind::list) {
      std::vector<TextTemplate> texts;
      for (const YamlNode& item : node.items) {
        if (auto text = fields_.text_template(item, "an item of foreach")) {
          texts.push_back(std::move(*text));
        }
      }
      foreach
        .over = std::move(texts);
    } else if (node.kind == YamlNode::Kind::map) {
      if (!fields_.check_map(node, "foreach", {"count"})) return;
      const YamlNode* count = node.find("count");
      auto text = count ? fields_.text_template(*count, "count") : std::nullopt;
      if (!text) return;
      foreach
        .over = std::move(*text);
    } else {
      auto text = fields_.text_template(node, "foreach");
      if (!text) return;
      const Reference* list = text->only_reference();
      if (!list) {
        fields_.problem(node.place, "foreach has to be a list, or a reference to one",
                        "write foreach: ${TASK.OUTPUT}, [a, b] or {count: 8}");
        return;
      }
      foreach
        .over = *list;
    }
    task_.foreach = std::move(foreach);
    if (const auto* most = node_.find("max_items")) {
      if (const auto count = fields_.integer(*most, "max_items", 1, default_max_items)) {
        task_.options.max_items = static_cast<std::uint32_t>(*count);
      }
    }
  }

  void read_inputs(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::map) {
      fields_.problem(node.place,
                      fmt::format("in is {}; it has to be a mapping", kind_in_words(node)),
                      "write in: {NAME: file:PATH}");
      return;
    }
    for (const YamlEntry& entry : node.entries) {
      if (!fields_.check_name(entry.key, entry.place, "an input")) continue;
      PipelineInput input{.name = entry.key};
      YamlNode value = entry.value;
      constexpr std::string_view file = "file:";
      if (value.kind == YamlNode::Kind::scalar && value.text.starts_with(file)) {
        input.file = true;
        value.text.erase(0, file.size());
        value.place.column += static_cast<std::uint32_t>(file.size());
        if (value.text.empty()) fields_.problem(entry.value.place, "file: needs a path behind it");
      }
      if (auto text = fields_.text_template(value, "input " + in_quotes(entry.key))) {
        input.value = std::move(*text);
        task_.inputs.push_back(std::move(input));
      }
    }
  }

  void read_outputs(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::map) {
      fields_.problem(node.place,
                      fmt::format("out is {}; it has to be a mapping", kind_in_words(node)),
                      "write out: {NAME: file}");
      return;
    }
    for (const YamlEntry& entry : node.entries) {
      if (!fields_.check_name(entry.key, entry.place, "an output")) continue;
      PipelineOutput output{.name = entry.key, .place = entry.place};
      const bool read = entry.value.kind == YamlNode::Kind::map
                          ? read_long_output(entry.value, output)
                          : read_short_output(entry.value, output);
      if (read) task_.outputs.push_back(std::move(output));
    }
  }

  bool read_short_output(const YamlNode& node, PipelineOutput& output) {
    const auto text = fields_.text(node, "output " + in_quotes(output.name));
    if (!text) return false;
    const std::size_t colon = text->find(':');
    if (!set_kind(text->substr(0, colon), node.place, output)) return false;
    if (colon == std::string::npos) return check_pattern(node.place, output);
    YamlNode path = node;
    path.text.erase(0, colon + 1);
    path.place.column += static_cast<std::uint32_t>(colon + 1);
    return set_path(path, output);
  }

  bool read_long_output(const YamlNode& node, PipelineOutput& output) {
    fields_.check_map(node, "output " + in_quotes(output.name),
                      pipeline_keys().find("tasks.*.out.*")->second);
    const YamlNode* type = node.find("type");
    const auto kind = type ? fields_.text(*type, "type") : std::optional<std::string>("file");
    if (!kind || !set_kind(*kind, type ? type->place : node.place, output)) return false;
    const bool files = output.kind == PipelineOutput::Kind::files;
    const YamlNode* path = node.find(files ? "pattern" : "path");
    if (path && !set_path(*path, output)) return false;
    if (const YamlNode* wrong = node.find(files ? "path" : "pattern")) {
      fields_.problem(wrong->place, files ? "an output of type files has a pattern, no path"
                                          : "only outputs of type files have a pattern");
    }
    if (const auto* suffix = node.find("suffix")) {
      output.suffix = fields_.text(*suffix, "suffix").value_or("");
      if (output.suffix.find('/') != std::string::npos) {
        fields_.problem(suffix->place, "a suffix has no / in it", "write suffix: .png");
      }
    }
    return check_pattern(node.place, output);
  }

  bool set_kind(const std::string& text, SourcePlace place, PipelineOutput& output) {
    static const std::vector<std::string> names{"file",  "files",  "text",
                                                "lines", "number", "numbers"};
    const auto found = std::ranges::find(names, text);
    if (found == names.end()) {
      fields_.problem(place, fmt::format("there is no kind of output {}", in_quotes(text)),
                      suggestion(text, names) + "; file:PATH and files:PATTERN name files");
      return false;
    }
    output.kind = static_cast<PipelineOutput::Kind>(found - names.begin());
    return true;
  }

  bool set_path(const YamlNode& node, PipelineOutput& output) {
    if (output.kind != PipelineOutput::Kind::file && output.kind != PipelineOutput::Kind::files) {
      fields_.problem(node.place, "only outputs of type file and files have something behind :");
      return false;
    }
    auto path = fields_.text_template(node, "output " + in_quotes(output.name));
    if (!path) return false;
    if (path->empty()) {
      fields_.problem(node.place, "a path or pattern is missing behind :");
      return false;
    }
    output.path = std::move(*path);
    if (output.kind == PipelineOutput::Kind::file && output.path.constant()) {
      const std::string name = *output.path.constant();
      if (name.ends_with('/')) {
        fields_.problem(node.place, in_quotes(name) + " is a folder, no file");
      }
    }
    return true;
  }

  bool check_pattern(SourcePlace place, const PipelineOutput& output) {
    if (output.kind != PipelineOutput::Kind::files || !output.path.empty()) return true;
    fields_.problem(place, "an output of type files needs a pattern", "write files:part-*.txt");
    return false;
  }

  void read_streams() {
    if (const auto* node = node_.find("stdin")) {
      task_.standard_input = fields_.text_template(*node, "stdin");
    }
    const YamlNode* node = node_.find("stdout");
    if (!node) return;
    const auto text = fields_.text_template(*node, "stdout");
    const Reference* output = text ? text->only_reference() : nullptr;
    if (!output || output->kind != Reference::Kind::output) {
      fields_.problem(node->place, "stdout has to be an output of the task",
                      "write stdout: ${out.NAME}");
      return;
    }
    task_.standard_output = output->name;
    for (const PipelineOutput& other : task_.outputs) {
      if (other.kind != PipelineOutput::Kind::file && other.kind != PipelineOutput::Kind::files) {
        fields_.problem(node->place,
                        fmt::format("the standard output goes to {} and cannot be output {}, too",
                                    in_quotes(output->name), in_quotes(other.name)));
      }
    }
  }

  void read_environment(const YamlNode* node) {
    if (!node) return;
    if (node->kind != YamlNode::Kind::map) {
      fields_.problem(node->place, "env has to be a mapping", "write env: {NAME: value}");
      return;
    }
    for (const YamlEntry& entry : node->entries) {
      if (entry.key.empty() || entry.key.find('=') != std::string::npos) {
        fields_.problem(entry.place, in_quotes(entry.key) + " cannot be the name of a variable");
        continue;
      }
      if (entry.value.kind == YamlNode::Kind::null) {
        task_.environment[entry.key] = {};
      } else if (auto text = fields_.text_template(entry.value, "env " + in_quotes(entry.key))) {
        task_.environment[entry.key] = std::move(*text);
      }
    }
  }

  void read_exit_codes(const YamlNode& node) {
    if (!fields_.check_list(node, "exit_codes")) return;
    task_.exit_codes.clear();
    for (const YamlNode& item : node.items) {
      if (const auto code = fields_.integer(item, "an exit code", 0, 255)) {
        task_.exit_codes.push_back(static_cast<int>(*code));
      }
    }
    if (node.items.empty()) fields_.problem(node.place, "exit_codes is empty");
  }

  void read_options() {
    if (const auto* node = find_with_default("retries")) read_retries(*node);
    if (const auto* node = find_with_default("timeout")) {
      task_.options.timeout = fields_.duration(*node, "timeout");
    }
    if (const auto* node = find_with_default("resources")) read_resources(*node);
    if (const auto* node = node_.find("expected_time")) {
      task_.options.expected_time = fields_.duration(*node, "expected_time");
    }
    if (const auto* node = node_.find("purity")) {
      static const std::vector<std::string> names{"unknown", "idempotent", "pure"};
      const auto text = fields_.text(*node, "purity");
      const auto found = std::ranges::find(names, text.value_or("unknown"));
      if (found == names.end()) {
        fields_.problem(node->place, fmt::format("there is no purity {}", in_quotes(*text)),
                        suggestion(*text, names));
      } else {
        task_.options.purity = static_cast<Purity>(found - names.begin());
      }
    }
  }

  void read_retries(const YamlNode& node) {
    constexpr std::int64_t most = 1000;
    RetryPolicy policy;
    if (node.kind != YamlNode::Kind::map) {
      const auto retries = fields_.integer(node, "retries", 0, most);
      policy.attempts = static_cast<std::uint32_t>(retries.value_or(0) + 1);
      task_.options.retries = policy;
      return;
    }
    fields_.check_map(node, "retries", pipeline_keys().find("retries")->second);
    if (const auto* attempts = node.find("attempts")) {
      policy.attempts =
        static_cast<std::uint32_t>(fields_.integer(*attempts, "attempts", 1, most + 1).value_or(1));
    }
    if (const auto* wait = node.find("backoff")) {
      policy.backoff = fields_.duration(*wait, "backoff").value_or(policy.backoff);
    }
    if (const auto* factor = node.find("factor")) {
      policy.backoff_factor = fields_.number(*factor, "factor", 1, 100).value_or(2);
    }
    if (const auto* wait = node.find("max_backoff")) {
      policy.backoff_max = fields_.duration(*wait, "max_backoff").value_or(policy.backoff_max);
    }
    task_.options.retries = policy;
  }

  void read_resources(const YamlNode& node) {
    if (!fields_.check_map(node, "resources", pipeline_keys().find("resources")->second)) return;
    constexpr double max_cpus = 10'000;
    WorkerClass wanted;
    if (const auto* cpus = node.find("cpus")) {
      wanted.cpus = fields_.number(*cpus, "cpus", 0.01, max_cpus).value_or(1);
    }
    if (const auto* memory = node.find("memory")) {
      const auto text = fields_.text(*memory, "memory");
      auto bytes = parse_bytes(text.value_or("0B"));
      constexpr std::uint64_t mebibyte = 1 << 20;
      if (bytes) {
        wanted.memory = {(bytes->count + mebibyte - 1) / mebibyte};
      } else {
        fields_.problem(memory->place, with_context("memory", bytes.error()));
      }
    }
    task_.options.worker_class = wanted;
  }

  /// What means nothing without something else.
  void check_command_keys() {
    if (const YamlNode* node = node_.find("arguments")) {
      fields_.problem(node->place, what_ + " runs a command, which has no arguments:",
                      "its arguments stand in run:");
    }
    if (const YamlNode* node = node_.find("max_items"); node && !task_.foreach) {
      fields_.problem(node->place, what_ + " has max_items without foreach");
    }
  }

  /// What only commands have.
  void check_function_keys() {
    if (!std::holds_alternative<FunctionName>(task_.work)) return;
    for (const std::string_view key : {"in", "out", "env", "stdin", "stdout", "exit_codes"}) {
      if (!node_.find(key)) continue;
      fields_.problem(node_.find(key)->place,
                      fmt::format("{} calls a function, which has no {}", what_, key),
                      "a function takes arguments: and returns one value");
    }
    task_.environment.clear();  // Of the defaults.
  }

  const YamlNode& node_;
  const YamlNode* defaults_;
  PipelineFields& fields_;
  std::string what_;
  PipelineTask task_{.work = PipelineCommand{}};
};

}  // namespace

PipelineTask read_pipeline_task(const YamlEntry& entry, const YamlNode* defaults,
                                PipelineFields& fields) {
  return TaskReader{entry, defaults, fields}.read();
}

}  // namespace weft
