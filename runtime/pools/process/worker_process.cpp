#include "weft/runtime/pools/process/worker_process.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "weft/runtime/commands/process_keeper.hpp"
#include "weft/runtime/pools/process/worker_life.hpp"
#include "weft/workflow/check.hpp"

namespace weft {

namespace {

/// Processes that are started at once. Each takes its thread for about 1 ms, and for 10 ms when it
/// joins a control group; there the kernel lets one in at a time.
constexpr std::size_t launcher_count = 4;

/// Processes whose ends are looked after at once: some ms each.
constexpr std::size_t cleaner_count = 2;

}  // namespace

// -- one worker -----------------------------------------------------------------------------------

WorkerProcess::WorkerProcess(WorkerProcessHost& host, WorkerProcessOptions options,
                             WorkerProcessEvents events)
  : host_(&host),
    life_(std::make_unique<Life>(*this, host, std::move(options), std::move(events))) {}

WorkerProcess::~WorkerProcess() = default;

Result<void> WorkerProcess::send(FrameKind kind, Payload payload) {
  check(kind >= FrameKind::first_of_caller, "the first kinds of frames are the processes' own");
  std::shared_ptr<FrameChannel> channel;
  {
    const std::lock_guard lock{mutex_};
    channel = channel_;
  }
  if (!channel) return Error{.code = Errc::io_failed, .message = "the worker process does not run"};
  return channel->send(kind, std::move(payload));
}

void WorkerProcess::ping() {
  std::shared_ptr<FrameChannel> channel;
  {
    const std::lock_guard lock{mutex_};
    channel = channel_;
  }
  // One that cannot be asked is not heard either.
  if (channel) [[maybe_unused]]
    const auto asked = channel->send(FrameKind::ping, {});
}

void WorkerProcess::terminate(Nanos grace) {
  post([grace](Life& life) { life.terminate(grace); });
}

void WorkerProcess::kill() {
  post([](Life& life) { life.kill(ExitOrder::kill); });
}

void WorkerProcess::post(std::function<void(Life&)> job) {
  const std::lock_guard lock{mutex_};
  // Under the lock: once its life is over the thread may be gone.
  if (!host_) return;
  host_->io.post([self = shared_from_this(), job = std::move(job)] {
    if (self->life_) job(*self->life_);
  });
}

// -- all workers ----------------------------------------------------------------------------------

WorkerProcessHost::WorkerProcessHost(ProcessLimitOptions options)
  : environment(environment_of_process()),
    limits(std::move(options)),
    io("weft-processes"),
    launchers("weft-launch", launcher_count),
    cleaners("weft-clean", cleaner_count) {}

WorkerProcesses::WorkerProcesses(ProcessLimitOptions limits)
  : host_(std::make_unique<WorkerProcessHost>(std::move(limits))) {
  // Forks, which takes long once this process has grown.
  [[maybe_unused]] const auto& keeper = ProcessKeeper::of_this_process();
}

WorkerProcesses::~WorkerProcesses() {
  std::unique_lock lock{host_->mutex};
  const auto live = host_->live;
  lock.unlock();
  for (const auto& each : live) each->kill();
  lock.lock();
  host_->emptied.wait(lock, [this] { return host_->live.empty(); });
  lock.unlock();
  host_->launchers.stop();
  host_->cleaners.stop();
  host_->io.stop();
}

std::shared_ptr<WorkerProcess> WorkerProcesses::start(WorkerProcessOptions options,
                                                      WorkerProcessEvents events) {
  std::shared_ptr<WorkerProcess> worker{
    new WorkerProcess{*host_, std::move(options), std::move(events)}};
  {
    const std::lock_guard lock{host_->mutex};
    host_->live.insert(worker);
  }
  worker->life_->begin();
  return worker;
}

std::string WorkerProcesses::limits_statement(const WorkerClass& worker_class) const {
  return host_->limits.limits_statement(worker_class);
}

}  // namespace weft
