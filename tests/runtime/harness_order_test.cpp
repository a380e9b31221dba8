// What a seed of the harness decides, and what it does not.

#include <set>

#include "runtime/harness_fixture.hpp"

namespace weft::test {

namespace {

const Function nap{"nap@1", [](TaskContext& context, int x) {
                     context.sleep_for(std::chrono::milliseconds{10});
                     return x;
                   }};
const Function join{"join@1",
                    [](const std::vector<int>& all) { return static_cast<int>(all.size()); }};
const Function second_try{"second_try@1", [](TaskContext& context, int x) {
                            if (context.attempt() == 1) throw std::runtime_error("not yet");
                            return x;
                          }};
const Function upto{"upto@1", [](int n) {
                      std::vector<int> all;
                      for (int i = 0; i < n; ++i) all.push_back(i);
                      return all;
                    }};

/// Maps of maps of tasks that fail, are tried again and take time.
struct Tangle {
  Workflow workflow{"tangle"};
  Future<int> result;

  Tangle() : result(tangle()) {}

private:
  Future<int> tangle() {
    const auto sums = workflow.for_each(workflow.task(upto, 4), [&](const auto& row) {
      const auto list = workflow.task(upto, row);
      const auto napped = workflow.map(list, nap);
      const auto tried = workflow.map(napped, second_try);
      workflow.options(tried).retries = RetryPolicy{.attempts = 2, .backoff = 3ms};
      return workflow.task(join, tried);
    });
    return workflow.task(join, sums);
  }
};

/// A harness with one run on it.
class Play {
public:
  explicit Play(std::uint64_t seed)
    : harness_(registry_of(nap, join, second_try, upto), options(seed)) {}

  bool step() { return harness_.step(); }
  std::string log() {
    harness_.run_until_idle();
    EXPECT_EQ(run_.get(), 4);
    return harness_.event_log(run_.id());
  }

private:
  static HarnessOptions options(std::uint64_t seed) {
    HarnessOptions options{.seed = seed};
    options.engine.pool = {.slots = 3, .cold_start = 5ms};
    return options;
  }
  weft::Run<int> submit() {
    Tangle tangle;
    return harness_.submit(std::move(tangle.workflow), tangle.result);
  }

  Harness harness_;
  weft::Run<int> run_ = submit();
};

}  // namespace

TEST(Seeds, ThatAreEqualGiveEqualLogs) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    EXPECT_EQ(Play{seed}.log(), Play{seed}.log()) << "seed " << seed;
  }
}

TEST(Seeds, ThatDifferGiveDifferentOrders) {
  std::set<std::string> logs;
  for (std::uint64_t seed = 0; seed < 20; ++seed) logs.insert(Play{seed}.log());
  EXPECT_GT(logs.size(), 10u);
}

TEST(Seeds, DecideForTheirOwnHarnessAlone) {
  Play first{1};
  Play second{2};
  for (bool more = true; more;) {
    more = first.step();
    more = second.step() || more;
  }
  EXPECT_EQ(first.log(), Play{1}.log());
  EXPECT_EQ(second.log(), Play{2}.log());
}

// -- time -----------------------------------------------------------------------------------------

class VirtualTime : public OnVirtualTime {
protected:
  weft::Run<int> submit_nap() {
    registry.add(nap);
    start();
    Workflow workflow{"nap"};
    const auto future = workflow.task(nap, 1);
    return harness().submit(std::move(workflow), future);
  }
};

TEST_F(VirtualTime, StandsStillWhileMessagesAreHandled) {
  const auto run = submit_nap();
  while (harness().step()) {
  }
  EXPECT_EQ(now(), 0s);
  EXPECT_EQ(run.record().state, RunState::running);
}

TEST_F(VirtualTime, AdvancesByExactlyWhatItIsTold) {
  const auto run = submit_nap();
  harness().advance(10ms - 1ns);
  EXPECT_EQ(now(), 10ms - 1ns);
  EXPECT_FALSE(run.wait_for(0s));
  harness().advance(1ns);
  EXPECT_EQ(run.record().makespan, Nanos{10ms});
  harness().advance(24h);
  EXPECT_EQ(now(), 24h + 10ms);
}

TEST_F(VirtualTime, PassesForClientsThatWaitUntilTheirLimit) {
  const auto run = submit_nap();
  EXPECT_FALSE(run.wait_for(4ms));
  EXPECT_TRUE(run.wait_for(24h));
  EXPECT_EQ(now(), 10ms);
}

TEST_F(VirtualTime, DoesNotPassWhileThereIsNothingToDo) {
  start();
  harness().run_until_idle();
  EXPECT_FALSE(harness().step());
  EXPECT_EQ(now(), 0s);
}

}  // namespace weft::test
