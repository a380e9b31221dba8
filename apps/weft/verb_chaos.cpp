#include <nlohmann/json.hpp>

#include "weft/apps/weft/chaos_report.hpp"
#include "weft/apps/weft/signal_watch.hpp"
#include "weft/apps/weft/verb_flags.hpp"
#include "weft/apps/weft/verbs.hpp"

namespace weft::cli {

namespace {

struct ChaosFlags {
  std::uint64_t seed = 1;
  std::uint32_t schedules = 50;
  std::uint32_t first = 0;
  bool json = false;
};

bool wants_lines(const Session& session, const ChaosFlags& flags) {
  return flags.json || session.console.format() != OutputFormat::table;
}

void tell(Session& session, const ChaosFlags& flags, const ChaosSchedule& schedule,
          const ChaosOutcome& outcome) {
  if (wants_lines(session, flags)) {
    session.console.print(text_of_record(json_of(schedule, outcome), OutputFormat::jsonl));
    return;
  }
  session.console.note(progress_line(schedule, outcome));
  if (!outcome.violations.empty()) session.console.print(violation_text(schedule, outcome));
}

ExitCode chaos(Session& session, const ChaosFlags& flags) {
  std::atomic<bool> stop = false;
  std::atomic<int> signal = 0;
  const SignalWatch signals{[&](int number) {
    signal = number;
    stop = true;
  }};
  ChaosTotals totals;
  for (std::uint32_t i = 0; i < flags.schedules && !stop; ++i) {
    const ChaosSchedule schedule = draw_chaos_schedule(flags.seed + flags.first + i);
    if (session.verbosity > 0) session.console.note(to_string(schedule));
    const ChaosOutcome outcome = play_chaos_schedule(schedule, stop);
    if (outcome.ending == ChaosEnding::interrupted) break;
    totals.add(schedule, outcome);
    tell(session, flags, schedule, outcome);
  }
  session.console.print(wants_lines(session, flags)
                          ? text_of_record(totals.json(), OutputFormat::jsonl)
                          : totals.text(session.console.out_style()));
  if (stop) return signal == SIGINT ? ExitCode::interrupted : ExitCode::terminated;
  return totals.violated() == 0 ? ExitCode::success : ExitCode::tasks_failed;
}

}  // namespace

void add_chaos(CommandLine& line) {
  const auto flags = std::make_shared<ChaosFlags>();
  CLI::App& verb = line.add(
    {.name = "chaos",
     .summary =
       "run workflows while processes and Redis are killed, and check that none goes wrong",
     .details =
       "Each schedule is a workflow whose result is known beforehand, and one to eight faults:\n"
       "workers, nodes and Redis are killed or stopped, connections are slow, stalled or cut.\n"
       "What it does follows from its seed. Afterwards the run must have ended once, with the\n"
       "right result, and have left no process, key or file. What does not hold is printed with\n"
       "all faults and the command to play it again, and the exit code is 1. Starts a Redis of\n"
       "its own: `redis-server` must be on PATH. Kills nothing that it has not started.",
     .examples = "  weft chaos --schedules 50 --seed 1\n"
                 "  weft chaos --schedules 1 --seed 17 -v\n"
                 "  weft chaos --schedules 200 --json | jq 'select(.violations != [])'\n"},
    [flags](Session& session) { return chaos(session, *flags); }, {.needs = Needs::nothing});
  add_count(verb, "--schedules", flags->schedules, {.most = 1'000'000},
            "How many, one after another; 50 when not given.");
  add_count(verb, "--seed", flags->seed, {.least = 0, .most = std::uint64_t{1} << 53},
            "Of the first schedule; the others' follow it. 1 when not given.");
  add_count(verb, "--first", flags->first, {.least = 0, .most = 1'000'000},
            "Leave out so many schedules; 0 when not given.");
  verb.add_flag("--json", flags->json, "Print one JSON object a line.");
}

}  // namespace weft::cli
