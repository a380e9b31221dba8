#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/json_text.hpp"
#include "weft/apps/weft/module_project.hpp"
#include "weft/apps/weft/verbs.hpp"

namespace weft::cli {

namespace {

struct NewFlags {
  std::string folder;
  std::string name;
};

ExitCode make_project(Session& session, const NewFlags& flags) {
  Console& console = session.console;
  const std::string name =
    write_module_project({.folder = flags.folder, .name = flags.name}).value();
  if (console.format() != OutputFormat::table) {
    Json out;
    out["module"] = name;
    out["folder"] = flags.folder;
    console.print(text_of_record(out, console.format()));
    return ExitCode::success;
  }
  console.print(fmt::format("wrote {}: a module {} with two functions, a test and a workflow\n",
                            printable(flags.folder), name));
  console.note(
    fmt::format("\nnext     cd {}\n"
                "         cmake -B build -DCMAKE_PREFIX_PATH=<where weft is installed>\n"
                "         cmake --build build && ctest --test-dir build\n"
                "         weft module show build/lib{}.so\n",
                printable(flags.folder), name));
  return ExitCode::success;
}

}  // namespace

void add_new(CommandLine& line) {
  auto flags = std::make_shared<NewFlags>();
  CLI::App& verb = line.add(
    {.name = "new",
     .summary = "write a project for a module with functions of your own",
     .details = "The project builds with CMake against an installed weft. DIR is made, or must be "
                "empty; it appears whole or not at all.",
     .examples = "  weft new imaging\n"
                 "      a module imaging in the folder imaging\n"
                 "  weft new work/blur-functions --name blur\n"
                 "      a module blur in another folder\n"},
    [flags](Session& session) { return make_project(session, *flags); }, {.needs = Needs::nothing});
  verb.add_option("DIR", flags->folder, "The folder to write.")->required();
  verb.add_option("--name", flags->name, "Name of the module; that of the folder if left out.")
    ->type_name("NAME")
    ->take_last();
}

}  // namespace weft::cli
