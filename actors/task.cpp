#include "weft/actors/task.hpp"

#include "weft/actors/error_mapping.hpp"
#include "weft/actors/tell.hpp"
#include "weft/actors/type_ids.hpp"

namespace weft {

TaskActor::TaskActor(TaskHandle::pointer self, RunContextPtr context, ServicesPtr services,
                     WorkerId worker, WorkerHandle parent)
  : self_(self),
    context_(std::move(context)),
    services_(std::move(services)),
    worker_(worker),
    parent_(std::move(parent)) {}

TaskHandle::behavior_type TaskActor::make_behavior() {
  return {
    [this](TaskExecuted& m) {
      handle(Returned{m.attempt, std::move(m.output), std::move(m.error), m.started, m.finished});
    },
    [this](StartTask& m) { start(m); },
    [this](const TaskStarted& m) { watch_time(m.attempt); },
    [this](StopTask) { stop(); },
  };
}

void TaskActor::start(StartTask& message) {
  executor_ = std::move(message.executor);
  const Nanos now = context_->now();
  core_.emplace(context_, worker_, std::move(message.grant), message.fetched, now);
  apply(core_->start(now));
}

void TaskActor::stop() {
  if (core_) {
    handle(Stopped{});
  } else {
    self_->quit();
  }
}

void TaskActor::watch_time(std::uint32_t attempt) {
  const auto& limit = core_->options().timeout;
  if (!limit) return;
  time_limit_ = self_->run_delayed(*limit, [this, attempt] { handle(TimeLimitReached{attempt}); });
}

template <class Event>
void TaskActor::handle(Event event) {
  if (core_) apply(core_->on(std::move(event), context_->now()));
}

void TaskActor::apply(TaskEffect effect) {
  std::visit([this](auto& one) { perform(std::move(one)); }, effect);
}

void TaskActor::perform(Call&&) {
  stop_ = std::stop_source{};
  const Grant& grant = core_->grant();
  tell(
    self_, executor_,
    ExecuteTask{.context = context_,
                .task = grant.task,
                .template_task = grant.template_task,
                .attempt = grant.attempt,
                .path = grant.path,
                .inputs = core_->take_inputs(),
                .stop = stop_.get_token(),
                .reply_to = self_,
                .feed = context_->progress == ProgressEvents::on ? services_->feed : FeedHandle{},
                .announce_start = core_->options().timeout.has_value()});
}

void TaskActor::perform(Commit&& effect) {
  self_->request(services_->attempt_store_of(worker_), caf::infinite, std::move(effect.request))
    .then([this](CommitAnswer& answer) { handle(StoreCommitted{std::move(answer)}); },
          [this](caf::error& error) { handle(StoreUnavailable{from_caf(error)}); });
}

void TaskActor::perform(Expand&& effect) {
  self_->request(services_->attempt_store_of(worker_), caf::infinite, std::move(effect.request))
    .then([this](CommitAnswer& answer) { handle(StoreCommitted{std::move(answer)}); },
          [this](caf::error& error) { handle(StoreUnavailable{from_caf(error)}); });
}

void TaskActor::perform(ReportFailure&& effect) {
  if (effect.stop_call) stop_.request_stop();
  self_->request(services_->attempt_store_of(worker_), caf::infinite, std::move(effect.request))
    .then([this](FailAnswer& answer) { handle(StoreFailed{std::move(answer)}); },
          [this](caf::error& error) { handle(StoreUnavailable{from_caf(error)}); });
}

void TaskActor::perform(End&& effect) {
  stop_.request_stop();
  time_limit_.dispose();
  CommitAnswer& answer = core_->answer();
  const bool spare = may_serve_again();
  tell(self_, parent_,
       TaskEnded{.metrics = core_->take_metrics(),
                 .fence = core_->grant().fence,
                 .kept = core_->take_kept(),
                 .granted = std::move(answer.granted),
                 .ready = std::move(answer.ready),
                 .keep_here = std::move(effect.keep_here),
                 .retry = std::move(effect.retry),
                 .retry_after = effect.retry_after,
                 .broken = std::move(effect.broken),
                 .run_ended = answer.run_ended,
                 .slot_busy = core_->call_abandoned(),
                 .spare = spare});
  core_.reset();
  executor_ = nullptr;
  if (!spare) self_->quit();
}

/// Whether nothing of the attempt can arrive any more that another one would take for its own: no
/// return of an abandoned call, no time limit.
bool TaskActor::may_serve_again() const {
  return core_->metrics().outcome == AttemptOutcome::committed && !core_->call_abandoned() &&
         !core_->options().timeout;
}

}  // namespace weft
