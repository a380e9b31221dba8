// Values between tasks: handed over without a copy, and let go of by their last reader.

#include <algorithm>
#include <mutex>

#include "runtime/engine_fixture.hpp"
#include "runtime/harness_fixture.hpp"
#include "storage/counted.hpp"

namespace weft::test {

namespace {

using Large = std::vector<char>;
constexpr std::size_t large = std::size_t{256} << 20;

}  // namespace

class LargeValues : public testing::Test {
protected:
  /// Notes where a value lies. Thread-safe.
  int note(const Large& value) {
    const std::lock_guard lock{mutex_};
    seen_.push_back(value.data());
    return static_cast<int>(seen_.size());
  }

  /// Expects so many notes, all of one value.
  void expect_one_address(std::size_t notes) const {
    EXPECT_EQ(seen_.size(), notes);
    EXPECT_EQ(std::ranges::count(seen_, seen_.front()), static_cast<std::ptrdiff_t>(seen_.size()));
  }

  const Function<std::function<Large()>> make{"make@1", [this] {
                                                Large made(large);
                                                note(made);
                                                return made;
                                              }};
  const Function<std::function<std::vector<Large>(int)>> make_list{
    "make_list@1", [this](int before) {
      std::vector<Large> made(static_cast<std::size_t>(before) + 1);
      made.back().resize(large);
      note(made.back());
      return made;
    }};
  const Function<std::function<int(const Large&)>> look{"look@1",
                                                        [this](const Large& x) { return note(x); }};
  const Function<std::function<int(const Shared<Large>&)>> look_shared{
    "look_shared@1", [this](const Shared<Large>& x) { return note(*x); }};
  const Function<std::function<void(const std::vector<Shared<Large>>&)>> look_at_last{
    "look_at_last@1", [this](const std::vector<Shared<Large>>& all) { note(*all.back()); }};
  const Function<std::function<void(const Large&, int)>> look_later{
    "look_later@1", [this](const Large& x, int) { note(x); }};
  const Function<std::function<Large(int)>> make_for{"make_for@1", [this](int x) {
                                                       if (x == 0) return Large{};
                                                       Large made(large);
                                                       note(made);
                                                       return made;
                                                     }};

  const Function<std::vector<int> (*)()> two{"two@1", [] { return std::vector{0, 1}; }};
  Engine engine{
    registry_of(make, make_list, look, look_shared, look_at_last, look_later, make_for, two),
    with_slots(2)};

private:
  std::mutex mutex_;
  std::vector<const char*> seen_;
};

TEST_F(LargeValues, GoFromTaskToTaskWithoutACopy) {
  Workflow workflow{"hand-over"};
  const auto made = workflow.task(make);
  const auto first = workflow.task(look, made);
  workflow.task(look_shared, made);
  workflow.task(look_later, made, first);
  workflow.task(look_at_last, std::vector{made, made});
  engine.submit(std::move(workflow)).get();
  expect_one_address(5);
}

TEST_F(LargeValues, GoToOtherWorkersWithoutACopy) {
  Workflow workflow{"hand-over"};
  const auto made = workflow.task(make);
  workflow.options(made).worker = WorkerId{0};
  for (const WorkerId worker : {WorkerId{0}, WorkerId{1}}) {
    workflow.options(workflow.task(look, made)).worker = worker;
  }
  engine.submit(std::move(workflow)).get();
  expect_one_address(3);
}

TEST_F(LargeValues, AreElementsOfMapsWithoutACopy) {
  Workflow workflow{"elements"};
  workflow.for_each(workflow.task(make_list, 0), [&](const auto& element) {
    return workflow.task(look_later, element, workflow.task(look, element));
  });
  engine.submit(std::move(workflow)).get();
  expect_one_address(3);
}

TEST_F(LargeValues, AreGatheredFromMapsWithoutACopy) {
  Workflow workflow{"gathered"};
  workflow.task(look_at_last, workflow.map(workflow.task(two), make_for));
  engine.submit(std::move(workflow)).get();
  expect_one_address(2);
}

TEST_F(LargeValues, ReachTheClientWithoutACopy) {
  Workflow workflow{"client"};
  const auto made = workflow.task(make);
  const auto run = engine.submit(workflow, made);
  run.wait();
  const Value output = run.handle()->output(made.task()).value();
  ASSERT_NE(output.object<Large>(), nullptr);
  note(*output.object<Large>());
  expect_one_address(2);
  const auto again = run.handle()->output(made.task()).value().as<Large>();
  EXPECT_EQ(&**again, output.object<Large>());
}

TEST(MoveOnlyValues, GoFromTaskToTask) {
  const Function make{"make@1", [] { return std::make_unique<int>(42); }};
  const Function read{"read@1", [](const Shared<std::unique_ptr<int>>& x) { return **x; }};
  Engine engine{registry_of(make, read), with_slots(1)};
  Workflow workflow{"moved"};
  const auto result = workflow.task(read, workflow.task(make));
  EXPECT_EQ(engine.submit(std::move(workflow), result).get(), 42);
}

// -- letting go -----------------------------------------------------------------------------------

/// Plays every test under several orders of messages. What lives is counted when functions are
/// called.
class Releasing : public testing::TestWithParam<std::uint64_t> {
protected:
  Releasing() { registry.add(make).add(step).add(count).add(list).add(number).add(fail).add(nap); }
  ~Releasing() override {
    harness_.reset();
    EXPECT_EQ(Counted::alive, 0) << "held by nobody that is left";
  }

