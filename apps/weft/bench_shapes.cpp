#include "weft/apps/weft/bench_shapes.hpp"

#include "weft/apps/weft/bench_values.hpp"

namespace weft::cli {

namespace {

const Function source{"bench.source",
                      [](std::uint64_t payload) { return make_value(0, value_bytes(payload)); }};
const Function pass{
  "bench.pass", [](const Blob& input) { return make_value(sum_of_words(input), input.size()); }};
const Function join{"bench.join", [](const Blob& left, const Blob& right) {
                      return make_value(sum_of_words(left) + sum_of_words(right), left.size());
                    }};
const Function gather{"bench.gather", [](const std::vector<Shared<Blob>>& inputs) {
                        std::uint64_t sum = 0;
                        for (const Shared<Blob>& input : inputs) sum += sum_of_words(*input);
                        return make_value(sum, inputs.front()->size());
                      }};

/// Fixes each task to the worker after that of its first input.
void cross(Workflow& workflow, const BenchGraph& graph, const std::vector<Future<Blob>>& made,
           std::uint32_t workers) {
  std::vector<std::uint32_t> at(made.size());
  for (std::uint32_t task = 0; task < graph.task_count(); ++task) {
    const auto inputs = graph.inputs(task);
    at[task] = inputs.empty() ? task % workers : (at[inputs.front()] + 1) % workers;
    workflow.options(made[task]).worker = WorkerId{at[task]};
  }
}

}  // namespace

BenchShape make_bench_shape(const std::string& name, const BenchGraph& graph,
                            std::uint64_t payload, std::uint32_t crossing) {
  Workflow workflow{"bench." + name};
  workflow.reserve(graph.task_count());
  std::vector<Future<Blob>> made;
  made.reserve(graph.task_count());
  for (std::uint32_t task = 0; task < graph.task_count(); ++task) {
    const auto inputs = graph.inputs(task);
    switch (inputs.size()) {
      case 0:
        made.push_back(workflow.task(source, payload));
        break;
      case 1:
        made.push_back(workflow.task(pass, made[inputs[0]]));
        break;
      case 2:
        made.push_back(workflow.task(join, made[inputs[0]], made[inputs[1]]));
        break;
      default: {
        std::vector<Future<Blob>> all;
        all.reserve(inputs.size());
        for (const std::uint32_t input : inputs) all.push_back(made[input]);
        made.push_back(workflow.task(gather, all));
      }
    }
  }
  if (crossing > 1) cross(workflow, graph, made, crossing);
  return {.workflow = std::move(workflow), .result = made[graph.result()]};
}

void add_bench_functions(Registry& registry) {
  registry.add(source).add(pass).add(join).add(gather);
}

}  // namespace weft::cli
