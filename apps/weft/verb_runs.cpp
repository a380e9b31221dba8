#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/json_text.hpp"
#include "weft/apps/weft/run_reference.hpp"
#include "weft/apps/weft/summary_json.hpp"
#include "weft/apps/weft/summary_text.hpp"
#include "weft/apps/weft/text_table.hpp"
#include "weft/apps/weft/verb_flags.hpp"
#include "weft/apps/weft/verbs.hpp"

namespace weft::cli {

namespace {

struct RunsFlags {
  std::string workflow;
  std::uint32_t limit = 20;
  bool ids = false;
};

std::string tasks_text(const TaskCounts& tasks) {
  std::string text = fmt::format("{}/{}", tasks.committed, tasks.total);
  return tasks.failed > 0 ? text + fmt::format(" ({} failed)", tasks.failed) : text;
}

std::string table_of(const std::vector<RunRecord>& runs, const TextStyle& style) {
  TextTable table{{{"run"},
                   {"workflow"},
                   {"state"},
                   {"tasks", Align::right},
                   {"makespan", Align::right},
                   {"planner"},
                   {"submitted"}}};
  for (const RunRecord& run : runs) {
    table.add({run.id.text(), printable(run.workflow), state_text(run.state, style),
               tasks_text(run.tasks), run.makespan ? format_duration(*run.makespan) : "-",
               run.planner, format_time(run.submitted)});
  }
  return table.text(style);
}

void print(Console& console, const std::vector<RunRecord>& runs) {
  if (console.format() == OutputFormat::table) {
    console.print(table_of(runs, console.out_style()));
    return;
  }
  std::vector<Json> all;
  for (const RunRecord& run : runs) all.push_back(json_of(run));
  console.print(text_of_records(all, console.format()));
}

ExitCode runs(Session& session, const RunsFlags& flags) {
  const RunArchive archive{session.configuration};
  const auto found = archive.runs(flags.limit, flags.workflow);
  if (flags.ids) {
    for (const RunRecord& run : found) session.console.print(run.id.text() + "\n");
    return ExitCode::success;
  }
  if (found.empty() && session.console.format() == OutputFormat::table) {
    session.console.note(fmt::format("no run{} has been recorded in {}; weft run FILE makes one\n",
                                     flags.workflow.empty() ? "" : " of " + flags.workflow,
                                     archive.file()));
    return ExitCode::success;
  }
  print(session.console, found);
  return ExitCode::success;
}

}  // namespace

void add_runs(CommandLine& line) {
  auto flags = std::make_shared<RunsFlags>();
  CLI::App& verb =
    line.add({.name = "runs",
              .summary = "list past runs, newest first",
              .details = "A run whose process was killed stays in the list as running.",
              .examples = "  weft runs --workflow mosaic -n 5\n"
                          "  weft runs -o jsonl | jq -r 'select(.state==\"failed\") | .run'\n"},
             [flags](Session& session) { return runs(session, *flags); });
  verb.add_option("--workflow", flags->workflow, "Only runs of this workflow.")->type_name("NAME");
  constexpr std::uint64_t most = 1'000'000;  // More than a history holds.
  add_count(verb, "-n,--limit", flags->limit, {.most = most}, "How many; 20 when not given.");
  verb.add_flag("--ids", flags->ids, "Print the ids alone.");
  add_history_flag(line, verb);
}

}  // namespace weft::cli
