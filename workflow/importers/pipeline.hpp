#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "weft/workflow/function.hpp"
#include "weft/workflow/importers/text_template.hpp"
#include "weft/workflow/options.hpp"
#include "weft/workflow/requirements.hpp"

namespace weft {

/// A value that whoever runs a pipeline may choose.
struct PipelineParameter {
  enum class Type : std::uint8_t { text, integer, number, boolean };

  std::string name;
  Type type = Type::text;
  bool list = false;
  std::optional<std::vector<std::string>> fallback;  ///< One text unless it is a list.
  std::vector<std::string> choices;                  ///< Empty: any.
  std::string description;
  SourcePlace place;
};

[[nodiscard]] std::string_view to_string(PipelineParameter::Type type);

/// What a command takes, by name.
struct PipelineInput {
  std::string name;
  bool file = false;  ///< `value` is a path, relative to the folder of the pipeline.
  TextTemplate value;
};

/// What a command makes, by name.
struct PipelineOutput {
  enum class Kind : std::uint8_t {
    file,     ///< The file that the command writes to `${out.NAME}`.
    files,    ///< The files in the attempt's folder that match `path`.
    text,     ///< Its standard output, without white space at the end.
    lines,    ///< Its standard output, line by line.
    number,   ///< Its standard output, which is a number.
    numbers,  ///< Its standard output, line by line, each a number.
  };

  std::string name;
  Kind kind = Kind::file;
  TextTemplate path;  ///< Of `file`: where it appears at the end, if anywhere; of `files`: pattern.
  std::string suffix;  ///< Of `file`: how the name in `${out.NAME}` ends.
  SourcePlace place;

  [[nodiscard]] bool is_list() const {
    return kind == Kind::files || kind == Kind::lines || kind == Kind::numbers;
  }
};

/// An argument of a function: text may hold references; lists and mappings nest.
struct PipelineArgument {
  using List = std::vector<PipelineArgument>;
  using Map = std::vector<std::pair<std::string, PipelineArgument>>;

  std::variant<std::monostate, bool, std::int64_t, double, TextTemplate, List, Map> node;
};

/// A program and its arguments, each one text; with `shell`, one text for `/bin/sh`.
struct PipelineCommand {
  bool shell = false;
  std::vector<TextTemplate> words;
};

/// What a task is repeated over.
struct PipelineForeach {
  /// A list of another task or of a parameter; texts; or how many.
  std::variant<Reference, std::vector<TextTemplate>, TextTemplate> over;
  SourcePlace place;
};

/// One task of a pipeline: a command or a function.
struct PipelineTask {
  std::string name;
  std::string description;
  std::optional<PipelineForeach> foreach;
  std::variant<PipelineCommand, FunctionName> work;
  std::vector<PipelineArgument> arguments;  ///< Of a function.
  std::vector<PipelineInput> inputs;
  std::vector<PipelineOutput> outputs;
  std::map<std::string, TextTemplate> environment;  ///< Beside what weft itself was given.
  std::optional<TextTemplate> standard_input;
  std::string standard_output;     ///< The output of kind `file` that it goes to; empty: none.
  std::vector<std::string> after;  ///< Tasks that must be done before, read or not.
  std::vector<int> exit_codes{0};  ///< Those that mean success.
  TaskOptions options;
  SourcePlace place;

  [[nodiscard]] const PipelineCommand* command() const {
    return std::get_if<PipelineCommand>(&work);
  }
  [[nodiscard]] const PipelineOutput* output(std::string_view output_name) const;
};

/// A deadline from submit to result readable, and how surely it is to be met.
struct Sla {
  Nanos deadline{};
  double percentile = 95;  ///< Above 0, below 100.
};

/// A workflow of commands and functions, as a YAML file describes it. A plain value.
struct Pipeline {
  std::string name;
  std::string description;
  std::optional<Sla> sla;
  std::vector<PipelineParameter> parameters;
  Requirements requirements;  ///< Relative to the pipeline's folder.
  std::vector<PipelineTask> tasks;
  std::filesystem::path folder;  ///< Where the file lies: relative paths start here.
  std::string origin;            ///< The file, for messages.

  [[nodiscard]] const PipelineTask* task(std::string_view task_name) const;
  [[nodiscard]] const PipelineParameter* parameter(std::string_view parameter_name) const;
};

/// Reads a pipeline. Fails with `invalid_file` or `limit_exceeded`; every problem that was found is
/// a cause, whose message begins with `origin:line:column`.
/// @param origin the path of the file
[[nodiscard]] Result<Pipeline> parse_pipeline(std::string_view text,
                                              const std::filesystem::path& origin);

/// As `parse_pipeline`. Fails with `io_failed` when the file cannot be read.
[[nodiscard]] Result<Pipeline> load_pipeline(const std::filesystem::path& path);

/// Values for the parameters: those given, the fallbacks else. Fails with `invalid_argument`, every
/// problem named: unknown names, values of another type or none of the choices, values missing.
/// @param given texts by name; a list is written with commas between
[[nodiscard]] Result<std::map<std::string, std::vector<std::string>>> parameter_values(
  const Pipeline& pipeline, const std::vector<std::pair<std::string, std::string>>& given);

/// The keys that a mapping of the file may have, by the mapping's place: ``, `sla`, `defaults`,
/// `params.*`, `requires`, `tasks.*`, `tasks.*.out.*`, `retries`, `resources`.
[[nodiscard]] const std::map<std::string, std::vector<std::string>, std::less<>>& pipeline_keys();

}  // namespace weft
