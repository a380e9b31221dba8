// The classic shapes of graphs that schedulers get wrong, each on real threads and in virtual time.

#include <algorithm>
#include <atomic>
#include <map>
#include <numeric>
#include <optional>
#include <tuple>

#include "runtime/engine_fixture.hpp"
#include "weft/runtime/harness.hpp"

namespace weft::test {

namespace {

const Function number{"number@1", [](int x) { return x; }};
const Function minus{"minus@1", [](int x, int y) { return x - y; }};
const Function three{"three@1", [](int x, int y, int z) { return 100 * x + 10 * y + z; }};
const Function increment{"increment@1", [](int x) { return x + 1; }};
const Function sum_of{"sum_of@1", [](const std::vector<int>& all) {
                        return std::accumulate(all.begin(), all.end(), 0);
                      }};
const Function count_to{"count_to@1", [](int n) {
                          std::vector<int> all(static_cast<std::size_t>(n));
                          std::iota(all.begin(), all.end(), 1);
                          return all;
                        }};

using Deep = std::vector<std::map<std::string, std::vector<std::tuple<int, std::optional<int>>>>>;
const Function sum_of_deep{"sum_of_deep@1", [](const Deep& deep) {
                             int total = 0;
                             for (const auto& map : deep) {
                               for (const auto& [key, list] : map) {
                                 for (const auto& [x, y] : list) {
                                   total += static_cast<int>(key.size()) * (10 * x + y.value_or(0));
                                 }
                               }
                             }
                             return total;
                           }};
const Function same_object{
  "same_object@1", [](const Shared<std::vector<int>>& x, const Shared<std::vector<int>>& y,
                      const std::vector<Shared<std::vector<int>>>& all) {
    return &*x == &*y && std::ranges::all_of(all, [&](const auto& one) { return &*one == &*x; });
  }};

/// What `mark` was last called with: an effect beside the outputs, which shows who came first.
std::atomic<int> marked = 0;
const Function mark{"mark@1", [](int x) { marked = x; }};
const Function plus_mark{"plus_mark@1", [](int x) { return x + marked; }};

Registry shape_functions() {
  return registry_of(number, minus, three, increment, sum_of, count_to, sum_of_deep, same_object,
                     mark, plus_mark);
}

/// Real threads: two, so that tasks overlap.
struct OnThreads {
  Engine host{shape_functions(), with_slots(2)};
};
/// One thread and virtual time.
struct OnTheHarness {
  Harness host{shape_functions(), {.seed = 11, .engine = with_slots(2)}};
};

}  // namespace

template <class Host>
class Shapes : public testing::Test {
protected:
  template <class T>
  auto submit(Workflow workflow, const Future<T>& result) {
    return on_.host.submit(std::move(workflow), result);
  }
  auto submit(Workflow workflow) { return on_.host.submit(std::move(workflow)); }
  auto submit_graph(GraphPtr graph, TaskId kept) { return on_.host.submit_graph(graph, {kept}); }

