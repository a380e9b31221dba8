#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/json_text.hpp"
#include "weft/apps/weft/verbs.hpp"
#include "weft/runtime/module.hpp"

namespace weft::cli {

namespace {

Json json_of_module(const ModuleFacts& module) {
  Json out;
  out["module"] = to_string(module.name);
  out["file"] = module.file;
  out["build_id"] = module.build_id;
  out["functions"] = Json::array();
  for (const FunctionName& function : module.functions) {
    out["functions"].push_back(to_string(function));
  }
  return out;
}

std::string text_of(const ModuleFacts& module, const TextStyle& style) {
  std::string out =
    fmt::format("{}\n  file       {}\n  build      {}\n", style.bold(to_string(module.name)),
                printable(module.file), module.build_id);
  std::string_view title = "functions";
  for (const FunctionName& function : module.functions) {
    out += fmt::format("  {:<9}  {}\n", title, to_string(function));
    title = "";
  }
  return out;
}

ExitCode show_modules(Session& session, const std::vector<std::string>& files) {
  std::vector<ModuleFacts> modules;
  for (const std::string& file : files) {
    // Each by itself: whether they go together is a question of who loads them.
    Registry registry;
    modules.push_back(load_module(registry, file).value());
  }
  Console& console = session.console;
  if (console.format() != OutputFormat::table) {
    std::vector<Json> all;
    for (const ModuleFacts& module : modules) all.push_back(json_of_module(module));
    console.print(text_of_records(all, console.format()));
    return ExitCode::success;
  }
  for (const ModuleFacts& module : modules) console.print(text_of(module, console.out_style()));
  return ExitCode::success;
}

}  // namespace

void add_module(CommandLine& line) {
  CLI::App& group =
    line.add_group({.name = "module",
                    .summary = "look into modules: shared libraries that bring functions",
                    .details = "weft new writes a project for one; --module loads one for a run.",
                    .examples = "  weft module show build/libblur.so\n"});
  auto files = std::make_shared<std::vector<std::string>>();
  CLI::App& shown = line.add(
    {.name = "show",
     .summary = "the name, the build and the functions of modules",
     .details =
       "Loads each as a run would, and says why if it would be refused. To load a module is "
       "to run code of it.",
     .examples = "  weft module show build/libblur.so -o json\n"},
    [files](Session& session) { return show_modules(session, *files); },
    {.needs = Needs::nothing, .parent = &group});
  shown.add_option("FILE", *files, "Shared libraries that weft_add_module built.")->required();
}

}  // namespace weft::cli
