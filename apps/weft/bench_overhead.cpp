#include "weft/apps/weft/bench_overhead.hpp"

#include <thread>

#include <nlohmann/json.hpp>

#include "weft/apps/weft/bench_runs.hpp"
#include "weft/apps/weft/bench_shapes.hpp"
#include "weft/storage/history/history_store.hpp"
#include "weft/workflow/clock.hpp"

namespace weft::cli {

namespace {

/// Until the history has all of the newest run, so that writing it does not slow the next one.
Result<void> await_history(const HistoryStore& history) {
  constexpr Nanos between_looks = std::chrono::milliseconds{1};
  constexpr Nanos longest = std::chrono::minutes{5};  // A million tasks take seconds.
  const SystemClock clock;
  for (const TimePoint begin = clock.now(); clock.now() - begin < longest;) {
    const auto runs = history.runs(1, "");
    if (!runs) return runs.error();
    if (!runs->empty() && runs->front().state != RunState::running) return {};
    std::this_thread::sleep_for(between_looks);
  }
  return Error{.code = Errc::timed_out,
               .message = "the history was not written in five minutes",
               .hint = "measure fewer tasks"};
}

Measure measure_of(Engine& engine, const BenchCase& bench) {
  return [&engine, &bench]() -> Result<double> {
    const auto took = run_bench_case(engine, bench);
    if (!took) return took.error();
    if (const auto history = engine.history()) {
      if (auto written = await_history(*history); !written) return std::move(written).error();
    }
    return us_per_task(*took, bench);
  };
}

}  // namespace

Result<std::vector<OverheadFigures>> measure_overhead(const OverheadBench& bench) {
  Registry registry;
  add_bench_functions(registry);
  EngineOptions plain = bench.engine;
  plain.recorder.history.clear();
  Engine engine{registry, plain};
  std::optional<Engine> recording;
  if (bench.recorded) recording.emplace(registry, bench.engine);

  std::vector<BenchCase> cases;
  for (const std::uint32_t size : bench.sizes) {
    auto made = make_bench_case(bench.shape, size, bench.payload, engine.registry());
    if (!made) return std::move(made).error();
    cases.push_back(std::move(*made));
  }
  std::vector<Measure> measures;
  for (const BenchCase& one : cases) {
    measures.push_back(measure_of(engine, one));
    if (recording) measures.push_back(measure_of(*recording, one));
  }
  const auto samples = measure_in_turn(measures, bench.repetitions);
  if (!samples) return samples.error();

  const std::size_t step = recording ? 2 : 1;
  std::vector<OverheadFigures> figures;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto& times = (*samples)[i * step];
    figures.push_back(
      {.shape = bench.shape,
       .tasks = cases[i].tasks,
       .payload_bytes = bench.payload,
       .us_per_task = summarize(times),
       .build_us_per_task = us_per_task(cases[i].written + cases[i].frozen, cases[i]),
       .growth = median_ratio(times, samples->front()),
       .peak_rss_bytes = peak_memory().count});
    if (!recording) continue;
    figures.back().recorded_us_per_task = summarize((*samples)[i * step + 1]);
    figures.back().recording_ratio = median_ratio((*samples)[i * step + 1], times);
  }
  return figures;
}

Json json_of(const OverheadFigures& figures) {
  Json line;
  line["shape"] = figures.shape;
  line["tasks"] = figures.tasks;
  line["payload_bytes"] = figures.payload_bytes;
  line["us_per_task"] = figures.us_per_task.median;
  line["us_per_task_min"] = figures.us_per_task.min;
  line["us_per_task_max"] = figures.us_per_task.max;
  line["growth"] = figures.growth;
  if (figures.recorded_us_per_task) {
    line["recorded_us_per_task"] = figures.recorded_us_per_task->median;
    line["recording_ratio"] = *figures.recording_ratio;
  }
  line["build_us_per_task"] = figures.build_us_per_task;
  line["peak_rss_bytes"] = figures.peak_rss_bytes;
  line["repetitions"] = figures.us_per_task.count;
  return line;
}

}  // namespace weft::cli
