#include "weft/apps/weft/bench_overhead.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/bench_shapes.hpp"
#include "weft/runtime/engine.hpp"
#include "weft/workflow/clock.hpp"

namespace weft::cli {

namespace {

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::uint64_t peak_rss() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace

Result<OverheadFigures> measure_overhead(const OverheadBench& bench) {
  const SystemClock clock;
  const auto us_per_task = [](Nanos time, std::uint32_t tasks) {
    return std::chrono::duration<double, std::micro>(time).count() / tasks;
  };
  Registry registry;
  add_bench_functions(registry);
  Engine engine{registry, bench.engine};

  const TimePoint building = clock.now();
  auto shape = make_bench_shape(bench.shape, bench.tasks, bench.payload);
  if (!shape) return std::move(shape).error();
  const TaskId result = shape->result.task();
  auto graph = std::move(shape->workflow).freeze(engine.registry());
  if (!graph) return std::move(graph).error();
  const Nanos built = clock.now() - building;
  const std::uint32_t tasks = (*graph)->task_count();

  std::vector<double> times;
  for (std::uint32_t i = 0; i <= bench.repetitions; ++i) {
    const TimePoint submitted = clock.now();
    const auto run = engine.submit_graph(*graph, {result});
    run->wait();
    const Nanos took = clock.now() - submitted;
    if (auto output = run->output(result); !output) return std::move(output).error();
    if (i > 0) times.push_back(us_per_task(took, tasks));  // The first one warms up.
  }
  return OverheadFigures{.shape = bench.shape,
                         .tasks = tasks,
                         .payload_bytes = bench.payload,
                         .us_per_task = median(times),
                         .us_per_task_min = *std::ranges::min_element(times),
                         .us_per_task_max = *std::ranges::max_element(times),
                         .build_us_per_task = us_per_task(built, tasks),
                         .peak_rss_bytes = peak_rss(),
                         .repetitions = bench.repetitions};
}

std::string to_json(const OverheadFigures& figures) {
  nlohmann::ordered_json line;
  line["shape"] = figures.shape;
  line["tasks"] = figures.tasks;
  line["payload_bytes"] = figures.payload_bytes;
  line["us_per_task"] = figures.us_per_task;
  line["us_per_task_min"] = figures.us_per_task_min;
  line["us_per_task_max"] = figures.us_per_task_max;
  line["build_us_per_task"] = figures.build_us_per_task;
  line["peak_rss_bytes"] = figures.peak_rss_bytes;
  line["repetitions"] = figures.repetitions;
  return line.dump();
}

}  // namespace weft::cli
