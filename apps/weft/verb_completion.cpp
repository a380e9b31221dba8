#include "weft/apps/weft/completion.hpp"
#include "weft/apps/weft/verb_flags.hpp"
#include "weft/apps/weft/verbs.hpp"

namespace weft::cli {

namespace {

std::string script_for(const std::string& shell, const CLI::App& app) {
  if (shell == "zsh") return zsh_completion(app);
  if (shell == "fish") return fish_completion(app);
  return bash_completion(app);
}

}  // namespace

void add_completion(CommandLine& line) {
  auto shell = std::make_shared<std::string>();
  CLI::App& verb =
    line.add({.name = "completion",
              .summary = "write a script that completes the command line in a shell",
              .details = "",
              .examples = "  source <(weft completion bash)\n"
                          "  weft completion fish > ~/.config/fish/completions/weft.fish\n"},
             [shell, &line](Session& session) {
               session.console.print(script_for(*shell, line.app()));
               return ExitCode::success;
             },
             {.needs = Needs::nothing, .formats = Formats::own});
  add_choice(verb, "SHELL", *shell, {"bash", "zsh", "fish"}, "bash, zsh or fish.");
  verb.get_option("SHELL")->required();
}

}  // namespace weft::cli
