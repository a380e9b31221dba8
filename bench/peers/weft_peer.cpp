// weft, to be compared with others: an engine without history. Its runs live in the process, on
// threads; or in a Redis of its own, on worker processes.

#include <fstream>
#include <map>
#include <tuple>

#include "peer_requests.hpp"
#include "weft/apps/weft/bench_runs.hpp"
#include "weft/apps/weft/bench_shapes.hpp"
#include "weft/apps/weft/bench_values.hpp"
#include "weft/apps/weft/function_source.hpp"
#include "weft/apps/weft/private_redis.hpp"
#include "weft/runtime/worker_host.hpp"

namespace weft::peers {
namespace {

/// Writes what others need to run the same graph: the sum of its result, then for each task a line
/// with the tasks that it reads.
void write_graph(const PeerRequest& request) {
  const auto graph = cli::make_bench_graph(request.shape, request.tasks);
  if (!graph) throw std::invalid_argument("there is no shape " + request.shape);
  std::ofstream out{request.file};
  out << cli::expected_sum(*graph, request.payload) << '\n';
  for (std::uint32_t task = 0; task < graph->task_count(); ++task) {
    for (const std::uint32_t input : graph->inputs(task)) out << input << ' ';
    out << '\n';
  }
  if (!out.flush()) throw std::runtime_error("cannot write " + request.file);
}

class WeftPeer {
public:
  explicit WeftPeer(EngineOptions options) : engine_(functions(), std::move(options)) {}

  PeerAnswer operator()(const PeerRequest& request) {
    if (request.verb == "graph") {
      write_graph(request);
      return {};
    }
    const auto key = std::tuple{request.shape, request.tasks, request.payload};
    auto known = cases_.find(key);
    if (known == cases_.end()) {
      auto made =
        cli::make_bench_case(request.shape, request.tasks, request.payload, engine_.registry());
      known = cases_.emplace(key, std::move(made).value()).first;
    }
    const Nanos took = cli::run_bench_case(engine_, known->second).value();
    return {std::chrono::duration<double, std::micro>(took).count(), known->second.expected};
  }

private:
  static Registry functions() {
    Registry registry;
    cli::add_bench_functions(registry);
    return registry;
  }
  Engine engine_;
  std::map<std::tuple<std::string, std::uint32_t, std::uint64_t>, cli::BenchCase> cases_;
};

int answer(std::uint32_t threads, bool durable) {
  EngineOptions options;
  options.pool.slots = threads;
  options.recorder.history.clear();
  std::optional<cli::PrivateRedis> redis;
  if (durable) {
    redis.emplace(cli::PrivateRedis::start().value());
    options.store.url = redis->url();
    options.pool.kind = PoolKind::processes;
    options.source = cli::bench_function_source();
  }
  WeftPeer peer{std::move(options)};
  return answer_requests(peer);
}

}  // namespace
}  // namespace weft::peers

/// weft_peer <threads> [durable]
int main(int argc, char** argv) {
  if (const auto code = weft::run_worker_if_asked(argc, argv, weft::cli::functions_from)) {
    return *code;
  }
  const auto threads = static_cast<std::uint32_t>(argc > 1 ? std::stoul(argv[1]) : 0);
  return weft::peers::answer(threads, argc > 2 && std::string_view{argv[2]} == "durable");
}
