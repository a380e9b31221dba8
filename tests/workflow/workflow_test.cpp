#include "weft/workflow/workflow.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "workflow/evaluation.hpp"
#include "workflow/sample_tasks.hpp"

namespace weft {
namespace {

using sample::Lists;
using sample::Numbers;
using sample::output_of;
using test::Evaluation;
using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

struct Pixel {
  int x = 0;
  int y = 0;
};

struct Scene {
  std::string title;
  std::vector<Pixel> pixels;
  std::optional<int> limit;
};

/// Adds tasks, freezes them with whatever functions they use, and works out outputs.
class WorkflowArguments : public testing::Test {
protected:
  template <class Callable, class... Args>
  auto call(const Function<Callable>& function, Args&&... args) {
    registry.add(function);
    return workflow.task(function, std::forward<Args>(args)...);
  }

  template <class T>
  T result(const Future<T>& future) {
    return Evaluation{graph()}.of(future);
  }

  GraphPtr graph() { return workflow.freeze(registry).value(); }

  /// The tasks that a task depends on, by slot.
  std::vector<Dependency> dependencies(const AnyFuture& future) {
    const GraphPtr frozen = graph();
    const auto all = frozen->dependencies(future.task());
    return {all.begin(), all.end()};
  }

  std::vector<ArgNode> nodes(const AnyFuture& future) {
    const GraphPtr frozen = graph();
    const auto all = frozen->arguments(future.task());
    return {all.begin(), all.end()};
  }

  static Dependency output(const AnyFuture& future) {
    return {future.task(), DependencyKind::output};
  }

