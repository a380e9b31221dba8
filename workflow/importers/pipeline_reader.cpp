#include "weft/workflow/importers/pipeline_reader.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace weft {

namespace {

constexpr std::size_t max_tasks = 100'000;
constexpr std::size_t max_parameters = 1000;

const std::vector<std::string>& keys_of(std::string_view place) {
  return pipeline_keys().find(place)->second;
}

/// Reads the parts of a pipeline around its tasks.
class PipelineReader {
public:
  PipelineReader(const YamlNode& document, PipelineFields& fields)
    : document_(document), fields_(fields) {}

  Pipeline read() {
    if (!fields_.check_map(document_, "the file", keys_of(""))) return {};
    read_version();
    read_name();
    if (const auto* node = document_.find("description")) {
      pipeline_.description = fields_.text(*node, "description").value_or("");
    }
    if (const auto* node = document_.find("sla")) read_sla(*node);
    if (const auto* node = document_.find("params")) read_parameters(*node);
    if (const auto* node = document_.find("requires")) read_requirements(*node);
    read_tasks();
    return std::move(pipeline_);
  }

private:
  void read_version() {
    const YamlNode* node = document_.find("version");
    if (!node) {
      fields_.problem(document_.place, "the version is missing", "begin with: version: 1");
      return;
    }
    const auto version = fields_.text(*node, "version");
    if (version && *version != "1") {
      fields_.problem(node->place, fmt::format("version {} is not known", in_quotes(*version)),
                      "this weft reads version 1");
    }
  }

  void read_name() {
    const YamlNode* node = document_.find("name");
    if (!node) {
      fields_.problem(document_.place, "the name is missing",
                      "add a name: pipelines of one name share history");
      return;
    }
    const auto name = fields_.text(*node, "name");
    if (name && fields_.check_name(*name, node->place, "a pipeline")) pipeline_.name = *name;
  }

  void read_sla(const YamlNode& node) {
    if (!fields_.check_map(node, "sla", keys_of("sla"))) return;
    const YamlNode* deadline = node.find("deadline");
    if (!deadline) {
      fields_.problem(node.place, "sla has no deadline", "add one: deadline: 30s");
      return;
    }
    Sla sla;
    if (const auto time = fields_.duration(*deadline, "deadline")) sla.deadline = *time;
    if (const auto* percentile = node.find("percentile")) {
      sla.percentile = fields_.number(*percentile, "percentile", 1, 99.9).value_or(sla.percentile);
    }
    pipeline_.sla = sla;
  }

  void read_parameters(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::map) {
      fields_.problem(node.place, "params has to be a mapping", "write name: default");
      return;
    }
    if (node.entries.size() > max_parameters) {
      fields_.problem(node.place, fmt::format("there are more than {} params", max_parameters));
      return;
    }
    for (const YamlEntry& entry : node.entries) read_parameter(entry);
  }

  void read_parameter(const YamlEntry& entry) {
    PipelineParameter parameter{.name = entry.key, .place = entry.place};
    if (!fields_.check_name(entry.key, entry.place, "a parameter")) return;
    if (entry.value.kind == YamlNode::Kind::map) {
      describe_parameter(entry.value, parameter);
    } else {
      read_fallback(entry.value, parameter);
    }
    pipeline_.parameters.push_back(std::move(parameter));
  }

  void describe_parameter(const YamlNode& node, PipelineParameter& parameter) {
    const std::string what = "parameter " + in_quotes(parameter.name);
    fields_.check_map(node, what, keys_of("params.*"));
    if (const auto* fallback = node.find("default")) read_fallback(*fallback, parameter);
    if (const auto* type = node.find("type")) read_type(*type, parameter);
    if (const auto* text = node.find("description")) {
      parameter.description = fields_.text(*text, "description").value_or("");
    }
    if (const auto* choices = node.find("choices")) {
      if (fields_.check_list(*choices, "choices")) {
        parameter.choices = fields_.texts(*choices, "choices");
      }
    }
  }

  void read_type(const YamlNode& node, PipelineParameter& parameter) {
    static const std::vector<std::string> names{"text", "integer", "number", "boolean", "list"};
    const auto text = fields_.text(node, "type");
    if (!text) return;
    if (*text == "list") {
      parameter.list = true;
      return;
    }
    const auto found = std::find(names.begin(), names.end(), *text);
    if (found == names.end()) {
      fields_.problem(node.place, fmt::format("there is no type {}", in_quotes(*text)),
                      suggestion(*text, names));
      return;
    }
    parameter.type = static_cast<PipelineParameter::Type>(found - names.begin());
  }

  /// The default of a parameter also says what its type is.
  void read_fallback(const YamlNode& node, PipelineParameter& parameter) {
    if (node.kind == YamlNode::Kind::null && !node.quoted) return;
    parameter.list = node.kind == YamlNode::Kind::list;
    parameter.fallback = fields_.texts(node, "parameter " + in_quotes(parameter.name));
    if (node.kind == YamlNode::Kind::scalar && !node.quoted) parameter.type = type_of(node.text);
  }

  static PipelineParameter::Type type_of(const std::string& text) {
    if (text == "true" || text == "false") return PipelineParameter::Type::boolean;
    if (whole_number(text)) return PipelineParameter::Type::integer;
    if (real_number(text)) return PipelineParameter::Type::number;
    return PipelineParameter::Type::text;
  }

  void read_requirements(const YamlNode& node) {
    if (!fields_.check_map(node, "requires", keys_of("requires"))) return;
    Requirements& needed = pipeline_.requirements;
    if (const auto* list = node.find("modules")) needed.modules = fields_.texts(*list, "modules");
    if (const auto* list = node.find("files")) needed.files = fields_.texts(*list, "files");
    if (const auto* list = node.find("programs")) {
      needed.programs = fields_.texts(*list, "programs");
    }
    if (const auto* list = node.find("functions")) {
      needed.functions = fields_.texts(*list, "functions");
      for (const std::string& name : needed.functions) {
        if (auto parsed = parse_function_name(name); !parsed) {
          fields_.problem(list->place, parsed.error());
        }
      }
    }
  }

  void read_tasks() {
    const YamlNode* node = document_.find("tasks");
    if (!node) {
      fields_.problem(document_.place, "there are no tasks", "add tasks: with one or more");
      return;
    }
    if (node->kind != YamlNode::Kind::map || node->entries.empty()) {
      fields_.problem(node->place,
                      fmt::format("tasks is {}; it has to be a mapping of one task or more",
                                  kind_in_words(*node)),
                      "write NAME: {run: [program, argument]} below it");
      return;
    }
    if (node->entries.size() > max_tasks) {
      fields_.problem(
        node->place,
        fmt::format("there are {} tasks; {} is the most", node->entries.size(), max_tasks),
        "let foreach repeat tasks, or split the pipeline");
      return;
    }
    const YamlNode* defaults = document_.find("defaults");
    if (defaults && !fields_.check_map(*defaults, "defaults", keys_of("defaults"))) {
      defaults = nullptr;
    }
    for (const YamlEntry& entry : node->entries) {
      pipeline_.tasks.push_back(read_pipeline_task(entry, defaults, fields_));
    }
  }

  const YamlNode& document_;
  PipelineFields& fields_;
  Pipeline pipeline_;
};

}  // namespace

Pipeline read_pipeline(const YamlNode& document, PipelineFields& fields) {
  return PipelineReader{document, fields}.read();
}

}  // namespace weft
