// What the in-memory run store costs per task: commits and claims alone, on one thread.

#include <benchmark/benchmark.h>

#include "weft/storage/memory_run_store.hpp"
#include "weft/workflow/workflow.hpp"

namespace weft {
namespace {

const Function number{"number@1", [] { return 1; }};
const Function numbers{"numbers@1", [] { return std::vector<int>{}; }};
const Function step{"step@1", [](int x) { return x; }};

constexpr RunId run{1};
constexpr WorkerId worker{0};

GraphPtr freeze(Workflow workflow) {
  Registry registry;
  registry.add(number).add(numbers).add(step);
  return std::move(workflow).freeze(registry).value();
}

GraphPtr chain(std::int64_t tasks) {
  Workflow workflow{"chain"};
  workflow.reserve(static_cast<std::size_t>(tasks));
  auto last = workflow.task(number);
  for (std::int64_t i = 1; i < tasks; ++i) last = workflow.task(step, last);
  return freeze(std::move(workflow));
}

GraphPtr fan(std::int64_t tasks) {
  Workflow workflow{"fan"};
  workflow.reserve(static_cast<std::size_t>(tasks));
  const auto root = workflow.task(number);
  for (std::int64_t i = 1; i < tasks; ++i) workflow.task(step, root);
  return freeze(std::move(workflow));
}

GraphPtr map() {
  Workflow workflow{"map"};
  workflow.map(workflow.task(numbers), step);
  return freeze(std::move(workflow));
}

/// A store with one run, driven by one worker that takes what it is given.
class Driver {
public:
  Driver(const GraphPtr& graph, const Value& output) : output_(output) {
    auto plan = std::make_shared<Plan>();
    plan->workers.push_back({.id = worker});
    plan->placements.resize(graph->task_count());
    store_.create({.run = run, .graph = graph, .plan = plan}, [this](auto ready) { take(*ready); });
  }

  /// Until nothing is left to claim or to commit.
  void finish() {
    while (true) {
      while (!granted_.empty()) commit_one();
      if (next_ == ready_.size()) return;
      claim_some();
    }
  }

  void commit_one() {
    const Grant grant = std::move(granted_.back());
    granted_.pop_back();
    store_.commit(
      {.run = run, .task = grant.task, .fence = grant.fence, .worker = worker, .output = output_},
      [this](auto answer) { take(*answer); });
  }

  void claim_some() {
    constexpr std::size_t batch = 64;  // What a worker takes at a time.
    ClaimRequest request{.run = run, .worker = worker};
    for (std::size_t i = 0; i < batch && next_ < ready_.size(); ++i) {
      request.tasks.push_back(ready_[next_++].task);
    }
    store_.claim(std::move(request), [this](auto answer) { granted_ = std::move(answer->grants); });
  }

  void expand(std::vector<Value> items) {
    const Grant grant = std::move(granted_.back());
    granted_.pop_back();
    store_.expand(
      {.commit = {.run = run, .task = grant.task, .fence = grant.fence, .worker = worker},
       .items = std::move(items)},
      [this](auto answer) { take(*answer); });
  }

private:
  void take(std::vector<ReadyTask>& ready) {
    ready_ = std::move(ready);
    next_ = 0;
  }
  void take(CommitAnswer& answer) {
    check(answer.outcome == CommitOutcome::committed, "nobody else commits");
    for (Grant& grant : answer.granted) granted_.push_back(std::move(grant));
    if (!answer.ready.empty()) take(answer.ready);
  }

  SystemClock clock_;
  MemoryRunStore store_{clock_};
  Value output_;
  std::vector<Grant> granted_;
  std::vector<ReadyTask> ready_;
  std::size_t next_ = 0;
};

/// Claim and commit of every task; creating and destroying the run is not counted.
void run_graph(benchmark::State& state, const GraphPtr& graph) {
  const Value output = Value::of(1);
  for (auto _ : state) {
    state.PauseTiming();
    auto driver = std::make_unique<Driver>(graph, output);
    state.ResumeTiming();
    driver->finish();
    state.PauseTiming();
    driver.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * graph->task_count());
}

void chain_commits(benchmark::State& state) {
  run_graph(state, chain(state.range(0)));
}
BENCHMARK(chain_commits)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void fan_commits(benchmark::State& state) {
  run_graph(state, fan(state.range(0)));
}
BENCHMARK(fan_commits)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

/// Expansion, claim and commit of every element.
void map_commits(benchmark::State& state) {
  const GraphPtr graph = map();
  const Value output = Value::of(1);
  const auto width = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    auto driver = std::make_unique<Driver>(graph, output);
    driver->claim_some();
    driver->commit_one();
    std::vector<Value> items(width, output);
    state.ResumeTiming();
    driver->expand(std::move(items));
    driver->finish();
    state.PauseTiming();
    driver.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(map_commits)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void creation(benchmark::State& state) {
  const GraphPtr graph = fan(state.range(0));
  for (auto _ : state) {
    auto driver = std::make_unique<Driver>(graph, Value{});
    state.PauseTiming();
    driver.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(creation)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weft
