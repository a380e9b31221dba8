#include "weft/runtime/requirement_check.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "weft/runtime/program_search.hpp"

namespace weft {

namespace {

namespace fs = std::filesystem;

Error missing(std::string message, std::string hint) {
  return {.code = Errc::plan_infeasible, .message = std::move(message), .hint = std::move(hint)};
}

class RequirementCheck {
public:
  RequirementCheck(const Requirements& requirements, const Registry& registry)
    : requirements_(requirements), registry_(registry) {}

  std::vector<Error> run() {
    for (const std::string& module : requirements_.modules) look_for_module(module);
    for (const std::string& function : requirements_.functions) look_for_function(function);
    for (const std::string& file : requirements_.files) look_for_file(file);
    for (const std::string& program : requirements_.programs) look_for_program(program);
    return std::move(missing_);
  }

private:
  void look_for_module(const std::string& text) {
    const auto wanted = parse_module_requirement(text);
    if (!wanted) return missing_.push_back(wanted.error());
    const auto fits = [&wanted](const ModuleFacts& module) {
      return module.name.name == wanted->name &&
             (!wanted->version || module.name.version == *wanted->version);
    };
    if (std::ranges::any_of(registry_.modules(), fits)) return;
    missing_.push_back(
      missing(fmt::format("module {} is not loaded ({})", in_quotes(text), loaded_modules()),
              fmt::format("weft run --module lib{}.so loads one, and so does load_module()",
                          wanted->name)));
  }

  [[nodiscard]] std::string loaded_modules() const {
    std::vector<std::string> names;
    for (const ModuleFacts& module : registry_.modules()) names.push_back(to_string(module.name));
    return names.empty() ? "no module is" : fmt::format("loaded: {}", fmt::join(names, ", "));
  }

  void look_for_function(const std::string& text) {
    const auto name = parse_function_name(text);
    if (!name) return missing_.push_back(name.error());
    if (auto found = registry_.find(*name); !found) missing_.push_back(found.error());
  }

  [[nodiscard]] fs::path resolved(const std::string& text) const {
    std::error_code failure;
    const fs::path path = fs::absolute(fs::path(requirements_.folder) / text, failure);
    return failure ? fs::path(text) : path.lexically_normal();
  }

  void look_for_file(const std::string& text) {
    const fs::path path = resolved(text);
    if (::access(path.c_str(), R_OK) == 0) return;
    std::error_code failure;
    const bool there = fs::exists(path, failure);
    missing_.push_back(
      missing(fmt::format("file {} {} (looked for {})", in_quotes(text),
                          there ? "may not be read" : "is not there", path.string()),
              there ? "let the user that runs the workflow read it"
                    : "put it there: weft fetches nothing"));
  }

  void look_for_program(const std::string& text) {
    if (find_program(text, resolved("."), search_path())) return;
    if (text.find('/') != std::string::npos) {
      const fs::path path = resolved(text);
      missing_.push_back(missing(
        fmt::format("program {} cannot be run (looked for {})", in_quotes(text), path.string()),
        "put it there, and make it executable"));
      return;
    }
    missing_.push_back(missing(fmt::format("program {} is not on PATH", in_quotes(text)),
                               "install it, or add its folder to PATH"));
  }

  const Requirements& requirements_;
  const Registry& registry_;
  std::vector<Error> missing_;
};

}  // namespace

Result<void> check_requirements(const Requirements& requirements, const Registry& registry) {
  // Its list may be too long to be worth a look at each.
  auto found = requirement_problems(requirements);
  if (found.empty()) found = RequirementCheck{requirements, registry}.run();
  if (found.empty()) return {};
  return Error{
    .code = Errc::plan_infeasible,
    .message = found.size() == 1
                 ? "a thing that the workflow needs is missing"
                 : fmt::format("{} things that the workflow needs are missing", found.size()),
    .causes = std::move(found)};
}

}  // namespace weft
