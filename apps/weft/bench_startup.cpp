#include "weft/apps/weft/bench_startup.hpp"

#include <nlohmann/json.hpp>

#include "weft/runtime/engine.hpp"
#include "weft/workflow/clock.hpp"

namespace weft::cli {

namespace {

/// Answers when it was called.
const Function entered{
  "bench.entered",
  [] { return static_cast<std::int64_t>(SystemClock{}.now().time_since_epoch().count()); }};

/// Samples of every step, in microseconds.
struct StepTimes {
  std::vector<double> engine_start;
  std::vector<double> first_entered;
  std::vector<double> first_result;
  std::vector<double> later_entered;
  std::vector<double> later_result;
  std::vector<double> engine_end;
};

double in_microseconds(Nanos time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

void time_run(Engine& engine, std::vector<double>& until_entered,
              std::vector<double>& until_result) {
  const SystemClock clock;
  Workflow workflow{"bench.startup"};
  const auto task = workflow.task(entered);
  const TimePoint submitted = clock.now();
  const std::int64_t at = engine.submit(std::move(workflow), task).get();
  const TimePoint over = clock.now();
  until_entered.push_back(in_microseconds(Nanos{at} - submitted.time_since_epoch()));
  until_result.push_back(in_microseconds(over - submitted));
}

void time_engine(const Registry& registry, const StartupBench& bench, StepTimes& times) {
  const SystemClock clock;
  const TimePoint begin = clock.now();
  std::optional<Engine> engine{std::in_place, registry, bench.engine};
  times.engine_start.push_back(in_microseconds(clock.now() - begin));
  time_run(*engine, times.first_entered, times.first_result);
  for (std::uint32_t i = 0; i < bench.runs; ++i) {
    time_run(*engine, times.later_entered, times.later_result);
  }
  const TimePoint end = clock.now();
  engine.reset();
  times.engine_end.push_back(in_microseconds(clock.now() - end));
}

}  // namespace

Result<std::vector<StartupFigures>> measure_startup(const StartupBench& bench) {
  Registry registry;
  registry.add(entered);
  StepTimes warm_up;
  StepTimes times;
  try {
    time_engine(registry, bench, warm_up);
    for (std::uint32_t i = 0; i < bench.engines; ++i) time_engine(registry, bench, times);
  } catch (const Exception& failure) {
    return failure.error();
  }
  return std::vector<StartupFigures>{
    {"engine start", summarize(std::move(times.engine_start))},
    {"first run: submit to function", summarize(std::move(times.first_entered))},
    {"first run: submit to result", summarize(std::move(times.first_result))},
    {"later run: submit to function", summarize(std::move(times.later_entered))},
    {"later run: submit to result", summarize(std::move(times.later_result))},
    {"engine end", summarize(std::move(times.engine_end))}};
}

Json json_of(const StartupFigures& figures) {
  Json line;
  line["step"] = figures.step;
  line["median_us"] = figures.microseconds.median;
  line["p99_us"] = figures.microseconds.p99;
  line["min_us"] = figures.microseconds.min;
  line["max_us"] = figures.microseconds.max;
  line["samples"] = figures.microseconds.count;
  return line;
}

}  // namespace weft::cli
