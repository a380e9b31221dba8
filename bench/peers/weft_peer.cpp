// weft, to be compared with others: an engine without history.

#include <fstream>
#include <map>
#include <tuple>

#include "peer_requests.hpp"
#include "weft/apps/weft/bench_runs.hpp"
#include "weft/apps/weft/bench_shapes.hpp"
#include "weft/apps/weft/bench_values.hpp"

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
  explicit WeftPeer(std::uint32_t threads) : engine_(functions(), options(threads)) {}

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
  static EngineOptions options(std::uint32_t threads) {
    EngineOptions options;
    options.pool.slots = threads;
    options.recorder.history.clear();
    return options;
  }

  Engine engine_;
  std::map<std::tuple<std::string, std::uint32_t, std::uint64_t>, cli::BenchCase> cases_;
};

}  // namespace
}  // namespace weft::peers

/// weft_peer <threads>
int main(int argc, char** argv) {
  const auto threads = static_cast<std::uint32_t>(argc > 1 ? std::stoul(argv[1]) : 0);
  weft::peers::WeftPeer peer{threads};
  return weft::peers::answer_requests(peer);
}
