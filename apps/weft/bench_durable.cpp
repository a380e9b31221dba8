#include "weft/apps/weft/bench_durable.hpp"

#include <future>

#include <nlohmann/json.hpp>

#include "weft/apps/weft/bench_runs.hpp"
#include "weft/apps/weft/bench_shapes.hpp"
#include "weft/apps/weft/function_source.hpp"
#include "weft/runtime/store_connection.hpp"
#include "weft/workflow/clock.hpp"

namespace weft::cli {

namespace {

Result<redis::Reply> ask(redis::Client& client, redis::Command command) {
  std::promise<Result<redis::Reply>> answer;
  client.call(std::move(command), [&](Result<redis::Reply> reply) {
    answer.set_value(std::move(reply));
  });
  return answer.get_future().get();
}

struct CommandCounts {
  double functions = 0;  ///< FCALL: each is one command of a client.
  double others = 0;
  double inside = 0;     ///< Commands that functions carried out, and all others.
};

/// Sums up `INFO commandstats`. Functions' own commands are counted there as well, so what clients
/// sent is told apart by what only functions use.
CommandCounts counts_in(std::string_view text) {
  CommandCounts counts;
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

Result<CommandCounts> command_counts(redis::Client& client) {
  auto reply = ask(client, redis::Command{"INFO", "commandstats"});
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
  for (const std::string& shape : bench.shapes) {
    auto made = make_bench_case(shape, bench.tasks, bench.payload, engine.registry());
    if (!made) return std::move(made).error();
    cases.push_back(std::move(*made));
  }
  std::vector<DurableFigures> figures;
  for (const BenchCase& one : cases) {
    figures.push_back({.shape = one.shape, .tasks = one.tasks, .payload = one.payload});
  }
  for (std::size_t i = 0; i < cases.size(); ++i) {
    measures.push_back([&, i]() -> Result<double> {
      const auto before = command_counts(**client);
      if (!before) return before.error();
      const auto took = run_bench_case(engine, cases[i]);
      if (!took) return took.error();
      const auto after = command_counts(**client);
      if (!after) return after.error();
      const double tasks = cases[i].tasks;
      figures[i].calls_per_task =
        (after->functions - before->functions + after->others - before->others) / tasks;
      figures[i].commands_per_task = (after->inside - before->inside) / tasks;
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

Result<RedisFloor> measure_redis_floor(const StoreOptions& store) {
  auto client = connect_store(store);
  if (!client) return std::move(client).error();
  const SystemClock clock;
  constexpr int pings = 2000;
  std::vector<double> trips;
  for (int i = 0; i < pings; ++i) {
    const TimePoint begin = clock.now();
    if (auto reply = ask(**client, redis::Command{"PING"}); !reply) return reply.error();
    trips.push_back(std::chrono::duration<double, std::micro>(clock.now() - begin).count());
  }
  constexpr std::size_t many = 20'000;
  std::vector<redis::Command> commands;
  commands.reserve(many);
  for (std::size_t i = 0; i < many; ++i) commands.emplace_back("SET", "weft:bench:floor", "8 bytes.");
  std::promise<void> over;
  const TimePoint begin = clock.now();
  (*client)->call_all(std::move(commands),
                      [&over](const std::vector<Result<redis::Reply>>&) { over.set_value(); });
  over.get_future().wait();
  const Nanos took = clock.now() - begin;
  if (auto gone = ask(**client, redis::Command{"DEL", "weft:bench:floor"}); !gone) {
    return gone.error();
  }
  return RedisFloor{.round_trip_us = summarize(std::move(trips)).median,
                    .pipelined_us =
                      std::chrono::duration<double, std::micro>(took).count() / double{many}};
}

Json json_of(const DurableFigures& figures) {
  Json line;
  line["shape"] = figures.shape;
  line["tasks"] = figures.tasks;
  line["payload_bytes"] = figures.payload;
  line["us_per_task"] = figures.us_per_task.median;
  line["us_per_task_min"] = figures.us_per_task.min;
  line["us_per_task_max"] = figures.us_per_task.max;
  line["calls_per_task"] = figures.calls_per_task;
  line["commands_per_task"] = figures.commands_per_task;
  line["repetitions"] = figures.us_per_task.count;
  return line;
}

Json json_of(const RedisFloor& floor) {
  Json line;
  line["floor"] = "redis";
  line["round_trip_us"] = floor.round_trip_us;
  line["pipelined_us"] = floor.pipelined_us;
  return line;
}

}  // namespace weft::cli
