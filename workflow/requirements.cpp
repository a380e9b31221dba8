#include "weft/workflow/requirements.hpp"

#include <fmt/format.h>

#include "weft/workflow/module_facts.hpp"

namespace weft {

namespace {

void check_count(std::string_view kind, std::size_t count, std::vector<Error>& found) {
  if (count <= max_requirements) return;
  found.push_back({.code = Errc::limit_exceeded,
                   .message = fmt::format("the workflow needs {} {}; at most {} are allowed", count,
                                          kind, max_requirements),
                   .hint = "name the folder that they are in, or the module that brings them"});
}

void check_path(std::string_view kind, const std::string& path, std::vector<Error>& found) {
  const bool fits = !path.empty() && path.size() <= max_path_size;
  if (fits && path.find('\0') == std::string::npos) return;
  found.push_back(
    {.code = Errc::invalid_workflow,
     .message = fmt::format("{} cannot be the {} that a workflow needs", in_quotes(path), kind),
     .hint = fmt::format("give a path of 1 to {} bytes", max_path_size)});
}

template <class Parse>
void check_names(const std::vector<std::string>& names, const Parse& parse,
                 std::vector<Error>& found) {
  for (const std::string& name : names) {
    if (auto parsed = parse(name); !parsed) found.push_back(parsed.error());
  }
}

}  // namespace

std::vector<Error> requirement_problems(const Requirements& requirements) {
  std::vector<Error> found;
  check_count("modules", requirements.modules.size(), found);
  check_count("functions", requirements.functions.size(), found);
  check_count("files", requirements.files.size(), found);
  check_count("programs", requirements.programs.size(), found);
  if (!found.empty()) return found;  // Whoever sends a million wants no million lines back.
  check_names(requirements.modules, parse_module_requirement, found);
  check_names(requirements.functions, parse_function_name, found);
  for (const std::string& file : requirements.files) check_path("file", file, found);
  for (const std::string& program : requirements.programs) check_path("program", program, found);
  return found;
}

Result<ModuleRequirement> parse_module_requirement(std::string_view text) {
  auto name = parse_module_name(text);
  if (!name) return std::move(name).error();
  ModuleRequirement requirement{.name = std::move(name->name)};
  if (text.find('@') != std::string_view::npos) requirement.version = name->version;
  return requirement;
}

}  // namespace weft
