// What watchers of a run are told, and that none of them harms anybody.

#include <cmath>
#include <future>
#include <map>

#include "runtime/engine_fixture.hpp"
#include "support/caught_log.hpp"
#include "support/sketch_checks.hpp"
#include "weft/runtime/harness.hpp"

namespace weft::test {

namespace {

using Event = RunEventKind;

const Function second_try{"second_try@1", [](TaskContext& context) {
                            if (context.attempt() == 1) throw std::runtime_error("not yet");
                            return 3;
                          }};

/// Notes all that a watcher is told.
class Notes {
public:
  /// The handler of one subscription; `then` is called after each event has been noted.
  [[nodiscard]] RunHandle::EventHandler handler(std::function<void(const RunEvent&)> then = {}) {
    return [this, then = std::move(then)](const RunEvent& event) {
      EXPECT_FALSE(over_) << "after the end: " << to_json(event);
      events_.push_back(event);
      over_ = event.kind == Event::ended;
      if (over_) ended_.count_down();
      if (then) then(event);
    };
  }

  /// Waits for the last event.
  [[nodiscard]] const std::vector<RunEvent>& all() const {
    ended_.wait();
    return events_;
  }

  /// Those that no watcher may miss; waits for the last one.
  [[nodiscard]] std::vector<RunEvent> lasting() const {
    std::vector<RunEvent> events = all();
    std::erase_if(events, &is_progress);
    return events;
  }

  /// The progress that functions reported; waits for the last event.
  [[nodiscard]] std::vector<RunEvent> reports() const {
    std::vector<RunEvent> events = all();
    std::erase_if(events, [](const RunEvent& e) { return e.kind != Event::task_progress; });
    return events;
  }

private:
  std::latch ended_{1};
  bool over_ = false;
  std::vector<RunEvent> events_;
};

std::map<Event, std::size_t> count_by_kind(const std::vector<RunEvent>& events) {
  std::map<Event, std::size_t> counts;
  for (const RunEvent& event : events) ++counts[event.kind];
  return counts;
}

}  // namespace

class Watchers : public testing::Test {
protected:
  /// A map over five elements, and a task that succeeds the second time.
  GraphPtr eventful() const {
    Workflow workflow{"eventful"};
    workflow.map(workflow.task(upto, 5), twice);
    const auto stubborn = workflow.task(second_try);
    workflow.options(stubborn).retries = RetryPolicy{.attempts = 2, .backoff = 0s};
    return workflow.freeze(engine.registry()).value();
  }

  static constexpr std::size_t eventful_events = 12;

  std::shared_ptr<RunHandle> submit(const GraphPtr& graph) {
    return engine.submit_graph(graph, graph->sinks());
  }

