// What a worker process costs: its start, a word to it and back, bytes to it.
//
// WEFT_WORKER_PROGRAM=build/release/bin/weft measures the start of that program instead of this
// one.

#include <algorithm>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "weft/runtime/pools/process/worker_hello.hpp"
#include "weft/runtime/pools/process/worker_main.hpp"
#include "weft/runtime/pools/process/worker_process.hpp"

namespace {

constexpr auto echo_kind = weft::FrameKind{16};
constexpr auto count_kind = weft::FrameKind{17};

int serve(weft::NodeConnection& node) {
  node.receive({.on_frame = [&node](weft::Frame frame) {
    if (frame.kind == count_kind) frame.payload = std::to_string(frame.payload.size());
    [[maybe_unused]] const auto sent = node.send(echo_kind, std::move(frame.payload));
  }});
  node.wait_for_stop();
  return 0;
}

/// A worker, and the last that it has told.
struct Worker {
  std::promise<weft::StartTimes> started;
  std::promise<std::string> frame;
  std::promise<void> exited;
  std::shared_ptr<weft::WorkerProcess> process;

  Worker(weft::WorkerProcesses& workers, const weft::WorkerClass& worker_class) {
    weft::WorkerProcessOptions options{.worker_class = worker_class};
    if (const char* program = std::getenv("WEFT_WORKER_PROGRAM")) {
      options.command = {program, std::string{weft::worker_process_argument}};
    }
    process = workers.start(
      std::move(options),
      {.on_started =
         [this](weft::Result<weft::StartTimes> times) {
           started.set_value(std::move(times).value());
         },
       .on_frame = [this](weft::Frame received) { frame.set_value(std::move(received.payload)); },
       .on_exit = [this](const weft::WorkerExit&) { exited.set_value(); }});
  }

  std::string ask(weft::FrameKind kind, weft::Payload payload) {
    frame = {};
    process->send(kind, std::move(payload)).value();
    return frame.get_future().get();
  }
};

/// So many at once, one round after another; what of the time each step took.
void start(benchmark::State& state) {
  const weft::ProcessLimitOptions limits{.control_groups = state.range(1) != 0
                                                             ? weft::ControlGroupUse::where_possible
                                                             : weft::ControlGroupUse::never};
  weft::WorkerProcesses workers{limits};
  std::vector<weft::StartTimes> all;
  weft::Nanos exits{};
  for (auto _ : state) {
    std::vector<std::unique_ptr<Worker>> round;
    for (int i = 0; i < state.range(0); ++i) {
      round.push_back(std::make_unique<Worker>(workers, weft::WorkerClass{.cpus = 1}));
    }
    for (const auto& worker : round) all.push_back(worker->started.get_future().get());
    state.PauseTiming();
    for (const auto& worker : round) worker->process->terminate(std::chrono::seconds{60});
    for (const auto& worker : round) worker->exited.get_future().get();
    state.ResumeTiming();
  }
  std::ranges::sort(all, {}, &weft::StartTimes::cold_start);
  state.SetLabel(to_string(all[all.size() / 2]) + "; p90 " +
                 weft::format_duration(all[all.size() * 9 / 10].cold_start()));
}
BENCHMARK(start)
  ->ArgNames({"at_once", "groups"})
  ->Args({1, 0})
  ->Args({1, 1})
  ->Args({8, 0})
  ->Args({50, 0})
  ->Args({50, 1})
  ->Unit(benchmark::kMillisecond)
  ->UseRealTime();

/// The same from a process that has touched much memory.
void start_from_large_process(benchmark::State& state) {
  std::vector<char> memory(std::size_t{4} << 30, 'x');
  benchmark::DoNotOptimize(memory.data());
  weft::WorkerProcesses workers{{.control_groups = weft::ControlGroupUse::never}};
  for (auto _ : state) {
    Worker worker{workers, weft::WorkerClass{.cpus = 1}};
    worker.started.get_future().get();
    state.PauseTiming();
    worker.process->kill();
    worker.exited.get_future().get();
    state.ResumeTiming();
  }
}
BENCHMARK(start_from_large_process)->Unit(benchmark::kMillisecond)->UseRealTime();

/// From the order to kill it until nothing is left of it.
void end(benchmark::State& state) {
  weft::WorkerProcesses workers{{.control_groups = weft::ControlGroupUse::never}};
  for (auto _ : state) {
    state.PauseTiming();
    Worker worker{workers, weft::WorkerClass{.cpus = 1}};
    worker.started.get_future().get();
    state.ResumeTiming();
    worker.process->kill();
    worker.exited.get_future().get();
  }
}
BENCHMARK(end)->Unit(benchmark::kMillisecond)->UseRealTime();

void word_there_and_back(benchmark::State& state) {
  weft::WorkerProcesses workers;
  Worker worker{workers, weft::WorkerClass{.cpus = 4096}};
  worker.started.get_future().get();
  for (auto _ : state) worker.ask(echo_kind, weft::Blob(64, 'x'));
}
BENCHMARK(word_there_and_back)->Unit(benchmark::kMicrosecond)->UseRealTime();

void bytes_there(benchmark::State& state) {
  weft::WorkerProcesses workers;
  Worker worker{workers, weft::WorkerClass{.cpus = 4096}};
  worker.started.get_future().get();
  const auto bytes =
    std::make_shared<const weft::Blob>(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) worker.ask(count_kind, weft::Payload{{}, *bytes, bytes});
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(bytes_there)->Arg(64 << 10)->Arg(1 << 20)->Arg(16 << 20)->UseRealTime();

}  // namespace

int main(int argument_count, char** arguments) {
  if (const auto code = weft::worker_process_main_if_asked(argument_count, arguments, serve)) {
    return *code;
  }
  benchmark::Initialize(&argument_count, arguments);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
