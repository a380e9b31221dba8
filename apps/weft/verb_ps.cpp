#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/stored_runs.hpp"
#include "weft/apps/weft/stored_run_text.hpp"
#include "weft/apps/weft/summary_text.hpp"
#include "weft/apps/weft/text_table.hpp"
#include "weft/apps/weft/verb_flags.hpp"
#include "weft/apps/weft/verbs.hpp"

namespace weft::cli {

namespace {

std::string table_of_stored(const std::vector<StoredRun>& runs, const TextStyle& style) {
  TextTable table{{{"run"},
                   {"workflow"},
                   {"state"},
                   {"done", Align::right},
                   {"retries", Align::right},
                   {"age", Align::right},
                   {"workers", Align::right}}};
  for (const StoredRun& run : runs) {
    const TaskCounts& tasks = run.status.tasks;
    table.add({run.id.text(), printable(run.workflow), state_text(run.status.state, style),
               fmt::format("{}/{}", tasks.committed, tasks.total),
               fmt::format("{}", tasks.retries), format_duration(age_of(run)),
               fmt::format("{}", run.workers_alive())});
  }
  return table.text(style);
}

ExitCode ps(Session& session) {
  Console& console = session.console;
  StoredRuns stored{session.configuration};
  const std::vector<StoredRun> runs = stored.read_all();
  if (console.format() != OutputFormat::table) {
    std::vector<Json> all;
    for (const StoredRun& run : runs) all.push_back(json_of(run));
    console.print(text_of_records(all, console.format()));
  } else if (runs.empty()) {
    console.note(fmt::format("no run lies in {}; weft run FILE --store URL makes one\n",
                             stored.options().url));
  } else {
    console.print(table_of_stored(runs, console.out_style()));
  }
  return ExitCode::success;
}

}  // namespace

void add_ps(CommandLine& line) {
  CLI::App& verb =
    line.add({.name = "ps",
              .summary = "list the runs that lie in a store",
              .details = "The oldest first. A worker counts while its lease lasts.",
              .examples = "  weft ps --store unix:///run/redis.sock\n"
                          "  weft ps -o jsonl | jq -r 'select(.workers_alive==0) | .run'\n"},
             [](Session& session) { return ps(session); });
  add_store_flag(line, verb);
}

}  // namespace weft::cli