  /// Plays a workflow to the end and all that is to be done after it.
  template <class... Result>
  auto play(const Workflow& workflow, const Result&... result) {
    return play_with({}, workflow, result...);
  }
  template <class... Result>
  auto play_with(SubmitOptions options, const Workflow& workflow, const Result&... result) {
    auto run = start().submit(workflow, result..., std::move(options));
    harness_->run_until_idle();
    return run;
  }

  /// Plays a run whose client lets go of it at once.
  void abandon(const Workflow& workflow) {
    static_cast<void>(start().submit(workflow));
    harness_->run_until_idle();
  }

  /// Adds a task that counts what lives when all of `earlier` are done.
  template <class... Earlier>
  Future<int> count_after(Workflow& workflow, const Earlier&... earlier) {
    const auto counting = workflow.task(count);
    (workflow.after(counting, earlier), ...);
    return counting;
  }

  const Function<Counted (*)(int)> make{"make@1", [](int n) { return Counted{n}; }};
  const Function<Counted (*)(const Counted&)> step{"step@1", [](const Counted& x) {
                                                     EXPECT_EQ(Counted::alive, 1) << x.number;
                                                     return Counted{x.number + 1};
                                                   }};
  const Function<int (*)()> count{"count@1", [] { return Counted::alive.load(); }};
  const Function<std::vector<Counted> (*)(int)> list{
    "list@1", [](int n) { return std::vector<Counted>(static_cast<std::size_t>(n)); }};
  const Function<int (*)(const Counted&)> number{"number@1",
                                                 [](const Counted& x) { return x.number; }};
  const Function<int (*)(TaskContext&, const Counted&, int)> fail{
    "fail@1", [](TaskContext& context, const Counted& x, int good) {
      if (context.attempt() < static_cast<std::uint32_t>(good)) throw std::runtime_error("no");
      return x.number;
    }};
  const Function<void (*)(TaskContext&)> nap{"nap@1",
                                             [](TaskContext& context) { context.sleep_for(1min); }};
  Registry registry;

private:
  Harness& start() {
    harness_ = std::make_unique<Harness>(
      registry, HarnessOptions{.seed = GetParam(),
                               .engine = {.pool = {.slots = 2}, .recorder = {.history = ""}}});
    return *harness_;
  }

