// Runs one shape of the benchmarks, once, in a way that takes the same instructions every time: the
// same actors on one thread, under the harness. instructions.py counts what `run_measured` takes.

#include <iostream>
#include <string>

#include "weft/apps/weft/bench_runs.hpp"
#include "weft/apps/weft/bench_shapes.hpp"
#include "weft/apps/weft/bench_values.hpp"
#include "weft/runtime/harness.hpp"

/// From submit until nothing is left to do. Of C, so that its name is what it says.
extern "C" [[gnu::noinline]] void run_measured(weft::Harness& harness,
                                               const weft::cli::BenchCase& bench,
                                               std::shared_ptr<weft::RunHandle>& run) {
  run = harness.submit_graph(bench.graph, {bench.result});
  run->wait();
}

/// run_shape <shape> <tasks>: prints how many tasks it really had.
int main(int argc, char** argv) {
  using namespace weft;
  if (argc != 3) return 2;
  Registry registry;
  cli::add_bench_functions(registry);
  const auto bench =
    cli::make_bench_case(argv[1], static_cast<std::uint32_t>(std::stoul(argv[2])), 0, registry);
  if (!bench) {
    std::cerr << to_string(bench.error()) << "\n";
    return 1;
  }
  HarnessOptions options;
  options.engine.pool.slots = 2;
  options.engine.recorder.history.clear();
  Harness harness{registry, options};
  std::shared_ptr<RunHandle> run;
  run_measured(harness, *bench, run);
  const auto value = run->output(bench->result).value().as<Blob>().value();
  if (cli::sum_of_words(*value) != bench->expected) {
    std::cerr << "the result is wrong\n";
    return 1;
  }
  std::cout << bench->tasks << "\n";
  return 0;
}
