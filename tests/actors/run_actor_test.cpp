// Runs, and what their workers record, over a store in memory: when who says what.

#include <fmt/format.h>

#include <algorithm>
#include <caf/typed_event_based_actor.hpp>
#include <functional>
#include <string>

#include "actors/virtual_node.hpp"
#include "weft/actors/feed.hpp"
#include "weft/actors/pool.hpp"
#include "weft/actors/recorder.hpp"
#include "weft/actors/run.hpp"
#include "weft/actors/storage_broker.hpp"
#include "weft/storage/memory_run_store.hpp"
#include "weft/workflow/workflow.hpp"

namespace weft::test {

/// A store that says whether somebody watches a run.
class StoreWithWatches : public MemoryRunStore {
public:
  using MemoryRunStore::MemoryRunStore;

  void watch(RunId run, std::function<void()> wake) override {
    watched = static_cast<bool>(wake);
    MemoryRunStore::watch(run, std::move(wake));
  }

  bool watched = false;
};

/// A run of five tasks on one worker, one after another, a second each.
class OnRunningTasks : public VirtualNode {
protected:
  static constexpr int task_count = 5;

  void SetUp() override {
    const auto broker = keep(spawn_storage_broker(system, store));
    services->attempt_stores = {broker};
    services->run_store = broker;
    services->pool = keep(spawn_pool(system, {.slots = 1, .keep_alive = 1min},
                                     std::make_shared<SimulatedExecutors>(), clock));
    services->feed = keep(spawn_feed(system, services->run_store, Placing::scheduler));
  }

  void TearDown() override {
    if (run) tell(run, CloseRun{.engine_ends = true});
    pass(1h);
    run = nullptr;
    VirtualNode::TearDown();
    services = nullptr;
  }

  struct Submission {
    std::size_t tasks_in_plan = task_count;
  };

  /// Submits the run. The test changes `request` and `services` before.
  void submit(Submission submission = {task_count}) {
    const Function second{"second@1", [](TaskContext& context) { return context.sleep_for(1s); }};
    Workflow workflow{"seconds"};
    for (int i = 0; i < task_count; ++i) workflow.task(second);
    auto context = std::make_shared<RunContext>();
    auto plan = std::make_shared<Plan>();
    context->id = id;
    context->graph = workflow.freeze(Registry{}.add(second)).value();
    plan->workers = {{.id = WorkerId{0}}};
    plan->placements.resize(submission.tasks_in_plan);
    context->plan = plan;
    context->optimizations = std::make_shared<const OptimizationCatalogue>(
      std::vector<std::shared_ptr<const Optimization>>{});
    context->clock = clock;
    context->submitted = clock->now();
    request.context = context;
    request.outcome = outcome;
    run = spawn_run(system, services, request);
    settle();
  }

  [[nodiscard]] bool stored() {
    bool known = false;
    store->status(id, [&](const Result<RunStatus>& status) { known = status.has_value(); });
    return known;
  }

