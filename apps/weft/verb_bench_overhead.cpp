#include <nlohmann/json.hpp>

#include "weft/apps/weft/bench_overhead.hpp"
#include "weft/apps/weft/bench_report.hpp"

namespace weft::cli {

namespace {

struct OverheadFlags {
  std::string shape = "all";
  std::uint32_t tasks = 100'000;
  std::vector<std::uint32_t> sizes;
  std::uint64_t payload = 0;
  std::uint32_t repetitions = 5;
  std::uint32_t slots = 0;
  bool recorded = false;
  bool json = false;
};

std::vector<TextColumn> overhead_columns(const OverheadFlags& flags) {
  std::vector<TextColumn> columns{{"shape"},
                                  {"tasks", Align::right},
                                  {"payload", Align::right},
                                  {"us/task", Align::right},
                                  {"min - max", Align::right}};
  if (!flags.sizes.empty()) columns.push_back({"growth", Align::right});
  if (flags.recorded) {
    columns.push_back({"recorded", Align::right});
    columns.push_back({"ratio", Align::right});
  }
  columns.push_back({"build us/task", Align::right});
  columns.push_back({"peak rss", Align::right});
  return columns;
}

std::vector<std::string> overhead_cells(const OverheadFlags& flags,
                                        const OverheadFigures& figures) {
  const SampleSummary& times = figures.us_per_task;
  std::vector<std::string> cells{figures.shape, std::to_string(figures.tasks),
                                 std::to_string(figures.payload_bytes), fixed(times.median, 2),
                                 range_of(times.min, times.max, 2)};
  if (!flags.sizes.empty()) cells.push_back(fixed(figures.growth, 2));
  if (figures.recorded_us_per_task) {
    cells.push_back(fixed(figures.recorded_us_per_task->median, 2));
    cells.push_back(fixed(*figures.recording_ratio, 2));
  }
  cells.push_back(fixed(figures.build_us_per_task, 3));
  cells.push_back(format_bytes({figures.peak_rss_bytes}));
  return cells;
}

ExitCode overhead(Session& session, const OverheadFlags& flags) {
  BenchReport report{session.console, flags.json, overhead_columns(flags)};
  for (const std::string& shape : shapes_named(flags.shape)) {
    OverheadBench bench{.shape = shape,
                        .sizes = flags.sizes.empty() ? std::vector{flags.tasks} : flags.sizes,
                        .payload = flags.payload,
                        .repetitions = flags.repetitions,
                        .recorded = flags.recorded};
    bench.engine.pool.slots = flags.slots;
    report.measuring(shape);
    const auto figures = measure_overhead(bench);
    if (!figures) return report.fail(figures.error());
    for (const OverheadFigures& one : *figures) {
      report.add(json_of(one), overhead_cells(flags, one));
    }
  }
  return report.end();
}

}  // namespace

void add_bench_overhead(CommandLine& line, CLI::App& bench) {
  const auto flags = std::make_shared<OverheadFlags>();
  CLI::App& verb = line.add(
    {.name = "overhead",
     .summary = "measure the time per task that does next to nothing",
     .details =
       "Runs workflows of tasks that make a value of 8 bytes and prints the median time per\n"
       "task from submit to result, without the time to build the graph, which stands beside\n"
       "it. Each task is an actor with a committed result, as always. What is compared, sizes\n"
       "or runs with and without a history, is measured in turn.\n",
     .examples = "  weft bench overhead --shape fan --tasks 100000\n"
                 "  weft bench overhead --sizes 10000,100000,1000000\n"
                 "  weft bench overhead --recorded --json\n"},
    [flags](Session& session) { return overhead(session, *flags); },
    {.needs = Needs::nothing, .parent = &bench});
  add_shape_flag(verb, flags->shape);
  add_count(verb, "--tasks", flags->tasks, {.most = 10'000'000},
            "About so many tasks; 100000 when not given.");
  add_counts(verb, "--sizes", flags->sizes, {.most = 10'000'000},
             "Instead of --tasks: several numbers of tasks, and how the time per task grows.");
  add_count(verb, "--payload", flags->payload, {.least = 0, .most = 1 << 30},
            "Bytes of the value that each task makes; 0 when not given.");
  add_repetitions_flag(verb, flags->repetitions);
  add_slots_flag(verb, flags->slots);
  verb.add_flag("--recorded", flags->recorded,
                "Run everything a second time, recorded in a history, and compare.");
  add_json_flag(verb, flags->json);
}

}  // namespace weft::cli
