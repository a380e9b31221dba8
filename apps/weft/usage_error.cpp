#include "weft/apps/weft/usage_error.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "weft/workflow/registry.hpp"

namespace weft::cli {

namespace {

std::vector<std::string> flags_of(const CLI::App& verb) {
  std::vector<std::string> flags;
  for (const CLI::App* app = &verb; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
      for (const std::string& name : option->get_snames()) flags.push_back("-" + name);
    }
  }
  return flags;
}

std::vector<std::string> verbs_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands({})) names.push_back(verb->get_name());
  return names;
}

Error usage(std::string message, std::string hint) {
  return {.code = Errc::invalid_argument, .message = std::move(message), .hint = std::move(hint)};
}

std::string proposal(std::string_view typed, const std::vector<std::string>& known,
                     const CLI::App& verb) {
  const auto nearest = nearest_names(typed, known);
  const std::string help = command_name(verb) + " --help lists what there is";
  if (nearest.empty()) return help;
  return fmt::format("did you mean {}? ({})", fmt::join(nearest, ", "), help);
}

/// `FILE is required` of the parser, with the quotes and brackets that it puts around names.
std::string missing_name(std::string_view message) {
  const std::size_t end = message.find(" is required");
  return std::string(message.substr(0, end));
}

/// `--trace needs FILE` out of the parser's `--trace: 1 required FILE missing`.
std::string missing_argument(std::string_view message) {
  constexpr std::string_view before = ": 1 required ";
  constexpr std::string_view behind = " missing";
  const std::size_t at = message.find(before);
  if (at == std::string_view::npos || !message.ends_with(behind)) return std::string(message);
  const std::string_view type = message.substr(at + before.size());
  return fmt::format("{} needs {}", message.substr(0, at),
                     type.substr(0, type.size() - behind.size()));
}

}  // namespace

const CLI::App& innermost(const CLI::App& app) {
  const CLI::App* verb = &app;
  while (!verb->get_subcommands().empty()) verb = verb->get_subcommands().front();
  return *verb;
}

std::string command_name(const CLI::App& verb) {
  const CLI::App* parent = verb.get_parent();
  return parent ? command_name(*parent) + " " + verb.get_name() : verb.get_name();
}

Error unexpected_argument(const CLI::App& app, const std::vector<std::string>& extras) {
  const CLI::App& verb = innermost(app);
  const auto flag = std::ranges::find_if(
    extras, [](const std::string& extra) { return extra.size() > 1 && extra[0] == '-'; });
  if (flag != extras.end()) {
    const std::string name = flag->substr(0, flag->find('='));
    // The verb would have taken it: it stands before the verb.
    if (const auto known = flags_of(verb); std::ranges::find(known, name) != known.end()) {
      return usage(fmt::format("{} has no flag {}", command_name(app), in_quotes(name)),
                   fmt::format("write it after the verb: {} {}", command_name(verb), name));
    }
    return usage(fmt::format("{} has no flag {}", command_name(verb), in_quotes(name)),
                 proposal(name, flags_of(verb), verb));
  }
  const std::string& word = extras.front();
  if (!verbs_of(verb).empty()) {
    return usage(fmt::format("{} has no verb {}", command_name(verb), in_quotes(word)),
                 proposal(word, verbs_of(verb), verb));
  }
  return usage(fmt::format("{} takes no further argument {}", command_name(verb), in_quotes(word)),
               command_name(verb) + " --help says what it takes");
}

Error refused_argument(const CLI::App& app, const CLI::ParseError& failure) {
  const CLI::App& verb = innermost(app);
  const std::string help = command_name(verb) + " --help says what it takes";
  if (failure.get_name() == "ArgumentMismatch") {
    return usage(fmt::format("{}: {}", command_name(verb), missing_argument(failure.what())), help);
  }
  if (failure.get_name() != "RequiredError") {
    return usage(command_name(verb) + ": " + failure.what(), help);
  }
  if (const auto verbs = verbs_of(verb); !verbs.empty()) {
    return usage(command_name(verb) + " needs a verb",
                 fmt::format("choose one of {}", fmt::join(verbs, ", ")));
  }
  return usage(fmt::format("{} needs {}", command_name(verb), missing_name(failure.what())), help);
}

}  // namespace weft::cli
