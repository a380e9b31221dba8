#include "weft/runtime/engine_options.hpp"

#include "weft/planning/planner.hpp"

namespace weft {

Result<void> validate(const EngineOptions& options) {
  std::vector<Error> problems;
  const auto require = [&](bool fine, std::string what, std::string hint = "") {
    if (fine) return;
    problems.push_back(
      {.code = Errc::invalid_config, .message = std::move(what), .hint = std::move(hint)});
  };
  require(options.pool.slots <= 1024, "pool.slots is at most 1024");
  require(options.pool.slot_class.cpus > 0, "pool.slot_class.cpus is greater than 0");
  require(options.pool.cold_start >= Nanos{}, "pool.cold_start is not negative");
  require(options.pool.keep_alive >= Nanos{}, "pool.keep_alive is not negative");
  require(options.store.lease >= std::chrono::milliseconds{100} &&
            options.store.lease <= std::chrono::hours{1},
          "store.lease is 100ms to 1h");
  require(options.store.retention >= Nanos{}, "store.retention is not negative");
  require(options.store.patience >= std::chrono::milliseconds{100},
          "store.patience is at least 100ms");
  require(!options.store.prefix.empty() &&
            options.store.prefix.find_first_of("{} \n") == std::string::npos,
          "store.prefix is a text without braces and spaces");
  require(options.pool.kind == PoolKind::threads || !options.store.url.empty(),
          "worker processes need a store outside of this process",
          "give --store unix:///path or redis://host, or set store.url");
  require(options.store.durability != DurabilityLevel::replicated || options.store.replicas >= 1,
          "store.replicas is at least 1 where the durability is replicated");
  require(options.workers <= 10'000, "workers is at most 10000");
  require(options.recorder.count >= 1 && options.recorder.count <= 1'000'000,
          "recorder.count is 1 to 1000000");
  require(options.recorder.period >= std::chrono::milliseconds{1},
          "recorder.period is at least 1ms");
  require(options.recorder.max_runs >= 1, "recorder.max_runs is at least 1");
  require(options.recorder.max_tasks >= 1, "recorder.max_tasks is at least 1");
  require(options.max_runs_in_flight >= 1, "max_runs_in_flight is at least 1");
  if (auto planner = find_planner(options.planner); !planner) problems.push_back(planner.error());
  if (problems.empty()) return {};
  if (problems.size() == 1) return problems.front();
  return Error{
    .code = Errc::invalid_config,
    .message = "the engine's options have " + std::to_string(problems.size()) + " problems",
    .causes = std::move(problems)};
}

Result<void> validate(const SubmitOptions& options) {
  if (options.timeout && *options.timeout <= Nanos{}) {
    return Error{.code = Errc::invalid_argument,
                 .message = "the timeout of a run is " + format_duration(*options.timeout),
                 .hint = "set one above 0, or none"};
  }
  return {};
}

}  // namespace weft
