#include <fmt/format.h>

#include "weft/apps/weft/bench_overhead.hpp"
#include "weft/apps/weft/bench_shapes.hpp"
#include "weft/apps/weft/text_table.hpp"
#include "weft/apps/weft/verb_flags.hpp"
#include "weft/apps/weft/verbs.hpp"

namespace weft::cli {

namespace {

struct OverheadFlags {
  std::string shape = "all";
  std::uint32_t tasks = 100'000;
  std::uint64_t payload = 0;
  std::uint32_t repetitions = 5;
  std::uint32_t slots = 0;
  bool recorded = false;
  bool json = false;
};

void add_row(TextTable& table, const OverheadFigures& figures) {
  table.add({figures.shape, std::to_string(figures.tasks), std::to_string(figures.payload_bytes),
             fmt::format("{:.2f}", figures.us_per_task),
             fmt::format("{:.2f} - {:.2f}", figures.us_per_task_min, figures.us_per_task_max),
             fmt::format("{:.3f}", figures.build_us_per_task),
             format_bytes({figures.peak_rss_bytes})});
}

ExitCode overhead(Session& session, const OverheadFlags& flags) {
  Console& console = session.console;
  const bool lines = flags.json || console.format() != OutputFormat::table;
  TextTable table{{{"shape"},
                   {"tasks", Align::right},
                   {"payload", Align::right},
                   {"us/task", Align::right},
                   {"min - max", Align::right},
                   {"build us/task", Align::right},
                   {"peak rss", Align::right}}};
  const auto shapes = flags.shape == "all" ? bench_shape_names() : std::vector{flags.shape};
  for (const std::string& shape : shapes) {
    OverheadBench bench{.shape = shape,
                        .tasks = flags.tasks,
                        .payload = flags.payload,
                        .repetitions = flags.repetitions};
    bench.engine.pool.slots = flags.slots;
    bench.engine.recorder.history = flags.recorded ? ":memory:" : "";
    if (!lines) console.note(fmt::format("measuring {} ...\n", shape));
    const auto figures = measure_overhead(bench);
    if (!figures) {
      const ExitCode code = exit_code_of(figures.error());
      console.fail(figures.error(), code);
      return code;
    }
    if (lines) {
      console.print(to_json(*figures) + "\n");
    } else {
      add_row(table, *figures);
    }
  }
  if (!lines) console.print(table.text(console.out_style()));
  return ExitCode::success;
}

}  // namespace

void add_bench(CommandLine& line) {
  CLI::App& bench = line.add_group({.name = "bench",
                                    .summary = "measure what weft itself costs on this machine",
                                    .details = "",
                                    .examples = "  weft bench overhead --shape fan\n"});
  const auto flags = std::make_shared<OverheadFlags>();
  CLI::App& verb = line.add(
    {.name = "overhead",
     .summary = "measure the time per task that does nothing",
     .details =
       "Runs workflows of empty tasks and prints the median time per task from submit to\n"
       "result, without the time to build the graph, which stands beside it. Each task is\n"
       "an actor with a committed result, as always.\n",
     .examples = "  weft bench overhead --shape fan --tasks 100000\n"
                 "  weft bench overhead --shape all --payload 1048576 --tasks 1000 --json\n"},
    [flags](Session& session) { return overhead(session, *flags); },
    {.needs = Needs::nothing, .parent = &bench});
  std::vector<std::string> shapes = bench_shape_names();
  shapes.emplace_back("all");
  add_choice(verb, "--shape", flags->shape, shapes, "The shape; all when not given.");
  add_count(verb, "--tasks", flags->tasks, {.most = 10'000'000},
            "About so many tasks; 100000 when not given.");
  add_count(verb, "--payload", flags->payload, {.least = 0, .most = 1 << 30},
            "Bytes of the value that each task makes; 0 when not given.");
  add_count(verb, "--repetitions", flags->repetitions, {.most = 1000},
            "Runs that count, after one to warm up; 5 when not given.");
  add_count(verb, "--slots", flags->slots, {.least = 0, .most = 1024},
            "Slots; 0, as when not given: one for each hardware thread.");
  verb.add_flag("--recorded", flags->recorded, "Record the runs in a history, as weft run does.");
  verb.add_flag("--json", flags->json, "Print one JSON object a line.");
}

}  // namespace weft::cli
