#include "weft/apps/weft/bench_build.hpp"

#include <nlohmann/json.hpp>

#include "weft/apps/weft/bench_runs.hpp"
#include "weft/apps/weft/bench_shapes.hpp"

namespace weft::cli {

Result<BuildFigures> measure_build(const BuildBench& bench) {
  Registry registry;
  add_bench_functions(registry);
  std::vector<double> write;
  std::vector<double> freeze;
  std::vector<double> seconds;
  BuildFigures figures{.shape = bench.shape};
  for (std::uint32_t round = 0; round <= bench.repetitions; ++round) {
    const auto made = make_bench_case(bench.shape, bench.tasks, 0, registry);
    if (!made) return made.error();
    figures.tasks = made->tasks;
    figures.workflow_bytes_per_task = static_cast<double>(made->workflow_bytes) / made->tasks;
    figures.graph_bytes_per_task = static_cast<double>(made->graph_bytes) / made->tasks;
    if (round == 0) continue;  // It warms up.
    write.push_back(us_per_task(made->written, *made));
    freeze.push_back(us_per_task(made->frozen, *made));
    seconds.push_back(std::chrono::duration<double>(made->written + made->frozen).count());
  }
  figures.write_us_per_task = summarize(std::move(write));
  figures.freeze_us_per_task = summarize(std::move(freeze));
  figures.seconds = summarize(std::move(seconds));
  return figures;
}

Json json_of(const BuildFigures& figures) {
  Json line;
  line["shape"] = figures.shape;
  line["tasks"] = figures.tasks;
  line["seconds"] = figures.seconds.median;
  line["seconds_min"] = figures.seconds.min;
  line["seconds_max"] = figures.seconds.max;
  line["write_us_per_task"] = figures.write_us_per_task.median;
  line["freeze_us_per_task"] = figures.freeze_us_per_task.median;
  line["workflow_bytes_per_task"] = figures.workflow_bytes_per_task;
  line["graph_bytes_per_task"] = figures.graph_bytes_per_task;
  line["repetitions"] = figures.seconds.count;
  return line;
}

}  // namespace weft::cli
