// Arguments of every form, to functions in processes of their own.

#include "acceptance/durable_runs.hpp"

namespace weft::test {

/// Two workers, so that many of the inputs travel.
class Arguments : public DurableRuns {
protected:
  void SetUp() override {
    DurableRuns::SetUp();
    if (redis) engine.emplace(durable_functions(), processes(2));
  }

  int result_of(Workflow workflow, const Future<int>& result) {
    const auto run = engine->submit(std::move(workflow), result);
    const auto taken = result_in_time(run);
    EXPECT_TRUE(taken) << to_string(taken.error());
    if (taken) expect_each_committed_once(*run.handle());
    return taken ? *taken : 0;
  }

  std::optional<Engine> engine;
};

TEST_F(Arguments, NestInListsMapsAndTuples) {
  using Pair = std::tuple<Future<int>, std::optional<Future<int>>>;
  Workflow workflow{"nested"};
  const auto one = workflow.task(pass, 1);
  const auto two = workflow.task(pass, 2);
  std::vector<std::map<std::string, std::vector<Pair>>> deep(3);
  deep[0]["a"] = {Pair{one, two}, Pair{two, std::nullopt}};
  deep[0]["bb"] = {};
  deep[2][""] = {Pair{one, one}};
  const auto result = workflow.task(sum_nested, deep);
  EXPECT_EQ(result_of(std::move(workflow), result), 1 + 20 + 2 + 1 + 10);
}

TEST_F(Arguments, MayBeDictionariesThatAFunctionReturned) {
  Workflow workflow{"dictionary"};
  const auto result = workflow.task(count_words, workflow.task(words, 7));
  EXPECT_EQ(result_of(std::move(workflow), result), 3 * 7 + 3 * 7 + 3 * 100);
}

TEST_F(Arguments, MayBeNone) {
  Workflow workflow{"none"};
  const auto returned = workflow.task(or_minus_one, workflow.task(none, 1));
  const auto given = workflow.task(or_minus_one, std::nullopt);
  const auto result = workflow.task(add, returned, given);
  EXPECT_EQ(result_of(std::move(workflow), result), -2);
}

TEST_F(Arguments, OfATaskMayOnlyOrderItAfterOneThatReturnsNothing) {
  Workflow workflow{"order"};
  const auto silent = workflow.task(nothing);
  const auto result = workflow.task(pass, 3);
  workflow.after(result, silent);
  EXPECT_EQ(result_of(std::move(workflow), result), 3);
}

TEST_F(Arguments, MayBeTheElementsOfAnEmptyMap) {
  Workflow workflow{"empty"};
  const auto chained = workflow.map(workflow.map(workflow.task(numbers, 0), next), next);
  const auto again = workflow.map(workflow.gather(chained), next);
  const auto result = workflow.task(next, workflow.task(sum, again));
  EXPECT_EQ(result_of(std::move(workflow), result), 1);
}

TEST_F(Arguments, MayNameOneOutputTwice) {
  Workflow workflow{"twice"};
  const auto one = workflow.task(pass, 5);
  const auto difference = workflow.task(minus, one, one);
  const auto all = workflow.task(sum, std::vector{one, one, difference, one});
  EXPECT_EQ(result_of(std::move(workflow), all), 15);
}

TEST_F(Arguments, MayComeOverADiamondAndPastIt) {
  Workflow workflow{"diamond"};
  const auto top = workflow.task(pass, 1);
  const auto left = workflow.task(next, top);
  const auto right = workflow.task(next, workflow.task(next, top));
  workflow.options(left).worker = WorkerId{0};
  workflow.options(right).worker = WorkerId{1};
  const auto bottom = workflow.task(sum, std::vector{top, left, right});
  EXPECT_EQ(result_of(std::move(workflow), bottom), 1 + 2 + 3);
}

}  // namespace weft::test
