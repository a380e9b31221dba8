#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/bench_durable.hpp"
#include "weft/apps/weft/bench_report.hpp"
#include "weft/apps/weft/private_redis.hpp"

namespace weft::cli {

namespace {

struct DurableFlags {
  std::string shape = "all";
  std::string store;
  std::uint32_t tasks = 10'000;
  std::uint64_t payload = 0;
  std::uint32_t repetitions = 5;
  std::uint32_t processes = 2;
  bool threads = false;
  bool json = false;
};

ExitCode durable(Session& session, const DurableFlags& flags) {
  BenchReport report{session.console, flags.json,
                     {{"shape"},
                      {"tasks", Align::right},
                      {"payload", Align::right},
                      {"us/task", Align::right},
                      {"min - max", Align::right},
                      {"calls/task", Align::right},
                      {"commands/task", Align::right}}};
  std::optional<PrivateRedis> redis;
  DurableBench bench{.shapes = shapes_named(flags.shape),
                     .tasks = flags.tasks,
                     .payload = flags.payload,
                     .repetitions = flags.repetitions};
  bench.engine.store.url = flags.store;
  if (flags.store.empty()) {
    auto started = PrivateRedis::start();
    if (!started) return report.fail(started.error());
    redis.emplace(std::move(*started));
    bench.engine.store.url = redis->url();
  }
  bench.engine.pool.kind = flags.threads ? PoolKind::threads : PoolKind::processes;
  bench.engine.pool.slots = flags.processes;
  report.measuring("Redis itself");
  const auto floor = measure_redis_floor(bench.engine.store);
  if (!floor) return report.fail(floor.error());
  report.measuring("durable runs");
  const auto figures = measure_durable(bench);
  if (!figures) return report.fail(figures.error());
  for (const DurableFigures& one : *figures) {
    report.add(json_of(one),
               {one.shape, std::to_string(one.tasks), std::to_string(one.payload),
                fixed(one.us_per_task.median, 1),
                range_of(one.us_per_task.min, one.us_per_task.max, 1),
                fixed(one.calls_per_task, 2), fixed(one.commands_per_task, 1)});
  }
  report.add(json_of(*floor), {"Redis: PING", "1", "0", fixed(floor->round_trip_us, 1), "", "1", "1"});
  report.add(json_of(*floor),
             {"Redis: SET, pipelined", "20000", "8", fixed(floor->pipelined_us, 2), "", "1", "1"});
  return report.end();
}

}  // namespace

void add_bench_durable(CommandLine& line, CLI::App& bench) {
  const auto flags = std::make_shared<DurableFlags>();
  CLI::App& verb = line.add(
    {.name = "durable",
     .summary = "measure runs that lie in Redis, on worker processes",
     .details = "Starts a Redis of its own on a private socket, unless --store names one, and runs\n"
                "workflows of tasks that do next to nothing on worker processes. Prints the time\n"
                "per task, how many calls clients made for each and how many commands Redis\n"
                "carried out for them, beside what Redis itself costs.\n",
     .examples = "  weft bench durable\n"
                 "  weft bench durable --shape chain --tasks 1000 --json\n"
                 "  weft bench durable --payload 1048576 --tasks 1000\n"},
    [flags](Session& session) { return durable(session, *flags); },
    {.needs = Needs::nothing, .parent = &bench});
  add_shape_flag(verb, flags->shape);
  add_count(verb, "--tasks", flags->tasks, {.most = 10'000'000},
            "About so many tasks; 10000 when not given.");
  add_count(verb, "--payload", flags->payload, {.least = 0, .most = 1 << 30},
            "Bytes of the value that each task makes; 0 when not given.");
  add_repetitions_flag(verb, flags->repetitions);
  add_count(verb, "--processes", flags->processes, {.most = 64}, "Workers; 2 when not given.");
  verb.add_flag("--threads", flags->threads, "Workers are threads of this process instead.");
  verb.add_option("--store", flags->store, "A Redis that runs already.")->type_name("URL");
  add_json_flag(verb, flags->json);
}

}  // namespace weft::cli
