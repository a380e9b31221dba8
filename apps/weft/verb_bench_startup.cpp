#include <nlohmann/json.hpp>

#include "weft/apps/weft/bench_report.hpp"
#include "weft/apps/weft/bench_startup.hpp"

namespace weft::cli {

namespace {

struct StartupFlags {
  StartupBench bench;
  bool recorded = false;
  bool json = false;
};

ExitCode startup(Session& session, const StartupFlags& flags) {
  BenchReport report{session.console,
                     flags.json,
                     {{"step"},
                      {"samples", Align::right},
                      {"median us", Align::right},
                      {"p99 us", Align::right},
                      {"min - max", Align::right}}};
  StartupBench bench = flags.bench;
  if (!flags.recorded) bench.engine.recorder.history.clear();
  const auto figures = measure_startup(bench);
  if (!figures) return report.fail(figures.error());
  for (const StartupFigures& one : *figures) {
    const SampleSummary& times = one.microseconds;
    report.add(json_of(one), {one.step, std::to_string(times.count), fixed(times.median, 1),
                              fixed(times.p99, 1), range_of(times.min, times.max, 1)});
  }
  return report.end();
}

}  // namespace

void add_bench_startup(CommandLine& line, CLI::App& bench) {
  const auto flags = std::make_shared<StartupFlags>();
  StartupBench& what = flags->bench;
  CLI::App& verb = line.add(
    {.name = "startup",
     .summary = "measure how long engines and runs take to begin and to end",
     .details =
       "Starts engines, submits workflows of one task to each, one after another, and ends\n"
       "them. Submitting freezes and plans the workflow; both are counted.\n",
     .examples = "  weft bench startup\n"
                 "  weft bench startup --engines 100 --runs 10 --json\n"},
    [flags](Session& session) { return startup(session, *flags); },
    {.needs = Needs::nothing, .parent = &bench});
  add_count(verb, "--engines", what.engines, {.most = 10'000},
            "Engines that count, after one to warm up; 20 when not given.");
  add_count(verb, "--runs", what.runs, {.most = 100'000},
            "Runs in each engine after its first; 50 when not given.");
  add_slots_flag(verb, what.engine.pool.slots);
  verb.add_flag("--recorded", flags->recorded, "Record the runs in a history, in memory.");
  add_json_flag(verb, flags->json);
}

}  // namespace weft::cli
