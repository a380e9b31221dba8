#include <nlohmann/json.hpp>

#include "weft/apps/weft/bench_payload.hpp"
#include "weft/apps/weft/bench_report.hpp"

namespace weft::cli {

namespace {

struct PayloadFlags {
  PayloadBench bench{.shape = "all"};
  bool json = false;
};

ExitCode payload(Session& session, const PayloadFlags& flags) {
  BenchReport report{session.console,
                     flags.json,
                     {{"shape"},
                      {"tasks", Align::right},
                      {"payload", Align::right},
                      {"us/task", Align::right},
                      {"min - max", Align::right},
                      {"GB/s", Align::right},
                      {"peak rss", Align::right}}};
  for (const std::string& shape : shapes_named(flags.bench.shape)) {
    PayloadBench bench = flags.bench;
    bench.shape = shape;
    report.measuring(shape);
    const auto figures = measure_payload(bench);
    if (!figures) return report.fail(figures.error());
    for (const PayloadFigures& one : *figures) {
      const SampleSummary& times = one.us_per_task;
      report.add(json_of(one),
                 {one.shape, std::to_string(one.tasks), std::to_string(one.payload_bytes),
                  fixed(times.median, 1), range_of(times.min, times.max, 1),
                  fixed(one.gigabytes_per_second, 1), format_bytes({one.peak_rss_bytes})});
    }
  }
  return report.end();
}

}  // namespace

void add_bench_payload(CommandLine& line, CLI::App& bench) {
  const auto flags = std::make_shared<PayloadFlags>();
  PayloadBench& what = flags->bench;
  what.engine.recorder.history.clear();
  CLI::App& verb = line.add(
    {.name = "payload",
     .summary = "measure what values of some size cost from task to task",
     .details =
       "Every task reads all bytes of its inputs and writes all bytes of a value of its own.\n"
       "Prints the time per task, and how many bytes were written and read in a second.\n",
     .examples = "  weft bench payload --shape tree\n"
                 "  weft bench payload --bytes 1024,1048576 --tasks 1000 --json\n"},
    [flags](Session& session) { return payload(session, *flags); },
    {.needs = Needs::nothing, .parent = &bench});
  add_shape_flag(verb, what.shape);
  add_count(verb, "--tasks", what.tasks, {.most = 1'000'000},
            "About so many tasks; 1000 when not given.");
  add_counts(verb, "--bytes", what.payloads, {.least = 0, .most = 1 << 30},
             "Sizes of the value of each task; 1024,65536,1048576 when not given.");
  add_repetitions_flag(verb, what.repetitions);
  add_slots_flag(verb, what.engine.pool.slots);
  add_json_flag(verb, flags->json);
}

}  // namespace weft::cli
