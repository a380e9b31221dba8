#include "weft/actors/executor.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "weft/actors/tell.hpp"
#include "weft/actors/type_ids.hpp"

namespace weft {

namespace {

/// What a function may ask for during one call.
class CallContext : public TaskContext {
public:
  explicit CallContext(const ExecuteTask& call) : call_(call) {}

  std::stop_token stop_token() const override { return call_.stop; }
  std::uint32_t attempt() const override { return call_.attempt; }
  RunId run() const override { return call_.context->id; }

  std::string task_name() const override {
    std::string name = call_.context->graph->task_name(call_.template_task);
    for (const std::uint32_t row : call_.path) name += "[" + std::to_string(row) + "]";
    return name;
  }

  std::vector<std::uint32_t> rows() const override { return call_.path; }

  void report(double fraction, std::string_view note) override {
    if (!call_.feed) return;
    // Not a number is no progress.
    const double done = fraction > 0 ? std::min(fraction, 1.0) : 0.0;
    publish(RunEventKind::task_progress, static_cast<std::uint64_t>(done * 1000), note);
  }

  void publish(RunEventKind kind, std::uint64_t count, std::string_view note) {
    caf::anon_send(call_.feed, ProgressMade{{},
                                            call_.context->id,
                                            {.kind = kind,
                                             .at = call_.context->now(),
                                             .task = call_.task,
                                             .name = task_name(),
                                             .attempt = call_.attempt,
                                             .worker = {},
                                             .count = count,
                                             .message = std::string(note)}});
  }

protected:
  const ExecuteTask& call_;
};

/// Sleeps for real.
class ThreadContext final : public CallContext {
public:
  using CallContext::CallContext;

  bool sleep_for(Nanos duration) override {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock{mutex};
    wake.wait_for(lock, call_.stop, std::min(duration, longest_wait), [] { return false; });
    return !call_.stop.stop_requested();
  }
};

/// Adds up what the function would have slept.
class SimulatedContext final : public CallContext {
public:
  using CallContext::CallContext;

  bool sleep_for(Nanos duration) override {
    slept_ += duration;
    return !call_.stop.stop_requested();
  }

  [[nodiscard]] Nanos slept() const { return slept_; }

private:
  Nanos slept_{};
};

/// Calls the function. The only line of weft where user code runs, and where what it throws is
/// caught.
TaskExecuted execute(const ExecuteTask& call, CallContext& context) {
  TaskExecuted executed{.attempt = call.attempt, .started = call.context->now()};
  if (call.feed) context.publish(RunEventKind::task_started, 0, {});
  if (call.stop.stop_requested()) {
    executed.error = Error{.code = Errc::cancelled, .message = "stopped before it was called"};
  } else {
    const Graph& graph = *call.context->graph;
    ArgumentReader reader{graph.arguments(call.template_task), graph.constants(), call.inputs};
    try {
      auto output = graph.function(call.template_task).call(reader, context);
      if (output) {
        executed.output = std::move(*output);
        // Asks the user's type, so it belongs here; the value remembers the answer.
        static_cast<void>(executed.output.size());
      } else {
        executed.error = std::move(output).error();
      }
    } catch (...) {
      executed.output = {};
      executed.error = current_exception_as_error();
    }
  }
  executed.finished = call.context->now();
  return executed;
}

// -- on a thread of its own -----------------------------------------------------------------------

class ThreadedExecutor final : public ExecutorHandle::base {
public:
  ThreadedExecutor(caf::actor_config& config, SlotThread* thread,
                   std::shared_ptr<RunningCalls> running)
    : ExecutorHandle::base(config), thread_(thread), running_(std::move(running)) {
    thread_->serve(this);
  }

  /// Whoever sends it something, the executor is resumed by its own thread.
  bool enqueue(caf::mailbox_element_ptr message, caf::execution_unit*) override {
    return ExecutorHandle::base::enqueue(std::move(message), thread_);
  }

  behavior_type make_behavior() override {
    return {
      [this](const ExecuteTask& call) { call_function(call); },
      [](ExecutionOver) {},
    };
  }

  const char* name() const override { return "weft.executor"; }

private:
  void call_function(const ExecuteTask& call) {
    // From nowhere, so that the scheduler resumes the task: on this thread it would wait behind the
    // call.
    if (call.announce_start) caf::anon_send(call.reply_to, TaskStarted{.attempt = call.attempt});
    ThreadContext context{call};
    note_begin(call.task);
    TaskExecuted executed = execute(call, context);
    note_end(call.task);
    tell(this, call.reply_to, std::move(executed));
  }

  void note_begin(TaskId task) {
    if (!running_) return;
    running_->count.fetch_add(1, std::memory_order_relaxed);
    running_->task.store(task.number() + 1, std::memory_order_relaxed);
  }

  /// A call that was given up may return in the middle of the next, which is not its to clear.
  void note_end(TaskId task) {
    if (!running_) return;
    std::uint32_t own = task.number() + 1;
    running_->task.compare_exchange_strong(own, 0, std::memory_order_relaxed);
    running_->count.fetch_sub(1, std::memory_order_release);
  }

  SlotThread* thread_;  ///< Outlives this actor: the factory ends it last.
  std::shared_ptr<RunningCalls> running_;
};

// -- in virtual time ------------------------------------------------------------------------------

class SimulatedExecutor {
public:
  explicit SimulatedExecutor(ExecutorHandle::pointer self) : self_(self) {}

  ExecutorHandle::behavior_type make_behavior() {
    return {
      [this](const ExecuteTask& call) {
        waiting_.push_back(call);
        if (!busy_) call_next();
      },
      [this](ExecutionOver) {
        busy_ = false;
        if (!waiting_.empty()) call_next();
      },
    };
  }

private:
  void call_next() {
    const ExecuteTask call = std::move(waiting_.front());
    waiting_.pop_front();
    if (call.announce_start) self_->send(call.reply_to, TaskStarted{.attempt = call.attempt});
    SimulatedContext context{call};
    TaskExecuted executed = execute(call, context);
    executed.finished += context.slept();
    busy_ = true;
    if (context.slept() == Nanos::zero()) {
      tell(self_, call.reply_to, std::move(executed));
      self_->send(self_, ExecutionOver{});
    } else {
      self_->delayed_send(call.reply_to, context.slept(), std::move(executed));
      self_->delayed_send(self_, context.slept(), ExecutionOver{});
    }
  }

  ExecutorHandle::pointer self_;
  std::deque<ExecuteTask> waiting_;
  bool busy_ = false;
};

}  // namespace

ThreadedExecutors::~ThreadedExecutors() {
  stop();
}

ExecutorHandle ThreadedExecutors::spawn(caf::actor_system& system) {
  const std::lock_guard lock{mutex_};
  std::erase_if(threads_, [](const auto& thread) { return thread->finished(); });
  threads_.push_back(std::make_unique<SlotThread>(system));
  return system.spawn<ThreadedExecutor>(threads_.back().get(), running_);
}

void ThreadedExecutors::stop() {
  const std::lock_guard lock{mutex_};
  for (const auto& thread : threads_) thread->stop();
}

ExecutorHandle SimulatedExecutors::spawn(caf::actor_system& system) {
  return system.spawn<caf::stateful_actor<SimulatedExecutor, ExecutorHandle::base>>();
}

}  // namespace weft
