#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/json_text.hpp"
#include "weft/apps/weft/program_version.hpp"
#include "weft/apps/weft/verbs.hpp"

namespace weft::cli {

namespace {

ExitCode version(Session& session) {
  const ProgramVersion& built = program_version();
  Console& console = session.console;
  if (console.format() == OutputFormat::table) {
    console.print(fmt::format("weft {} (CAF {}, {}, {})\n", built.version, built.caf,
                              built.compiler, built.build_type));
    return ExitCode::success;
  }
  Json out;
  out["version"] = built.version;
  out["caf"] = built.caf;
  out["compiler"] = built.compiler;
  out["build_type"] = built.build_type;
  console.print(text_of_record(out, console.format()));
  return ExitCode::success;
}

}  // namespace

void add_version(CommandLine& line) {
  line.add({.name = "version",
            .summary = "say what was built, and with what",
            .details = "",
            .examples = "  weft version -o json\n"},
           version, {.needs = Needs::nothing});
}

}  // namespace weft::cli
