#include "weft/apps/weft/help_text.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "weft/apps/weft/usage_error.hpp"

namespace weft::cli {

namespace {

constexpr std::size_t line_columns = 100;
constexpr std::size_t term_columns = 30;

/// Breaks text between words; the first line goes on behind what stands there already.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t used) {
  std::string out;
  std::size_t column = used;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    const std::string_view word = text.substr(0, end);
    const bool line_break = end < text.size() && text[end] == '\n';
    if (column > indent && column + 1 + word.size() > line_columns) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent && !word.empty()) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    if (line_break) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

/// A term and what it means, side by side, or below one another when the term is long.
std::string entry(const std::string& term, const std::string& meaning) {
  std::string out = "  " + term;
  if (term.size() + 4 > term_columns) {
    out += "\n" + std::string(term_columns, ' ');
  } else {
    out += std::string(term_columns - out.size(), ' ');
  }
  return out + wrapped(meaning, term_columns, term_columns) + "\n";
}

std::string term_of(const CLI::Option& option) {
  if (option.get_positional()) return option.get_name(true);
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  std::string term = fmt::format("{}", fmt::join(names, ", "));
  if (option.get_items_expected_max() > 0) term += " " + option.get_type_name();
  return term;
}

std::string entries_of(const CLI::App& app, bool positional) {
  std::string out;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional() != positional || option->get_group().empty()) continue;
    out += entry(term_of(*option), option->get_description());
  }
  return out;
}

std::string section(std::string_view title, const std::string& body) {
  return body.empty() ? "" : fmt::format("\n{}\n{}", title, body);
}

std::string usage_of(const CLI::App& verb) {
  std::string line = command_name(verb);
  if (!verb.get_subcommands({}).empty()) line += " VERB";
  for (const CLI::Option* option : verb.get_options()) {
    if (!option->get_positional()) continue;
    const std::string name = option->get_name(true);
    line += option->get_required() ? " " + name : " [" + name + "]";
  }
  return line + " [flags]";
}

std::string verbs_in(const CLI::App& app) {
  std::string out;
  for (const CLI::App* verb : app.get_subcommands({})) {
    const std::string description = verb->get_description();
    out += entry(verb->get_name(), description.substr(0, description.find('\n')));
  }
  return out;
}

}  // namespace

std::string help_text(const CLI::App& verb) {
  std::string out = command_name(verb) + ": " + wrapped(verb.get_description(), 0, 0) + "\n";
  out += section("usage", "  " + usage_of(verb) + "\n");
  out += section("arguments", entries_of(verb, true));
  out += section("verbs", verbs_in(verb));
  out += section("flags", entries_of(verb, false));
  std::string global;
  for (const CLI::App* app = verb.get_parent(); app != nullptr; app = app->get_parent()) {
    if (app->get_parent() == nullptr) global = entries_of(*app, false);
  }
  out += section("global flags", global);
  return out + section("examples", verb.get_footer());
}

}  // namespace weft::cli
