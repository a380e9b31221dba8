#include <nlohmann/json.hpp>

#include "weft/apps/weft/run_reference.hpp"
#include "weft/apps/weft/summary_json.hpp"
#include "weft/apps/weft/summary_text.hpp"
#include "weft/apps/weft/verb_flags.hpp"
#include "weft/apps/weft/verbs.hpp"

namespace weft::cli {

namespace {

struct ShowFlags {
  std::string run;
  bool all = false;
};

ExitCode show(Session& session, const ShowFlags& flags) {
  Console& console = session.console;
  const RunArchive archive{session.configuration};
  const RunHistory history = archive.read(archive.find(flags.run));
  const RunSummary summary =
    summarize(history.record, history.attempts, history.slots, history.graph);
  if (console.format() == OutputFormat::table) {
    SummaryLayout layout{.style = console.out_style()};
    if (flags.all) layout.critical_steps = layout.functions = layout.errors = 1'000'000;
    console.print(summary_text(summary, layout));
    return ExitCode::success;
  }
  console.print(text_of_record(json_of(summary), console.format()));
  return ExitCode::success;
}

}  // namespace

void add_show(CommandLine& line) {
  auto flags = std::make_shared<ShowFlags>();
  CLI::App& verb = line.add(
    {.name = "show",
     .summary = "say how a past run went and where its time was spent",
     .details =
       "The same as after weft run: state, makespan, errors with their causes, the critical "
       "path, and what each function took.",
     .examples = "  weft show last\n"
                 "  weft show last -o json | jq '.critical_path.steps[].task'\n"},
    [flags](Session& session) { return show(session, *flags); });
  add_run_reference(verb, flags->run);
  verb.add_flag("--all", flags->all,
                "Every error, step and function; long lists are cut otherwise.");
  add_history_flag(line, verb);
}

}  // namespace weft::cli