  const RunId id{7};
  std::shared_ptr<StoreWithWatches> store = std::make_shared<StoreWithWatches>(*clock);
  std::shared_ptr<Services> services = std::make_shared<Services>();
  std::shared_ptr<RunOutcome> outcome = std::make_shared<RunOutcome>();
  RunRequest request;
  RunActorHandle run;
};

// -- runs ---------------------------------------------------------------------------------------

class TheRunActor : public OnRunningTasks {
protected:
  Result<bool> cancel() { return ask<bool>(run, CancelRun{.run = id, .reason = "enough"}); }
};

TEST_F(TheRunActor, PublishesHowItEndedOnce) {
  int ends = 0;
  request.on_end = [&] { ++ends; };
  submit();
  pass(5s - 1ns);
  EXPECT_FALSE(outcome->ended());
  pass(1ns);
  ASSERT_TRUE(outcome->ended());
  EXPECT_EQ(outcome->record()->state, RunState::succeeded);
  EXPECT_EQ(outcome->record()->tasks.committed, 5u);
  EXPECT_EQ(outcome->record()->makespan, Nanos{5s});
  pass(1h);
  EXPECT_EQ(ends, 1);
}

TEST_F(TheRunActor, AnswersWhetherThereWasSomethingToCancel) {
  submit();
  pass(1500ms);
  EXPECT_TRUE(*cancel());
  EXPECT_EQ(outcome->record()->state, RunState::cancelled);
  EXPECT_EQ(outcome->record()->tasks.committed, 1u);
  EXPECT_EQ(outcome->record()->errors.front().message, "enough");
  EXPECT_FALSE(*cancel());
}

TEST_F(TheRunActor, HasNothingToCancelAfterItsEnd) {
  submit();
  pass(5s);
  EXPECT_FALSE(*cancel());
  EXPECT_EQ(outcome->record()->state, RunState::succeeded);
}

TEST_F(TheRunActor, TellsAtAnyTimeHowItStands) {
  submit();
  pass(2500ms);
  auto now = ask<RunRecord>(run, ReadStatus{.run = id});
  ASSERT_TRUE(now);
  EXPECT_EQ(now->state, RunState::running);
  EXPECT_EQ(now->tasks.committed, 2u);
  EXPECT_EQ(now->tasks.total, 5u);
  EXPECT_FALSE(now->makespan);
  pass(1h);
  EXPECT_EQ(*ask<RunRecord>(run, ReadStatus{.run = id}), *outcome->record());
}

TEST_F(TheRunActor, EndsAsFailedAtItsTimeLimit) {
  request.timeout = 2500ms;
  submit();
  pass(1h);
  EXPECT_EQ(outcome->record()->state, RunState::failed);
  EXPECT_EQ(outcome->record()->errors.front().code, Errc::timed_out);
  EXPECT_EQ(outcome->record()->makespan, Nanos{2500ms});
}

TEST_F(TheRunActor, GoesOnWhenItsClientLetsGoAndLeavesNothingBehind) {
  bool quit = false;
  request.on_quit = [&] { quit = true; };
  submit();
  tell(run, CloseRun{});
  run = nullptr;
  pass(5s - 1ns);
  EXPECT_TRUE(stored());
  EXPECT_FALSE(quit);
  pass(1ns);
  EXPECT_EQ(outcome->record()->state, RunState::succeeded);
  EXPECT_FALSE(stored());
  EXPECT_TRUE(quit);
}

TEST_F(TheRunActor, StaysReadableWhileItsClientHoldsIt) {
  submit();
  pass(1h);
  EXPECT_TRUE(stored());
  tell(run, CloseRun{});
  pass(0s);
  EXPECT_FALSE(stored());
}

TEST_F(TheRunActor, StaysReadableForItsRetention) {
  request.retention = 10s;
  submit();
  tell(run, CloseRun{});
  pass(15s - 1ns);
  EXPECT_TRUE(stored());
  pass(1ns);
  EXPECT_FALSE(stored());
}

TEST_F(TheRunActor, EndsWithTheEngineWhateverItsRetention) {
  request.retention = 10s;
  submit();
  pass(6s);
  tell(run, CloseRun{.engine_ends = true});
  pass(0s);
  EXPECT_FALSE(stored());
}

TEST_F(TheRunActor, ThatTheStoreRefusesFails) {
  submit({.tasks_in_plan = task_count - 1});
  ASSERT_TRUE(outcome->ended());
  EXPECT_EQ(outcome->record()->state, RunState::failed);
  EXPECT_EQ(outcome->record()->errors.front().code, Errc::invalid_argument);
}

TEST_F(TheRunActor, OfALookAtARunEndsItsWatchWithIt) {
  submit();
  auto look = spawn_run(system, services,
                        {.context = request.context,
                         .attach = true,
                         .detached = true,
                         .outcome = std::make_shared<RunOutcome>()});
  settle();
  EXPECT_TRUE(store->watched);
  tell(look, CloseRun{});
  look = nullptr;
  settle();
  EXPECT_FALSE(store->watched);
}

// -- what workers record ------------------------------------------------------------------------

class AWorkersRecord : public OnRunningTasks {
protected:
  /// Plays the run with a policy. Answers what the recorder was told, with its time in
  /// milliseconds.
  std::vector<std::string> recorded(RecordPolicy policy) {
    services->record = policy;
    services->recorder =
      keep(system.spawn([this](RecorderHandle::pointer) -> RecorderHandle::behavior_type {
        return {
          [this](const MetricsBatch& m) { note(fmt::format("{} tasks", m.tasks.size())); },
          [this](const RecordRun&) { note("run"); },
          [this](const FinishRecord& m) { note(std::string(to_string(m.record.state))); },
          [](Flush) {},
        };
      }));
    submit();
    pass(1h);
    return log;
  }
  void note(const std::string& what) { log.push_back(fmt::format("{}ms {}", now() / 1ms, what)); }

