// What `freeze` finds wrong, and how it says so.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weft/workflow/workflow.hpp"
#include "workflow/sample_tasks.hpp"

namespace weft {
namespace {

using sample::Numbers;
using sample::output_of;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using testing::UnorderedElementsAre;

Error error_of(const Workflow& workflow) {
  const auto graph = workflow.freeze(sample::registry());
  EXPECT_FALSE(graph.has_value()) << "nothing is wrong";
  if (graph) return {};
  EXPECT_EQ(graph.error().code, Errc::invalid_workflow);
  EXPECT_THAT(graph.error().message, HasSubstr("'" + workflow.name() + "'"));
  return graph.error();
}

std::vector<Error> problems_of(const Workflow& workflow) {
  return error_of(workflow).causes;
}

/// The one thing that is wrong.
Error problem_of(const Workflow& workflow) {
  const std::vector<Error> all = problems_of(workflow);
  EXPECT_THAT(all, SizeIs(1)) << to_string(error_of(workflow));
  return all.empty() ? Error{} : all.front();
}

auto says(const std::string& message) {
  return Field("message", &Error::message, HasSubstr(message));
}

auto concerns(const std::string& task, const std::string& message) {
  return AllOf(Field("task", &Error::task, task), says(message));
}

ArgumentSpec constant(int x) {
  return {Value::of(x)};
}

/// Adds a task by name that takes the outputs of others.
void add_sum(Workflow& workflow, std::string name, const std::vector<std::string>& inputs,
             std::vector<std::string> after = {}) {
  ArgumentSpec::List list;
  for (const std::string& input : inputs) list.push_back(output_of(input));
  workflow.add({.name = std::move(name),
                .function = {"sum"},
                .arguments = {{std::move(list)}},
                .after = std::move(after)});
}

// -- all at once ----------------------------------------------------------------------------------

TEST(WorkflowProblems, AreAllReportedAtOnceByName) {
  const Function unknown{"nunber@1", [](int x) { return x; }};
  Workflow workflow{"broken"};
  const auto lost = workflow.task(unknown, 1);
  workflow.name(lost, "lost");
  add_sum(workflow, "a", {"c"});
  add_sum(workflow, "b", {"a"});
  add_sum(workflow, "c", {"b"});
  add_sum(workflow, "reader", {"lots"});
  add_sum(workflow, "reader", {});
  workflow.options(lost).timeout = -Nanos{1};
  workflow.after(lost, Workflow{"another"}.task(sample::number, 1));

  const Error error = error_of(workflow);
  EXPECT_EQ(error.message, "workflow 'broken' has 6 problems");
  EXPECT_THAT(error.causes,
              UnorderedElementsAre(says("after() is given a future of another workflow"),
                                   concerns("reader", "the task name 'reader' is used twice"),
                                   AllOf(concerns("reader", "unknown input 'lots'"),
                                         Field("hint", &Error::hint, "did you mean 'lost'?")),
                                   AllOf(concerns("lost", "function 'nunber@1' is not registered"),
                                         Field("hint", &Error::hint, HasSubstr("number@1")),
                                         Field("code", &Error::code, Errc::function_unknown)),
                                   concerns("lost", "timeout is "),
                                   concerns("a", "tasks wait for one another: a -> b -> c -> a")));
}

TEST(WorkflowProblems, OfWhichThereIsOneAreCountedInTheSingular) {
  EXPECT_EQ(error_of(Workflow{"empty"}).message, "workflow 'empty' has 1 problem");
}

TEST(WorkflowProblems, EachSayWhatToDoNext) {
  Workflow workflow{"hints"};
  add_sum(workflow, "a", {"nothing_like_it"}, {"a"});
  add_sum(workflow, "a", {});
  add_sum(workflow, "not a name", {});
  for (const Error& problem : problems_of(workflow)) {
    EXPECT_THAT(problem.hint, Not(IsEmpty())) << problem.message;
  }
}

TEST(WorkflowProblems, BeyondFiftyAreCountedButNotListed) {
  Workflow workflow{"hopeless"};
  for (int i = 0; i < 200; ++i) add_sum(workflow, "t" + std::to_string(i), {"missing"});
  const Error error = error_of(workflow);
  EXPECT_THAT(error.message, HasSubstr("has 200 problems"));
  EXPECT_THAT(error.causes, SizeIs(50));
  EXPECT_EQ(error.hint, "the first 50 are listed");
}

TEST(WorkflowProblems, StayWithTheWorkflowUntilItIsMended) {
  Workflow workflow{"mended"};
  add_sum(workflow, "a", {"b"});
  EXPECT_THAT(problem_of(workflow), concerns("a", "unknown input 'b'"));
  EXPECT_THAT(problem_of(workflow), concerns("a", "unknown input 'b'"));
  add_sum(workflow, "b", {});
  EXPECT_TRUE(workflow.freeze(sample::registry()).has_value());
}

TEST(AWorkflow, WithoutTasksIsAProblem) {
  EXPECT_THAT(problem_of(Workflow{"empty"}), says("the workflow has no tasks"));
}

// -- names ----------------------------------------------------------------------------------------

TEST(WorkflowNames, AreOneToOneHundredAndTwentyEightPlainCharacters) {
  for (const std::string& name : {std::string("A-z_0.9"), std::string(128, 'x')}) {
    Workflow workflow{name};
    workflow.task(sample::number, 1);
    EXPECT_TRUE(workflow.freeze(sample::registry()).has_value()) << name;
  }
  for (const std::string& name : {std::string(), std::string(129, 'x'), std::string("a b"),
                                  std::string("a@1"), std::string("a/b"), std::string("\x1b[1m")}) {
    Workflow workflow{name};
    workflow.task(sample::number, 1);
    const auto frozen = workflow.freeze(sample::registry());
    ASSERT_FALSE(frozen.has_value()) << name;
    EXPECT_THAT(to_string(frozen.error()), HasSubstr("cannot be the name of a workflow"));
    EXPECT_THAT(to_string(frozen.error()), Not(HasSubstr("\x1b"))) << "terminals obey it";
  }
}

TEST(TaskNames, AreOneToTwoHundredAndFiftySixCharacters) {
  Workflow workflow{"names"};
  workflow.name(workflow.task(sample::number, 1), "Az09_.:+@=-");
  workflow.name(workflow.task(sample::number, 1), std::string(256, 'x'));
  EXPECT_TRUE(workflow.freeze(sample::registry()).has_value());
}

TEST(TaskNames, OfOtherCharactersOrLengthsAreProblems) {
  for (const std::string& name :
       {std::string(), std::string(257, 'x'), std::string("a b"), std::string("a[0]"),
        std::string("a\n"), std::string("\xc3\xa4")}) {
    Workflow workflow{"names"};
    workflow.name(workflow.task(sample::number, 1), name);
    EXPECT_THAT(problem_of(workflow), concerns("number-0", "cannot be the name of a task")) << name;
  }
}

TEST(TaskNames, ThatAreUsedTwiceNameBothTasks) {
  Workflow workflow{"names"};
  workflow.name(workflow.task(sample::number, 1), "x");
  workflow.name(workflow.task(sample::word, "y"), "x");
  EXPECT_EQ(problem_of(workflow).message,
            "the task name 'x' is used twice: by number-0 and by word-1");
}

TEST(TaskNames, MayChangeUntilTheWorkflowIsFrozen) {
  Workflow workflow{"names"};
  const auto a = workflow.task(sample::number, 1);
  const auto b = workflow.task(sample::number, 2);
  workflow.name(a, "not yet good");
  workflow.name(a, "first");
  workflow.name(a, "second");
  workflow.name(b, "first");
  const GraphPtr graph = sample::freeze(workflow);
  EXPECT_EQ(graph->task_name(a.task()), "second");
  EXPECT_EQ(graph->find("first"), b.task());
}

TEST(TaskNames, MayBeGivenTwiceToOneTask) {
  Workflow workflow{"names"};
  const auto a = workflow.task(sample::number, 1);
  workflow.name(a, "same");
  workflow.name(a, "same");
  EXPECT_EQ(sample::freeze(workflow)->task_name(a.task()), "same");
}

TEST(TaskNames, ThatAreReplacedAreUnknownToOthers) {
  Workflow workflow{"names"};
  const auto a = workflow.task(sample::number, 1);
  workflow.name(a, "before");
  workflow.name(a, "after");
  add_sum(workflow, "reader", {"before"});
  EXPECT_THAT(problem_of(workflow), concerns("reader", "unknown input 'before'"));
}

TEST(TaskNames, ThatAnUnnamedTaskHasAreTaken) {
  Workflow workflow{"names"};
  workflow.name(workflow.task(sample::number, 1), "twice-1");
  workflow.task(sample::twice, 2);
  EXPECT_THAT(problem_of(workflow),
              concerns("twice-1", "the task name 'twice-1' is that of a task without one"));
}

TEST(TaskNames, ThatANamedTaskWouldHaveHadAreFree) {
  Workflow workflow{"names"};
  const auto a = workflow.task(sample::twice, 1);
  const auto b = workflow.task(sample::twice, 2);
  workflow.name(a, "twice-1");
  workflow.name(b, "twice-0");
  const GraphPtr graph = sample::freeze(workflow);
  EXPECT_EQ(graph->find("twice-1"), a.task());
  EXPECT_EQ(graph->find("twice-0"), b.task());
}

// -- inputs ---------------------------------------------------------------------------------------

TEST(UnknownInputs, HintAtTheNearestNames) {
  Workflow workflow{"unknown"};
  for (const char* name : {"split_1", "split_2", "merge"}) add_sum(workflow, name, {});
  add_sum(workflow, "reader", {"splt_1"});
  const Error problem = problem_of(workflow);
  EXPECT_THAT(problem, concerns("reader", "unknown input 'splt_1'"));
  EXPECT_EQ(problem.hint, "did you mean 'split_1', 'split_2'?");
}

TEST(UnknownInputs, AreFoundInsideListsAndMapsAndInWhatATaskFollows) {
  Workflow workflow{"unknown"};
  workflow.add({.name = "reader",
                .function = {"sum"},
                .arguments = {{ArgumentSpec::List{
                  {ArgumentSpec::Map{{"key", {ArgumentSpec::List{output_of("deep")}}}}}}}},
                .after = {"earlier"}});
  EXPECT_THAT(problems_of(workflow),
              UnorderedElementsAre(concerns("reader", "unknown input 'deep'"),
                                   concerns("reader", "unknown input 'earlier'")));
}

TEST(UnknownInputs, BelongToTheTaskThatNamesThem) {
  Workflow workflow{"unknown"};
  add_sum(workflow, "none", {});
  add_sum(workflow, "one", {"x"});
  add_sum(workflow, "none_again", {});
  add_sum(workflow, "two", {"one", "y"});
  EXPECT_THAT(problems_of(workflow), UnorderedElementsAre(concerns("one", "unknown input 'x'"),
                                                          concerns("two", "unknown input 'y'")));
}

TEST(UnknownInputs, AreNoReasonToReportACycleThatNobodyWrote) {
  Workflow workflow{"unknown"};
  add_sum(workflow, "first", {"second"});
  add_sum(workflow, "second", {"nobody"});
  add_sum(workflow, "third", {"nobody_else"});
  EXPECT_THAT(problems_of(workflow), SizeIs(2));
}

TEST(UnknownInputs, AreListedEvenWhenThereAreTooManyNamesToGuessAmong) {
  Workflow workflow{"unknown"};
  constexpr int count = 30'000;
  for (int i = 0; i < count; ++i) {
    add_sum(workflow, "task_" + std::to_string(i), {"task-" + std::to_string(i)});
  }
  EXPECT_THAT(error_of(workflow).message, HasSubstr("has 30000 problems"));
}

// -- functions and options ------------------------------------------------------------------------

TEST(AFunction, ThatIsNotRegisteredIsOneProblemWhateverUsesIt) {
  const Function unknown{"unknown@2", [](int x) { return x; }};
  Workflow workflow{"functions"};
  workflow.task(sample::number, 1);
  for (int i = 0; i < 3; ++i) workflow.task(unknown, i);
  const Error problem = problem_of(workflow);
  EXPECT_EQ(problem.code, Errc::function_unknown);
  EXPECT_THAT(problem, concerns("unknown-1", "function 'unknown@2' is not registered"));
}

TEST(AFunction, OfAnotherVersionIsNotTheSame) {
  Workflow workflow{"functions"};
  workflow.add(
    {.name = "x", .function = {.name = "number", .version = 2}, .arguments = {constant(1)}});
  const Error problem = problem_of(workflow);
  EXPECT_THAT(problem, concerns("x", "function 'number@2' is not registered"));
  EXPECT_THAT(problem.hint, HasSubstr("number@1"));
}

TEST(WorkflowOptions, OutOfRangeAreProblemsOfTheirTasks) {
  Workflow workflow{"options"};
  const auto slow = workflow.task(sample::number, 1);
  workflow.name(slow, "slow");
  const auto list = workflow.task(sample::range, 3);
  const auto mapped = workflow.map(list, sample::twice);
  workflow.options(slow).timeout = Nanos{0};
  workflow.options(slow).worker_class = WorkerClass{.cpus = 0};
  workflow.options(mapped).retries = RetryPolicy{.attempts = 0};
  workflow.map_options(mapped).max_items = 0;
  EXPECT_THAT(problems_of(workflow),
              UnorderedElementsAre(concerns("slow", "timeout is 0"),
                                   concerns("slow", "worker_class.cpus is 0"),
                                   concerns("twice-3", "retries.attempts is 0"),
                                   concerns("weft.map-2", "max_items is 0")));
}

TEST(WorkflowOptions, ThatOnlyAMapKnowsAreAProblemOfAnyOtherTask) {
  Workflow workflow{"options"};
  const auto mapped = workflow.map(workflow.task(sample::range, 3), sample::twice);
  workflow.options(mapped).max_items = 4;
  const Error problem = problem_of(workflow);
  EXPECT_THAT(problem, concerns("twice-2", "max_items is set for a task that is no map"));
  EXPECT_THAT(problem.hint, HasSubstr("map_options()"));
}

// -- cycles ---------------------------------------------------------------------------------------

TEST(Cycles, AreNamedInTheOrderInWhichTheirTasksWouldRun) {
  Workflow workflow{"cycle"};
  add_sum(workflow, "a", {"c"});
  add_sum(workflow, "b", {"a"});
  add_sum(workflow, "c", {"b"});
  add_sum(workflow, "waits_for_it", {"c"});
  const Error problem = problem_of(workflow);
  EXPECT_EQ(problem.message, "tasks wait for one another: a -> b -> c -> a");
  EXPECT_EQ(problem.task, "a");
}

TEST(Cycles, MayBeOneTask) {
  Workflow workflow{"cycle"};
  const auto task = workflow.task(sample::number, 1);
  workflow.after(task, task);
  EXPECT_EQ(problem_of(workflow).message, "tasks wait for one another: number-0 -> number-0");
}

TEST(Cycles, MayComeFromOrderAlone) {
  Workflow workflow{"cycle"};
  const auto a = workflow.task(sample::number, 1);
  const auto b = workflow.task(sample::twice, a);
  workflow.after(a, b);
  EXPECT_THAT(problem_of(workflow).message, HasSubstr(": number-0 -> twice-1 -> number-0"));
}

TEST(Cycles, MayGoThroughAMap) {
  Workflow workflow{"cycle"};
  const auto list = workflow.task(sample::range, 3);
  const auto total = workflow.task(sample::sum, workflow.map(list, sample::twice));
  workflow.after(list, total);
  EXPECT_THAT(problem_of(workflow).message,
              HasSubstr(": range-0 -> weft.map-1 -> sum-3 -> range-0"));
}

TEST(Cycles, MayGoThroughTheElementsOfAMap) {
  Workflow workflow{"cycle"};
  const auto list = workflow.task(sample::range, 3);
  const auto outer = workflow.task(sample::number, 3);
  const auto total = workflow.task(sample::sum, workflow.map(list, sample::add, outer));
  workflow.after(outer, total);
  EXPECT_THAT(problem_of(workflow).message, HasSubstr(": number-1 -> add-3 -> sum-4 -> number-1"));
}

TEST(Cycles, MayGoThroughAMapInsideAMap) {
  Workflow workflow{"cycle"};
  const auto lists = workflow.task(sample::triangle, 3);
  const auto outer = workflow.task(sample::number, 3);
  const auto nested = workflow.for_each(
    lists, [&](Future<Numbers> row) { return workflow.map(row, sample::add, outer); });
  const auto all = workflow.gather(nested);
  workflow.after(outer, all);
  EXPECT_THAT(problem_of(workflow).message,
              HasSubstr(": number-1 -> add-4 -> weft.collect-5 -> weft.collect-6 -> number-1"));
}

TEST(Cycles, MayLieInsideAMap) {
  Workflow workflow{"cycle"};
  const auto list = workflow.task(sample::range, 3);
  workflow.for_each(list, [&](Future<int> x) {
    const auto a = workflow.task(sample::twice, x);
    const auto b = workflow.task(sample::twice, a);
    workflow.after(a, b);
    return b;
  });
  EXPECT_THAT(problem_of(workflow).message, HasSubstr(": twice-2 -> twice-3 -> twice-2"));
}

TEST(Cycles, ThatShareNoTaskAreAllNamed) {
  Workflow workflow{"cycles"};
  add_sum(workflow, "a", {"b"});
  add_sum(workflow, "b", {"a"});
  add_sum(workflow, "x", {"y", "b"});
  add_sum(workflow, "y", {"x"});
  EXPECT_THAT(problems_of(workflow), ElementsAre(says(": a -> b -> a"), says(": x -> y -> x")));
}

TEST(Cycles, OfManyTasksAreNamedByTheirEnds) {
  Workflow workflow{"long_cycle"};
  constexpr int count = 200'000;
  for (int i = 0; i < count; ++i) {
    add_sum(workflow, std::to_string(i), {std::to_string((i + count - 1) % count)});
  }
  EXPECT_EQ(problem_of(workflow).message,
            "tasks wait for one another: 0 -> 1 -> 2 -> 3 -> 4 -> 5 -> (199988 more) -> "
            "199994 -> 199995 -> 199996 -> 199997 -> 199998 -> 199999 -> 0");
}

// -- futures of others ----------------------------------------------------------------------------

TEST(AFutureOfAnotherWorkflow, IsAProblemOfTheTaskThatTakesIt) {
  Workflow other{"other"};
  const auto stranger = other.task(sample::number, 1);
  Workflow workflow{"mine"};
  const auto mine = workflow.task(sample::number, 1);
  const auto bad = workflow.task(sample::sum, std::vector{mine, stranger});
  workflow.name(bad, "bad");
  EXPECT_THAT(problem_of(workflow), concerns("bad", "takes a future of another workflow"));
}

TEST(AFutureOfAnotherWorkflow, IsAProblemOfTheMapOverIt) {
  Workflow other{"other"};
  const auto list = other.task(sample::range, 3);
  const auto each = other.map(list, sample::twice);
  Workflow workflow{"mine"};
  workflow.map(list, sample::twice);
  workflow.map(each, sample::twice);
  EXPECT_THAT(problems_of(workflow),
              ElementsAre(concerns("weft.map-0", "takes a future of another workflow"),
                          concerns("twice-2", "takes a future of another workflow")));
}

TEST(AFutureOfAnotherWorkflow, IsAProblemWhereverItIsUsed) {
  Workflow other{"other"};
  const auto stranger = other.task(sample::number, 1);
  const auto strangers = other.map(other.task(sample::range, 3), sample::twice);
  Workflow workflow{"mine"};
  const auto mine = workflow.task(sample::number, 1);
  workflow.options(stranger).timeout = Nanos{1};
  workflow.map_options(strangers).max_items = 3;
  workflow.name(stranger, "stranger");
  workflow.after(mine, stranger);
  workflow.after(stranger, mine);
  EXPECT_THAT(problems_of(workflow), ElementsAre(says("options() is given a future of another"),
                                                 says("map_options() is given a future of another"),
                                                 says("name() is given a future of another"),
                                                 says("after() is given a future of another"),
                                                 says("after() is given a future of another")));
}

TEST(AFutureOfAnotherWorkflow, MayBeOneThatNoWorkflowMade) {
  Workflow workflow{"mine"};
  workflow.task(sample::number, 1);
  workflow.task(sample::twice, Future<int>{});
  EXPECT_THAT(problem_of(workflow), concerns("twice-1", "takes a future of another workflow"));
}

TEST(AFutureOfAnotherWorkflow, MayBeOneThatACopyHasMadeSince) {
  Workflow original{"original"};
  original.task(sample::number, 1);
  Workflow copy = original;
  const auto since = copy.task(sample::number, 2);
  const auto later = copy.task(sample::number, 3);
  original.task(sample::twice, since);  // Its number is that of the future.
  EXPECT_THAT(problem_of(original), concerns("twice-1", "takes a future of another workflow"));
  copy = original;
  original.after(since, later);
  EXPECT_THAT(problems_of(original), SizeIs(2));
}

}  // namespace
}  // namespace weft
