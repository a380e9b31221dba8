#include "weft/apps/weft/completion.hpp"

#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weft::cli {

namespace {

/// A verb, or one below another, with the words that lead to it.
struct Path {
  const CLI::App* verb;
  std::vector<std::string> words;
};

void collect(const CLI::App& app, const std::vector<std::string>& words, std::vector<Path>& out) {
  for (const CLI::App* verb : app.get_subcommands({})) {
    Path path{verb, words};
    path.words.push_back(verb->get_name());
    collect(*verb, path.words, out);
    out.push_back(std::move(path));
  }
}

std::vector<Path> paths_of(const CLI::App& app) {
  std::vector<Path> paths;
  collect(app, {}, paths);
  return paths;
}

std::vector<std::string> names_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands({})) names.push_back(verb->get_name());
  return names;
}

bool takes(const CLI::App& verb, std::string_view positional) {
  for (const CLI::Option* option : verb.get_options()) {
    if (option->get_positional() && option->get_name(true) == positional) return true;
  }
  return false;
}

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    for (const std::string& name : option->get_snames()) flags.push_back("-" + name);
  }
  return flags;
}

/// `dot|mermaid|svg` of a flag's argument, with other separators; empty when it is no choice.
std::string choices_of(const CLI::Option& option) {
  std::string type = option.get_type_name();
  if (type.find('|') == std::string::npos) return {};
  for (char& c : type) {
    if (c == '|') c = ' ';
  }
  return type;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

/// Text in single quotes of a shell.
std::string in_shell(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string bash_case(const CLI::App& app, const Path& path) {
  std::vector<std::string> words = names_of(*path.verb);
  for (const CLI::Option* option : path.verb->get_options()) {
    if (option->get_positional()) words.push_back(choices_of(*option));
  }
  for (const std::string& flag : flags_of(*path.verb)) words.push_back(flag);
  for (const std::string& flag : flags_of(app)) words.push_back(flag);
  std::string out =
    fmt::format("    {}) words={}", in_shell(fmt::format("{}", fmt::join(path.words, " "))),
                in_shell(fmt::format("{}", fmt::join(words, " "))));
  if (takes(*path.verb, "RUN"))
    out += "; [[ $current == -* ]] || words=\"last $(weft runs --ids 2>/dev/null)\"";
  if (takes(*path.verb, "FILE")) out += "; files=1";
  return out + " ;;\n";
}

/// What may follow a flag of one verb: two verbs may have a flag of one name.
std::string bash_choices(const Path& path) {
  std::string out;
  for (const CLI::Option* option : path.verb->get_options()) {
    const std::string choices = choices_of(*option);
    if (choices.empty()) continue;
    for (const std::string& name : option->get_lnames()) {
      out += fmt::format("    {}) words={}; files= ;;\n",
                         in_shell(fmt::format("{} --{}", fmt::join(path.words, " "), name)),
                         in_shell(choices));
    }
  }
  return out;
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  std::string out =
    "# Completion of weft for bash. Put it where bash looks, or: source <(weft completion bash)\n"
    "_weft() {\n"
    "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
    "  local path= word words= files=\n"
    "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
    "    [[ $word == -* ]] && break\n"
    "    path=${path:+$path }$word\n"
    "  done\n"
    "  while [[ -n $path ]]; do\n"
    "    case $path in\n";
  for (const Path& path : paths_of(app)) {
    out += "      " + in_shell(fmt::format("{}", fmt::join(path.words, " "))) + ") break ;;\n";
  }
  out +=
    "    esac\n    [[ $path == *' '* ]] && path=${path% *} || path=\n  done\n"
    "  case $path in\n    '') words=" +
    in_shell(fmt::format("{} {}", fmt::join(names_of(app), " "), fmt::join(flags_of(app), " "))) +
    " ;;\n";
  for (const Path& path : paths_of(app)) out += bash_case(app, path);
  out += "  esac\n  case \"$path $previous\" in\n";
  for (const Path& path : paths_of(app)) out += bash_choices(path);
  out +=
    "    *' --output' | *' -o') words='table json jsonl'; files= ;;\n"
    "    *' --color') words='auto always never'; files= ;;\n"
    "  esac\n"
    "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
    "  [[ -n $files && $current != -* ]] && COMPREPLY+=($(compgen -f -- \"$current\"))\n"
    "}\n"
    "complete -o filenames -F _weft weft\n";
  return out;
}

std::string zsh_completion(const CLI::App& app) {
  // zsh runs completions of bash; its own descriptions are not worth a second grammar.
  return "#compdef weft\n"
         "# Completion of weft for zsh. Put it in a folder of $fpath as _weft, or:\n"
         "# source <(weft completion zsh)\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_completion(app);
}

std::string fish_completion(const CLI::App& app) {
  std::string out =
    "# Completion of weft for fish. Put it in ~/.config/fish/completions/weft.fish\n"
    "complete -c weft -f\n";
  const auto flags = [&out](const CLI::App& owner, const std::string& condition) {
    for (const CLI::Option* option : owner.get_options()) {
      if (option->get_positional()) continue;
      std::string line = "complete -c weft" + condition;
      for (const std::string& name : option->get_lnames()) line += " -l " + name;
      for (const std::string& name : option->get_snames()) line += " -s " + name;
      if (option->get_items_expected_max() > 0) {
        const std::string choices = choices_of(*option);
        line += choices.empty() ? " -r -F" : " -x -a " + in_shell(choices);
      }
      out += line + " -d " + in_shell(first_line(option->get_description())) + "\n";
    }
  };
  flags(app, "");
  for (const CLI::App* verb : app.get_subcommands({})) {
    out += fmt::format("complete -c weft -n __fish_use_subcommand -a {} -d {}\n", verb->get_name(),
                       in_shell(first_line(verb->get_description())));
    const std::string condition =
      " -n " + in_shell("__fish_seen_subcommand_from " + verb->get_name());
    flags(*verb, condition);
    for (const CLI::App* inner : verb->get_subcommands({})) {
      out += fmt::format("complete -c weft{} -a {} -d {}\n", condition, inner->get_name(),
                         in_shell(first_line(inner->get_description())));
      flags(*inner, " -n " + in_shell("__fish_seen_subcommand_from " + inner->get_name()));
    }
    if (takes(*verb, "FILE")) out += "complete -c weft" + condition + " -F\n";
    if (takes(*verb, "RUN")) {
      out += "complete -c weft" + condition + " -a '(weft runs --ids 2>/dev/null) last'\n";
    }
  }
  return out;
}

}  // namespace weft::cli
