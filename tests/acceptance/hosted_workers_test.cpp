// One worker process, spoken to as its node does, while the graph of the worker that it is to host
// is read from the store.

#include <condition_variable>
#include <deque>
#include <mutex>

#include "acceptance/durable_runs.hpp"
#include "weft/runtime/pools/process/node_frames.hpp"
#include "weft/runtime/pools/process/worker_process.hpp"

namespace weft::test {

class HostedWorkers : public DurableRuns {
protected:
  static constexpr WorkerId worker{0};

  void SetUp() override {
    DurableRuns::SetUp();
    if (!redis) return;
    submitter.emplace(durable_functions(), client());
    Workflow workflow{"hosted"};
    const auto task = workflow.task(pass, 5);
    workflow.options(task).worker = worker;
    run.emplace(submitter->submit(std::move(workflow), task, SubmitOptions{.detached = true}));
    ASSERT_TRUE(attached(*submitter, run->id()));
    start();
  }

  void TearDown() override {
    if (!run) return;
    run->cancel();
    EXPECT_TRUE(run->wait_for(bound));
  }

  /// Asks for the worker of the run, and says more before the store has told what the run is.
  template <class Say>
  void invoke_and(const Say& say) {
    redis->stop();
    send(NodeFrame::invoke,
         frame_payload(InvokeFrame{
           .run = run->id(), .worker = worker, .holder = "h", .lease = 1s, .kept = {TaskId{0}}}));
    say();
    const TimePoint asked = SystemClock{}.now();
    process->ping();
    EXPECT_TRUE(eventually([&] { return process->last_heard() >= asked; }));
    redis->cont();
  }

  void send(NodeFrame kind, Blob payload = {}) {
    EXPECT_TRUE(process->send(kind_of(kind), Payload{std::move(payload)}));
  }

  /// What it says next, unless it is of that kind.
  void expect_frame(NodeFrame kind, Blob* payload = nullptr) {
    std::unique_lock lock{mutex};
    ASSERT_TRUE(said.wait_for(lock, bound, [this] { return !frames.empty(); }));
    EXPECT_EQ(frames.front().kind, kind_of(kind));
    if (payload != nullptr) *payload = frames.front().payload;
    frames.pop_front();
  }

  void expect_over() {
    Blob payload;
    expect_frame(NodeFrame::over, &payload);
    const auto over = decode<OverFrame>(payload);
    ASSERT_TRUE(over);
    EXPECT_EQ(over->run, run->id());
    EXPECT_EQ(over->worker, worker);
    EXPECT_FALSE(over->refusal);
  }

  std::optional<Engine> submitter;
  std::optional<weft::Run<int>> run;

private:
  void start() {
    const auto say = [this](Frame frame) {
      const std::lock_guard lock{mutex};
      frames.push_back(std::move(frame));
      said.notify_all();
    };
    process = processes_of_test.start({}, {.on_started =
                                             [this](const Result<StartTimes>& times) {
                                               EXPECT_TRUE(times);
                                               const std::lock_guard lock{mutex};
                                               started = true;
                                               said.notify_all();
                                             },
                                           .on_frame = say,
                                           .on_exit = [](const WorkerExit&) {}});
    std::unique_lock lock{mutex};
    ASSERT_TRUE(said.wait_for(lock, bound, [this] { return started; }));
    lock.unlock();
    const StoreOptions store = processes(1).store;
    send(NodeFrame::setup, frame_payload(SetupFrame{.url = store.url,
                                                    .prefix = store.prefix,
                                                    .lease = store.lease,
                                                    .patience = store.patience}));
    expect_frame(NodeFrame::ready);
  }

  std::mutex mutex;
  std::condition_variable said;
  bool started = false;
  std::deque<Frame> frames;
  WorkerProcesses processes_of_test;

protected:
  std::shared_ptr<WorkerProcess> process;
};

TEST_F(HostedWorkers, EndWhenTheyWereStoppedBeforeTheirGraphWasRead) {
  invoke_and([this] { send(NodeFrame::stop); });
  expect_over();
}

/// Nobody else would ask one that has nothing to do for its place again.
TEST_F(HostedWorkers, EndWhenTheirPlaceWasAskedForBeforeTheirGraphWasRead) {
  invoke_and([this] { send(NodeFrame::park); });
  expect_over();
}

TEST_F(HostedWorkers, TakeTheTasksThatCameBeforeTheirGraphWasRead) {
  invoke_and([this] {
    send(NodeFrame::tasks, frame_payload(TasksFrame{
                             .run = run->id(), .tasks = {{.task = TaskId{0}, .worker = worker}}}));
  });
  EXPECT_EQ(result_in_time(*run).value(), 5);
}

}  // namespace weft::test
