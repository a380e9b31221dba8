#include "weft/apps/weft/completion.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "weft/planning/planner.hpp"

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

bool takes_argument(const CLI::Option& option) {
  return !option.get_positional() && option.get_items_expected_max() > 0;
}

/// What may stand behind a verb: verbs below it, choices, its flags and those of all verbs.
std::string bash_words(const CLI::App& app, const CLI::App& verb) {
  std::vector<std::string> words = names_of(verb);
  for (const CLI::Option* option : verb.get_options()) {
    if (option->get_positional() && !choices_of(*option).empty()) {
      words.push_back(choices_of(*option));
    }
  }
  for (const CLI::App* owner : {&verb, &app}) {
    for (const std::string& flag : flags_of(*owner)) {
      if (std::ranges::find(words, flag) == words.end()) words.push_back(flag);
    }
  }
  return in_shell(fmt::format("{}", fmt::join(words, " ")));
}

std::string bash_case(const CLI::App& app, const Path& path) {
  std::string out =
    fmt::format("    {}) words={}", in_shell(fmt::format("{}", fmt::join(path.words, " "))),
                bash_words(app, *path.verb));
  if (takes(*path.verb, "RUN"))
    out += "; [[ $current == -* ]] || words=\"last $(weft runs --ids 2>/dev/null)\"";
  if (takes(*path.verb, "FILE")) out += "; files=1";
  return out + " ;;\n";
}

/// The patterns of one flag behind one verb: two verbs may have a flag of one name.
std::string bash_pattern(const std::string& verb, const CLI::Option& option) {
  std::vector<std::string> patterns;
  for (const std::string& name : option.get_lnames()) {
    patterns.push_back(verb + in_shell(" --" + name));
  }
  for (const std::string& name : option.get_snames()) {
    patterns.push_back(verb + in_shell(" -" + name));
  }
  return fmt::format("{}", fmt::join(patterns, " | "));
}

/// What may stand behind a flag, in bash.
std::string bash_values(const CLI::Option& option) {
  if (option.check_lname("planner")) {
    return "words=" + in_shell(fmt::format("{}", fmt::join(planner_names(), " ")));
  }
  if (option.check_lname("workflow")) {
    return "words=$(weft runs -n 1000 -o jsonl 2>/dev/null |\n"
           "      sed -n 's/.*\"workflow\":\"\\([^\"]*\\)\".*/\\1/p' | sort -u)";
  }
  if (option.get_type_name() == "FILE") return "words= files=1";
  return "words=" + in_shell(choices_of(option));
}

/// Calls `visit(pattern, option)` for each flag that takes an argument: first those of verbs.
template <class Visit>
void for_each_argument(const CLI::App& app, Visit&& visit) {
  const auto visit_all = [&visit](const CLI::App& owner, const std::string& verb) {
    for (const CLI::Option* option : owner.get_options()) {
      if (takes_argument(*option)) visit(bash_pattern(verb, *option), *option);
    }
  };
  for (const Path& path : paths_of(app)) {
    visit_all(*path.verb, in_shell(fmt::format("{}", fmt::join(path.words, " "))));
  }
  visit_all(app, "*");
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  std::vector<std::string> with_argument;
  std::string values;
  for_each_argument(app, [&](const std::string& pattern, const CLI::Option& option) {
    with_argument.push_back(pattern);
    values += fmt::format("    {}) files=; {} ;;\n", pattern, bash_values(option));
  });
  std::vector<std::string> verbs;
  std::string cases;
  for (const Path& path : paths_of(app)) {
    verbs.push_back(in_shell(fmt::format("{}", fmt::join(path.words, " "))));
    cases += bash_case(app, path);
  }
  return fmt::format(
    R"bash(# Completion of weft for bash. Put it where bash looks, or: source <(weft completion bash)
_weft() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
  local path= word words= files= argument=
  [[ $current == = ]] && current=
  [[ $previous == = ]] && previous=${{COMP_WORDS[COMP_CWORD-2]}}
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    if [[ $word == = ]]; then argument=1; continue; fi
    if [[ -n $argument ]]; then argument=; continue; fi
    case "$path $word" in
      {}) argument=1 ;;
    esac
    case ${{path:+$path }}$word in
      {}) path=${{path:+$path }}$word ;;
    esac
  done
  case $path in
    '') words={} ;;
{}  esac
  case "$path $previous" in
{}  esac
  COMPREPLY=()
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(
    compgen -W "$words" -- "$current"
    [[ -n $files && $current != -* ]] && compgen -f -- "$current"
  )
}}
complete -o filenames -F _weft weft
)bash",
    fmt::join(with_argument, " | "), fmt::join(verbs, " | "), bash_words(app, app), cases, values);
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