  Gate gate;
  const Function<std::function<int()>> waiting{"waiting@1", [this] {
                                                 gate.pass();
                                                 return 1;
                                               }};
  /// Before the engine, which calls them until its end.
  Notes notes;
  Notes others;
  Engine engine{registry_of(upto, twice, second_try, waiting), with_slots(2)};
};

TEST_F(Watchers, HearEveryEventInOrder) {
  const GraphPtr graph = eventful();
  const auto run = submit(graph);
  run->subscribe(notes.handler());
  check_events(graph, notes.all());
  EXPECT_EQ(count_by_kind(notes.all()), (std::map<Event, std::size_t>{{Event::created, 1},
                                                                      {Event::attempt_failed, 1},
                                                                      {Event::map_expanded, 1},
                                                                      {Event::task_committed, 8},
                                                                      {Event::ended, 1}}));
  EXPECT_EQ(notes.all().back().message, "succeeded");
}

TEST_F(Watchers, ThatComeLateHearTheSame) {
  const auto run = submit(eventful());
  run->subscribe(notes.handler());
  run->wait();
  run->subscribe(others.handler());
  EXPECT_EQ(others.all(), notes.all());
}

TEST_F(Watchers, ThatAreSlowHearEveryEventInOrder) {
  Workflow workflow{"wide"};
  const auto list = workflow.task(upto, 3000);
  workflow.map(list, twice);
  const GraphPtr graph = workflow.freeze(engine.registry()).value();
  const auto run = submit(graph);
  run->subscribe(notes.handler([this](const RunEvent& event) {
    if (event.kind == Event::created) gate.pass();
  }));
  gate.wait_until_reached();
  run->wait();
  gate.open();
  check_events(graph, notes.all());
  EXPECT_EQ(count_by_kind(notes.all())[Event::task_committed], 3002u);
}

TEST_F(Watchers, ThatAreSlowHoldUpNobody) {
  const auto run = submit(eventful());
  run->subscribe(notes.handler([this](const RunEvent& event) {
    if (event.kind == Event::created) gate.pass();
  }));
  gate.wait_until_reached();
  run->subscribe(others.handler());
  run->wait();
  EXPECT_EQ(others.all().back().kind, Event::ended);
  EXPECT_EQ(submit_one(engine, twice, 4).get(), 8);
  gate.open();
  EXPECT_EQ(notes.all(), others.all());
}

TEST_F(Watchers, ThatThrowHearOnAndHarmNobody) {
  const CaughtLog log;
  Notes odd;
  const auto run = submit(eventful());
  run->subscribe(notes.handler([](const RunEvent&) { throw std::runtime_error("no ears"); }));
  run->subscribe(odd.handler([](const RunEvent&) { throw 42; }));
  run->subscribe(others.handler());
  EXPECT_EQ(notes.all(), others.all());
  EXPECT_EQ(odd.all(), others.all());
  run->wait();
  EXPECT_EQ(run->record().state, RunState::succeeded);
  EXPECT_THAT(log.text(), HasSubstr("no ears"));
}

TEST_F(Watchers, OfOneRunHearNothingOfAnother) {
  const auto first = submit(eventful());
  first->subscribe(notes.handler());
  const auto second = submit(eventful());
  second->subscribe(others.handler());
  EXPECT_EQ(count_by_kind(notes.all()), count_by_kind(others.all()));
}

TEST_F(Watchers, MayAskTheRunAndCancelIt) {
  Workflow workflow{"endless"};
  workflow.task(waiting);
  const auto run = engine.submit(std::move(workflow));
  run.on_event(notes.handler([&](const RunEvent& event) {
    if (event.kind != Event::created) return;
    gate.wait_until_reached();
    EXPECT_EQ(run.record().state, RunState::running);
    EXPECT_TRUE(run.cancel("heard enough"));
  }));
  EXPECT_THAT(notes.all().back().message, HasSubstr("heard enough"));
  gate.open();
}

// -- unsubscribing --------------------------------------------------------------------------------

TEST_F(Watchers, AreCalledNoMoreOnceTheyHaveUnsubscribed) {
  Workflow workflow{"watched"};
  workflow.task(twice, workflow.task(waiting));
  const auto run = engine.submit(std::move(workflow));
  Gate call;
  std::atomic<int> calls = 0;
  const auto subscription = run.on_event([&](const RunEvent&) {
    ++calls;
    call.pass();
  });
  call.wait_until_reached();
  std::jthread opener{[&] { call.open(); }};
  run.unsubscribe(subscription);
  EXPECT_EQ(calls, 1) << "of the call under way when it was asked for";
  gate.open();
  run.on_event(others.handler());
  EXPECT_EQ(others.all().size(), 4u);
  EXPECT_EQ(calls, 1);
}

TEST_F(Watchers, MayUnsubscribeWhileTheyAreCalled) {
  std::promise<std::uint64_t> number;
  const auto known = number.get_future().share();
  const auto run = submit(eventful());
  run->wait();
  std::latch returned{1};
  std::atomic<int> calls = 0;
  number.set_value(run->subscribe([&, known](const RunEvent&) {
    ++calls;
    run->unsubscribe(known.get());
    returned.count_down();
  }));
  returned.wait();
  run->subscribe(others.handler());
  EXPECT_EQ(others.all().size(), eventful_events);
  EXPECT_EQ(calls, 1);
}

TEST_F(Watchers, MayLetGoOfTheLastRun) {
  auto run = std::make_shared<std::shared_ptr<RunHandle>>(submit(eventful()));
  std::promise<void> gone;
  std::atomic<int> calls = 0;
  (*run)->wait();
  RunHandle& handle = **run;
  handle.subscribe([&, run](const RunEvent&) {
    ++calls;
    run->reset();
    gone.set_value();
  });
  run.reset();
  gone.get_future().wait();
  EXPECT_EQ(submit_one(engine, twice, 4).get(), 8);
  EXPECT_EQ(calls, 1);
}

TEST_F(Watchers, ThatUnsubscribeTwiceOrForOthersChangeNothing) {
  const auto first = submit(eventful());
  const auto second = submit(eventful());
  const auto subscription = first->subscribe(notes.handler());
  second->unsubscribe(subscription);
  EXPECT_EQ(notes.all().size(), eventful_events);
  first->unsubscribe(subscription);
  first->unsubscribe(subscription);
}

// -- progress -------------------------------------------------------------------------------------

class Progress : public testing::Test {
protected:
  /// Submits one task that reports `count` fractions once the test lets it.
  weft::Run<Nothing> submit(int count, SubmitOptions options = {.progress_events = true}) {
    Workflow workflow{"progress"};
    const auto future = workflow.task(reporting, count);
    workflow.name(future, "only");
    return engine.submit(std::move(workflow), future, std::move(options));
  }

