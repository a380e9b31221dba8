// What becomes of what goes wrong in plug-ins and in the types of values, and of tasks that are
// moved.

#include <optional>
#include <utility>

#include "runtime/engine_fixture.hpp"
#include "weft/runtime/harness.hpp"

namespace weft::test {

namespace {

/// Owns one stage and throws when it is asked.
class Throws final : public Optimization {
public:
  explicit Throws(Stage stage) : stage_(stage) {}

  std::string_view name() const override { return "throws"; }
  std::vector<Stage> stages() const override { return {stage_}; }
  ExecuteDecision execute(const StageView&, const Inputs&) const override { refuse(); }
  PublishDecision publish_output(const StageView&, const Value&) const override { refuse(); }
  CountDownDecision count_down(const StageView&, const Value&) const override { refuse(); }
  HandOverDecision hand_over(const StageView&, const Value&, TaskId) const override { refuse(); }

private:
  [[noreturn]] void refuse() const { throw std::runtime_error("no decision"); }

  Stage stage_;
};

/// Claims all children, or keeps them, whatever the plan says.
class Pulls final : public Optimization {
public:
  explicit Pulls(Stage stage) : stage_(stage) {}

  std::string_view name() const override { return "pulls"; }
  std::vector<Stage> stages() const override { return {stage_}; }
  CountDownDecision count_down(const StageView&, const Value&) const override {
    return {.claim = CountDownDecision::Claim::all};
  }
  HandOverDecision hand_over(const StageView&, const Value&, TaskId) const override {
    return HandOverDecision::keep;
  }

private:
  Stage stage_;
};

EngineOptions with_plugin(std::shared_ptr<const Optimization> plugin) {
  EngineOptions options = with_slots(2);
  options.optimizations = {std::move(plugin)};
  return options;
}

/// A type whose encoding throws.
struct Unsizeable {
  int x = 0;
  template <class Inspector>
  friend bool inspect(Inspector&, Unsizeable&) {
    throw std::runtime_error("nobody knows how large");
  }
};

class ThrowingStage : public testing::TestWithParam<Stage> {};
class PullingStage : public testing::TestWithParam<Stage> {};

}  // namespace

TEST_P(ThrowingStage, FailsItsTask) {
  Engine engine{registry_of(pass), with_plugin(std::make_shared<Throws>(GetParam()))};
  Workflow workflow{"one"};
  const auto only = workflow.task(pass, 1);
  workflow.name(only, "only");
  workflow.options(only).optimizations.push_back({.kind = "throws"});
  const auto run = engine.submit(std::move(workflow), only);
  const Error error = run.result().error();
  EXPECT_EQ(error.code, Errc::task_failed);
  EXPECT_EQ(error.task, "only");
  EXPECT_THAT(error.message, HasSubstr("no decision"));
}

INSTANTIATE_TEST_SUITE_P(Stages, ThrowingStage,
                         testing::Values(Stage::execute, Stage::publish_output, Stage::count_down),
                         [](const auto& tested) { return std::string(to_string(tested.param)); });

TEST(HandOver, ThatThrowsLeavesTheChildrenWhereThePlanHasThem) {
  Engine engine{registry_of(pass), with_plugin(std::make_shared<Throws>(Stage::hand_over))};
  Workflow workflow{"two"};
  const auto first = workflow.task(pass, 1);
  const auto second = workflow.task(pass, first);
  workflow.options(first).optimizations.push_back({.kind = "throws"});
  workflow.options(first).worker = WorkerId{0};
  workflow.options(second).worker = WorkerId{1};
  EXPECT_EQ(engine.submit(std::move(workflow), second).get(), 1);
}

TEST_P(PullingStage, FindsTheInputsOfWhatItPullsOnWhateverWorkerTheyAre) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Harness harness{registry_of(pass, add),
                    {.seed = seed, .engine = with_plugin(std::make_shared<Pulls>(GetParam()))}};
    Workflow workflow{"moved"};
    const auto here = workflow.task(pass, 1);
    const auto there = workflow.task(pass, 2);
    const auto moved = workflow.task(add, here, there);
    const auto last = workflow.task(pass, moved);
    workflow.options(here).worker = WorkerId{0};
    for (const auto& task : {there, moved, last}) workflow.options(task).worker = WorkerId{1};
    workflow.options(here).optimizations.push_back({.kind = "pulls"});
    const auto result = harness.submit(std::move(workflow), last).result();
    ASSERT_TRUE(result) << "seed " << seed << ": " << to_string(result.error());
    EXPECT_EQ(*result, 3);
  }
}

INSTANTIATE_TEST_SUITE_P(Stages, PullingStage, testing::Values(Stage::count_down, Stage::hand_over),
                         [](const auto& tested) { return std::string(to_string(tested.param)); });

TEST(ValueType, ThatThrowsWhenItIsMeasuredFailsTheTaskThatMadeIt) {
  const Function make{"make@1", [](int x) { return Unsizeable{x}; }};
  Engine engine{registry_of(make), with_slots(1)};
  const Error error = submit_one(engine, make, 7).result().error();
  EXPECT_EQ(error.code, Errc::task_failed);
  EXPECT_EQ(error.task, "only");
  EXPECT_THAT(error.message, HasSubstr("nobody knows how large"));
}

TEST(EngineEnd, TellsEveryWatcherOfTheEndOfItsRun) {
  std::latch told{1};
  Gate gate;
  bool first = true;
  std::optional<weft::Run<int>> run;
  {
    Engine engine{registry_of(pass), with_slots(1)};
    run = submit_one(engine, pass, 1);
    run->on_event([&](const RunEvent& event) {
      if (std::exchange(first, false)) gate.pass();
      if (event.kind == RunEventKind::ended) told.count_down();
    });
    run->wait();
    gate.wait_until_reached();
    gate.open();  // The handler has yet to hear of all but the first event when the engine ends.
  }
  EXPECT_TRUE(told.try_wait());
}

}  // namespace weft::test
