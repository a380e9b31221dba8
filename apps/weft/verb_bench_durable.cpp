#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/bench_durable.hpp"
#include "weft/apps/weft/bench_redis_floor.hpp"
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
  bool crossing = false;
  bool threads = false;
  bool json = false;
};

/// All shapes as planned; a chain also with each task on another worker.
std::vector<DurableCase> cases_of(const DurableFlags& flags) {
  std::vector<DurableCase> cases;
  for (const std::string& shape : shapes_named(flags.shape)) {
    if (!flags.crossing) cases.push_back({.shape = shape});
    if (flags.crossing || shape == "chain") cases.push_back({.shape = shape, .crossing = true});
  }
  return cases;
}

std::string label_of(const DurableCase& one) {
  return one.crossing ? one.shape + ", crossing" : one.shape;
}

/// By how much longer a run takes than Redis alone for the same bytes, the other way round.
std::string share_of(const DurableFigures& figures, const std::optional<RedisMoves>& moves) {
  if (!moves) return "";
  const auto size = static_cast<double>(moves->value_bytes);
  const double alone =
    figures.bytes_in / size / moves->sets + figures.bytes_out / size / moves->gets;
  return fixed(100 * alone * 1e6 / figures.us_per_task.median, 0) + " %";
}

std::vector<std::string> floor_row(const std::string& what, double figure, int digits,
                                   const std::string& unit) {
  return {what, "", "", fixed(figure, digits), unit, "", "", "", ""};
}

/// Runs the parts of the benchmark one after another.
ExitCode measure(BenchReport& report, const DurableBench& bench,
                 const std::filesystem::path& socket) {
  report.measuring("Redis itself");
  const auto floor = measure_redis_floor(bench.engine.store);
  if (!floor) return report.fail(floor.error());
  constexpr std::uint64_t worth_moving = 4096;
  std::optional<RedisMoves> moves;
  if (!socket.empty() && bench.payload >= worth_moving) {
    moves = run_redis_benchmark(socket, bench.payload);
  }
  report.measuring("how workers start");
  constexpr std::uint32_t starts_counted = 5;
  const auto starts = measure_worker_starts(bench.engine, starts_counted);
  if (!starts) return report.fail(starts.error());
  report.measuring("durable runs");
  const auto figures = measure_durable(bench);
  if (!figures) return report.fail(figures.error());
  for (const DurableFigures& one : *figures) {
    const double moved = (one.bytes_in + one.bytes_out) / one.us_per_task.median;
    report.add(json_of(one),
               {label_of(one.bench), std::to_string(one.tasks), std::to_string(one.payload),
                fixed(one.us_per_task.median, 1),
                range_of(one.us_per_task.min, one.us_per_task.max, 1), fixed(one.calls_per_task, 2),
                fixed(one.commands_per_task, 1), fixed(moved, 0), share_of(one, moves)});
  }
  report.add(json_of(*floor), floor_row("Redis: PING, alone", floor->round_trip_us, 1, "us"));
  report.add_row(floor_row("Redis: SET, pipelined", floor->pipelined_us, 2, "us"));
  if (moves) {
    report.add(json_of(*moves), floor_row("redis-benchmark: SET", 1e6 / moves->sets, 1, "us"));
    report.add_row(floor_row("redis-benchmark: GET", 1e6 / moves->gets, 1, "us"));
  }
  if (bench.engine.pool.kind == PoolKind::processes) {
    report.add(json_of(*starts), floor_row("worker: cold start", starts->cold_ms.median, 2, "ms"));
    report.add_row(floor_row("worker: warm", starts->warm_ms.median, 2, "ms"));
  }
  return report.end();
}

ExitCode durable(Session& session, const DurableFlags& flags) {
  BenchReport report{session.console,
                     flags.json,
                     {{"shape"},
                      {"tasks", Align::right},
                      {"payload", Align::right},
                      {"us/task", Align::right},
                      {"min - max", Align::right},
                      {"calls/task", Align::right},
                      {"commands/task", Align::right},
                      {"MB/s", Align::right},
                      {"of Redis", Align::right}}};
  std::optional<PrivateRedis> redis;
  DurableBench bench{.cases = cases_of(flags),
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
  return measure(report, bench, redis ? redis->socket() : "");
}

}  // namespace

void add_bench_durable(CommandLine& line, CLI::App& bench) {
  const auto flags = std::make_shared<DurableFlags>();
  CLI::App& verb = line.add(
    {.name = "durable",
     .summary = "measure runs that lie in Redis, on worker processes",
     .details =
       "Starts a Redis of its own on a private socket, unless --store names one, and runs\n"
       "workflows of tasks that do next to nothing on worker processes. Prints the time\n"
       "per task, how many calls clients made for each, how many commands Redis carried\n"
       "out for them and what went over its socket, beside what Redis itself costs and\n"
       "how long workers take to start. With --payload, the last column says how much\n"
       "of the time redis-benchmark alone takes for as many bytes.",
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
  verb.add_flag("--crossing", flags->crossing,
                "Put each task on another worker than what it takes first.");
  verb.add_flag("--threads", flags->threads, "Workers are threads of this process instead.");
  verb.add_option("--store", flags->store, "A Redis that runs already.")->type_name("URL");
  add_json_flag(verb, flags->json);
}

}  // namespace weft::cli
