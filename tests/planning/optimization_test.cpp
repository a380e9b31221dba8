#include "weft/planning/optimization.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planning/sample_graphs.hpp"

namespace weft {
namespace {

using namespace sample;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::shared_ptr<const Optimization> fake(std::string name, std::vector<Stage> stages,
                                         std::vector<TaskId> candidates = {}) {
  return std::make_shared<FakeOptimization>(std::move(name), std::move(stages),
                                            std::move(candidates));
}

/// What a catalogue that is made of these says is wrong.
std::string refusal(std::vector<std::shared_ptr<const Optimization>> optimizations) {
  try {
    (void)OptimizationCatalogue{std::move(optimizations)};
  } catch (const Exception& refused) {
    return refused.error().message;
  }
  return {};
}

/// A task `root` and two children that carry what the test gives them.
class PlannedOptimizations : public ::testing::Test {
protected:
  Workflow wf{"optimized"};
  Future<int> root = wf.task(number);
  Future<int> left = wf.task(step, root);
  Future<int> right = wf.task(step, root);

  Result<Plan> plan(const OptimizationCatalogue& catalogue) {
    return plan_simple(freeze(wf), {.workers = 2, .optimizations = &catalogue});
  }

  void want(const AnyFuture& task, std::string kind, Wish wish = Wish::wanted) {
    wf.options(task).optimizations.push_back({.kind = std::move(kind), .wish = wish});
  }

