#include "weft/workflow/importers/pipeline.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "weft/workflow/importers/pipeline_reader.hpp"

namespace weft {

std::string_view to_string(PipelineParameter::Type type) {
  switch (type) {
    case PipelineParameter::Type::text:
      return "text";
    case PipelineParameter::Type::integer:
      return "integer";
    case PipelineParameter::Type::number:
      return "number";
    case PipelineParameter::Type::boolean:
      return "boolean";
  }
  return {};
}

const PipelineOutput* PipelineTask::output(std::string_view output_name) const {
  const auto found = std::ranges::find(outputs, output_name, &PipelineOutput::name);
  return found == outputs.end() ? nullptr : &*found;
}

const PipelineTask* Pipeline::task(std::string_view task_name) const {
  const auto found = std::ranges::find(tasks, task_name, &PipelineTask::name);
  return found == tasks.end() ? nullptr : &*found;
}

const PipelineParameter* Pipeline::parameter(std::string_view parameter_name) const {
  const auto found = std::ranges::find(parameters, parameter_name, &PipelineParameter::name);
  return found == parameters.end() ? nullptr : &*found;
}

Result<Pipeline> parse_pipeline(std::string_view text, const std::filesystem::path& origin) {
  auto document = parse_yaml(text, origin.string());
  if (!document) return std::move(document).error();
  ProblemList problems;
  PipelineFields fields{origin.string(), problems};
  Pipeline pipeline = read_pipeline(*document, fields);
  pipeline.origin = origin.string();
  pipeline.folder = std::filesystem::absolute(origin).parent_path();
  pipeline.requirements.folder = pipeline.folder.string();
  // References of what could not be read would only repeat the problems.
  if (problems.empty()) check_references(pipeline, fields);
  if (problems.empty()) return pipeline;
  Error error = std::move(problems).take(in_quotes(origin.string()) + " is no pipeline to run");
  return error;
}

Result<Pipeline> load_pipeline(const std::filesystem::path& path) {
  constexpr std::uintmax_t max_bytes = YamlLimits{}.bytes;
  std::error_code failure;
  if (std::filesystem::exists(path, failure) && !std::filesystem::is_regular_file(path, failure)) {
    return Error{.code = Errc::io_failed,
                 .message = in_quotes(path.string()) + " is no regular file",
                 .hint = "write the pipeline into a file"};
  }
  const std::uintmax_t size = std::filesystem::file_size(path, failure);
  if (!failure && size > max_bytes) {
    return Error{.code = Errc::limit_exceeded,
                 .message = fmt::format("{} has {} bytes; a pipeline may have {}",
                                        in_quotes(path.string()), size, max_bytes),
                 .hint = "split it into smaller workflows"};
  }
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) {
    return Error{.code = Errc::io_failed,
                 .message = in_quotes(path.string()) + " cannot be read",
                 .hint = "look at its permissions"};
  }
  return parse_pipeline(text.view(), path);
}

}  // namespace weft
