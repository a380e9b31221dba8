#include "weft/apps/weft/bench_payload.hpp"

#include <nlohmann/json.hpp>

#include "weft/apps/weft/bench_runs.hpp"
#include "weft/apps/weft/bench_shapes.hpp"

namespace weft::cli {

Result<std::vector<PayloadFigures>> measure_payload(const PayloadBench& bench) {
  Registry registry;
  add_bench_functions(registry);
  Engine engine{registry, bench.engine};
  std::vector<BenchCase> cases;
  for (const std::uint64_t payload : bench.payloads) {
    auto made = make_bench_case(bench.shape, bench.tasks, payload, engine.registry());
    if (!made) return std::move(made).error();
    cases.push_back(std::move(*made));
  }
  std::vector<Measure> measures;
  for (const BenchCase& one : cases) {
    measures.push_back([&engine, &one]() -> Result<double> {
      const auto took = run_bench_case(engine, one);
      if (!took) return took.error();
      return us_per_task(*took, one);
    });
  }
  const auto samples = measure_in_turn(measures, bench.repetitions);
  if (!samples) return samples.error();

  std::vector<PayloadFigures> figures;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const SampleSummary times = summarize((*samples)[i]);
    const double microseconds = times.median * cases[i].tasks;
    constexpr double bytes_per_us = 1e3;  // 10^9 bytes a second.
    figures.push_back(
      {.shape = bench.shape,
       .tasks = cases[i].tasks,
       .payload_bytes = cases[i].payload,
       .us_per_task = times,
       .gigabytes_per_second = static_cast<double>(cases[i].bytes_made + cases[i].bytes_read) /
                               microseconds / bytes_per_us,
       .peak_rss_bytes = peak_memory().count});
  }
  return figures;
}

Json json_of(const PayloadFigures& figures) {
  Json line;
  line["shape"] = figures.shape;
  line["tasks"] = figures.tasks;
  line["payload_bytes"] = figures.payload_bytes;
  line["us_per_task"] = figures.us_per_task.median;
  line["us_per_task_min"] = figures.us_per_task.min;
  line["us_per_task_max"] = figures.us_per_task.max;
  line["gigabytes_per_second"] = figures.gigabytes_per_second;
  line["peak_rss_bytes"] = figures.peak_rss_bytes;
  line["repetitions"] = figures.us_per_task.count;
  return line;
}

}  // namespace weft::cli