  std::vector<std::string> log;
};

TEST_F(AWorkersRecord, IsSentAtTheEnd) {
  EXPECT_THAT(recorded({.when = RecordPolicy::When::at_end}),
              ElementsAre("0ms run", "5000ms 5 tasks", "5000ms succeeded"));
}

TEST_F(AWorkersRecord, IsSentAfterEachTask) {
  EXPECT_THAT(recorded({.when = RecordPolicy::When::each_task}),
              ElementsAre("0ms run", "1000ms 1 tasks", "2000ms 1 tasks", "3000ms 1 tasks",
                          "4000ms 1 tasks", "5000ms 1 tasks", "5000ms succeeded"));
}

TEST_F(AWorkersRecord, IsSentPeriodically) {
  EXPECT_THAT(recorded({.when = RecordPolicy::When::periodic, .period = 1700ms}),
              ElementsAre("0ms run", "1700ms 1 tasks", "3400ms 2 tasks", "5000ms 2 tasks",
                          "5000ms succeeded"));
}

TEST_F(AWorkersRecord, IsSentByCount) {
  EXPECT_THAT(recorded({.when = RecordPolicy::When::by_count, .count = 2}),
              ElementsAre("0ms run", "2000ms 2 tasks", "4000ms 2 tasks", "5000ms 1 tasks",
                          "5000ms succeeded"));
}

TEST_F(AWorkersRecord, IsNeverHeldBackBeyondItsBound) {
  EXPECT_THAT(recorded({.when = RecordPolicy::When::at_end, .count = 3}),
              ElementsAre("0ms run", "3000ms 3 tasks", "5000ms 2 tasks", "5000ms succeeded"));
}

TEST_F(AWorkersRecord, IsNotKeptWhenNothingIsRecorded) {
  EXPECT_THAT(recorded({.when = RecordPolicy::When::never}),
              ElementsAre("0ms run", "5000ms succeeded"));
}

// -- the feed -----------------------------------------------------------------------------------

class TheFeed : public OnRunningTasks {
protected:
  void subscribe(std::uint64_t number = 1) {
    tell(services->feed, Subscribe{.run = id,
                                   .subscription = number,
                                   .handler = [this](const RunEvent& event) { on_event(event); }});
  }
  void on_event(const RunEvent& event) {
    heard.push_back(std::string(to_string(event.kind)));
    if (event.kind == RunEventKind::task_progress) progress.push_back(event.count);
    if (then) std::exchange(then, {})();
  }
  void make_progress(std::uint64_t count) {
    ProgressMade made{.run = id};
    made.event = {.kind = RunEventKind::task_progress,
                  .at = clock->now() - request.context->submitted,
                  .count = count};
    tell(services->feed, std::move(made));
  }

  std::vector<std::string> heard;
  std::vector<std::uint64_t> progress;
  std::function<void()> then;  ///< Within the next call of the handler.
  const std::vector<std::string> all{"created",        "task_committed", "task_committed",
                                     "task_committed", "task_committed", "task_committed",
                                     "ended"};
};

TEST_F(TheFeed, TellsEachEventOnceAsItHappens) {
  submit();
  subscribe();
  pass(0s);
  EXPECT_THAT(heard, ElementsAre("created"));
  pass(1s);
  EXPECT_THAT(heard, ElementsAre("created", "task_committed"));
  pass(1h);
  EXPECT_EQ(heard, all);
}

TEST_F(TheFeed, TellsALateSubscriberAllFromTheFirst) {
  submit();
  pass(1h);
  subscribe();
  pass(0s);
  EXPECT_EQ(heard, all);
}

TEST_F(TheFeed, LosesOldProgressOfASlowWatcherAndNeverTheEnd) {
  constexpr std::uint64_t made = 5000;
  then = [this] {
    for (std::uint64_t i = 0; i < made; ++i) make_progress(i);
    tell(run, CancelRun{.run = id, .reason = "enough"});
  };
  submit();
  subscribe();
  pass(1h);
  ASSERT_FALSE(progress.empty());
  EXPECT_LT(progress.size(), made);
  EXPECT_EQ(progress.back(), made - 1) << "the newest is kept";
  EXPECT_TRUE(std::ranges::is_sorted(progress));
  EXPECT_EQ(heard.front(), "created");
  EXPECT_EQ(heard.back(), "ended");
  EXPECT_EQ(heard.size(), progress.size() + 2);
}

TEST_F(TheFeed, TellsNothingAfterTheEnd) {
  submit();
  subscribe();
  pass(1h);
  make_progress(1);
  pass(1h);
  EXPECT_EQ(heard, all);
}

TEST_F(TheFeed, TellsNothingAfterItHasAnsweredAnUnsubscription) {
  submit();
  subscribe();
  pass(2500ms);
  EXPECT_TRUE(ask<void>(services->feed, Unsubscribe{.subscription = 1}));
  pass(1h);
  EXPECT_THAT(heard, ElementsAre("created", "task_committed", "task_committed"));
}

TEST_F(TheFeed, AnswersAnUnsubscriptionOfWhatItDoesNotKnow) {
  submit();
  EXPECT_TRUE(ask<void>(services->feed, Unsubscribe{.subscription = 9}));
}

TEST_F(TheFeed, GoesOnAfterAHandlerThatThrew) {
  then = [] { throw std::runtime_error("as told"); };
  submit();
  subscribe();
  pass(1h);
  EXPECT_EQ(heard, all);
}

TEST_F(TheFeed, WatchesForAsLongAsThereAreSubscriptions) {
  submit();
  subscribe(1);
  subscribe(2);
  pass(2500ms);
  EXPECT_TRUE(ask<void>(services->feed, Unsubscribe{.subscription = 1}));
  EXPECT_TRUE(store->watched);
  EXPECT_TRUE(ask<void>(services->feed, Unsubscribe{.subscription = 2}));
  EXPECT_FALSE(store->watched);
}

TEST_F(TheFeed, TellsEveryWatcher) {
  submit();
  subscribe(1);
  pass(2500ms);
  subscribe(2);
  EXPECT_TRUE(ask<void>(services->feed, Unsubscribe{.subscription = 1}));
  pass(1h);
  EXPECT_EQ(heard.size(), 3 + all.size()) << "the second hears all, the first what came before";
}

}  // namespace weft::test