  /// `kind/origin` of what a plan has on a task.
  static std::vector<std::string> on(const Plan& plan, const AnyFuture& task) {
    std::vector<std::string> found;
    for (const PlannedOptimization& entry : plan.optimizations) {
      if (entry.task != task.task()) continue;
      found.push_back(entry.choice.kind +
                      (entry.choice.origin == Origin::user ? "/user" : "/planner"));
    }
    return found;
  }
};

TEST(OptimizationCatalogue, FindsByName) {
  const OptimizationCatalogue catalogue{{fake("preload", {}), fake("prewarm", {})}};

  EXPECT_THAT(catalogue.names(), ElementsAre("preload", "prewarm"));
  ASSERT_NE(catalogue.find("prewarm"), nullptr);
  EXPECT_EQ(catalogue.find("prewarm")->name(), "prewarm");
  EXPECT_EQ(catalogue.find("unheard_of"), nullptr);
}

TEST(OptimizationCatalogue, RefusesNamesThatNobodyCanTellApartOrType) {
  EXPECT_THAT(refusal({fake("twice", {}), fake("twice", {})}), HasSubstr("twice"));
  EXPECT_THAT(refusal({fake("Loud Name", {})}), HasSubstr("Loud Name"));
  EXPECT_THAT(refusal({fake("", {})}), HasSubstr("called"));
  EXPECT_THAT(refusal({fake(std::string(65, 'a'), {})}), HasSubstr("called"));
  EXPECT_THAT(refusal({nullptr}), HasSubstr("null"));
  EXPECT_EQ(refusal({fake(std::string(64, 'a'), {})}), "");
}

TEST(Optimization, ChangesNothingUnlessItOverrides) {
  Workflow wf{"plain"};
  const auto task = wf.task(number);
  const auto graph = freeze(wf);
  const Plan plan = plan_simple(graph, {}).value();
  const std::map<std::string, std::string> none;
  const StageView view{.graph = *graph,
                       .plan = plan,
                       .task = task.task(),
                       .template_task = task.task(),
                       .worker = WorkerId{0},
                       .parameters = none};
  class Plain final : public Optimization {
    [[nodiscard]] std::string_view name() const override { return "plain"; }
    [[nodiscard]] std::vector<Stage> stages() const override { return {}; }
  };
  const Plain plain;
  const Optimization& optimization = plain;

  EXPECT_TRUE(optimization.candidates(*graph, plan).empty());
  EXPECT_EQ(optimization.acquire_inputs(view), AcquireDecision::all);
  EXPECT_TRUE(optimization.execute(view, Inputs{}).output.missing());
  EXPECT_EQ(optimization.publish_output(view, Value::nothing()), PublishDecision::as_needed);
  EXPECT_EQ(optimization.count_down(view, Value::nothing()).claim, CountDownDecision::Claim::own);
  EXPECT_EQ(optimization.hand_over(view, Value::nothing(), TaskId{1}),
            HandOverDecision::as_planned);
}

TEST(Stages, HaveNames) {
  EXPECT_EQ(to_string(Stage::acquire_inputs), "acquire_inputs");
  EXPECT_EQ(to_string(Stage::hand_over), "hand_over");
}

TEST_F(PlannedOptimizations, AreOnTheTasksForWhichTheUserAsked) {
  want(left, "preload");
  wf.options(left).optimizations.back().parameters = {{"from", "here"}};
  const auto made = plan(OptimizationCatalogue{{fake("preload", {Stage::acquire_inputs})}});

  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_THAT(on(*made, left), ElementsAre("preload/user"));
  EXPECT_THAT(on(*made, right), ElementsAre());
  EXPECT_EQ(made->optimizations.front().choice.parameters.at("from"), "here");
}

TEST_F(PlannedOptimizations, IncludeWhatTheirPlanningHalvesPropose) {
  const auto made = plan(OptimizationCatalogue{
    {fake("stream", {Stage::publish_output}, {right.task(), left.task(), right.task()})}});

  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_THAT(on(*made, left), ElementsAre("stream/planner"));
  EXPECT_THAT(on(*made, right), ElementsAre("stream/planner"));
}

TEST_F(PlannedOptimizations, AreLeftOutWhereTheUserForbidsThem) {
  want(left, "stream", Wish::forbidden);
  const auto made = plan(
    OptimizationCatalogue{{fake("stream", {Stage::publish_output}, {left.task(), right.task()})}});

  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_THAT(on(*made, left), ElementsAre());
  EXPECT_THAT(on(*made, right), ElementsAre("stream/planner"));
}

TEST_F(PlannedOptimizations, AreLeftOutWhereAnotherOwnsTheStage) {
  want(left, "first");
  const OptimizationCatalogue catalogue{{
    fake("first", {Stage::hand_over}),
    fake("second", {Stage::count_down, Stage::hand_over}, {left.task(), right.task()}),
    fake("third", {Stage::count_down}, {right.task(), left.task()}),
  }};
  const auto made = plan(catalogue);

  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_THAT(on(*made, left), ElementsAre("first/user", "third/planner"));
  EXPECT_THAT(on(*made, right), ElementsAre("second/planner"));
}

TEST_F(PlannedOptimizations, KeepTheUsersParametersWhenTheyAreProposedToo) {
  want(left, "stream");
  wf.options(left).optimizations.back().parameters = {{"chunk", "1MiB"}};
  const auto made =
    plan(OptimizationCatalogue{{fake("stream", {Stage::publish_output}, {left.task()})}});

  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_THAT(on(*made, left), ElementsAre("stream/user"));
  EXPECT_EQ(made->optimizations.front().choice.parameters.at("chunk"), "1MiB");
}

TEST_F(PlannedOptimizations, ThatOwnOneStageConflictByName) {
  want(left, "first");
  want(left, "second");
  const auto made = plan(OptimizationCatalogue{
    {fake("first", {Stage::execute}), fake("second", {Stage::acquire_inputs, Stage::execute})}});

  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::plan_conflict);
  EXPECT_EQ(made.error().task, "step-1");
  EXPECT_THAT(made.error().message, HasSubstr("'first' and 'second' both own the stage execute"));
}

TEST_F(PlannedOptimizations, ThatNobodyKnowsAreRefusedWithTheNearestNames) {
  want(left, "prelaod");
  const auto made = plan(OptimizationCatalogue{{fake("preload", {}), fake("stream", {})}});

  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::plan_conflict);
  EXPECT_EQ(made.error().task, "step-1");
  EXPECT_THAT(made.error().message, HasSubstr("prelaod"));
  EXPECT_THAT(made.error().hint, HasSubstr("preload"));
}

TEST_F(PlannedOptimizations, FailWithoutACatalogueOnlyWhereATaskAsks) {
  EXPECT_TRUE(plan_simple(freeze(wf), {.workers = 2}));
  want(left, "preload");
  EXPECT_FALSE(plan_simple(freeze(wf), {.workers = 2}));
}

TEST_F(PlannedOptimizations, IgnoreProposalsForTasksThatDoNotExist) {
  const auto made =
    plan(OptimizationCatalogue{{fake("stream", {Stage::publish_output}, {TaskId{99}})}});

  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_TRUE(made->optimizations.empty());
}

}  // namespace
}  // namespace weft
