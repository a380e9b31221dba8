#include "weft/workflow/graph.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weft/workflow/workflow.hpp"
#include "workflow/sample_tasks.hpp"

namespace weft {
namespace {

using sample::Lists;
using sample::Numbers;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class GraphTest : public testing::Test {
protected:
  /// The workflow so far, frozen. Lives as long as the test.
  const Graph& graph() {
    frozen_.push_back(sample::freeze(workflow));
    return *frozen_.back();
  }

  std::vector<TaskId> children(const AnyFuture& future) { return children(future.task()); }
  std::vector<TaskId> children(TaskId task) {
    const auto all = graph().children(task);
    return {all.begin(), all.end()};
  }
  std::vector<Dependency> dependencies(const AnyFuture& future) {
    const auto all = graph().dependencies(future.task());
    return {all.begin(), all.end()};
  }
  std::uint32_t pending(const AnyFuture& future) { return graph().pending(future.task()); }
  std::uint32_t readers(const AnyFuture& future) { return graph().readers(future.task()); }
  bool read_inside(const AnyFuture& future) { return graph().read_inside_maps(future.task()); }
  TaskId map_of(const AnyFuture& each) { return sample::map_of(graph(), each); }

  /// What the tasks inside the map read of `future`.
  std::uint32_t outer_uses(const AnyFuture& each, const AnyFuture& future) {
    for (const auto& input : scope_of(each).outer_inputs) {
      if (input.task == future.task()) return input.uses;
    }
    return 0;
  }
  const Scope& scope_of(const AnyFuture& future) {
    return graph().scope(graph().task(future.task()).scope);
  }

  Future<int> number() { return workflow.task(sample::number, 1); }
  Future<int> sum(const std::vector<Future<int>>& of) { return workflow.task(sample::sum, of); }

  Workflow workflow{"graph"};

private:
  std::vector<GraphPtr> frozen_;
};

class Names : public GraphTest {};
class Edges : public GraphTest {};
class EdgesOfMaps : public GraphTest {};
class OuterInputs : public GraphTest {};
class Sinks : public GraphTest {};
class Order : public GraphTest {};

// -- names ----------------------------------------------------------------------------------------

TEST_F(Names, AreFunctionAndNumberUntilTheUserGivesOthers) {
  const auto a = number();
  const auto b = number();
  workflow.name(b, "mine");
  EXPECT_EQ(graph().task_name(a.task()), "number-0");
  EXPECT_EQ(graph().task_name(b.task()), "mine");
}

TEST_F(Names, OfMapsAndOfWhatGathersSaySo) {
  const auto list = workflow.task(sample::range, 3);
  const auto each = workflow.map(list, sample::twice);
  const auto all = workflow.gather(each);
  EXPECT_EQ(graph().task_name(map_of(each)), "weft.map-1");
  EXPECT_EQ(graph().task_name(each.task()), "twice-2");
  EXPECT_EQ(graph().task_name(all.task()), "weft.collect-3");
  EXPECT_EQ(to_string(graph().function_name(map_of(each))), "weft.map@1");
  EXPECT_EQ(to_string(graph().function_name(all.task())), "weft.collect@1");
}

TEST_F(Names, LeadBackToTheirTasks) {
  const auto a = number();
  const auto b = workflow.task(sample::twice, a);
  const auto each = workflow.map(workflow.task(sample::range, 3), sample::twice);
  workflow.name(b, "b");
  for (std::uint32_t i = 0; i < graph().task_count(); ++i) {
    EXPECT_EQ(graph().find(graph().task_name(TaskId{i})), TaskId{i});
  }
  EXPECT_EQ(graph().find("b"), b.task());
  EXPECT_EQ(graph().find("weft.map-3"), map_of(each));
}

TEST_F(Names, ThatNoTaskHasLeadNowhere) {
  const auto b = workflow.task(sample::twice, number());
  workflow.name(b, "b");
  for (const char* name :
       {"", "-", "number", "number-", "number-1", "number-00", "number-0x", "number-+0",
        "number-99", "number-99999999999", "twice-0", "twice-1", "B", "b-1"}) {
    EXPECT_EQ(graph().find(name), std::nullopt) << name;
  }
}

TEST_F(Names, MayEndLikeThoseThatNobodyGave) {
  const auto a = number();
  workflow.name(a, "part-7");
  EXPECT_EQ(graph().find("part-7"), a.task());
}

// -- edges within a scope -------------------------------------------------------------------------

TEST_F(Edges, RunFromATaskToThoseThatReadIt) {
  const auto top = number();
  const auto left = workflow.task(sample::twice, top);
  const auto right = workflow.task(sample::twice, top);
  const auto bottom = workflow.task(sample::add, left, right);
  EXPECT_THAT(children(top), ElementsAre(left.task(), right.task()));
  EXPECT_THAT(children(left), ElementsAre(bottom.task()));
  EXPECT_THAT(children(bottom), IsEmpty());
  EXPECT_EQ(pending(top), 0u);
  EXPECT_EQ(pending(left), 1u);
  EXPECT_EQ(pending(bottom), 2u);
  EXPECT_EQ(readers(top), 2u);
  EXPECT_EQ(readers(bottom), 0u);
}

TEST_F(Edges, ThatOnlyOrderAreWaitedForButNotRead) {
  const auto a = number();
  const auto b = number();
  workflow.after(b, a);
  EXPECT_THAT(dependencies(b), ElementsAre(Dependency{a.task(), DependencyKind::order}));
  EXPECT_THAT(children(a), ElementsAre(b.task()));
  EXPECT_EQ(pending(b), 1u);
  EXPECT_EQ(readers(a), 0u);
}

TEST_F(Edges, ThatOrderWhatIsReadAnywayAreOne) {
  const auto a = number();
  const auto b = workflow.task(sample::twice, a);
  workflow.after(b, a);
  EXPECT_THAT(dependencies(b), ElementsAre(Dependency{a.task(), DependencyKind::output}));
  EXPECT_THAT(children(a), ElementsAre(b.task()));
  EXPECT_EQ(pending(b), 1u);
  EXPECT_EQ(readers(a), 1u);
}

TEST_F(Edges, ThatAreStatedTwiceAreOne) {
  const auto a = number();
  const auto b = number();
  workflow.after(b, a);
  workflow.after(b, a);
  EXPECT_THAT(dependencies(b), ElementsAre(Dependency{a.task(), DependencyKind::order}));
  EXPECT_EQ(pending(b), 1u);
}

TEST_F(Edges, ThatOrderFollowThoseThatRead) {
  const auto a = number();
  const auto b = number();
  const auto c = number();
  const auto d = workflow.task(sample::twice, c);
  const auto e = workflow.task(sample::twice, d);
  workflow.after(d, b);
  workflow.after(d, a);
  EXPECT_THAT(dependencies(d), ElementsAre(Dependency{c.task(), DependencyKind::output},
                                           Dependency{a.task(), DependencyKind::order},
                                           Dependency{b.task(), DependencyKind::order}));
  EXPECT_THAT(dependencies(e), ElementsAre(Dependency{d.task(), DependencyKind::output}))
    << "the dependencies of later tasks have moved with it";
  EXPECT_EQ(pending(d), 3u);
}

TEST_F(Edges, LeaveManyRootsAndManySinksAlone) {
  const auto a = number();
  const auto b = number();
  EXPECT_EQ(pending(a) + pending(b), 0u);
  EXPECT_THAT(graph().sinks(), ElementsAre(a.task(), b.task()));
}

// -- edges of maps --------------------------------------------------------------------------------

TEST_F(EdgesOfMaps, RunFromTheListToTheMapAlone) {
  const auto list = workflow.task(sample::range, 3);
  const auto each = workflow.map(list, sample::twice);
  const TaskId map = map_of(each);
  EXPECT_THAT(children(list), ElementsAre(map));
  EXPECT_EQ(readers(list), 1u);
  EXPECT_EQ(graph().pending(map), 1u);
  EXPECT_THAT(children(map), IsEmpty());
  EXPECT_THAT(dependencies(each), ElementsAre(Dependency{map, DependencyKind::item}));
  EXPECT_EQ(pending(each), 0u) << "the elements are there when the tasks are";
  EXPECT_EQ(graph().readers(map), 0u);
}

TEST_F(EdgesOfMaps, RunFromTheMapAndItsElementsToWhoGathersThem) {
  const auto list = workflow.task(sample::range, 3);
  const auto each = workflow.map(list, sample::twice);
  const auto total = workflow.task(sample::sum, each);
  EXPECT_THAT(dependencies(total), ElementsAre(Dependency{each.task(), DependencyKind::gather}));
  EXPECT_THAT(children(map_of(each)), ElementsAre(total.task()));
  EXPECT_THAT(children(each), ElementsAre(total.task()));
  EXPECT_EQ(pending(total), 1u) << "the map; its elements are counted when it expands";
  EXPECT_EQ(readers(each), 1u);
}

TEST_F(EdgesOfMaps, CountTheMapOnceHoweverManyStepsAreGathered) {
  const auto list = workflow.task(sample::range, 3);
  const auto first = workflow.map(list, sample::twice);
  const auto second = workflow.map(first, sample::twice);
  const auto all = workflow.task(sample::both, first, second);
  EXPECT_EQ(pending(all), 1u);
  EXPECT_THAT(children(map_of(first)), ElementsAre(all.task()));
  EXPECT_THAT(children(first), ElementsAre(second.task(), all.task()));
  EXPECT_THAT(children(second), ElementsAre(all.task()));
  EXPECT_EQ(readers(first), 2u);
}

TEST_F(EdgesOfMaps, CountEachMapThatIsGathered) {
  const auto list = workflow.task(sample::range, 3);
  const auto a = workflow.map(list, sample::twice);
  const auto b = workflow.map(list, sample::twice);
  const auto all = workflow.task(sample::both, a, b);
  EXPECT_EQ(pending(all), 2u);
  EXPECT_EQ(readers(list), 2u);
}

TEST_F(EdgesOfMaps, JoinWhatWaitsForTheMapAndForOthers) {
  const auto list = workflow.task(sample::range, 3);
  const auto each = workflow.map(list, sample::twice);
  const auto all = workflow.task(sample::both, each, list);
  const auto gate = number();
  workflow.after(all, gate);
  EXPECT_EQ(pending(all), 3u);
  EXPECT_THAT(children(list), ElementsAre(map_of(each), all.task()));
  EXPECT_EQ(readers(list), 2u);
}

TEST_F(EdgesOfMaps, WithinABodyAreLikeAllOthers) {
  const auto list = workflow.task(sample::range, 3);
  Future<int> a;
  Future<int> b;
  const auto each = workflow.for_each(list, [&](Future<int> x) {
    a = workflow.task(sample::twice, x);
    b = workflow.task(sample::twice, x);
    workflow.after(b, a);
    return sum({x, a, b});
  });
  EXPECT_EQ(pending(a), 0u);
  EXPECT_EQ(pending(b), 1u);
  EXPECT_EQ(pending(each), 2u);
  EXPECT_EQ(readers(a), 1u);
  EXPECT_THAT(children(a), ElementsAre(b.task(), each.task()));
  EXPECT_THAT(scope_of(each).templates, ElementsAre(a.task(), b.task(), each.task()));
  EXPECT_EQ(scope_of(each).parent, 0u);
}

TEST_F(EdgesOfMaps, NestLikeTheirMaps) {
  const auto lists = workflow.task(sample::triangle, 3);
  Mapped<int> inner;
  const auto rows = workflow.for_each(lists, [&](Future<Numbers> row) {
    inner = workflow.map(row, sample::twice);
    return workflow.task(sample::sum, inner);
  });
  const TaskId inner_map = map_of(inner);
  EXPECT_THAT(scope_of(rows).templates, ElementsAre(inner_map, rows.task()));
  EXPECT_EQ(scope_of(inner).parent, graph().task(rows.task()).scope);
  EXPECT_EQ(graph().pending(inner_map), 0u) << "its list is an element";
  EXPECT_EQ(pending(rows), 1u);
  EXPECT_THAT(children(inner), ElementsAre(rows.task()));
  EXPECT_THAT(children(inner_map), ElementsAre(rows.task()));
}

TEST_F(EdgesOfMaps, KnowThePlaceOfATemplateAmongThoseOfItsScope) {
  const auto list = workflow.task(sample::range, 3);
  const auto first = workflow.map(list, sample::twice);
  const auto outside = number();
  const auto second = workflow.map(first, sample::twice);
  EXPECT_EQ(graph().position(list.task()), list.task().number());
  EXPECT_EQ(graph().position(outside.task()), outside.task().number());
  EXPECT_EQ(graph().position(first.task()), 0u);
  EXPECT_EQ(graph().position(second.task()), 1u);
}

// -- what maps take from outside ------------------------------------------------------------------

TEST_F(OuterInputs, AreReadByTheMapAsFarAsTheGraphKnows) {
  const auto list = workflow.task(sample::range, 3);
  const auto outer = number();
  const auto each = workflow.map(list, sample::add, outer);
  EXPECT_EQ(readers(outer), 1u);
  EXPECT_TRUE(read_inside(outer));
  EXPECT_FALSE(read_inside(list));
  EXPECT_EQ(outer_uses(each, outer), 1u);
  EXPECT_THAT(children(outer), IsEmpty()) << "the tasks that wait for it are not there yet";
  EXPECT_EQ(pending(each), 0u);
}

TEST_F(OuterInputs, CountEachTaskThatReadsThem) {
  const auto list = workflow.task(sample::range, 3);
  const auto outer = number();
  const auto each = workflow.for_each(list, [&](Future<int> x) {
    const auto a = workflow.task(sample::add, x, outer);
    return sum({a, outer, outer});
  });
  EXPECT_EQ(outer_uses(each, outer), 2u);
  EXPECT_EQ(readers(outer), 1u);
}

TEST_F(OuterInputs, OfSeveralMapsAreReadByEachOfThem) {
  const auto list = workflow.task(sample::range, 3);
  const auto outer = number();
  const auto a = workflow.map(list, sample::add, outer);
  const auto b = workflow.map(list, sample::add, outer);
  const auto c = workflow.task(sample::twice, outer);
  EXPECT_EQ(readers(outer), 3u);
  EXPECT_EQ(outer_uses(a, outer), 1u);
  EXPECT_EQ(outer_uses(b, outer), 1u);
  EXPECT_THAT(children(outer), ElementsAre(c.task()));
}

TEST_F(OuterInputs, ThatAreTheListTooAreReadOnceByTheMap) {
  const auto list = workflow.task(sample::range, 3);
  const auto each = workflow.for_each(list, [&](Future<int> x) {
    return workflow.task(sample::add, x, workflow.task(sample::sum, list));
  });
  EXPECT_EQ(readers(list), 1u);
  EXPECT_EQ(outer_uses(each, list), 1u);
  EXPECT_TRUE(read_inside(list));
}

TEST_F(OuterInputs, OfAMapInsideAMapAreHandedInward) {
  const auto list = workflow.task(sample::range, 3);
  const auto outer = number();
  Mapped<int> inner;
  const auto rows = workflow.for_each(list, [&](Future<int>) {
    inner = workflow.for_each(list, [&](Future<int> y) {
      workflow.task(sample::twice, outer);
      return workflow.task(sample::add, y, outer);
    });
    return inner;
  });
  EXPECT_EQ(outer_uses(inner, outer), 2u);
  EXPECT_EQ(outer_uses(rows, outer), 1u) << "the map inside, for all that it expands";
  EXPECT_EQ(readers(outer), 1u);
}

TEST_F(OuterInputs, CountAMapInsideForItsListAndForItsTasks) {
  const auto list = workflow.task(sample::range, 3);
  const auto shared = workflow.task(sample::range, 3);
  Mapped<int> inner;
  const auto rows = workflow.for_each(list, [&](Future<int>) {
    inner = workflow.for_each(shared, [&](Future<int> y) {
      return workflow.task(sample::add, y, workflow.task(sample::sum, shared));
    });
    return inner;
  });
  EXPECT_EQ(outer_uses(rows, shared), 2u);
  EXPECT_EQ(outer_uses(inner, shared), 1u);
  EXPECT_EQ(readers(shared), 1u);
}

TEST_F(OuterInputs, MayBeOutputsOfAMapAround) {
  const auto list = workflow.task(sample::range, 3);
  Future<int> middle;
  Mapped<int> inner;
  const auto rows = workflow.for_each(list, [&](Future<int> x) {
    middle = workflow.task(sample::twice, x);
    inner = workflow.map(list, sample::add, middle);
    return inner;
  });
  EXPECT_EQ(outer_uses(inner, middle), 1u);
  EXPECT_EQ(outer_uses(rows, middle), 0u);
  EXPECT_EQ(readers(middle), 1u);
  EXPECT_TRUE(read_inside(middle));
  EXPECT_EQ(outer_uses(rows, list), 1u);
}

TEST_F(OuterInputs, AreNoneForTasksThatOnlyFollowOthers) {
  const auto list = workflow.task(sample::range, 3);
  const auto gate = number();
  const auto each = workflow.map(list, sample::twice);
  workflow.after(each, gate);
  EXPECT_EQ(outer_uses(each, gate), 0u);
  EXPECT_FALSE(read_inside(gate));
  EXPECT_EQ(readers(gate), 0u);
  EXPECT_EQ(pending(each), 0u);
}

TEST_F(OuterInputs, AreNoneForElementsOfTheMapAround) {
  const auto list = workflow.task(sample::range, 3);
  Mapped<int> inner;
  const auto rows = workflow.for_each(
    list, [&](Future<int> x) { return inner = workflow.map(list, sample::add, x); });
  EXPECT_THAT(scope_of(inner).outer_inputs, IsEmpty());
  EXPECT_FALSE(graph().read_inside_maps(map_of(rows)));
}

// -- sinks ----------------------------------------------------------------------------------------

TEST_F(Sinks, AreTheTasksThatNothingReadsOrWaitsFor) {
  const auto a = number();
  const auto b = workflow.task(sample::twice, a);
  const auto c = number();
  const auto d = number();
  workflow.after(d, c);
  EXPECT_THAT(graph().sinks(), UnorderedElementsAre(b.task(), d.task()));
}

TEST_F(Sinks, IncludeMapsThatNobodyGathersAndNoneOfTheirElements) {
  const auto list = workflow.task(sample::range, 3);
  const auto each = workflow.map(list, sample::twice);
  EXPECT_THAT(graph().sinks(), ElementsAre(map_of(each)));
  const auto total = workflow.task(sample::sum, each);
  EXPECT_THAT(graph().sinks(), ElementsAre(total.task()));
}

TEST_F(Sinks, AreNoTasksThatAreReadInsideAMap) {
  const auto list = workflow.task(sample::range, 3);
  const auto outer = number();
  const auto each = workflow.map(list, sample::add, outer);
  EXPECT_THAT(graph().sinks(), ElementsAre(map_of(each)));
}

TEST_F(Sinks, AreNoTasksThatSomethingInsideAMapWaitsFor) {
  const auto list = workflow.task(sample::range, 3);
  const auto gate = number();
  const auto each = workflow.map(list, sample::twice);
  workflow.after(each, gate);
  EXPECT_THAT(graph().sinks(), ElementsAre(map_of(each)));
}

// -- order ----------------------------------------------------------------------------------------

TEST_F(Order, IsThatOfAddingWhileAllEdgesPointForward) {
  const auto a = number();
  const auto b = number();
  const auto c = workflow.task(sample::add, b, a);
  EXPECT_THAT(graph().topological_order(), ElementsAre(a.task(), b.task(), c.task()));
}

TEST_F(Order, PutsATaskBehindThoseThatItFollows) {
  const auto a = number();
  const auto b = number();
  const auto c = number();
  workflow.after(a, c);
  workflow.after(b, a);
  EXPECT_THAT(graph().topological_order(), ElementsAre(c.task(), a.task(), b.task()));
}

TEST_F(Order, LeavesOutTheTasksInsideMaps) {
  const auto list = workflow.task(sample::range, 3);
  const auto each = workflow.map(list, sample::twice);
  const auto total = workflow.task(sample::sum, each);
  EXPECT_THAT(graph().topological_order(), ElementsAre(list.task(), map_of(each), total.task()));
  const auto late = number();
  workflow.after(list, late);
  EXPECT_THAT(graph().topological_order(),
              ElementsAre(late.task(), list.task(), map_of(each), total.task()));
}

TEST_F(Order, PutsWhoGathersBehindWhatTheElementsWaitFor) {
  const auto list = workflow.task(sample::range, 3);
  const auto each = workflow.map(list, sample::twice);
  const auto total = workflow.task(sample::sum, each);
  const auto late = number();
  workflow.after(each, late);
  EXPECT_THAT(graph().topological_order(),
              ElementsAre(list.task(), late.task(), map_of(each), total.task()));
}

}  // namespace
}  // namespace weft