  Gate gate;
  const Function<std::function<void(TaskContext&, int)>> reporting{
    "reporting@1", [this](TaskContext& context, int count) {
      gate.pass();
      for (int i = 0; i < count; ++i) context.report(i / 4.0, std::to_string(i));
    }};
  Notes notes;
  Notes others;
  Engine engine{registry_of(reporting, twice, upto), with_slots(2)};
};

TEST_F(Progress, IsToldInOrderBeforeTheCommit) {
  const auto run = submit(3);
  run.on_event(notes.handler());
  gate.open();
  std::vector<Event> kinds;
  for (const RunEvent& event : notes.all()) kinds.push_back(event.kind);
  // Whether the start is heard depends on who came first, the watcher or the task.
  std::erase(kinds, Event::task_started);
  EXPECT_THAT(kinds, ElementsAre(Event::created, Event::task_progress, Event::task_progress,
                                 Event::task_progress, Event::task_committed, Event::ended));
  std::uint64_t i = 0;
  for (const RunEvent& event : notes.reports()) {
    EXPECT_EQ(event.name, "only");
    EXPECT_EQ(event.attempt, 1u);
    EXPECT_EQ(event.count, 250 * i);
    EXPECT_EQ(event.message, std::to_string(i++));
  }
}

TEST_F(Progress, IsToldInOrderWhileVirtualTimeStandsStill) {
  const Function step{"step@1", [](TaskContext& context, int x) {
                        context.report(0.5, "half");
                        return x + 1;
                      }};
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Harness harness{registry_of(step), {.seed = seed, .engine = with_slots(1)}};
    Workflow workflow{"still"};
    const auto last = workflow.task(step, workflow.task(step, 0));
    const auto run = harness.submit(std::move(workflow), last, {.progress_events = true});
    std::vector<Event> kinds;
    run.on_event([&](const RunEvent& event) { kinds.push_back(event.kind); });
    harness.run_until_idle();
    EXPECT_THAT(kinds, ElementsAre(Event::created, Event::task_started, Event::task_progress,
                                   Event::task_committed, Event::task_started, Event::task_progress,
                                   Event::task_committed, Event::ended))
      << "seed " << seed;
  }
}

TEST_F(Progress, IsNotToldUnlessItWasAskedFor) {
  const auto run = submit(3, {});
  run.on_event(notes.handler());
  gate.open();
  EXPECT_EQ(notes.lasting(), notes.all());
}

TEST_F(Progress, LosesTheOldestForSlowWatchersAndNothingElse) {
  constexpr int reports = 6000;
  constexpr int kept = 4096;
  Gate slow;
  const auto run = submit(reports);
  run.on_event(notes.handler([&](const RunEvent& event) {
    if (event.kind == Event::created) slow.pass();
  }));
  slow.wait_until_reached();
  gate.wait_until_reached();
  gate.open();
  // What another watcher was told last came after all progress.
  run.on_event(others.handler());
  EXPECT_EQ(others.all().back().kind, Event::ended);
  slow.open();
  EXPECT_EQ(notes.lasting(), others.lasting());
  const auto heard = notes.reports();
  ASSERT_EQ(heard.size(), static_cast<std::size_t>(kept));
  EXPECT_EQ(heard.front().message, std::to_string(reports - kept));
  EXPECT_EQ(heard.back().message, std::to_string(reports - 1));
}

TEST_F(Progress, OutOfRangeIsBroughtIntoIt) {
  const Function wild{"wild@1", [](TaskContext& context) {
                        for (const double fraction : {-1.0, 7.0, std::nan("")}) {
                          context.report(fraction, "wild");
                        }
                      }};
  Gate begin;
  const Function first{"first@1", [&] { begin.pass(); }};
  Engine wild_engine{registry_of(wild, first), with_slots(1)};
  Workflow workflow{"wild"};
  workflow.after(workflow.task(wild), workflow.task(first));
  const auto run = wild_engine.submit(std::move(workflow), {.progress_events = true});
  run.on_event(notes.handler());
  begin.open();
  std::vector<std::uint64_t> counts;
  for (const RunEvent& event : notes.reports()) counts.push_back(event.count);
  EXPECT_THAT(counts, ElementsAre(0, 1000, 0));
}

}  // namespace weft::test