  std::unique_ptr<Harness> harness_;
};

INSTANTIATE_TEST_SUITE_P(Seeds, Releasing, testing::Range<std::uint64_t>(0, 20));

TEST_P(Releasing, FollowsAChain) {
  Workflow workflow{"chain"};
  auto last = workflow.task(make, 0);
  for (int i = 0; i < 10; ++i) last = workflow.task(step, last);
  const auto result = workflow.task(number, last);
  EXPECT_EQ(play(workflow, result).get(), 10);
}

TEST_P(Releasing, FollowsAChainOverWorkers) {
  Workflow workflow{"chain"};
  auto last = workflow.task(make, 0);
  for (std::uint32_t i = 0; i < 10; ++i) {
    last = workflow.task(step, last);
    workflow.options(last).worker = WorkerId{i % 2};
  }
  const auto result = workflow.task(number, last);
  EXPECT_EQ(play(workflow, result).get(), 10);
}

TEST_P(Releasing, WaitsForTheLastOfManyReaders) {
  Workflow workflow{"fan"};
  const auto shared = workflow.task(make, 1);
  const auto late = workflow.task(number, shared);
  const auto before = workflow.task(count);
  for (std::uint32_t i = 0; i < 6; ++i) {
    const auto reader = workflow.task(number, shared);
    workflow.options(reader).worker = WorkerId{i % 2};
    workflow.after(before, reader);
  }
  workflow.after(late, before);
  const auto after = count_after(workflow, late);
  const auto run = play(workflow);
  EXPECT_EQ(*run.result_of(after), 0);
}

TEST_P(Releasing, OfElementsWaitsForTheLastOfThem) {
  Workflow workflow{"elements"};
  const auto all = workflow.map(workflow.task(list, 5), number);
  const auto after = count_after(workflow, workflow.gather(all));
  EXPECT_EQ(play(workflow, after).get(), 0);
}

TEST_P(Releasing, OfAnEmptyListIsOfTheListAlone) {
  Workflow workflow{"empty"};
  const auto all = workflow.map(workflow.task(list, 0), number);
  const auto after = count_after(workflow, workflow.gather(all));
  EXPECT_EQ(play(workflow, after).get(), 0);
}

TEST_P(Releasing, OfGatheredElementsFollowsTheirReader) {
  const Function upto{"upto@1", [] { return std::vector{1, 2, 3}; }};
  const Function total{"total@1", [](const std::vector<Shared<Counted>>& all) {
                         EXPECT_EQ(Counted::alive, 3);
                         int sum = 0;
                         for (const auto& one : all) sum += one->number;
                         return sum;
                       }};
  registry.add(upto).add(total);
  Workflow workflow{"gathered"};
  const auto sum = workflow.task(total, workflow.map(workflow.task(upto), make));
  const auto after = count_after(workflow, sum);
  EXPECT_EQ(play(workflow, after).get(), 0);
}

TEST_P(Releasing, WaitsForTheAttemptThatSucceeds) {
  Workflow workflow{"retried"};
  const auto reader = workflow.task(fail, workflow.task(make, 7), 3);
  workflow.options(reader).retries = RetryPolicy{.attempts = 3, .backoff = 1s};
  workflow.options(reader).keep_output = KeepOutput::until_erased;
  const auto after = count_after(workflow, reader);
  const auto run = play(workflow, after);
  EXPECT_EQ(*run.result_of(reader), 7);
  EXPECT_EQ(run.get(), 0);
}

TEST_P(Releasing, FollowsAReaderThatFailsForGood) {
  Workflow workflow{"failed"};
  const auto input = workflow.task(make, 7);
  const auto reader = workflow.task(fail, input, 100);
  workflow.options(input).worker = workflow.options(reader).worker = WorkerId{0};
  const auto pause = workflow.task(nap);
  workflow.options(pause).worker = WorkerId{1};
  int alive = -1;
  const Function late{"late@1", [&alive] { alive = Counted::alive; }};
  registry.add(late);
  workflow.after(workflow.task(late), pause);
  EXPECT_FALSE(play_with({.fail_fast = false}, workflow).result());
  EXPECT_EQ(alive, 0);
}

TEST_P(Releasing, LeavesTheResultToTheRun) {
  Workflow workflow{"result"};
  const auto kept = workflow.task(make, 1);
  workflow.options(kept).keep_output = KeepOutput::until_erased;
  const auto result = workflow.task(number, workflow.task(make, 2));
  const auto run = play(workflow, result);
  EXPECT_EQ(run.get(), 2);
  EXPECT_EQ(Counted::alive, 1);
  EXPECT_EQ(run.result_of(kept)->number, 1);
}

TEST_P(Releasing, OfARunThatNobodyHoldsLeavesNothing) {
  Workflow workflow{"abandoned"};
  const auto kept = workflow.task(make, 1);
  workflow.options(kept).keep_output = KeepOutput::until_erased;
  const auto last = workflow.task(nap);
  workflow.after(last, kept);
  abandon(workflow);
  EXPECT_EQ(Counted::alive, 0);
}

TEST_P(Releasing, OfAFailedRunLeavesNothing) {
  Workflow workflow{"failed"};
  const auto input = workflow.task(make, 1);
  workflow.options(input).keep_output = KeepOutput::until_erased;
  const auto list_of = workflow.map(workflow.task(list, 4), number);
  const auto broken = workflow.task(fail, input, 100);
  workflow.after(broken, workflow.gather(list_of));
  const auto run = play(workflow);
  EXPECT_EQ(run.record().state, RunState::failed);
  EXPECT_EQ(run.result_of(input).error().code, Errc::task_failed);
}

}  // namespace weft::test
