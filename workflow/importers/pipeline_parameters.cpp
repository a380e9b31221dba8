#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "weft/workflow/importers/pipeline.hpp"
#include "weft/workflow/importers/pipeline_fields.hpp"

namespace weft {

namespace {

bool has_type(const std::string& text, PipelineParameter::Type type) {
  switch (type) {
    case PipelineParameter::Type::text:
      return true;
    case PipelineParameter::Type::integer:
      return whole_number(text).has_value();
    case PipelineParameter::Type::number:
      return real_number(text).has_value();
    case PipelineParameter::Type::boolean:
      return text == "true" || text == "false";
  }
  return false;
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> items;
  if (text.empty()) return items;
  std::size_t begin = 0;
  while (true) {
    const std::size_t comma = text.find(',', begin);
    items.push_back(text.substr(begin, comma - begin));
    if (comma == std::string::npos) return items;
    begin = comma + 1;
  }
}

Error wrong(std::string message, std::string hint) {
  return {.code = Errc::invalid_argument, .message = std::move(message), .hint = std::move(hint)};
}

/// What is wrong with a value, if anything is.
std::optional<Error> check_value(const PipelineParameter& parameter, const std::string& value) {
  if (!has_type(value, parameter.type)) {
    return wrong(
      fmt::format("parameter {} is {}; it has to be of type {}", in_quotes(parameter.name),
                  in_quotes(value), to_string(parameter.type)),
      "");
  }
  const auto& choices = parameter.choices;
  if (choices.empty() || std::ranges::find(choices, value) != choices.end()) return std::nullopt;
  return wrong(
    fmt::format("parameter {} cannot be {}", in_quotes(parameter.name), in_quotes(value)),
    fmt::format("choose one of {}", fmt::join(choices, ", ")));
}

}  // namespace

Result<std::map<std::string, std::vector<std::string>>> parameter_values(
  const Pipeline& pipeline, const std::vector<std::pair<std::string, std::string>>& given) {
  std::map<std::string, std::vector<std::string>> values;
  std::vector<Error> problems;
  for (const auto& [name, text] : given) {
    const PipelineParameter* parameter = pipeline.parameter(name);
    if (!parameter) {
      std::vector<std::string> known;
      for (const PipelineParameter& each : pipeline.parameters) known.push_back(each.name);
      problems.push_back(
        wrong("there is no parameter " + in_quotes(name),
              known.empty() ? "the pipeline has no parameters" : suggestion(name, known)));
      continue;
    }
    values[name] = parameter->list ? split_at_commas(text) : std::vector{text};
  }
  for (const PipelineParameter& parameter : pipeline.parameters) {
    if (!values.contains(parameter.name)) {
      if (!parameter.fallback) {
        problems.push_back(wrong("parameter " + in_quotes(parameter.name) + " has no value",
                                 fmt::format("give one: --param {}=VALUE", parameter.name)));
        continue;
      }
      values[parameter.name] = *parameter.fallback;
    }
    for (const std::string& value : values[parameter.name]) {
      if (auto problem = check_value(parameter, value)) problems.push_back(std::move(*problem));
    }
  }
  if (problems.empty()) return values;
  if (problems.size() == 1) return std::move(problems.front());
  return Error{
    .code = Errc::invalid_argument,
    .message = fmt::format("the parameters of {} cannot be used", in_quotes(pipeline.name)),
    .causes = std::move(problems)};
}

}  // namespace weft
