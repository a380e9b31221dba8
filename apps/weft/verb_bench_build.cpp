#include <nlohmann/json.hpp>

#include "weft/apps/weft/bench_build.hpp"
#include "weft/apps/weft/bench_report.hpp"

namespace weft::cli {

namespace {

struct BuildFlags {
  BuildBench bench{.shape = "all"};
  bool json = false;
};

ExitCode build(Session& session, const BuildFlags& flags) {
  BenchReport report{session.console,
                     flags.json,
                     {{"shape"},
                      {"tasks", Align::right},
                      {"write us/task", Align::right},
                      {"freeze us/task", Align::right},
                      {"seconds", Align::right},
                      {"min - max", Align::right},
                      {"workflow B/task", Align::right},
                      {"graph B/task", Align::right}}};
  for (const std::string& shape : shapes_named(flags.bench.shape)) {
    BuildBench bench = flags.bench;
    bench.shape = shape;
    report.measuring(shape);
    const auto figures = measure_build(bench);
    if (!figures) return report.fail(figures.error());
    report.add(
      json_of(*figures),
      {figures->shape, std::to_string(figures->tasks), fixed(figures->write_us_per_task.median, 3),
       fixed(figures->freeze_us_per_task.median, 3), fixed(figures->seconds.median, 3),
       range_of(figures->seconds.min, figures->seconds.max, 3),
       fixed(figures->workflow_bytes_per_task, 0), fixed(figures->graph_bytes_per_task, 0)});
  }
  return report.end();
}

}  // namespace

void add_bench_build(CommandLine& line, CLI::App& bench) {
  const auto flags = std::make_shared<BuildFlags>();
  BuildBench& what = flags->bench;
  CLI::App& verb = line.add(
    {.name = "build",
     .summary = "measure how long it takes to write and to freeze a workflow",
     .details =
       "Writes workflows in C++ and freezes them into graphs, which are not run. Prints the\n"
       "time, and what both hold in memory for each task.\n",
     .examples = "  weft bench build --shape gemm --tasks 1000000\n"
                 "  weft bench build --json\n"},
    [flags](Session& session) { return build(session, *flags); },
    {.needs = Needs::nothing, .parent = &bench});
  add_shape_flag(verb, what.shape);
  add_count(verb, "--tasks", what.tasks, {.most = 10'000'000},
            "About so many tasks; 1000000 when not given.");
  add_repetitions_flag(verb, what.repetitions);
  add_json_flag(verb, flags->json);
}

}  // namespace weft::cli
