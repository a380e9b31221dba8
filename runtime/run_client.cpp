#include "weft/runtime/run_client.hpp"

#include <atomic>
#include <thread>

namespace weft {

/// A handler of events, which may unsubscribe itself while it is called.
class RunClient::Subscription {
public:
  explicit Subscription(EventHandler handler) : handler_(std::move(handler)) {}

  /// Never called by two threads at once.
  void call(const RunEvent& event) {
    struct Leave {
      std::atomic<std::thread::id>& thread;
      ~Leave() { thread = std::thread::id{}; }
    };
    if (ended_) return;
    thread_ = std::this_thread::get_id();
    const Leave leave{thread_};
    handler_(event);
  }

  /// No call begins after this.
  void end() { ended_ = true; }

  /// Whether the handler is being called by this thread.
  [[nodiscard]] bool calls_here() const { return thread_ == std::this_thread::get_id(); }

private:
  EventHandler handler_;
  std::atomic<std::thread::id> thread_{};
  std::atomic<bool> ended_ = false;
};

RunClient::RunClient(std::weak_ptr<ActorHost> host, RunContextPtr context, RunActorHandle actor,
                     std::shared_ptr<RunOutcome> outcome)
  : host_(std::move(host)),
    context_(std::move(context)),
    actor_(std::move(actor)),
    outcome_(std::move(outcome)) {}

RunClient::~RunClient() {
  for (const auto& [number, subscription] : subscriptions_) unsubscribe(number, *subscription);
  if (const auto host = host_.lock()) host->tell(actor_, CloseRun{});
}

void RunClient::wait() {
  if (const auto host = host_.lock()) static_cast<void>(host->wait_for(*outcome_, std::nullopt));
}

bool RunClient::wait_for(Nanos timeout) {
  const auto host = host_.lock();
  return host ? host->wait_for(*outcome_, timeout) : outcome_->ended();
}

bool RunClient::cancel(std::string reason) {
  const auto host = host_.lock();
  if (!host) return false;
  auto was_running = host->ask<bool>(actor_, CancelRun{.run = id(), .reason = std::move(reason)});
  return was_running && *was_running;
}

RunRecord RunClient::record() const {
  if (auto ended = outcome_->record()) return *ended;
  if (const auto host = outcome_->is_let_go() ? nullptr : host_.lock()) {
    auto now = host->ask<RunRecord>(actor_, ReadStatus{.run = id()});
    if (now) return std::move(*now);
  }
  return outcome_->record().value_or(last_known());
}

RunRecord RunClient::last_known() const {
  RunRecord known{.id = id(), .workflow = context_->graph->name()};
  if (outcome_->is_let_go()) {
    known.errors.push_back({.code = Errc::shutting_down,
                            .message = "its engine has ended before it",
                            .hint = "attach to it with another engine of its store"});
  }
  return known;
}

Result<Value> RunClient::output(TaskId task) {
  const auto record = outcome_->record();
  if (!record && outcome_->is_let_go()) return error_of(last_known());
  if (!record) {
    return Error{.code = Errc::input_missing,
                 .message = "run " + id().text() + " has not ended",
                 .hint = "wait for it, or advance the harness"};
  }
  if (record->state != RunState::succeeded) return error_of(*record);
  Value value = outcome_->output(task);
  if (!value.missing()) return value;
  return Error{.code = Errc::input_missing,
               .message = "the run does not keep this output",
               .task = task.number() < context_->graph->task_count()
                         ? context_->graph->task_name(task)
                         : std::string{},
               .hint = "submit with it as the result, or set keep_output of the task"};
}

std::uint64_t RunClient::subscribe(EventHandler handler) {
  static std::atomic<std::uint64_t> next{1};
  const std::uint64_t number = next.fetch_add(1, std::memory_order_relaxed);
  const auto subscription = std::make_shared<Subscription>(std::move(handler));
  {
    const std::lock_guard lock{mutex_};
    subscriptions_.emplace(number, subscription);
  }
  if (const auto host = host_.lock()) {
    host->tell(host->services().feed,
               Subscribe{.run = id(),
                         .subscription = number,
                         .handler = [subscription](const RunEvent& e) { subscription->call(e); }});
  }
  return number;
}

void RunClient::unsubscribe(std::uint64_t number) {
  const auto subscription = [&] {
    const std::lock_guard lock{mutex_};
    return subscriptions_.extract(number);
  }();
  if (subscription) unsubscribe(number, *subscription.mapped());
}

void RunClient::unsubscribe(std::uint64_t number, Subscription& subscription) {
  subscription.end();
  const auto host = host_.lock();
  if (!host) return;
  if (subscription.calls_here()) {
    // It would wait for its own return.
    host->tell(host->services().feed, Unsubscribe{.subscription = number});
  } else {
    static_cast<void>(host->ask<void>(host->services().feed, Unsubscribe{.subscription = number}));
  }
}

}  // namespace weft
