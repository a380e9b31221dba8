#include "weft/runtime/run_client.hpp"

#include <atomic>

namespace weft {

RunClient::RunClient(std::weak_ptr<ActorHost> host, RunContextPtr context, RunActorHandle actor,
                     std::shared_ptr<RunOutcome> outcome)
    : host_(std::move(host)),
      context_(std::move(context)),
      actor_(std::move(actor)),
      outcome_(std::move(outcome)) {}

RunClient::~RunClient() {
  for (const std::uint64_t subscription : std::vector{subscriptions_}) unsubscribe(subscription);
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
  if (const auto host = host_.lock()) {
    auto now = host->ask<RunRecord>(actor_, ReadStatus{.run = id()});
    if (now) return std::move(*now);
  }
  return outcome_->record().value_or(RunRecord{.id = id(), .workflow = context_->graph->name()});
}

Result<Value> RunClient::output(TaskId task) {
  const auto record = outcome_->record();
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
  const std::uint64_t subscription = next.fetch_add(1, std::memory_order_relaxed);
  {
    const std::lock_guard lock{mutex_};
    subscriptions_.push_back(subscription);
  }
  if (const auto host = host_.lock()) {
    host->tell(host->services().feed, Subscribe{.run = id(),
                                                .subscription = subscription,
                                                .handler = std::move(handler)});
  }
  return subscription;
}

void RunClient::unsubscribe(std::uint64_t subscription) {
  {
    const std::lock_guard lock{mutex_};
    if (std::erase(subscriptions_, subscription) == 0) return;
  }
  if (const auto host = host_.lock()) {
    static_cast<void>(
      host->ask<void>(host->services().feed, Unsubscribe{.subscription = subscription}));
  }
}

}  // namespace weft