  Workflow workflow{"shape"};

private:
  Host on_;
};
using Hosts = testing::Types<OnThreads, OnTheHarness>;
TYPED_TEST_SUITE(Shapes, Hosts);

// -- by hand --------------------------------------------------------------------------------------

TYPED_TEST(Shapes, OfAChainHandOnEachOutput) {
  auto& workflow = this->workflow;
  auto last = workflow.task(number, 0);
  for (int i = 0; i < 200; ++i) last = workflow.task(increment, last);
  const auto run = this->submit(workflow, last);
  EXPECT_EQ(run.get(), 200);
  EXPECT_EQ(run.record().tasks.committed, 201u);
}

TYPED_TEST(Shapes, OfADiamondWithASkipEdgeWaitForBothSidesAndTheTop) {
  auto& workflow = this->workflow;
  const auto a = workflow.task(number, 1);
  const auto b = workflow.task(increment, a);
  const auto c = workflow.task(increment, workflow.task(increment, a));
  const auto d = workflow.task(three, a, b, c);
  const auto run = this->submit(workflow, d);
  EXPECT_EQ(run.get(), 123);
  EXPECT_EQ(run.record().tasks.committed, 5u);
}

TYPED_TEST(Shapes, OfALateRootReachTheLastTask) {
  auto& workflow = this->workflow;
  auto last = workflow.task(number, 0);
  for (int i = 0; i < 20; ++i) last = workflow.task(increment, last);
  const auto late = workflow.task(number, 7);
  EXPECT_EQ(this->submit(workflow, workflow.task(minus, last, late)).get(), 13);
}

TYPED_TEST(Shapes, OfARootThatOnlyOrdersStartTheLastTaskAfterIt) {
  auto& workflow = this->workflow;
  marked = 0;
  const auto last = workflow.task(plus_mark, workflow.task(number, 1));
  workflow.after(last, workflow.task(mark, 70));
  EXPECT_EQ(this->submit(workflow, last).get(), 71);
}

TYPED_TEST(Shapes, OfASinkThatNobodyAskedForRunItAllTheSame) {
  auto& workflow = this->workflow;
  const auto root = workflow.task(number, 1);
  const auto asked = workflow.task(increment, root);
  const auto sink = workflow.task(minus, root, asked);
  const auto run = this->submit(workflow, asked);
  EXPECT_EQ(run.get(), 2);
  EXPECT_EQ(run.record().tasks.committed, 3u);
  const auto unread = run.result_of(sink);
  ASSERT_FALSE(unread);
  EXPECT_EQ(unread.error().code, Errc::input_missing);
}

TYPED_TEST(Shapes, OfAResultThatOthersReadKeepItForTheClient) {
  auto& workflow = this->workflow;
  const auto asked = workflow.task(number, 5);
  workflow.task(increment, workflow.task(increment, asked));
  EXPECT_EQ(this->submit(workflow, asked).get(), 5);
}

TYPED_TEST(Shapes, OfSeveralRootsAndSinksYieldEachSink) {
  auto& workflow = this->workflow;
  std::vector<Future<int>> roots;
  for (int i = 0; i < 4; ++i) roots.push_back(workflow.task(number, i));
  std::vector<Future<int>> sinks;
  for (int i = 0; i < 3; ++i) {
    const auto at = static_cast<std::size_t>(i);
    sinks.push_back(workflow.task(minus, roots[at], roots[at + 1]));
  }
  sinks.push_back(workflow.task(sum_of, roots));
  const auto run = this->submit(workflow);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(*run.result_of(sinks[i]), -1);
  EXPECT_EQ(*run.result_of(sinks[3]), 6);
}

TYPED_TEST(Shapes, OfAnIsolatedTaskRunItBesideTheOthers) {
  auto& workflow = this->workflow;
  const auto joined = workflow.task(increment, workflow.task(number, 1));
  const auto alone = workflow.task(number, 42);
  const auto run = this->submit(workflow);
  EXPECT_EQ(*run.result_of(joined), 2);
  EXPECT_EQ(*run.result_of(alone), 42);
}

TYPED_TEST(Shapes, OfUnconnectedPartsEndWithAllOfThem) {
  auto& workflow = this->workflow;
  for (int i = 0; i < 50; ++i) workflow.task(increment, workflow.task(number, i));
  const auto run = this->submit(workflow);
  EXPECT_TRUE(run.result());
  EXPECT_EQ(run.record().tasks.committed, 100u);
}

TYPED_TEST(Shapes, OfAFanInOfTenThousandReadEachInItsPlace) {
  constexpr int width = 10'000;
  auto& workflow = this->workflow;
  std::vector<Future<int>> fan;
  for (int i = 0; i < width; ++i) fan.push_back(workflow.task(number, i));
  const Future<int> first = fan.front();
  const Future<int> last = fan.back();
  const auto total = workflow.task(sum_of, fan);
  const auto ends = workflow.task(minus, last, first);
  const auto run = this->submit(workflow);
  EXPECT_EQ(*run.result_of(total), width * (width - 1) / 2);
  EXPECT_EQ(*run.result_of(ends), width - 1);
}

// -- arguments ------------------------------------------------------------------------------------

TYPED_TEST(Shapes, OfOneOutputPassedSeveralTimesRunItsTaskOnceAndShareIt) {
  auto& workflow = this->workflow;
  const auto list = workflow.task(count_to, 3);
  const auto same = workflow.task(same_object, list, list, std::vector{list, list});
  const auto run = this->submit(workflow, same);
  EXPECT_TRUE(run.get());
  EXPECT_EQ(run.record().tasks.committed, 2u);
}

TYPED_TEST(Shapes, OfOneOutputPassedTwiceKeepTheOrderOfArguments) {
  auto& workflow = this->workflow;
  const auto one = workflow.task(number, 1);
  const auto two = workflow.task(number, 2);
  EXPECT_EQ(this->submit(workflow, workflow.task(three, two, one, two)).get(), 212);
}

TYPED_TEST(Shapes, OfArgumentsThatNestDeeplyFindEachOutput) {
  using Pair = std::tuple<Future<int>, std::optional<Future<int>>>;
  auto& workflow = this->workflow;
  const auto one = workflow.task(number, 1);
  const auto two = workflow.task(number, 2);
  std::vector<std::map<std::string, std::vector<Pair>>> deep(3);
  deep[0]["a"] = {Pair{one, two}, Pair{two, std::nullopt}};  // 12 + 20
  deep[0]["bb"] = {};
  deep[2]["ccc"] = {Pair{one, one}};  // 3 x 11
  EXPECT_EQ(this->submit(workflow, workflow.task(sum_of_deep, deep)).get(), 65);
}

// -- maps -----------------------------------------------------------------------------------------

TYPED_TEST(Shapes, OfAnEmptyMapGoOnThroughAMapAndReduceToNothing) {
  auto& workflow = this->workflow;
  const auto nothing = workflow.task(count_to, 0);
  const auto chained = workflow.map(workflow.map(nothing, increment), increment);
  const auto total = workflow.task(sum_of, chained);
  const auto again = workflow.map(workflow.gather(chained), increment);
  const auto after = workflow.task(increment, workflow.task(sum_of, again));
  const auto run = this->submit(workflow);
  EXPECT_EQ(*run.result_of(total), 0);
  EXPECT_EQ(*run.result_of(after), 1);
}

TYPED_TEST(Shapes, OfAMapOverAGatheredMapKeepTheOrderOfElements) {
  auto& workflow = this->workflow;
  const auto once = workflow.gather(workflow.map(workflow.task(count_to, 4), increment));
  const auto twice_mapped = workflow.gather(workflow.map(once, increment));
  EXPECT_THAT(this->submit(workflow, twice_mapped).get(), ElementsAre(3, 4, 5, 6));
}

TYPED_TEST(Shapes, OfMapsOfMapsReduceEachRowAndThenAll) {
  auto& workflow = this->workflow;
  const auto rows = workflow.for_each(workflow.task(count_to, 5), [&](const Future<int>& n) {
    return workflow.task(sum_of, workflow.map(workflow.task(count_to, n), increment));
  });
  const auto list = workflow.gather(rows);
  const auto total = workflow.task(sum_of, list);
  workflow.options(list).keep_output = KeepOutput::until_erased;
  const auto run = this->submit(workflow, total);
  EXPECT_EQ(run.get(), 50);
  EXPECT_THAT(*run.result_of(list), ElementsAre(2, 5, 9, 14, 20));
}

TYPED_TEST(Shapes, OfMapsOfMapsMayHaveEmptyRows) {
  auto& workflow = this->workflow;
  const auto from_zero = workflow.map(workflow.task(count_to, 3), minus, 1);  // 0, 1, 2
  const auto rows = workflow.for_each(workflow.gather(from_zero), [&](const Future<int>& n) {
    return workflow.task(sum_of, workflow.map(workflow.task(count_to, n), increment));
  });
  EXPECT_THAT(this->submit(workflow, workflow.gather(rows)).get(), ElementsAre(0, 2, 5));
}

// -- copies ---------------------------------------------------------------------------------------

TYPED_TEST(Shapes, OfCopiesThatAreChangedAfterwardsDoNotMix) {
  const auto shared = this->workflow.task(number, 10);
  Workflow left = this->workflow;
  Workflow right = this->workflow;
  const auto up = left.task(increment, shared);
  const auto down = right.task(minus, shared, 1);
  right.name(shared, "ten");
  right.task(number, 99);
  const auto left_run = this->submit(left, up);
  const auto right_run = this->submit(right, down);
  const auto original = this->submit(this->workflow, shared);
  EXPECT_EQ(left_run.get(), 11);
  EXPECT_EQ(right_run.get(), 9);
  EXPECT_EQ(original.get(), 10);
  EXPECT_EQ(left_run.record().tasks.committed, 2u);
  EXPECT_EQ(right_run.record().tasks.committed, 3u);
  EXPECT_EQ(original.record().tasks.committed, 1u);
}

TYPED_TEST(Shapes, OfOneFrozenGraphThatRunsTwiceAtOnceDoNotMix) {
  auto& workflow = this->workflow;
  const auto list = workflow.task(count_to, 20);
  const auto shifted = workflow.gather(workflow.map(list, increment));
  workflow.options(list).keep_output = KeepOutput::until_erased;
  const GraphPtr graph = workflow.freeze(shape_functions()).value();
  const auto first = this->submit_graph(graph, shifted.task());
  const auto second = this->submit_graph(graph, shifted.task());
  EXPECT_NE(first->id(), second->id());
  using List = std::vector<int>;
  const auto list_of = [&](const auto& run, const auto& future) {
    run->wait();
    return run->output(future.task()).value();
  };
  List expected(20);
  std::iota(expected.begin(), expected.end(), 2);
  EXPECT_EQ(**list_of(first, shifted).template as<List>(), expected);
  EXPECT_EQ(**list_of(second, shifted).template as<List>(), expected);
  const Value made_first = list_of(first, list);
  const Value made_second = list_of(second, list);
  EXPECT_NE(made_first.template object<List>(), made_second.template object<List>())
    << "each run makes its own";
}

}  // namespace weft::test
