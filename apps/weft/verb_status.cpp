#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/stored_run_text.hpp"
#include "weft/apps/weft/stored_runs.hpp"
#include "weft/apps/weft/verb_flags.hpp"
#include "weft/apps/weft/verbs.hpp"

namespace weft::cli {

namespace {

/// So far back are events looked through: a run has one for each task, and few that tell of losses.
constexpr std::size_t searched_events = 5000;

ExitCode status(Session& session, const std::string& reference) {
  Console& console = session.console;
  StoredRuns stored{session.configuration};
  const StoredRun run = stored.read(stored.find(reference));
  const auto events = stored.last_events(run.id, searched_events);
  if (console.format() == OutputFormat::table) {
    console.print(stored_run_text(run, console.out_style()));
    console.print(notable_events_text(events, console.out_style()));
    console.note(fmt::format("\nnext     {}\n", next_step(run)));
    return ExitCode::success;
  }
  Json json = json_of(run);
  json["events"] = Json::array();
  for (const RunEvent& event : events) {
    if (is_notable(event)) json["events"].push_back(Json::parse(to_json(event)));
  }
  console.print(text_of_record(json, console.format()));
  return ExitCode::success;
}

ExitCode cancel(Session& session, const std::string& reference, const std::string& reason) {
  StoredRuns stored{session.configuration};
  const RunId run = stored.find(reference);
  const bool was_running = stored.cancel(run, reason);
  if (session.console.format() == OutputFormat::table) {
    session.console.print(
      fmt::format("run {} {}\n", run.text(), was_running ? "is cancelled" : "had ended already"));
  } else {
    session.console.print(
      text_of_record({{"run", run.text()}, {"cancelled", was_running}}, session.console.format()));
  }
  return ExitCode::success;
}

}  // namespace

void add_status(CommandLine& line) {
  auto run = std::make_shared<std::string>();
  CLI::App& verb = line.add(
    {.name = "status",
     .summary = "say how a run in a store stands",
     .details = "Its progress, the workers with their leases, errors with their causes, and the last "
                "events of losses and failures.",
     .examples = "  weft status last --store unix:///run/redis.sock\n"},
    [run](Session& session) { return status(session, *run); });
  add_run_reference(verb, *run);
  add_store_flag(line, verb);
}

void add_cancel(CommandLine& line) {
  auto run = std::make_shared<std::string>();
  auto reason = std::make_shared<std::string>("cancelled from the command line");
  CLI::App& verb =
    line.add({.name = "cancel",
              .summary = "end a run that lies in a store",
              .details = "Its workers stop at once. One that has ended stays as it is.",
              .examples = "  weft cancel last --reason 'wrong input'\n"},
             [run, reason](Session& session) { return cancel(session, *run, *reason); });
  add_run_reference(verb, *run);
  verb.add_option("--reason", *reason, "Why; shown to whoever waits for it.")->type_name("TEXT");
  add_store_flag(line, verb);
}

}  // namespace weft::cli
