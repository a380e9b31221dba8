#include <fmt/format.h>

#include "weft/apps/weft/output_file.hpp"
#include "weft/apps/weft/run_reference.hpp"
#include "weft/apps/weft/verb_flags.hpp"
#include "weft/apps/weft/verbs.hpp"
#include "weft/apps/weft/wfformat_export.hpp"

namespace weft::cli {

namespace {

struct TraceFlags {
  std::string run;
  std::string format = "chrome";
  std::string output;
};

bool to_standard_output(const TraceFlags& flags) {
  return flags.output.empty() || flags.output == "-";
}

void export_wfformat(Session& session, const TraceFlags& flags, const RunHistory& history) {
  const ExportedRun exported = exported_run(history).value();
  const Trace& trace = exported.trace;
  write_output(flags.output, session.console, [&exported](const TextSink& sink) {
    write_wfformat(exported.trace, exported.document, sink).value();
  });
  if (!to_standard_output(flags)) {
    session.console.note(fmt::format("{}: {} tasks, {} edges\n", flags.output, trace.tasks.size(),
                                     trace.edge_count()));
  }
  if (exported.never_tried > 0) {
    session.console.note(
      fmt::format("{} tasks were never tried and are left out: they have no "
                  "runtime\n",
                  exported.never_tried));
  }
}

ExitCode trace(Session& session, const TraceFlags& flags) {
  const RunArchive archive{session.configuration};
  const RunHistory history = archive.read(archive.find(flags.run));
  if (flags.format == "wfformat") {
    export_wfformat(session, flags, history);
    return ExitCode::success;
  }
  TraceCounts counts;
  write_output(flags.output, session.console, [&](const TextSink& sink) {
    counts =
      flags.format == "csv" ? write_csv_trace(history, sink) : write_chrome_trace(history, sink);
  });
  if (to_standard_output(flags)) return ExitCode::success;
  session.console.note(
    fmt::format("{}: {} attempts, {} arrows\n", flags.output, counts.slices, counts.arrows));
  if (history.graph.empty()) {
    session.console.note("the workflow was too large to be kept: no names, no arrows\n");
  }
  return ExitCode::success;
}

}  // namespace

void add_trace(CommandLine& line) {
  auto flags = std::make_shared<TraceFlags>();
  CLI::App& verb = line.add(
    {.name = "trace",
     .summary = "write the timeline of a past run",
     .details =
       "The chrome format opens in Perfetto and in chrome://tracing: a lane for each worker, "
       "a slice for each attempt, an arrow for each dependency. The csv format has a line "
       "for each attempt. The wfformat format is a workflow with the times and sizes "
       "of the run, to be replayed by weft or read by WfCommons.",
     .examples = "  weft trace last -O trace.json\n"
                 "  weft trace last --format csv -O attempts.csv\n"
                 "  weft trace last --format wfformat -O again.json\n"},
    [flags](Session& session) { return trace(session, *flags); }, {.formats = Formats::own});
  add_run_reference(verb, flags->run);
  add_choice(verb, "--format", flags->format, {"chrome", "csv", "wfformat"},
             "What to write; chrome when not given.");
  add_output_file(verb, flags->output);
  add_history_flag(line, verb);
}

}  // namespace weft::cli
