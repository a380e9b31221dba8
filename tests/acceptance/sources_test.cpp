// Runs of two submitters whose functions have the same names and come from different sources, as
// two submissions of one file with different parameters have.

#include "acceptance/durable_runs.hpp"

namespace weft::test {

class Sources : public DurableRuns {
protected:
  /// An engine with the functions of a source.
  static Engine engine_of(const std::string& source, EngineOptions options) {
    options.source = source;
    return Engine{functions_of(source).value(), std::move(options)};
  }

  using Telling = Function<std::string (*)()>;
  static weft::Run<std::string> submit(Engine& engine, const Telling& function,
                                       SubmitOptions options = {}) {
    Workflow workflow{"telling"};
    const auto told = workflow.task(function);
    return engine.submit(std::move(workflow), told, options);
  }

  /// A run of somebody who leaves its tasks to this node.
  static weft::Run<std::string> submit_for(Engine& node, Engine& submitter) {
    auto run = submit(submitter, origin, {.detached = true});
    EXPECT_TRUE(attached(node, run.id()));
    EXPECT_TRUE(node.resume(run.id()));
    return run;
  }

  static void expect_told(const weft::Run<std::string>& run, const std::string& source) {
    const auto told = result_in_time(run);
    ASSERT_TRUE(told) << to_string(told.error());
    EXPECT_EQ(*told, source);
  }
};

TEST_F(Sources, OfOthersLeaveANodesOwnRunsWithItsOwn) {
  Engine other = engine_of("other", client());
  Engine node = engine_of("own", processes(1));
  expect_told(submit(node, origin), "own");
  expect_told(submit_for(node, other), "other");
  expect_told(submit(node, origin), "own");
}

/// Looking for its functions may have changed the folder that the process is in, and more.
TEST_F(Sources, ThatCannotBeUsedLeaveANodesOwnRunsWithItsOwn) {
  EngineOptions options = client();
  options.source = "unusable";
  Engine other{functions_of("other").value(), options};
  Engine node = engine_of("own", processes(1));
  expect_told(submit(node, latest_source), "own");
  const auto unusable = submit_for(node, other);
  expect_told(submit(node, latest_source), "own");
  unusable.cancel();
  EXPECT_TRUE(unusable.wait_for(bound));
}

TEST_F(Sources, OfOthersAreUsedByThreadsToo) {
  Engine other = engine_of("other", client());
  EngineOptions options = threads(1);
  options.make_registry = functions_of;
  Engine node = engine_of("own", options);
  expect_told(submit_for(node, other), "other");
  expect_told(submit(node, origin), "own");
}

/// Functions of the same names are no reason to take them for those of the run.
TEST_F(Sources, OfOthersAreLeftToNodesThatCanUseThem) {
  Engine other = engine_of("other", client());
  Engine node = engine_of("own", threads(1));
  const auto run = submit(other, origin, {.detached = true});
  EXPECT_TRUE(attached(node, run.id()));
  const auto resumed = node.resume(run.id());
  ASSERT_FALSE(resumed);
  EXPECT_EQ(resumed.error().code, Errc::function_unknown);
  run.cancel();
  EXPECT_TRUE(run.wait_for(bound));
}

}  // namespace weft::test
