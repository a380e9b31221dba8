// What is in the store, and on the machine, when runs are over.

#include "acceptance/durable_runs.hpp"

namespace weft::test {

namespace {

constexpr std::uint64_t in_parts = 200'000;  // Larger than what rides in a commit.

}  // namespace

class LeftOvers : public DurableRuns {
protected:
  /// Small and large outputs, a map, one that is kept, and a task that may fail or wait.
  [[nodiscard]] weft::Run<int> submit_everything(Engine& engine, Mishap kind,
                                                 const std::string& gate) const {
    Workflow workflow{"everything"};
    const auto large = workflow.task(make_blob, in_parts, std::uint64_t{1});
    const auto all = workflow.task(checksum_all, std::vector{large, large});
    workflow.options(large).keep_output = KeepOutput::until_erased;
    workflow.task(mix, std::vector{large}, in_parts);
    const auto each = workflow.map(workflow.task(numbers, 5), next);
    const auto waiting =
      workflow.task(wait_for_gate, folder(), gate, "waiting", workflow.task(sum, each));
    workflow.after(waiting, all);
    const auto last = risky(workflow, kind, kind == Mishap::none ? 0 : 1, "last-" + gate, waiting);
    return engine.submit(std::move(workflow), last, SubmitOptions{.detached = true});
  }
};

TEST_F(LeftOvers, OfRunsThatWereAcknowledgedAreNone) {
  Engine engine{durable_functions(), threads(2)};
  open_gate("open");
  const auto good = submit_everything(engine, Mishap::none, "open");
  const auto bad = submit_everything(engine, Mishap::exception, "open");
  const auto cancelled = submit_everything(engine, Mishap::none, "shut");
  ASSERT_TRUE(good.wait_for(bound) && bad.wait_for(bound));
  ASSERT_TRUE(eventually([&] { return calls("waiting") == 3; }));
  EXPECT_TRUE(cancelled.cancel());
  ASSERT_TRUE(cancelled.wait_for(bound));
  EXPECT_FALSE(keys_of_runs().empty()) << "results stay until somebody has taken them";
  EXPECT_EQ(good.get(), 16);
  EXPECT_EQ(bad.record().state, RunState::failed);
  EXPECT_EQ(cancelled.record().state, RunState::cancelled);
  for (const RunId run : {good.id(), bad.id(), cancelled.id()}) {
    EXPECT_TRUE(engine.acknowledge(run));
  }
  expect_no_key_of_runs();
  EXPECT_THAT(engine.stored_runs().value(), IsEmpty());
}

TEST_F(LeftOvers, OfARunThatNobodyAcknowledgesGoWithItsRetention) {
  EngineOptions options = threads(1);
  options.store.retention = 200ms;
  options.store.lease = 200ms;
  Engine engine{durable_functions(), options};
  open_gate("open");
  const auto run = submit_everything(engine, Mishap::none, "open");
  EXPECT_EQ(result_in_time(run).value(), 16);
  expect_no_key_of_runs();
}

TEST_F(LeftOvers, OfARunWhoseClientLetsGoAreNone) {
  {
    Engine engine{durable_functions(), processes(2)};
    Workflow workflow{"let-go"};
    workflow.task(checksum, workflow.task(make_blob, in_parts, std::uint64_t{2}));
    engine.submit(std::move(workflow)).get();
  }
  expect_nothing_left();
}

/// Closing an engine ends its runs; the processes that are in the middle of calls go with it.
TEST_F(LeftOvers, OfAnEngineThatIsClosedInTheMiddleOfCallsAreNone) {
  {
    Engine engine{durable_functions(), processes(3)};
    Workflow workflow{"closed"};
    for (int i = 0; i < 3; ++i) {
      workflow.task(wait_for_gate, folder(), "never", "closed", workflow.task(pass, i));
    }
    const auto run = engine.submit(std::move(workflow));
    ASSERT_TRUE(wait_for_calls("closed", 3));
  }
  expect_nothing_left();
}

/// Keys are found by the run that they are of, never by a pattern: one name may hold another.
TEST_F(LeftOvers, OfOneStoreAreNotThoseOfAnotherWhoseNameHoldsItsOwn) {
  const auto with_prefix = [this](const std::string& prefix) {
    EngineOptions options = threads(1);
    options.store.prefix = prefix;
    return options;
  };
  Engine brief{durable_functions(), with_prefix("we")};
  Engine usual{durable_functions(), with_prefix("weft")};
  Engine lengthy{durable_functions(), with_prefix("weft*")};
  open_gate("open");
  std::vector<weft::Run<int>> runs;
  for (Engine* engine : {&brief, &usual, &lengthy}) {
    runs.push_back(submit_everything(*engine, Mishap::none, "open"));
    EXPECT_EQ(result_in_time(runs.back()).value(), 16);
  }
  const auto of_usual = [this] {
    int count = 0;
    for (const std::string& key : keys_of_runs()) count += key.starts_with("weft:{") ? 1 : 0;
    return count;
  };
  const int before = of_usual();
  EXPECT_GT(before, 0);
  EXPECT_TRUE(brief.acknowledge(runs[0].id()));
  EXPECT_TRUE(lengthy.acknowledge(runs[2].id()));
  EXPECT_EQ(of_usual(), before);
  const auto late = usual.attach(runs[1].id()).value();
  ASSERT_TRUE(late->wait_for(bound));
  EXPECT_EQ(late->record().state, RunState::succeeded);
}

/// Tasks whose names begin alike, in runs of one workflow: ending and erasing one leaves the
/// other's outputs, large ones above all, to be read.
TEST_F(LeftOvers, OfOneRunAreNotThoseOfAnotherThatIsStillRead) {
  Engine engine{durable_functions(), threads(2)};
  const auto submit = [&](const std::string& gate) {
    Workflow workflow{"a"};
    const auto a = workflow.task(make_blob, in_parts, std::uint64_t{7});
    const auto aa = workflow.task(make_blob, in_parts, std::uint64_t{8});
    workflow.name(a, "a");
    workflow.name(aa, "aa");
    const auto waiting = workflow.task(wait_for_gate, folder(), gate, gate, 0);
    const auto both = workflow.task(checksum_all, std::vector{a, aa});
    workflow.after(both, waiting);
    return engine.submit(std::move(workflow), both, SubmitOptions{.detached = true});
  };
  open_gate("open");
  const auto slow = submit("slow");
  ASSERT_TRUE(wait_for_calls("slow", 1));
  const auto quick = submit("open");
  const auto expected =
    fold_of({checksum_of(blob_of(in_parts, 7)), checksum_of(blob_of(in_parts, 8))});
  EXPECT_EQ(result_in_time(quick).value(), expected);
  EXPECT_TRUE(engine.acknowledge(quick.id()));
  open_gate("slow");
  EXPECT_EQ(result_in_time(slow).value(), expected);
  EXPECT_TRUE(engine.acknowledge(slow.id()));
  expect_no_key_of_runs();
}

}  // namespace weft::test
