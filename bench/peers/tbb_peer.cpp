// TBB, to be compared with weft: a task group whose tasks count their readers down.
//
// Not a flow graph: its nodes buffer and reserve messages, which costs more than the bare counting
// that is enough here. A task goes on with one of those that it made ready and spawns the others,
// which is the way to the best figures of TBB. Values are passed as shared pointers, and released
// after their last reader, as weft does.

#include <atomic>
#include <chrono>
#include <memory>
#include <vector>

#include <tbb/global_control.h>
#include <tbb/task_group.h>

#include "peer_requests.hpp"
#include "weft/apps/weft/bench_values.hpp"

namespace weft::peers {
namespace {

using cli::BenchGraph;

/// A graph with its edges turned around, too, and what a run changes.
class CountedGraph {
public:
  CountedGraph(BenchGraph graph, std::uint64_t payload)
    : graph_(std::move(graph)), bytes_(cli::value_bytes(payload)), states_(graph_.task_count()) {
    std::vector<std::uint32_t> counts(graph_.task_count());
    for (std::uint32_t task = 0; task < graph_.task_count(); ++task) {
      for (const std::uint32_t input : graph_.inputs(task)) ++counts[input];
    }
    first_reader_.assign(1, 0);
    for (const std::uint32_t count : counts) first_reader_.push_back(first_reader_.back() + count);
    readers_.resize(first_reader_.back());
    std::vector<std::size_t> at{first_reader_.begin(), first_reader_.end() - 1};
    for (std::uint32_t task = 0; task < graph_.task_count(); ++task) {
      for (const std::uint32_t input : graph_.inputs(task)) readers_[at[input]++] = task;
    }
  }

  PeerAnswer run() {
    reset();
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint32_t task = 0; task < graph_.task_count(); ++task) {
      if (!graph_.inputs(task).empty()) continue;
      tasks_.run([this, task] { run_from(task); });
    }
    tasks_.wait();
    const auto end = std::chrono::steady_clock::now();
    return {std::chrono::duration<double, std::micro>(end - begin).count(),
            cli::sum_of_words(*states_[graph_.result()].value)};
  }

private:
  struct State {
    std::atomic<std::uint32_t> pending{0};
    std::atomic<std::uint32_t> unread{0};
    std::shared_ptr<const std::string> value;
  };

  void reset() {
    for (std::uint32_t task = 0; task < graph_.task_count(); ++task) {
      states_[task].pending = static_cast<std::uint32_t>(graph_.inputs(task).size());
      states_[task].unread =
        static_cast<std::uint32_t>(first_reader_[task + 1] - first_reader_[task]);
      states_[task].value.reset();
    }
  }

  void run_from(std::uint32_t task) {
    constexpr std::uint32_t none = 0xffff'ffff;
    while (task != none) {
      call(task);
      std::uint32_t next = none;
      for (std::size_t at = first_reader_[task]; at < first_reader_[task + 1]; ++at) {
        const std::uint32_t reader = readers_[at];
        if (states_[reader].pending.fetch_sub(1, std::memory_order_acq_rel) > 1) continue;
        if (next != none) {
          tasks_.run([this, next] { run_from(next); });
        }
        next = reader;
      }
      task = next;
    }
  }

  void call(std::uint32_t task) {
    std::uint64_t sum = 0;
    for (const std::uint32_t input : graph_.inputs(task)) {
      sum += cli::sum_of_words(*states_[input].value);
    }
    states_[task].value = std::make_shared<const std::string>(cli::make_value(sum, bytes_));
    for (const std::uint32_t input : graph_.inputs(task)) {
      State& state = states_[input];
      if (state.unread.fetch_sub(1, std::memory_order_acq_rel) == 1) state.value.reset();
    }
  }

  BenchGraph graph_;
  std::size_t bytes_;
  std::vector<State> states_;
  std::vector<std::uint32_t> readers_;
  std::vector<std::size_t> first_reader_;
  tbb::task_group tasks_;
};

class TbbPeer {
public:
  explicit TbbPeer(std::size_t threads)
    : threads_(tbb::global_control::max_allowed_parallelism, threads) {}

  PeerAnswer operator()(const PeerRequest& request) {
    const std::string named =
      request.shape + " " + std::to_string(request.tasks) + " " + std::to_string(request.payload);
    if (named != named_) {
      auto graph = cli::make_bench_graph(request.shape, request.tasks);
      if (!graph) throw std::invalid_argument("there is no shape " + request.shape);
      counted_ = std::make_unique<CountedGraph>(std::move(*graph), request.payload);
      named_ = named;
    }
    return counted_->run();
  }

private:
  tbb::global_control threads_;
  std::string named_;
  std::unique_ptr<CountedGraph> counted_;
};

}  // namespace
}  // namespace weft::peers

/// tbb_peer <threads>
int main(int argc, char** argv) {
  weft::peers::TbbPeer peer{argc > 1 ? std::stoul(argv[1]) : 1};
  return weft::peers::answer_requests(peer);
}
