#include "weft/apps/weft/bench_runs.hpp"

#include <malloc.h>
#include <sys/resource.h>

#include "weft/apps/weft/bench_shapes.hpp"
#include "weft/apps/weft/bench_values.hpp"
#include "weft/workflow/clock.hpp"

namespace weft::cli {

namespace {

/// What the process holds on the heap now.
std::uint64_t heap_in_use() {
#if defined(__GLIBC__)
  const auto heap = mallinfo2();
  return heap.uordblks + heap.hblkhd;
#else
  return 0;
#endif
}

std::uint64_t grown_since(std::uint64_t before) {
  const std::uint64_t now = heap_in_use();
  return now > before ? now - before : 0;
}

Error wrong_result(const BenchCase& bench) {
  return {.code = Errc::internal,
          .message = "a run of the shape '" + bench.shape + "' has a wrong result",
          .hint = "measure nothing with this build: run the tests"};
}

}  // namespace

Result<BenchCase> make_bench_case(const std::string& shape, std::uint32_t tasks,
                                  std::uint64_t payload, const Registry& registry,
                                  std::uint32_t crossing) {
  const auto structure = make_bench_graph(shape, tasks);
  if (!structure) {
    return Error{.code = Errc::invalid_argument,
                 .message = "there is no shape " + in_quotes(shape),
                 .hint = "choose chain, fan, tree, gemm or layered"};
  }
  const SystemClock clock;
  BenchCase made{.shape = shape,
                 .tasks = structure->task_count(),
                 .payload = payload,
                 .expected = expected_sum(*structure, payload),
                 .bytes_made = structure->task_count() * value_bytes(payload),
                 .bytes_read = structure->input_count() * value_bytes(payload)};
  const std::uint64_t heap = heap_in_use();
  const TimePoint begin = clock.now();
  BenchShape written = make_bench_shape(shape, *structure, payload, crossing);
  const TimePoint freezing = clock.now();
  made.workflow_bytes = grown_since(heap);
  made.result = written.result.task();
  auto graph = std::move(written.workflow).freeze(registry);
  if (!graph) return std::move(graph).error();
  made.written = freezing - begin;
  made.frozen = clock.now() - freezing;
  made.graph_bytes = grown_since(heap);
  made.graph = std::move(*graph);
  return made;
}

Result<Nanos> run_bench_case(Engine& engine, const BenchCase& bench) {
  const SystemClock clock;
  const TimePoint submitted = clock.now();
  const auto run = engine.submit_graph(bench.graph, {bench.result});
  run->wait();
  const Nanos took = clock.now() - submitted;
  const auto output = run->output(bench.result);
  if (!output) return output.error();
  const auto value = output->as<Blob>();
  if (!value) return value.error();
  if (sum_of_words(**value) != bench.expected) return wrong_result(bench);
  return took;
}

double us_per_task(Nanos time, const BenchCase& bench) {
  return std::chrono::duration<double, std::micro>(time).count() / bench.tasks;
}

Result<std::vector<std::vector<double>>> measure_in_turn(const std::vector<Measure>& measures,
                                                         std::uint32_t repetitions) {
  std::vector<std::vector<double>> samples(measures.size());
  for (std::uint32_t round = 0; round <= repetitions; ++round) {
    for (std::size_t i = 0; i < measures.size(); ++i) {
      auto sample = measures[i]();
      if (!sample) return std::move(sample).error();
      if (round > 0) samples[i].push_back(*sample);  // The first round warms up.
    }
  }
  return samples;
}

Bytes peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  constexpr std::uint64_t unit = 1024;  // Linux counts in KiB.
  return {static_cast<std::uint64_t>(usage.ru_maxrss) * unit};
}

}  // namespace weft::cli
