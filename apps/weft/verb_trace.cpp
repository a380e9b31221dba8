#include <fmt/format.h>

#include "weft/apps/weft/output_file.hpp"
#include "weft/apps/weft/run_reference.hpp"
#include "weft/apps/weft/verb_flags.hpp"
#include "weft/apps/weft/verbs.hpp"

namespace weft::cli {

namespace {

struct TraceFlags {
  std::string run;
  std::string format = "chrome";
  std::string output;
};

ExitCode trace(Session& session, const TraceFlags& flags) {
  const RunArchive archive{session.configuration};
  const RunHistory history = archive.read(archive.find(flags.run));
  TraceCounts counts;
  write_output(flags.output, session.console, [&](const TextSink& sink) {
    counts =
      flags.format == "csv" ? write_csv_trace(history, sink) : write_chrome_trace(history, sink);
  });
  if (flags.output.empty() || flags.output == "-") return ExitCode::success;
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
       "for each attempt.",
     .examples = "  weft trace last -O trace.json\n"
                 "  weft trace last --format csv -O attempts.csv\n"},
    [flags](Session& session) { return trace(session, *flags); }, {.formats = Formats::own});
  add_run_reference(verb, flags->run);
  add_choice(verb, "--format", flags->format, {"chrome", "csv"},
             "What to write; chrome when not given.");
  add_output_file(verb, flags->output);
  add_history_flag(line, verb);
}

}  // namespace weft::cli
