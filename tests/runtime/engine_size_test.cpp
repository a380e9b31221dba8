// Workflows of a size that overflows the stack wherever something recurses over tasks, or frees
// them one through the other.

#include <pthread.h>

#include <numeric>

#include "runtime/engine_fixture.hpp"
#include "weft/runtime/harness.hpp"

namespace weft::test {

namespace {

// A sanitizer makes each task many times slower, and its stack frames larger.
constexpr int chain_length = 100'000 / WEFT_SIZE_DIVISOR;
constexpr int fan_width = 1'000'000 / WEFT_SIZE_DIVISOR;
constexpr int map_width = 100'000 / WEFT_SIZE_DIVISOR;

const Function start_at{"start_at@1", [](int x) { return x; }};
const Function next{"next@1", [](int x) { return x + 1; }};
const Function fail{"fail@1", [](int x) -> int { throw std::runtime_error(std::to_string(x)); }};
const Function sum{
  "sum@1", [](const std::vector<int>& all) { return std::accumulate(all.begin(), all.end(), 0); }};
const Function ones{"ones@1",
                    [](int n) { return std::vector<int>(static_cast<std::size_t>(n), 1); }};

Registry functions() {
  return registry_of(start_at, next, fail, sum, ones);
}

struct Chain {
  Workflow workflow{"chain"};
  Future<int> last;

  explicit Chain(int length, const auto& first) : last(workflow.task(first, 0)) {
    for (int i = 1; i < length; ++i) last = workflow.task(next, last);
  }
};

}  // namespace

/// Threads, those of engines included, have a stack that a recursion of some ten bytes a task
/// overflows.
class Size : public testing::Test {
protected:
  Size() {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_getattr_default_np(&attributes);
    pthread_attr_getstacksize(&attributes, &usual_stack_);
    set_stack(std::size_t{1} << 20);
  }
  ~Size() override { set_stack(usual_stack_); }

  /// Runs the body of a test on such a thread.
  static void on_small_stack(const std::function<void()>& body) { std::jthread{body}.join(); }

private:
  static void set_stack(std::size_t size) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, size);
    EXPECT_EQ(pthread_setattr_default_np(&attributes), 0);
    pthread_attr_destroy(&attributes);
  }

  std::size_t usual_stack_ = 0;
};

TEST_F(Size, OfAChainOverflowsNothing) {
  on_small_stack([] {
    Engine engine{functions(), with_slots(2)};
    Chain chain{chain_length, start_at};
    const auto run = engine.submit(std::move(chain.workflow), chain.last);
    EXPECT_EQ(run.get(), chain_length - 1);
    EXPECT_EQ(run.record().tasks.committed, static_cast<std::uint64_t>(chain_length));
  });
}

TEST_F(Size, OfAChainOverflowsNothingUnderTheHarness) {
  on_small_stack([] {
    Harness harness{functions(), {.engine = with_slots(2)}};
    Chain chain{chain_length, start_at};
    EXPECT_EQ(harness.submit(std::move(chain.workflow), chain.last).get(), chain_length - 1);
  });
}

TEST_F(Size, OfAChainThatNobodyRunsOverflowsNothing) {
  on_small_stack([] {
    const Chain chain{chain_length, start_at};
    const Chain copy = chain;
    const GraphPtr graph = copy.workflow.freeze(functions()).value();
    EXPECT_EQ(graph->task_count(), static_cast<std::size_t>(chain_length));
  });
}

TEST_F(Size, OfAChainThatIsCancelledOverflowsNothing) {
  on_small_stack([] {
    Gate gate;
    const Function waiting{"waiting@1", [&](int x) {
                             gate.pass();
                             return x;
                           }};
    Registry registry = functions();
    registry.add(waiting);
    Engine engine{std::move(registry), with_slots(2)};
    Chain chain{chain_length, waiting};
    const auto run = engine.submit(std::move(chain.workflow), chain.last);
    gate.wait_until_reached();
    EXPECT_TRUE(run.cancel());
    EXPECT_FALSE(run.result());
    gate.open();
  });
}

TEST_F(Size, OfAChainThatIsSkippedOverflowsNothing) {
  on_small_stack([] {
    Engine engine{functions(), with_slots(2)};
    Chain chain{chain_length, fail};
    const auto run = engine.submit(std::move(chain.workflow), chain.last, {.fail_fast = false});
    EXPECT_FALSE(run.result());
    EXPECT_EQ(run.record().tasks.skipped, static_cast<std::uint64_t>(chain_length - 1));
  });
}

TEST_F(Size, OfAChainOfMapsOverflowsNothing) {
  constexpr int stages = 2'000 / WEFT_SIZE_DIVISOR;
  on_small_stack([] {
    Engine engine{functions(), with_slots(2)};
    Workflow workflow{"stages"};
    auto each = workflow.map(workflow.task(ones, 10), next);
    for (int i = 1; i < stages; ++i) each = workflow.map(each, next);
    const auto total = workflow.task(sum, each);
    EXPECT_EQ(engine.submit(std::move(workflow), total).get(), 10 * (stages + 1));
  });
}

TEST_F(Size, OfAFanOverflowsNothing) {
  on_small_stack([] {
    Engine engine{functions(), with_slots(2)};
    Workflow workflow{"fan"};
    const auto source = workflow.task(start_at, 0);
    std::vector<Future<int>> leaves;
    leaves.reserve(fan_width);
    for (int i = 0; i < fan_width; ++i) leaves.push_back(workflow.task(next, source));
    const auto total = workflow.task(sum, leaves);
    const auto run = engine.submit(std::move(workflow), total);
    EXPECT_EQ(run.get(), fan_width);
    EXPECT_EQ(run.record().tasks.committed, static_cast<std::uint64_t>(fan_width) + 2);
  });
}

TEST_F(Size, OfAFanWithoutASourceOverflowsNothing) {
  on_small_stack([] {
    Engine engine{functions(), with_slots(2)};
    Workflow workflow{"sinks"};
    for (int i = 0; i < fan_width / 10; ++i) workflow.task(start_at, i);
    const auto run = engine.submit(std::move(workflow));
    EXPECT_TRUE(run.result());
  });
}

TEST_F(Size, OfAMapOverflowsNothing) {
  on_small_stack([] {
    Engine engine{functions(), with_slots(2)};
    Workflow workflow{"map"};
    const auto each = workflow.map(workflow.map(workflow.task(ones, map_width), next), next);
    const auto total = workflow.task(sum, each);
    const auto run = engine.submit(std::move(workflow), total);
    EXPECT_EQ(run.get(), 3 * map_width);
    EXPECT_EQ(run.record().tasks.committed, static_cast<std::uint64_t>(2 * map_width) + 3);
  });
}

TEST_F(Size, OfAMapOfMapsOverflowsNothing) {
  const int outer = map_width / 100;
  on_small_stack([outer] {
    Harness harness{functions(), {.engine = with_slots(2)}};
    Workflow workflow{"maps"};
    const auto sums = workflow.for_each(workflow.task(ones, outer), [&](const auto& element) {
      static_cast<void>(element);
      return workflow.task(sum, workflow.map(workflow.task(ones, 10), next));
    });
    const auto total = workflow.task(sum, sums);
    EXPECT_EQ(harness.submit(std::move(workflow), total).get(), 20 * outer);
  });
}

}  // namespace weft::test
