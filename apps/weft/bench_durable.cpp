#include "weft/apps/weft/bench_durable.hpp"

#include <future>

#include <nlohmann/json.hpp>

#include "weft/apps/weft/bench_runs.hpp"
#include "weft/apps/weft/bench_shapes.hpp"
#include "weft/apps/weft/function_source.hpp"
#include "weft/runtime/store_connection.hpp"
#include "weft/storage/history/history_store.hpp"
#include "weft/workflow/clock.hpp"

namespace weft::cli {

namespace {

Result<redis::Reply> ask(redis::Client& client, redis::Command command) {
  std::promise<Result<redis::Reply>> answer;
  client.call(std::move(command),
              [&](Result<redis::Reply> reply) { answer.set_value(std::move(reply)); });
  return answer.get_future().get();
}

struct RedisCounts {
  double functions = 0;  ///< FCALL: each is one command of a client.
  double others = 0;
  double inside = 0;  ///< Commands that functions carried out, and all others.
  double bytes_in = 0;
  double bytes_out = 0;
};

/// The number behind `name` in what `INFO` says; 0 when it does not say it.
double number_behind(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  return at == std::string_view::npos
           ? 0
           : std::strtod(std::string{text.substr(at + name.size(), 20)}.c_str(), nullptr);
}

/// Sums up `INFO commandstats`. Functions' own commands are counted there as well, so what clients
/// sent is told apart by what only functions use.
RedisCounts counts_in(std::string_view text) {
  RedisCounts counts{.bytes_in = number_behind(text, "total_net_input_bytes:"),
                     .bytes_out = number_behind(text, "total_net_output_bytes:")};
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    constexpr std::string_view prefix = "cmdstat_";
    const std::size_t calls = line.find(":calls=");
    if (!line.starts_with(prefix) || calls == std::string_view::npos) continue;
    const std::string_view name = line.substr(prefix.size(), calls - prefix.size());
    const double number = std::strtod(std::string(line.substr(calls + 7)).c_str(), nullptr);
    if (name == "fcall") {
      counts.functions += number;
    } else if (name == "set" || name == "get" || name == "subscribe" || name == "unsubscribe") {
      counts.others += number;
    }
    counts.inside += number;
  }
  return counts;
}

Result<RedisCounts> redis_counts(redis::Client& client) {
  auto reply = ask(client, redis::Command{"INFO", "commandstats", "stats"});
  if (!reply) return std::move(reply).error();
  return counts_in(reply->text());
}

}  // namespace

Result<std::vector<DurableFigures>> measure_durable(const DurableBench& bench) {
  Registry registry;
  add_bench_functions(registry);
  EngineOptions options = bench.engine;
  options.source = bench_function_source();
  options.recorder.history.clear();
  auto client = connect_store(options.store);
  if (!client) return std::move(client).error();
  Engine engine{registry, options};
  std::vector<BenchCase> cases;
  std::vector<Measure> measures;
  for (const DurableCase& one : bench.cases) {
    auto made = make_bench_case(one.shape, bench.tasks, bench.payload, engine.registry(),
                                one.crossing ? bench.engine.pool.slots : 0);
    if (!made) return std::move(made).error();
    cases.push_back(std::move(*made));
  }
  std::vector<DurableFigures> figures;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    figures.push_back(
      {.bench = bench.cases[i], .tasks = cases[i].tasks, .payload = cases[i].payload});
  }
  for (std::size_t i = 0; i < cases.size(); ++i) {
    measures.push_back([&, i]() -> Result<double> {
      const auto before = redis_counts(**client);
      if (!before) return before.error();
      const auto took = run_bench_case(engine, cases[i]);
      if (!took) return took.error();
      const auto after = redis_counts(**client);
      if (!after) return after.error();
      const double tasks = cases[i].tasks;
      figures[i].calls_per_task =
        (after->functions - before->functions + after->others - before->others) / tasks;
      figures[i].commands_per_task = (after->inside - before->inside) / tasks;
      figures[i].bytes_in = (after->bytes_in - before->bytes_in) / tasks;
      figures[i].bytes_out = (after->bytes_out - before->bytes_out) / tasks;
      return us_per_task(*took, cases[i]);
    });
  }
  auto samples = measure_in_turn(measures, bench.repetitions);
  if (!samples) return std::move(samples).error();
  for (std::size_t i = 0; i < figures.size(); ++i) {
    figures[i].us_per_task = summarize(std::move((*samples)[i]));
  }
  return figures;
}

Result<WorkerStarts> measure_worker_starts(EngineOptions options, std::uint32_t repetitions) {
  Registry registry;
  add_bench_functions(registry);
  options.source = bench_function_source();
  options.recorder.history = ":memory:";
  std::vector<double> cold, warm;
  const auto bench = make_bench_case("chain", 1, 0, registry);
  if (!bench) return bench.error();
  for (std::uint32_t round = 0; round < repetitions; ++round) {
    std::shared_ptr<HistoryStore> history;
    {
      Engine engine{registry, options};
      for (int again = 0; again < 5; ++again) {
        if (const auto took = run_bench_case(engine, *bench); !took) return took.error();
      }
      history = engine.history();
    }
    const auto runs = history->runs(100, {});
    if (!runs) return runs.error();
    for (const RunRecord& run : *runs) {
      const auto slots = history->slots(run.id);
      if (!slots) return slots.error();
      for (const SlotMetrics& slot : *slots) {
        (slot.cold ? cold : warm)
          .push_back(
            std::chrono::duration<double, std::milli>(slot.granted - slot.requested).count());
      }
    }
  }
  if (cold.empty() || warm.empty()) {
    return Error{.code = Errc::internal, .message = "the history tells of no worker's start"};
  }
  return WorkerStarts{.cold_ms = summarize(std::move(cold)), .warm_ms = summarize(std::move(warm))};
}

Json json_of(const DurableFigures& figures) {
  Json line;
  line["shape"] = figures.bench.shape;
  line["crossing"] = figures.bench.crossing;
  line["tasks"] = figures.tasks;
  line["payload_bytes"] = figures.payload;
  line["us_per_task"] = figures.us_per_task.median;
  line["us_per_task_min"] = figures.us_per_task.min;
  line["us_per_task_max"] = figures.us_per_task.max;
  line["calls_per_task"] = figures.calls_per_task;
  line["commands_per_task"] = figures.commands_per_task;
  line["bytes_in_per_task"] = figures.bytes_in;
  line["bytes_out_per_task"] = figures.bytes_out;
  line["repetitions"] = figures.us_per_task.count;
  return line;
}

Json json_of(const WorkerStarts& starts) {
  Json line;
  line["floor"] = "worker starts";
  line["cold_ms"] = starts.cold_ms.median;
  line["cold_ms_max"] = starts.cold_ms.max;
  line["warm_ms"] = starts.warm_ms.median;
  line["warm_ms_max"] = starts.warm_ms.max;
  return line;
}

}  // namespace weft::cli
