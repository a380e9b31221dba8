#include "weft/workflow/importers/task_category.hpp"

#include <algorithm>
#include <cctype>

namespace weft {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// `mProject_ID0000004` and `mProject_4` as `mProject`: names that a counter makes unique.
std::string_view without_counter(std::string_view name) {
  std::string_view stem = name;
  while (!stem.empty() && is_digit(stem.back())) stem.remove_suffix(1);
  if (stem.size() == name.size()) return name;
  if (stem.ends_with("_ID")) stem.remove_suffix(2);
  if (!stem.ends_with('_') || stem.size() == 1) return name;
  return stem.substr(0, stem.size() - 1);
}

/// The program without its folder; nothing when it is a whole script.
std::optional<std::string_view> program_name(std::string_view program) {
  const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  program.remove_prefix(program.rfind('/') + 1);  // 0 when there is none.
  if (program.empty() || std::ranges::any_of(program, is_space)) return std::nullopt;
  return program;
}

}  // namespace

std::string category_of(const CategoryClues& clues) {
  if (clues.category) return std::string(*clues.category);
  if (clues.name == clues.id && clues.program) {
    if (const auto program = program_name(*clues.program)) return std::string(*program);
  }
  return std::string(without_counter(clues.name));
}

}  // namespace weft
