#pragma once

#include <optional>

#include "actors/core_fixture.hpp"
#include "actors/scripted_optimization.hpp"
#include "weft/actors/task_core.hpp"

namespace weft::test {

/// One attempt of one task on worker 0, granted a second after its run was submitted.
class OneAttempt : public OneCore {
protected:
  static constexpr Nanos granted_at = 1s;

  /// Begins an attempt two seconds after the submission.
  TaskEffect begin(Grant grant, Nanos now = 2s) {
    core.emplace(context, WorkerId{0}, std::move(grant), Bytes{0}, granted_at);
    return core->start(now);
  }
  TaskEffect begin(const AnyFuture& future, std::vector<Value> inputs = {}) {
    return begin(grant(future, std::move(inputs)));
  }

  TaskEffect on(TaskEvent event, Nanos now = 10s) { return core->on(std::move(event), now); }

  TaskEffect on_returned(Value output) {
    return on(Returned{.attempt = 1, .output = std::move(output), .started = 3s, .finished = 5s},
              6s);
  }
  TaskEffect on_threw(Errc code = Errc::task_failed) {
    return on(Returned{.attempt = 1,
                       .error = Error{.code = code, .message = "as told"},
                       .started = 3s,
                       .finished = 5s},
              6s);
  }
  TaskEffect on_commit_answered(CommitOutcome outcome) {
    return on(StoreCommitted{{.outcome = outcome}});
  }

  /// The effect that a test expects.
  template <class Effect>
  static Effect only(TaskEffect effect) {
    Effect* expected = std::get_if<Effect>(&effect);
    EXPECT_NE(expected, nullptr) << "another effect: alternative " << effect.index();
    return expected ? std::move(*expected) : Effect{};
  }
  template <class Effect>
  static bool is(const TaskEffect& effect) {
    return std::holds_alternative<Effect>(effect);
  }

  /// A task of the graph carries an optimization that does what the test wants.
  ScriptedOptimization& carry(TaskId task, std::vector<Stage> stages) {
    auto scripted = std::make_shared<ScriptedOptimization>(std::move(stages));
    context->optimizations = std::make_shared<const OptimizationCatalogue>(
      std::vector<std::shared_ptr<const Optimization>>{scripted});
    plan->optimizations = {{.task = task, .choice = {.kind = "scripted"}}};
    return *scripted;
  }

  [[nodiscard]] AttemptOutcome outcome() const { return core->metrics().outcome; }

  std::optional<TaskCore> core;
};

}  // namespace weft::test
