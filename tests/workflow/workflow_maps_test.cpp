// Tasks that are repeated for each element of a list: what they come to, and what they may take.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weft/workflow/workflow.hpp"
#include "workflow/evaluation.hpp"
#include "workflow/sample_tasks.hpp"

namespace weft {
namespace {

using sample::Lists;
using sample::Numbers;
using test::Evaluation;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Maps : public testing::Test {
protected:
  template <class T>
  T result(const Future<T>& future) {
    return Evaluation{sample::freeze(workflow)}.of(future);
  }
  template <class T>
  std::vector<T> result(const Mapped<T>& each) {
    return result(workflow.gather(each));
  }

  /// `task: message` of each problem.
  std::vector<std::string> problems() {
    const auto graph = workflow.freeze(sample::registry());
    std::vector<std::string> all;
    if (graph) return all;
    for (const Error& problem : graph.error().causes) {
      EXPECT_THAT(problem.hint, testing::Not(IsEmpty())) << problem.message;
      all.push_back(problem.task + ": " + problem.message);
    }
    return all;
  }

  Workflow workflow{"maps"};
  Future<Numbers> list = workflow.task(sample::range, 4);
  Future<Lists> lists = workflow.task(sample::triangle, 4);
  Future<int> ten = workflow.task(sample::number, 10);
};

// -- what they come to ----------------------------------------------------------------------------

TEST_F(Maps, CallTheFunctionForEachElementInOrder) {
  EXPECT_THAT(result(workflow.map(list, sample::twice)), ElementsAre(0, 2, 4, 6));
}

TEST_F(Maps, PassFurtherArgumentsToEachElement) {
  EXPECT_THAT(result(workflow.map(list, sample::add, ten)), ElementsAre(10, 11, 12, 13));
  EXPECT_THAT(result(workflow.map(list, sample::add, 5)), ElementsAre(5, 6, 7, 8));
}

TEST_F(Maps, GoOnElementByElement) {
  const auto doubled = workflow.map(list, sample::twice);
  const auto more = workflow.map(doubled, sample::add, ten);
  EXPECT_THAT(result(more), ElementsAre(10, 12, 14, 16));
  EXPECT_EQ(sample::map_of(*sample::freeze(workflow), doubled),
            sample::map_of(*sample::freeze(workflow), more))
    << "there is no barrier between the steps";
}

TEST_F(Maps, OfAnEmptyListAreEmpty) {
  const auto none = workflow.task(sample::range, 0);
  EXPECT_THAT(result(workflow.map(none, sample::twice)), IsEmpty());
  EXPECT_EQ(result(workflow.task(sample::sum, workflow.map(none, sample::twice))), 0);
}

TEST_F(Maps, MayHaveABodyOfManyTasks) {
  const auto each = workflow.for_each(list, [&](Future<int> x) {
    const auto doubled = workflow.task(sample::twice, x);
    const auto summed = workflow.task(sample::sum, std::vector{x, doubled, ten});
    return workflow.task(sample::add, summed, doubled);
  });
  EXPECT_THAT(result(each), ElementsAre(10, 15, 20, 25));
}

TEST_F(Maps, MayNest) {
  const auto sums = workflow.for_each(lists, [&](Future<Numbers> row) {
    return workflow.task(sample::sum, workflow.map(row, sample::add, ten));
  });
  EXPECT_THAT(result(sums), ElementsAre(0, 11, 24, 39));
}

TEST_F(Maps, MayReturnTheElementsOfAMapInside) {
  const auto rows = workflow.for_each(
    lists, [&](Future<Numbers> row) { return workflow.map(row, sample::add, ten); });
  static_assert(std::same_as<decltype(rows), const Mapped<Numbers>>);
  EXPECT_THAT(result(rows),
              ElementsAre(Numbers{}, Numbers{11}, Numbers{12, 12}, Numbers{13, 13, 13}));
}

TEST_F(Maps, MayNestToAnyDepthAndTakeTheElementsOfAllOfThem) {
  const auto deep = workflow.for_each(list, [&](Future<int> a) {
    return workflow.for_each(list, [&](Future<int> b) {
      return workflow.for_each(list, [&](Future<int> c) {
        return workflow.task(sample::sum, std::vector{a, b, b, c, c, c});
      });
    });
  });
  const auto all = result(deep);
  ASSERT_THAT(all, SizeIs(4));
  EXPECT_THAT(all[3][2], ElementsAre(7, 10, 13, 16));
}

TEST_F(Maps, MayFollowAMapOfLists) {
  const auto rows = workflow.map(list, sample::range);
  const auto sums = workflow.map(rows, sample::sum);
  EXPECT_THAT(result(sums), ElementsAre(0, 0, 1, 3));
}

TEST_F(Maps, MayRunOverWhatAnotherMapHasGathered) {
  const auto doubled = workflow.map(list, sample::twice);
  const auto again = workflow.map(workflow.gather(doubled), sample::twice);
  EXPECT_THAT(result(again), ElementsAre(0, 4, 8, 12));
  const GraphPtr graph = sample::freeze(workflow);
  EXPECT_NE(sample::map_of(*graph, doubled), sample::map_of(*graph, again));
}

TEST_F(Maps, MayGatherSeveralStepsOfOneMap) {
  const auto doubled = workflow.map(list, sample::twice);
  const auto more = workflow.map(doubled, sample::add, 1);
  EXPECT_THAT(result(workflow.task(sample::both, more, doubled)),
              ElementsAre(1, 3, 5, 7, 0, 2, 4, 6));
}

TEST_F(Maps, MayTakeTheOuterListThatAnInnerMapRunsOver) {
  const auto table = workflow.for_each(list, [&](Future<int> x) {
    return workflow.for_each(list, [&](Future<int> y) {
      return workflow.task(sample::sum, std::vector{x, y, workflow.task(sample::sum, list)});
    });
  });
  EXPECT_THAT(result(table)[1], ElementsAre(7, 8, 9, 10));
}

TEST_F(Maps, MayTakeWhatAnEarlierStepOfTheSameMapHasGathered) {
  const auto doubled = workflow.map(list, sample::twice);
  const auto total = workflow.task(sample::sum, doubled);
  EXPECT_THAT(result(workflow.map(doubled, sample::add, total)), ElementsAre(12, 14, 16, 18))
    << "each element waits for all of the step before";
}

TEST_F(Maps, KeepTheElementsThatAPredicateHoldsFor) {
  EXPECT_THAT(result(workflow.filter(list, sample::is_odd)), ElementsAre(1, 3));
}

TEST_F(Maps, MayBeFilteredToNothing) {
  const auto even = workflow.gather(workflow.map(list, sample::twice));
  const auto none = workflow.filter(even, sample::is_odd);
  EXPECT_THAT(result(none), IsEmpty());
  EXPECT_EQ(result(workflow.task(sample::sum, workflow.map(none, sample::twice))), 0);
}

TEST_F(Maps, MayFilterWhatIsFiltered) {
  const auto odd = workflow.filter(list, sample::is_odd);
  EXPECT_THAT(result(workflow.filter(odd, sample::is_odd)), ElementsAre(1, 3));
}

TEST_F(Maps, MayFilterInsideAMap) {
  const auto rows = workflow.map(list, sample::range);
  const auto long_rows = workflow.filter(workflow.gather(rows), sample::is_long);
  const auto odd = workflow.for_each(
    long_rows, [&](Future<Numbers> row) { return workflow.filter(row, sample::is_odd); });
  EXPECT_THAT(result(odd), ElementsAre(Numbers{1}, Numbers{1}));
}

TEST_F(Maps, MayRunOverAListThatIsNotAFuture) {
  const Function constant{"constant@1", [](const Numbers& all) { return all; }};
  const auto numbers = workflow.task(constant, Numbers{3, 5});
  const auto each = workflow.map(numbers, sample::twice);
  const auto all = workflow.gather(each);
  const GraphPtr graph = workflow.freeze(sample::registry().add(constant)).value();
  EXPECT_THAT(Evaluation{graph}.of(all), ElementsAre(6, 10));
}

TEST_F(Maps, LeaveNoScopeOpenWhenTheBodyThrows) {
  EXPECT_THROW(workflow.for_each(list,
                                 [&](Future<int> x) -> Future<int> {
                                   workflow.task(sample::twice, x);
                                   throw std::runtime_error("no");
                                 }),
               std::runtime_error);
  const auto outside = workflow.task(sample::number, 1);
  EXPECT_EQ(sample::freeze(workflow)->task(outside.task()).scope, 0u);
}

TEST_F(Maps, AddTheNextStepToTheMapOfTheElementsWhereverItIsWritten) {
  const auto doubled = workflow.map(list, sample::twice);
  Mapped<int> step;
  workflow.for_each(lists, [&](Future<Numbers> row) {
    step = workflow.map(doubled, sample::twice);
    return workflow.task(sample::sum, row);
  });
  EXPECT_THAT(result(step), ElementsAre(0, 4, 8, 12));
}

// -- what they may not take -----------------------------------------------------------------------

TEST_F(Maps, MustNotReturnTheElementAsItIs) {
  const auto same = workflow.for_each(list, [](Future<int> x) { return x; });
  workflow.task(sample::sum, same);
  workflow.map(same, sample::twice);
  workflow.map_options(same).max_items = 3;
  EXPECT_THAT(problems(),
              ElementsAre("weft.map-3: the body of the map returns an element as it is"));
}

TEST_F(Maps, MustNotReturnTheElementThoughTheyAddTasks) {
  workflow.for_each(list, [&](Future<int> x) {
    workflow.task(sample::twice, x);
    return x;
  });
  EXPECT_THAT(problems(),
              ElementsAre("weft.map-3: the body of the map returns an element as it is"));
}

TEST_F(Maps, MustNotReturnTheElementOfTheMapAround) {
  workflow.for_each(list, [&](Future<int> x) {
    return workflow.for_each(list, [&](Future<int> y) {
      workflow.task(sample::twice, y);
      return x;
    });
  });
  EXPECT_THAT(problems(),
              ElementsAre("weft.map-4: the body of the map returns an element as it is"));
}

TEST_F(Maps, MustNotReturnAFutureFromOutside) {
  const auto each = workflow.for_each(list, [&](Future<int>) { return ten; });
  workflow.task(sample::sum, each);
  EXPECT_THAT(problems(),
              ElementsAre("weft.map-3: the body of the map returns what it did not make"));
}

TEST_F(Maps, MustNotReturnAFutureFromFurtherInside) {
  workflow.for_each(list, [&](Future<int>) {
    Future<int> inner;
    workflow.for_each(list, [&](Future<int> y) { return inner = workflow.task(sample::twice, y); });
    return inner;
  });
  EXPECT_THAT(problems(),
              ElementsAre("weft.map-3: the body of the map returns what it did not make"));
}

TEST_F(Maps, MustNotReturnAFutureOfAnotherWorkflow) {
  workflow.for_each(list, [](Future<int>) { return Workflow{"other"}.task(sample::number, 1); });
  EXPECT_THAT(problems(),
              ElementsAre("weft.map-3: the body of the map returns what it did not make"));
}

TEST_F(Maps, MustNotReturnTheElementsOfAMapOutside) {
  const auto doubled = workflow.map(list, sample::twice);
  workflow.for_each(list, [&](Future<int>) { return doubled; });
  EXPECT_THAT(problems(), ElementsAre("weft.collect-6: takes all elements of 'twice-4' elsewhere "
                                      "than around their map"));
}

TEST_F(Maps, MustHaveABodyThatAddsATask) {
  EXPECT_THROW(
    workflow.for_each(list, [](Future<int>) -> Future<int> { throw std::runtime_error("no"); }),
    std::runtime_error);
  EXPECT_THAT(problems(), ElementsAre("weft.map-3: the body of the map adds no task"));
}

TEST_F(Maps, KeepTheirElementsToThemselves) {
  Future<int> element;
  workflow.for_each(list, [&](Future<int> x) {
    element = x;
    return workflow.task(sample::twice, x);
  });
  const auto outside = workflow.task(sample::twice, element);
  workflow.name(outside, "outside");
  EXPECT_THAT(problems(),
              ElementsAre("outside: takes an element of 'weft.map-3' outside of that map"));
}

TEST_F(Maps, KeepTheOutputsOfTheirElementsToThemselves) {
  Future<int> inner;
  workflow.for_each(list, [&](Future<int> x) { return inner = workflow.task(sample::twice, x); });
  workflow.task(sample::twice, inner);
  workflow.after(ten, inner);
  EXPECT_THAT(problems(), ElementsAre("number-2: depends on 'twice-4', which is inside a map",
                                      "twice-5: depends on 'twice-4', which is inside a map"));
}

TEST_F(Maps, KeepTheirElementsFromTheMapsBeside) {
  Future<int> element;
  workflow.for_each(list, [&](Future<int> x) {
    element = x;
    return workflow.task(sample::twice, x);
  });
  workflow.for_each(list, [&](Future<int> y) { return workflow.task(sample::add, element, y); });
  EXPECT_THAT(problems(),
              ElementsAre("add-6: takes an element of 'weft.map-3' outside of that map"));
}

TEST_F(Maps, AreNotGatheredInsideAnotherMap) {
  const auto doubled = workflow.map(list, sample::twice);
  workflow.map(list, Function{"lookup@1", [](int x, const Numbers& all) { return all.at(0) + x; }},
               doubled);
  const auto found = problems();
  ASSERT_THAT(found, SizeIs(2)) << "and the function is not registered";
  EXPECT_THAT(found, testing::Contains("lookup-6: takes all elements of 'twice-4' elsewhere than "
                                       "around their map"));
}

TEST_F(Maps, MayBeGatheredBeforeAnotherMapTakesTheList) {
  const auto all = workflow.gather(workflow.map(list, sample::twice));
  const auto each = workflow.for_each(list, [&](Future<int> x) {
    return workflow.task(sample::add, workflow.task(sample::sum, all), x);
  });
  EXPECT_THAT(result(each), ElementsAre(12, 13, 14, 15));
}

TEST_F(Maps, AreNotGatheredByTheirOwnElements) {
  const auto doubled = workflow.map(list, sample::twice);
  const Function lookup{"lookup@1", [](int x, const Numbers& all) { return all.at(0) + x; }};
  workflow.map(doubled, lookup, doubled);
  const auto graph = workflow.freeze(sample::registry().add(lookup));
  ASSERT_FALSE(graph.has_value());
  const auto& causes = graph.error().causes;
  ASSERT_FALSE(causes.empty());
  for (const Error& problem : causes) {
    EXPECT_EQ(problem.task, "lookup-5");
    EXPECT_THAT(problem.message, HasSubstr("takes all elements of 'twice-4' elsewhere"));
    EXPECT_THAT(problem.hint, HasSubstr("gather them first"));
  }
}

TEST_F(Maps, AreNotTakenAsOneElementAndAsAllByOneTask) {
  Future<int> inner;
  const auto doubled =
    workflow.for_each(list, [&](Future<int> x) { return inner = workflow.task(sample::twice, x); });
  const Function lookup{"lookup@1", [](int x, const Numbers& all) { return all.at(0) + x; }};
  const auto outside = workflow.task(lookup, inner, doubled);
  workflow.name(outside, "outside");
  const auto graph = workflow.freeze(sample::registry().add(lookup));
  ASSERT_FALSE(graph.has_value()) << "the first of the two uses must not hide the second";
  ASSERT_THAT(graph.error().causes, SizeIs(1));
  EXPECT_EQ(graph.error().causes[0].message, "depends on 'twice-4', which is inside a map");
  EXPECT_EQ(graph.error().causes[0].task, "outside");
}

TEST_F(Maps, MustNotGoOnWithTheElementOfAnotherMap) {
  const auto doubled = workflow.map(list, sample::twice);
  workflow.for_each(list, [&](Future<int> x) {
    workflow.map(doubled, sample::add, x);
    return workflow.task(sample::twice, x);
  });
  EXPECT_THAT(problems(),
              ElementsAre("add-6: takes an element of 'weft.map-5' outside of that map"));
}

TEST_F(Maps, StartAfterATaskThatTheyDoNotRead) {
  const auto doubled = workflow.map(list, sample::twice);
  workflow.after(doubled, ten);
  const GraphPtr graph = sample::freeze(workflow);
  EXPECT_THAT(graph->dependencies(doubled.task()),
              testing::Contains(Dependency{ten.task(), DependencyKind::order}));
}

TEST_F(Maps, MustBeGatheredBeforeAnotherTaskStartsAfterThem) {
  const auto doubled = workflow.map(list, sample::twice);
  workflow.after(ten, doubled);
  EXPECT_THAT(problems(), ElementsAre("number-2: depends on 'twice-4', which is inside a map"));
}

TEST_F(Maps, HaveElementsThatDoNotStartAfterAnything) {
  workflow.for_each(list, [&](Future<int> x) {
    workflow.after(x, ten);
    return workflow.task(sample::twice, x);
  });
  EXPECT_THAT(problems(),
              ElementsAre("weft.map-3: after() is given an element of the map to start later"));
}

TEST_F(Maps, HaveElementsThatAreThereBeforeTheTasksInside) {
  Future<int> inner;
  workflow.for_each(list, [&](Future<int> x) {
    return workflow.for_each(list, [&](Future<int> y) {
      inner = workflow.task(sample::twice, y);
      workflow.after(inner, y);
      workflow.after(inner, x);
      return inner;
    });
  });
  EXPECT_THAT(sample::freeze(workflow)->dependencies(inner.task()), SizeIs(1))
    << "nothing more is waited for";
}

TEST_F(Maps, HaveElementsThatTasksOutsideDoNotFollow) {
  Future<int> element;
  workflow.for_each(list, [&](Future<int> x) {
    element = x;
    return workflow.task(sample::twice, x);
  });
  workflow.after(ten, element);
  EXPECT_THAT(problems(), ElementsAre("number-2: runs after an element outside of its map"));
}

TEST_F(Maps, HaveOptionsThatNoOtherTaskHas) {
  workflow.map_options(ten).max_items = 3;
  EXPECT_THAT(problems(),
              ElementsAre("number-2: map_options() is given something else than elements"));
}

}  // namespace
}  // namespace weft
