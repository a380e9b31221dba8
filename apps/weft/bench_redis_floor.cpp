#include "weft/apps/weft/bench_redis_floor.hpp"

#include <array>
#include <cstdio>
#include <future>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "weft/apps/weft/sample_summary.hpp"
#include "weft/runtime/program_search.hpp"
#include "weft/runtime/store_connection.hpp"
#include "weft/workflow/clock.hpp"

namespace weft::cli {

namespace {

Result<redis::Reply> ask_redis(redis::Client& client, redis::Command command) {
  std::promise<Result<redis::Reply>> answer;
  client.call(std::move(command),
              [&](Result<redis::Reply> reply) { answer.set_value(std::move(reply)); });
  return answer.get_future().get();
}

/// What a command writes to its standard output.
std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe{::popen(command.c_str(), "r"), ::pclose};
  std::string text;
  std::array<char, 4096> part{};
  while (pipe) {
    const std::size_t count = std::fread(part.data(), 1, part.size(), pipe.get());
    if (count == 0) break;
    text.append(part.data(), count);
  }
  return text;
}

/// The second field of the line that begins with `"name",`; 0 when there is none.
double figure_in(const std::string& lines, const std::string& name) {
  const std::string begin = '"' + name + "\",\"";
  const std::size_t at = lines.find(begin);
  return at == std::string::npos ? 0 : std::strtod(lines.c_str() + at + begin.size(), nullptr);
}

}  // namespace

Result<RedisFloor> measure_redis_floor(const StoreOptions& store) {
  auto client = connect_store(store);
  if (!client) return std::move(client).error();
  const SystemClock clock;
  constexpr int pings = 2000;
  std::vector<double> trips;
  for (int i = 0; i < pings; ++i) {
    const TimePoint begin = clock.now();
    if (auto reply = ask_redis(**client, redis::Command{"PING"}); !reply) return reply.error();
    trips.push_back(std::chrono::duration<double, std::micro>(clock.now() - begin).count());
  }
  constexpr std::size_t many = 20'000;
  std::vector<redis::Command> commands;
  commands.reserve(many);
  for (std::size_t i = 0; i < many; ++i) {
    commands.emplace_back("SET", "weft:bench:floor", "8 bytes.");
  }
  std::promise<void> over;
  const TimePoint begin = clock.now();
  (*client)->call_all(std::move(commands),
                      [&over](const std::vector<Result<redis::Reply>>&) { over.set_value(); });
  over.get_future().wait();
  const Nanos took = clock.now() - begin;
  if (auto gone = ask_redis(**client, redis::Command{"DEL", "weft:bench:floor"}); !gone) {
    return gone.error();
  }
  return RedisFloor{
    .round_trip_us = summarize(std::move(trips)).median,
    .pipelined_us = std::chrono::duration<double, std::micro>(took).count() / double{many}};
}

std::optional<RedisMoves> run_redis_benchmark(const std::filesystem::path& socket,
                                              std::uint64_t value_bytes) {
  const auto program = find_program("redis-benchmark", {}, search_path());
  if (!program) return std::nullopt;
  constexpr int requests = 2000;
  const std::string lines =
    output_of(fmt::format("'{}' -s '{}' -c 2 -n {} -d {} -t set,get --csv 2>/dev/null",
                          program->string(), socket.string(), requests, value_bytes));
  const RedisMoves moves{
    .value_bytes = value_bytes, .sets = figure_in(lines, "SET"), .gets = figure_in(lines, "GET")};
  if (moves.sets <= 0 || moves.gets <= 0) return std::nullopt;
  return moves;
}

Json json_of(const RedisFloor& floor) {
  Json line;
  line["floor"] = "redis";
  line["round_trip_us"] = floor.round_trip_us;
  line["pipelined_us"] = floor.pipelined_us;
  return line;
}

Json json_of(const RedisMoves& moves) {
  Json line;
  line["floor"] = "redis-benchmark";
  line["value_bytes"] = moves.value_bytes;
  line["sets_per_second"] = moves.sets;
  line["gets_per_second"] = moves.gets;
  return line;
}

}  // namespace weft::cli
