#pragma once

// The contract of run stores: launched workers, a thread each, that claim for one another. Meant to
// run under the thread sanitizer too.

#include <atomic>
#include <deque>
#include <thread>

#include "storage/contract/threads.hpp"
#include "storage/mailbox.hpp"

namespace weft {

/// One launched worker of a run. Some of its messages are lost: when it has nothing to do, it asks
/// for what it holds, and parks and comes back as another process would.
class LaunchedWorker {
public:
  LaunchedWorker(StoreBackend& backend, RunId run, WorkerId worker, std::atomic<bool>& ended)
    : backend_(backend), store_(backend), run_(run), worker_(worker), ended_(ended) {}

  /// @param ready tasks that nobody has claimed, for this worker to claim
  void work(std::vector<ReadyTask> ready) {
    mailbox_ = Mailbox::open(backend_, run_, worker_);
    launch();
    take(ready);
    while (!ended_) {
      hear();
      if (granted_.empty()) rest();
      while (!granted_.empty() && !ended_) commit();
    }
    Mailbox::close(backend_, run_, worker_);
  }

  [[nodiscard]] std::uint64_t committed() const { return committed_; }

private:
  void launch() {
    holder_ = std::to_string(++launches_);
    // Nobody else is this worker: it is refused at the end only.
    if (!store_.launch(run_, worker_, holder_).value()) ended_ = true;
  }

  /// Every third message is lost.
  void hear() {
    while (const auto told = mailbox_->take()) {
      if (told->number % 3 != 0) keep(told->grants);
    }
  }

  void rest() {
    keep(store_.held(run_, worker_).value());
    if (granted_.empty() && store_.park(run_, worker_, holder_).value()) launch();
    std::this_thread::yield();
  }

  void commit() {
    const Grant grant = std::move(granted_.front());
    granted_.pop_front();
    const CommitAnswer answer = store_
                                  .commit({.run = run_,
                                           .task = grant.task,
                                           .fence = grant.fence,
                                           .worker = worker_,
                                           .output = Value::of(1),
                                           .claim = ClaimChildren::placed,
                                           .claim_limit = 2})
                                  .value();
    if (answer.outcome == CommitOutcome::committed) ++committed_;
    if (answer.run_ended) ended_ = true;
    keep(answer.granted);
    take(answer.ready);
  }

  /// Claims what was answered as ready, whoever it was planned for.
  void take(const std::vector<ReadyTask>& ready) {
    if (ready.empty()) return;
    ClaimRequest request{.run = run_, .worker = worker_};
    for (const ReadyTask& one : ready) request.tasks.push_back(one.task);
    keep(store_.claim(std::move(request)).value().grants);
  }

  void keep(const std::vector<Grant>& grants) {
    granted_.insert(granted_.end(), grants.begin(), grants.end());
  }

  StoreBackend& backend_;
  StoreClient store_;
  RunId run_;
  WorkerId worker_;
  std::atomic<bool>& ended_;
  std::shared_ptr<Mailbox> mailbox_;
  std::string holder_;
  int launches_ = 0;
  std::deque<Grant> granted_;
  std::uint64_t committed_ = 0;
};

TEST_P(RunStoreThreads, ClaimForOneAnotherThoughMessagesAreLost) {
  constexpr std::size_t layers = 40, width = 25;
  Workflow workflow{"layers"};
  std::vector<Future<int>> above, layer;
  for (std::size_t i = 0; i < layers; ++i) {
    layer.clear();
    for (std::size_t j = 0; j < width; ++j) {
      layer.push_back(above.empty()
                        ? workflow.task(sample::number)
                        : workflow.task(sample::join, above[j], above[(j + 7) % width]));
    }
    above = layer;
  }
  const GraphPtr graph = sample::freeze(workflow);
  const auto plan = sample::plan(*graph, threads);
  for (std::uint32_t i = 0; i < graph->task_count(); ++i) {
    plan->placements[i].worker = WorkerId{i % threads};
  }
  const auto ready = start(graph, plan);

  std::atomic<bool> ended = false;
  std::deque<LaunchedWorker> workers;
  {
    std::vector<std::jthread> all;
    for (std::uint32_t i = 0; i < threads; ++i) {
      LaunchedWorker& worker = workers.emplace_back(*backend, run, WorkerId{i}, ended);
      all.emplace_back(
        [&worker, own = i == 0 ? ready : std::vector<ReadyTask>{}] { worker.work(own); });
    }
  }

  std::uint64_t committed = 0;
  for (const LaunchedWorker& worker : workers) committed += worker.committed();
  EXPECT_EQ(committed, layers * width);
  expect_each_committed_once(layers * width);
  EXPECT_THAT(events_of(RunEventKind::task_requeued), IsEmpty());
}

}  // namespace weft
