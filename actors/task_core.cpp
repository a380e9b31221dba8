#include "weft/actors/task_core.hpp"

#include <algorithm>

namespace weft {

TaskCore::TaskCore(RunContextPtr context, WorkerId worker, Grant grant, Bytes fetched,
                   Nanos granted)
  : context_(std::move(context)), grant_(std::move(grant)) {
  metrics_.task = grant_.task;
  metrics_.template_task = grant_.template_task;
  metrics_.attempt = grant_.attempt;
  metrics_.worker = worker;
  metrics_.claimed = granted;
  metrics_.fetched_size = fetched;
  metrics_.path = grant_.path;
}

// -- stages ---------------------------------------------------------------------------------------

const PlannedOptimization* TaskCore::owner(Stage stage) const {
  const auto& all = context_->plan->optimizations;
  if (all.empty()) return nullptr;
  const auto [first, last] =
    std::ranges::equal_range(all, grant_.template_task, {}, &PlannedOptimization::task);
  for (auto planned = first; planned != last; ++planned) {
    const Optimization* found = context_->optimizations->find(planned->choice.kind);
    if (!found) continue;
    const std::vector<Stage> stages = found->stages();
    if (std::ranges::find(stages, stage) != stages.end()) return &*planned;
  }
  return nullptr;
}

StageView TaskCore::view(const PlannedOptimization& owner) const {
  return {.graph = *context_->graph,
          .plan = *context_->plan,
          .task = grant_.task,
          .template_task = grant_.template_task,
          .worker = metrics_.worker,
          .attempt = grant_.attempt,
          .parameters = owner.choice.parameters};
}

/// Asks the owner of a stage; without one, what an empty decision says.
template <class Decide>
auto TaskCore::decide(Stage stage, Decide&& decide) const {
  using Decision = decltype(decide(std::declval<const Optimization&>(), std::declval<StageView>()));
  const PlannedOptimization* planned = owner(stage);
  if (!planned) return Decision{};
  try {
    return decide(*context_->optimizations->find(planned->choice.kind), view(*planned));
  } catch (...) {
    throw Exception(with_context("the optimization " + in_quotes(planned->choice.kind) + " threw",
                                 current_exception_as_error()));
  }
}

// -- events ---------------------------------------------------------------------------------------

TaskEffect TaskCore::start(Nanos now) {
  metrics_.inputs_ready = metrics_.started = metrics_.finished = now;
  return guarded([&]() -> TaskEffect {
    metrics_.input_size = grant_.inputs.size();
    if (!lacks_inputs()) return begin_attempt();
    return fail({.code = Errc::input_missing,
                 .message = "an input is neither in the store nor on this worker"});
  });
}

/// Whether an input that the task reads is not at hand, and nobody said that it does not matter.
bool TaskCore::lacks_inputs() const {
  const auto& values = grant_.inputs.values();
  if (std::ranges::none_of(values, &Value::missing)) return false;
  const auto dependencies = context_->graph->dependencies(grant_.template_task);
  const bool lacking = [&] {
    for (std::uint32_t slot = 0; slot < dependencies.size(); ++slot) {
      if (dependencies[slot].kind == DependencyKind::order) continue;
      if (std::ranges::any_of(grant_.inputs.gathered(slot), &Value::missing)) return true;
    }
    return false;
  }();
  if (!lacking) return false;
  return decide(Stage::acquire_inputs, [](const Optimization& o, const StageView& v) {
           return o.acquire_inputs(v);
         }) == AcquireDecision::all;
}

TaskEffect TaskCore::on(TaskEvent event, Nanos now) {
  if (state_ == State::ended) return Wait{};
  return guarded(
    [&] { return std::visit([&](auto& one) { return handle(std::move(one), now); }, event); });
}

template <class Step>
TaskEffect TaskCore::guarded(Step&& step) {
  try {
    return step();
  } catch (...) {
    if (state_ != State::committed) return fail(current_exception_as_error());
    state_ = State::ended;
    return End{};
  }
}

TaskEffect TaskCore::begin_attempt() {
  state_ = State::executing;
  if (context_->graph->task(grant_.template_task).kind == TaskKind::map) {
    return expand();
  }
  ExecuteDecision decision = decide(Stage::execute, [&](const Optimization& o, const StageView& v) {
    return o.execute(v, grant_.inputs);
  });
  if (!decision.output.missing()) return commit(std::move(decision.output));
  calling_ = true;
  return Call{};
}

Inputs TaskCore::take_inputs() {
  return options().retries ? grant_.inputs : std::move(grant_.inputs);
}

TaskEffect TaskCore::handle(Returned event, Nanos) {
  if (event.attempt != grant_.attempt || state_ != State::executing) return Wait{};
  calling_ = false;
  metrics_.started = event.started;
  metrics_.finished = event.finished;
  if (event.error) return fail(std::move(*event.error));
  return commit(std::move(event.output));
}

TaskEffect TaskCore::commit(Value output) {
  state_ = State::committing;
  metrics_.output_size = output.size();
  CommitRequest request{.run = context_->id,
                        .task = grant_.task,
                        .fence = grant_.fence,
                        .worker = metrics_.worker,
                        .output_size = metrics_.output_size};
  if (must_be_stored(output)) {
    request.output = output;
  } else {
    kept_ = output;
  }
  request.claim = claim_children(output);
  if (!context_->plan->optimizations.empty()) output_ = std::move(output);
  return Commit{std::move(request)};
}

/// Whether somebody may read the output elsewhere than on this worker.
bool TaskCore::must_be_stored(const Value& output) const {
  const auto publish =
    decide(Stage::publish_output,
           [&](const Optimization& o, const StageView& v) { return o.publish_output(v, output); });
  const bool kept = std::ranges::binary_search(context_->kept, grant_.task) ||
                    options().keep_output == KeepOutput::until_erased;
  // Whoever takes over from this worker reads it there.
  if (context_->durability == Durability::store &&
      context_->graph->readers(grant_.template_task) > 0) {
    return true;
  }
  return publish == PublishDecision::store ||
         must_store(*context_->graph, *context_->plan, grant_.template_task, kept) || parted();
}

/// Whether an optimization has moved this task away from its readers, or may move one of them.
bool TaskCore::parted() const {
  const Graph& graph = *context_->graph;
  if (graph.readers(grant_.template_task) == 0) return false;
  return metrics_.worker != worker_of(*context_->plan, grant_.template_task, grant_.path) ||
         (!context_->movable.empty() &&
          std::ranges::any_of(graph.children(grant_.template_task), [this](TaskId child) {
            return std::ranges::binary_search(context_->movable, child);
          }));
}

ClaimChildren TaskCore::claim_children(const Value& output) const {
  const auto decision = decide(Stage::count_down, [&](const Optimization& o, const StageView& v) {
    return o.count_down(v, output);
  });
  switch (decision.claim) {
    case CountDownDecision::Claim::none:
      return ClaimChildren::none;
    case CountDownDecision::Claim::own:
      break;
    case CountDownDecision::Claim::all:
      return ClaimChildren::all;
  }
  return context_->durability == Durability::store ? ClaimChildren::placed : ClaimChildren::own;
}

/// A map reads its list and asks the store to bring its rows to life.
TaskEffect TaskCore::expand() {
  const Value& list = grant_.inputs.at(0);
  auto size = list.list_size();
  if (!size) return fail(with_context("the list of a map", std::move(size).error()));
  const std::uint32_t limit = options().max_items.value_or(default_max_items);
  if (*size > limit) {
    return fail({.code = Errc::limit_exceeded,
                 .message = "the list has " + std::to_string(*size) + " elements, more than the " +
                            std::to_string(limit) + " that the map allows",
                 .hint = "raise max_items of the map, or map over chunks"});
  }
  ExpandRequest request{.commit = {.run = context_->id,
                                   .task = grant_.task,
                                   .fence = grant_.fence,
                                   .worker = metrics_.worker,
                                   .output = Value::nothing(),
                                   .claim = claim_children(Value::nothing())}};
  request.items.reserve(*size);
  for (std::size_t i = 0; i < *size; ++i) {
    auto item = list.list_item(i);
    if (!item) return fail(with_context("the list of a map", std::move(item).error()));
    request.items.push_back(std::move(*item));
  }
  state_ = State::committing;
  return Expand{std::move(request)};
}

TaskEffect TaskCore::fail(Error error) {
  static const RetryPolicy once;
  state_ = State::failing;
  kept_ = {};
  error.attempt = grant_.attempt;
  const RetryPolicy& policy = options().retries ? *options().retries : once;
  const bool retry = should_retry(policy, grant_.attempt, error);
  metrics_.outcome = error.code == Errc::timed_out   ? AttemptOutcome::timed_out
                     : error.code == Errc::cancelled ? AttemptOutcome::cancelled
                                                     : AttemptOutcome::failed;
  ReportFailure effect{.request = {.run = context_->id,
                                   .task = grant_.task,
                                   .fence = grant_.fence,
                                   .worker = metrics_.worker,
                                   .error = std::move(error),
                                   .retry = retry},
                       .stop_call = calling_};
  if (calling_) call_abandoned_ = true;
  calling_ = false;
  return effect;
}

TaskEffect TaskCore::handle(TimeLimitReached event, Nanos now) {
  if (event.attempt != grant_.attempt || state_ != State::executing) return Wait{};
  metrics_.finished = now;
  const Nanos limit = options().timeout.value_or(Nanos{});
  return fail({.code = Errc::timed_out,
               .message = "took longer than its limit of " + format_duration(limit),
               .hint = "raise the task's timeout, or retries for a passing trouble"});
}

TaskEffect TaskCore::handle(StoreCommitted event, Nanos now) {
  metrics_.committed = now;
  answer_ = std::move(event.answer);
  switch (answer_.outcome) {
    case CommitOutcome::committed:
      state_ = State::committed;
      return end(AttemptOutcome::committed);
    case CommitOutcome::lost:
    case CommitOutcome::fenced:
      return end(AttemptOutcome::lost);
    case CommitOutcome::ended:
      return end(AttemptOutcome::cancelled);
  }
  return end(AttemptOutcome::lost);
}

TaskEffect TaskCore::handle(StoreFailed event, Nanos now) {
  metrics_.committed = now;
  answer_.run_ended = event.answer.run_ended;
  if (event.answer.outcome != CommitOutcome::committed) return end(AttemptOutcome::lost);
  if (event.answer.attempt == 0) return end(metrics_.outcome);
  state_ = State::ended;
  End effect{.retry = grant_, .retry_after = backoff_after(*options().retries, grant_.attempt)};
  effect.retry->fence = event.answer.fence;
  effect.retry->attempt = event.answer.attempt;
  return effect;
}

TaskEffect TaskCore::handle(Stopped, Nanos now) {
  if (calling_) {
    call_abandoned_ = true;
    metrics_.finished = now;
  }
  metrics_.committed = now;
  return end(AttemptOutcome::cancelled);
}

TaskEffect TaskCore::handle(StoreUnavailable event, Nanos now) {
  const bool out_of_reach = event.error.code == Errc::store_unavailable;
  if (state_ == State::committing && !out_of_reach) return fail(std::move(event.error));
  // A store that comes back must not find a task failed for want of the store.
  if (state_ == State::committing) metrics_.outcome = AttemptOutcome::lost;
  kept_ = {};
  metrics_.committed = now;
  state_ = State::ended;
  return End{.broken = std::move(event.error)};
}

TaskEffect TaskCore::end(AttemptOutcome outcome) {
  metrics_.outcome = outcome;
  if (outcome != AttemptOutcome::committed) kept_ = {};
  End effect;
  if (owner(Stage::hand_over)) {
    for (const ReadyTask& child : answer_.ready) {
      const auto decision =
        decide(Stage::hand_over, [&](const Optimization& o, const StageView& v) {
          return o.hand_over(v, output_, child.task);
        });
      if (decision == HandOverDecision::keep) effect.keep_here.push_back(child.task);
    }
  }
  state_ = State::ended;
  return effect;
}

}  // namespace weft