  Workflow workflow{"arguments"};
  Registry registry = sample::registry();
  Future<int> one = workflow.task(sample::number, 1);
  Future<int> two = workflow.task(sample::number, 2);
  Future<int> three = workflow.task(sample::number, 3);
};

const Function total{"total@1", [](const std::vector<Numbers>& rows) {
                       int all = 0;
                       for (const Numbers& row : rows) {
                         for (const int x : row) all = 10 * all + x;
                       }
                       return all;
                     }};
const Function spell{"spell@1", [](const std::map<std::string, int>& letters) {
                       std::string text;
                       for (const auto& [letter, count] : letters) {
                         text += letter + std::to_string(count);
                       }
                       return text;
                     }};
const Function weigh{"weigh@1", [](const std::tuple<int, std::string, double>& item) {
                       return std::get<1>(item) + "/" + std::to_string(std::get<0>(item));
                     }};
const Function span{"span@1",
                    [](const std::pair<int, int>& ends) { return ends.second - ends.first; }};
const Function or_seven{"or_seven@1", [](const std::optional<int>& x) { return x.value_or(7); }};
const Function area{"area@1", [](const Pixel& pixel) { return pixel.x * pixel.y; }};
const Function render{"render@1", [](const Scene& scene) {
                        std::string text = scene.title;
                        for (const Pixel& pixel : scene.pixels) {
                          text += " " + std::to_string(pixel.x) + "," + std::to_string(pixel.y);
                        }
                        return text + (scene.limit ? " of " + std::to_string(*scene.limit) : "");
                      }};
const Function flatten{
  "flatten@1", [](const std::vector<std::map<int, std::tuple<int, std::optional<Numbers>>>>& all) {
    Numbers flat;
    for (const auto& entries : all) {
      for (const auto& [key, value] : entries) {
        flat.push_back(key);
        flat.push_back(std::get<0>(value));
        for (const int x : std::get<1>(value).value_or(Numbers{-1})) flat.push_back(x);
      }
    }
    return flat;
  }};

// -- arguments ------------------------------------------------------------------------------------

TEST_F(WorkflowArguments, AreConstantsOrFutures) {
  EXPECT_EQ(result(call(sample::add, one, 40)), 41);
  EXPECT_EQ(result(call(sample::word, "text that somebody else owns")),
            "text that somebody else owns");
}

TEST_F(WorkflowArguments, OfATaskWithoutParametersAreNone) {
  const auto nine = call(Function{"nine@1", [] { return 9; }});
  EXPECT_THAT(nodes(nine), IsEmpty());
  EXPECT_EQ(result(nine), 9);
}

TEST_F(WorkflowArguments, MayBeFuturesInAVector) {
  EXPECT_EQ(result(call(sample::sum, std::vector{one, two, three})), 6);
}

TEST_F(WorkflowArguments, MayBeAnEmptyVectorOfFutures) {
  const auto none = call(sample::sum, std::vector<Future<int>>{});
  EXPECT_EQ(result(none), 0);
  EXPECT_THAT(nodes(none), ElementsAre(ArgNode{ArgKind::list, 0}));
}

TEST_F(WorkflowArguments, MayBeFuturesInAVectorOfVectors) {
  const std::vector<std::vector<Future<int>>> rows{{one, two}, {}, {three}};
  EXPECT_EQ(result(call(total, rows)), 123);
}

TEST_F(WorkflowArguments, MayBeFuturesOfVectorsInAVector) {
  const auto row = call(sample::both, std::vector{one}, std::vector{two, three});
  EXPECT_EQ(result(call(total, std::vector{row, row})), 123123);
}

TEST_F(WorkflowArguments, MayBeFuturesInAMap) {
  EXPECT_EQ(result(call(spell, std::map<std::string, Future<int>>{{"b", two}, {"a", one}})),
            "a1b2");
}

TEST_F(WorkflowArguments, MayBeFuturesInAnUnorderedMap) {
  EXPECT_EQ(
    result(call(spell, std::unordered_map<std::string, Future<int>>{{"c", three}, {"a", one}})),
    "a1c3");
}

TEST_F(WorkflowArguments, OfAMapMayHaveTextLiteralsForKeys) {
  EXPECT_EQ(result(call(spell, std::map<const char*, Future<int>>{{"x", two}})), "x2");
}

TEST_F(WorkflowArguments, MayBeFuturesInATuple) {
  EXPECT_EQ(result(call(weigh, std::tuple{two, "stone", 0.5})), "stone/2");
}

TEST_F(WorkflowArguments, MayBeFuturesInAPair) {
  EXPECT_EQ(result(call(span, std::pair{one, three})), 2);
  EXPECT_EQ(result(call(span, std::pair{one, 10})), 9);
  EXPECT_EQ(result(call(span, std::pair{5, two})), -3);
}

TEST_F(WorkflowArguments, MayBeAFutureInAnOptional) {
  EXPECT_EQ(result(call(or_seven, std::optional{two})), 2);
  EXPECT_EQ(result(call(or_seven, std::optional<Future<int>>{})), 7);
  EXPECT_EQ(result(call(or_seven, std::nullopt)), 7);
  EXPECT_EQ(result(call(or_seven, 3)), 3);
}

TEST_F(WorkflowArguments, MayBeFuturesInAStruct) {
  EXPECT_EQ(result(call(area, object<Pixel>(two, three))), 6);
  EXPECT_EQ(result(call(area, object<Pixel>(two, 10))), 20);
}

TEST_F(WorkflowArguments, MayBeFuturesInAStructOfStructs) {
  const auto scene =
    object<Scene>("two pixels", std::vector{object<Pixel>(one, two), object<Pixel>(three, one)},
                  std::optional{two});
  EXPECT_EQ(result(call(render, scene)), "two pixels 1,2 3,1 of 2");
}

TEST_F(WorkflowArguments, MayNestToAnyDepth) {
  using Entry = std::tuple<Future<int>, std::optional<std::vector<Future<int>>>>;
  const std::vector<std::map<int, Entry>> nested{
    {{5, {one, std::vector{two, three}}}, {4, {two, std::nullopt}}}, {}, {{6, {three, {}}}}};
  EXPECT_THAT(result(call(flatten, nested)), ElementsAre(4, 2, -1, 5, 1, 2, 3, 6, 3, -1));
}

TEST_F(WorkflowArguments, AreReadFromLeftToRightWhateverTheyNest) {
  const Function line{"line@1",
                      [](const Numbers& a, int b, const std::pair<int, Numbers>& c, int d) {
                        return Numbers{a.at(0), a.at(1), b, c.first, c.second.at(0), d};
                      }};
  EXPECT_THAT(result(call(line, std::vector{one, two}, 9, std::pair{three, std::vector{one}}, two)),
              ElementsAre(1, 2, 9, 3, 1, 2));
}

TEST_F(WorkflowArguments, MayBeAllElementsOfAMapWithinAList) {
  const auto list = call(sample::range, 3);
  const auto doubled = workflow.map(list, sample::twice);
  const auto nested = call(total, std::vector{doubled, doubled});
  EXPECT_EQ(result(nested), 24024);
  EXPECT_THAT(dependencies(nested),
              ElementsAre(Dependency{doubled.task(), DependencyKind::gather}));
}

TEST_F(WorkflowArguments, MayBeAllElementsOfAMapWithinAStruct) {
  struct Report {
    int first;
    Numbers all;
  };
  const Function last{"last@1",
                      [](const Report& report) { return report.first + report.all.back(); }};
  const auto list = call(sample::range, 3);
  EXPECT_EQ(result(call(last, object<Report>(one, workflow.map(list, sample::twice)))), 5);
}

TEST_F(WorkflowArguments, ThatNameOneFutureTwiceAreOneDependency) {
  const auto nested = call(
    Function{"five@1",
             [](int a, const Numbers& b, int c) { return 100 * a + 10 * b.at(0) + b.at(1) + c; }},
    two, std::vector{one, two}, two);
  EXPECT_THAT(dependencies(nested), ElementsAre(output(two), output(one)));
  EXPECT_EQ(result(nested), 214);
  EXPECT_EQ(graph()->readers(two.task()), 1u);
  EXPECT_EQ(graph()->pending(nested.task()), 2u);
}

TEST_F(WorkflowArguments, OfOneTaskDoNotJoinThoseOfTheNext) {
  const auto first = call(sample::add, one, one);
  const auto second = call(sample::add, one, two);
  const auto third = call(sample::twice, one);
  EXPECT_THAT(dependencies(first), ElementsAre(output(one)));
  EXPECT_THAT(dependencies(second), ElementsAre(output(one), output(two)));
  EXPECT_THAT(dependencies(third), ElementsAre(output(one)));
}

TEST_F(WorkflowArguments, ThatAreConstantsAreOneWholeValue) {
  const auto whole = call(sample::sum, Numbers{1, 2, 3});
  EXPECT_EQ(nodes(whole).size(), 1u);
  EXPECT_EQ(nodes(whole)[0].kind, ArgKind::constant);
}

TEST_F(WorkflowArguments, MayBeReadInPlaceAsShared) {
  const auto list = call(sample::range, 3);
  const Function size{"size@1",
                      [](const Shared<Numbers>& all) { return static_cast<int>(all->size()); }};
  const Function count{
    "count@1", [](const std::vector<Shared<int>>& all) { return static_cast<int>(all.size()); }};
  EXPECT_EQ(result(call(size, list)), 3);
  EXPECT_EQ(result(call(size, Numbers{1, 2})), 2);
  EXPECT_EQ(result(call(count, list)), 3);
  EXPECT_EQ(result(call(count, workflow.map(list, sample::twice))), 3);
  EXPECT_EQ(result(call(count, std::vector{one, two})), 2);
}

TEST_F(WorkflowArguments, MayBeTheNothingOfATaskThatReturnsNothing) {
  const auto done = call(Function{"act@1", [](int) {}}, one);
  static_assert(std::same_as<decltype(done), const Future<Nothing>>);
  EXPECT_EQ(result(call(Function{"go_on@1", [](Nothing, int x) { return x; }}, done, 5)), 5);
}

TEST_F(WorkflowArguments, AreOfTheTypeInsideAResult) {
  const auto half = call(Function{"half@1", [](int x) -> Result<int> { return x / 2; }}, two);
  static_assert(std::same_as<decltype(half), const Future<int>>);
  EXPECT_EQ(result(call(sample::twice, half)), 2);
}

// -- functions ------------------------------------------------------------------------------------

TEST(Workflow, KeepsFunctionsApartThatDieBetweenTasks) {
  const auto function = [](int i) { return Function{"f" + std::to_string(i), [i] { return i; }}; };
  constexpr int count = 20;
  Registry registry;
  for (int i = 0; i < count; ++i) registry.add(function(i));
  Workflow workflow{"short_lived"};
  // Each function may be made in the very place where the one before it lay.
  std::vector<Future<int>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(workflow.task(function(i)));
  Evaluation evaluation{workflow.freeze(registry).value()};
  for (int i = 0; i < count; ++i) {
    EXPECT_EQ(evaluation.of(tasks[static_cast<std::size_t>(i)]), i);
  }
}

TEST(Workflow, TakesTheFunctionFromTheRegistryByNameAndVersion) {
  const Function old_one{"f@1", [] { return 1; }};
  const Function new_one{"f@2", [] { return 2; }};
  Workflow workflow{"versions"};
  const auto first = workflow.task(old_one);
  const auto second = workflow.task(new_one);
  const GraphPtr graph = workflow.freeze(Registry{}.add(new_one).add(old_one)).value();
  EXPECT_EQ(Evaluation{graph}.of(first), 1);
  EXPECT_EQ(Evaluation{graph}.of(second), 2);
}

// -- options --------------------------------------------------------------------------------------

TEST(WorkflowOptions, OfATaskWinOverThoseOfItsFunction) {
  const Function slow{
    "slow@1",
    [](int x) { return x; },
    {.timeout = 5s, .purity = Purity::pure, .keep_output = KeepOutput::until_read}};
  Workflow workflow{"options"};
  const auto plain = workflow.task(slow, 1);
  const auto special = workflow.task(slow, 2);
  workflow.options(special).timeout = 1s;
  workflow.options(special).worker = WorkerId{3};
  const GraphPtr graph = workflow.freeze(Registry{}.add(slow)).value();
  EXPECT_EQ(graph->options(plain.task()), slow.definition()->options());
  TaskOptions expected = slow.definition()->options();
  expected.timeout = 1s;
  expected.worker = WorkerId{3};
  EXPECT_EQ(graph->options(special.task()), expected);
}

TEST(WorkflowOptions, AreNoneWhenNobodySetsAny) {
  Workflow workflow{"options"};
  const auto task = workflow.task(sample::number, 1);
  EXPECT_EQ(sample::freeze(workflow)->options(task.task()), TaskOptions{});
}

TEST(WorkflowOptions, OfAMapBelongToTheMapAndThoseOfItsElementsToTheTemplate) {
  Workflow workflow{"options"};
  const auto list = workflow.task(sample::range, 3);
  const auto first = workflow.map(list, sample::twice);
  const auto second = workflow.map(first, sample::twice);
  workflow.map_options(second).max_items = 7;
  workflow.options(second).timeout = 1s;
  const GraphPtr graph = sample::freeze(workflow);
  EXPECT_EQ(graph->options(sample::map_of(*graph, first)).max_items, 7u);
  EXPECT_EQ(graph->options(second.task()), (TaskOptions{.timeout = 1s}));
  EXPECT_EQ(graph->options(first.task()), TaskOptions{});
}

TEST(WorkflowOptions, OfANestedMapBelongToTheMapThatWasMeant) {
  Workflow workflow{"options"};
  const auto lists = workflow.task(sample::triangle, 3);
  Mapped<int> inner;
  const auto outer = workflow.for_each(lists, [&](Future<Numbers> row) {
    inner = workflow.map(row, sample::twice);
    workflow.map_options(inner).max_items = 2;
    return inner;
  });
  workflow.map_options(outer).max_items = 3;
  const GraphPtr graph = sample::freeze(workflow);
  EXPECT_EQ(graph->options(sample::map_of(*graph, inner)).max_items, 2u);
  EXPECT_EQ(graph->options(sample::map_of(*graph, outer)).max_items, 3u);
}

// -- copies ---------------------------------------------------------------------------------------

TEST(Workflow, StaysUsableWhenItIsFrozen) {
  Workflow workflow{"used_again"};
  const auto one = workflow.task(sample::number, 1);
  const GraphPtr before = sample::freeze(workflow);
  const auto two = workflow.task(sample::twice, one);
  workflow.name(two, "two");
  const GraphPtr after = sample::freeze(workflow);
  EXPECT_EQ(before->task_count(), 1u);
  EXPECT_THAT(before->children(one.task()), IsEmpty());
  EXPECT_EQ(after->task_count(), 2u);
  EXPECT_EQ(Evaluation{after}.of(two), 2);
}

TEST(Workflow, GivesEqualGraphsWheneverItIsFrozen) {
  Workflow workflow{"twice_frozen"};
  const auto list = workflow.task(sample::range, 3);
  const auto odd = workflow.filter(list, sample::is_odd);
  workflow.after(workflow.task(sample::number, 4), odd);
  const GraphPtr a = sample::freeze(workflow);
  const GraphPtr b = sample::freeze(workflow);
  const GraphPtr c = std::move(workflow).freeze(sample::registry()).value();
  for (const GraphPtr& other : {b, c}) {
    ASSERT_EQ(other->task_count(), a->task_count());
    EXPECT_EQ(other->topological_order(), a->topological_order());
    for (std::uint32_t i = 0; i < a->task_count(); ++i) {
      EXPECT_TRUE(std::ranges::equal(a->dependencies(TaskId{i}), other->dependencies(TaskId{i})));
      EXPECT_TRUE(std::ranges::equal(a->children(TaskId{i}), other->children(TaskId{i})));
    }
  }
}

TEST(Workflow, IsIndependentOfItsCopies) {
  Workflow original{"original"};
  const auto one = original.task(sample::number, 1);
  Workflow copy = original;
  const auto in_copy = copy.task(sample::twice, one);
  copy.name(one, "one");
  copy.options(one).timeout = 1s;
  const auto in_original = original.task(sample::add, one, 10);
  const GraphPtr graph = sample::freeze(original);
  EXPECT_EQ(graph->task_count(), 2u);
  EXPECT_EQ(graph->task_name(one.task()), "number-0");
  EXPECT_EQ(graph->options(one.task()), TaskOptions{});
  EXPECT_EQ(Evaluation{graph}.of(in_original), 11);
  EXPECT_EQ(Evaluation{sample::freeze(copy)}.of(in_copy), 2);
}

TEST(Workflow, AndAnyOtherWorkflowHaveDifferentTags) {
  EXPECT_NE(Workflow{"a"}.tag(), Workflow{"a"}.tag());
}

// -- tasks added by name --------------------------------------------------------------------------

TEST(TasksAddedByName, MayComeInAnyOrder) {
  Workflow workflow{"by_name"};
  workflow.add({.name = "last", .function = {"twice"}, .arguments = {output_of("first")}});
  workflow.add({.name = "first", .function = {"number"}, .arguments = {{Value::of(21)}}});
  const GraphPtr graph = sample::freeze(workflow);
  EXPECT_THAT(graph->topological_order(), ElementsAre(TaskId{1}, TaskId{0}));
  EXPECT_EQ(*Evaluation{graph}.value_of(*graph->find("last")).as<int>().value(), 42);
}

TEST(TasksAddedByName, MayNestListsAndMaps) {
  Workflow workflow{"by_name"};
  workflow.add({.name = "one", .function = {"number"}, .arguments = {{Value::of(1)}}});
  workflow.add({.name = "list",
                .function = {"sum"},
                .arguments = {{ArgumentSpec::List{output_of("one"), {Value::of(5)}}}}});
  workflow.add(
    {.name = "map",
     .function = {"spell"},
     .arguments = {{ArgumentSpec::Map{{"a", output_of("one")}, {"b", output_of("list")}}}}});
  const GraphPtr graph = workflow.freeze(sample::registry().add(spell)).value();
  EXPECT_EQ(*Evaluation{graph}.value_of(*graph->find("map")).as<std::string>().value(), "a1b6");
}

TEST(TasksAddedByName, DependOnceOnATaskThatTheyNameTwice) {
  Workflow workflow{"by_name"};
  workflow.add({.name = "sum", .function = {"add"}, .arguments = {output_of("x"), output_of("x")}});
  workflow.add({.name = "x", .function = {"number"}, .arguments = {{Value::of(4)}}});
  const GraphPtr graph = sample::freeze(workflow);
  EXPECT_EQ(graph->dependencies(*graph->find("sum")).size(), 1u);
  EXPECT_EQ(*Evaluation{graph}.value_of(*graph->find("sum")).as<int>().value(), 8);
}

TEST(TasksAddedByName, MayBeReadByTheirNameAndStandBesideTypedOnes) {
  Workflow workflow{"mixed"};
  const auto typed = workflow.task(sample::number, 6);
  workflow.name(typed, "typed");
  workflow.add({.name = "next", .function = {"twice"}, .arguments = {output_of("typed")}});
  const GraphPtr graph = sample::freeze(workflow);
  EXPECT_EQ(*Evaluation{graph}.value_of(*graph->find("next")).as<int>().value(), 12);
}

TEST(TasksAddedByName, MayRunAfterTasksThatTheyDoNotRead) {
  Workflow workflow{"by_name"};
  workflow.add(
    {.name = "b", .function = {"number"}, .arguments = {{Value::of(1)}}, .after = {"a"}});
  workflow.add({.name = "a", .function = {"number"}, .arguments = {{Value::of(2)}}});
  const GraphPtr graph = sample::freeze(workflow);
  EXPECT_THAT(graph->dependencies(*graph->find("b")),
              ElementsAre(Dependency{*graph->find("a"), DependencyKind::order}));
  EXPECT_THAT(graph->topological_order(), ElementsAre(*graph->find("a"), *graph->find("b")));
}

TEST(TasksAddedByName, CarryTheirOptions) {
  Workflow workflow{"by_name"};
  workflow.add({.name = "a",
                .function = {"number"},
                .arguments = {{Value::of(2)}},
                .options = {.timeout = 3s}});
  const GraphPtr graph = sample::freeze(workflow);
  EXPECT_EQ(graph->options(*graph->find("a")), (TaskOptions{.timeout = 3s}));
}

}  // namespace
}  // namespace weft
