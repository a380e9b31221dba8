// Two plug-ins, end to end: one that remembers outputs, one that keeps a fan-out together.

#include <map>
#include <mutex>
#include <numeric>
#include <set>

#include "runtime/harness_fixture.hpp"
#include "weft/storage/run_store.hpp"

namespace weft::test {

namespace {

/// Answers what an equal call of the function has returned before.
class Memoise final : public Optimization {
public:
  [[nodiscard]] std::string_view name() const override { return "memoise"; }
  [[nodiscard]] std::vector<Stage> stages() const override {
    return {Stage::execute, Stage::publish_output};
  }

  [[nodiscard]] ExecuteDecision execute(const StageView& view,
                                        const Inputs& inputs) const override {
    const std::lock_guard lock{mutex_};
    std::string call = call_of(view, inputs);
    if (const auto known = outputs_.find(call); known != outputs_.end()) return {known->second};
    under_way_[{&view.graph, view.task}] = std::move(call);
    return {};
  }

  [[nodiscard]] PublishDecision publish_output(const StageView& view,
                                               const Value& output) const override {
    const std::lock_guard lock{mutex_};
    if (const auto call = under_way_.extract({&view.graph, view.task})) {
      outputs_.emplace(call.mapped(), output);
    }
    return PublishDecision::as_needed;
  }

private:
  /// The function and all that it is called with.
  static std::string call_of(const StageView& view, const Inputs& inputs) {
    std::string call = to_string(view.graph.function_name(view.template_task));
    for (const ArgNode& node : view.graph.arguments(view.template_task)) {
      call += ' ';
      if (node.kind == ArgKind::constant) {
        call += view.graph.constants()[node.value].encoding().value();
      }
    }
    for (const Value& input : inputs.values()) {
      if (input.missing()) continue;  // A task that it follows without reading it.
      call += ' ';
      call += input.encoding().value();
    }
    return call;
  }

  mutable std::mutex mutex_;
  mutable std::map<std::pair<const Graph*, TaskId>, std::string> under_way_;
  mutable std::map<std::string, Value> outputs_;
};

/// Runs all children of a task on the worker that commits it.
class Cluster final : public Optimization {
public:
  explicit Cluster(std::vector<Stage> stages = {Stage::count_down, Stage::hand_over},
                   std::string name = "cluster")
    : stages_(std::move(stages)), name_(std::move(name)) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::vector<Stage> stages() const override { return stages_; }
  [[nodiscard]] CountDownDecision count_down(const StageView&, const Value&) const override {
    return {.claim = CountDownDecision::Claim::all};
  }
  [[nodiscard]] HandOverDecision hand_over(const StageView&, const Value&, TaskId) const override {
    return HandOverDecision::keep;
  }

private:
  std::vector<Stage> stages_;
  std::string name_;
};

}  // namespace

class StagePlugins : public OnVirtualTime {
protected:
  /// A user asks for an optimization on a task.
  static void want(Workflow& workflow, const AnyFuture& future, std::string kind) {
    workflow.options(future).optimizations.push_back({.kind = std::move(kind)});
  }

  Harness& start_with(std::vector<std::shared_ptr<const Optimization>> plugins,
                      std::uint32_t slots = 3) {
    registry.add(square).add(sum).add(upto).add(halve);
    EngineOptions options{.pool = {.slots = slots}};
    options.optimizations = std::move(plugins);
    return start(std::move(options));
  }

  /// The workers that committed a task of each function, as the events have them.
  [[nodiscard]] std::map<std::string, std::set<std::uint32_t>> workers_by_function(
    const std::shared_ptr<RunHandle>& run) {
    std::map<std::string, std::set<std::uint32_t>> workers;
    const auto subscription = run->subscribe([&](const RunEvent& event) {
      if (event.kind != RunEventKind::task_committed) return;
      workers[event.name.substr(0, event.name.find('-'))].insert(event.worker.number());
    });
    harness().run_until_idle();
    run->unsubscribe(subscription);
    return workers;
  }

  int calls = 0;
  const Function<std::function<int(int)>> square{"square@1", [this](int x) {
                                                   ++calls;
                                                   return x * x;
                                                 }};
  const Function<int (*)(int)> halve{"halve@1", [](int x) { return x / 2; }};
  const Function<std::vector<int> (*)(int)> upto{
    "upto@1", [](int n) {
      std::vector<int> all(static_cast<std::size_t>(n));
      std::iota(all.begin(), all.end(), 0);
      return all;
    }};
  const Function<int (*)(const std::vector<int>&)> sum{
    "sum@1",
    [](const std::vector<int>& all) { return std::accumulate(all.begin(), all.end(), 0); }};
};

// -- one that remembers outputs -----------------------------------------------------------------

class AMemoisingPlugin : public StagePlugins {
protected:
  /// 3 * 3 three times, one after another, and 4 * 4.
  weft::Run<int> submit() {
    Workflow workflow{"squares"};
    std::vector<Future<int>> squares;
    for (const int x : {3, 3, 3, 4}) {
      squares.push_back(workflow.task(square, x));
      want(workflow, squares.back(), "memoise");
      if (squares.size() > 1) workflow.after(squares.back(), squares[squares.size() - 2]);
    }
    const auto total = workflow.task(sum, squares);
    return harness().submit(std::move(workflow), total);
  }
};

TEST_F(AMemoisingPlugin, CallsAFunctionOnceForEqualArguments) {
  start_with({std::make_shared<Memoise>()});
  EXPECT_EQ(submit().get(), 9 + 9 + 9 + 16);
  EXPECT_EQ(calls, 2);
}

TEST_F(AMemoisingPlugin, AnswersLaterRunsToo) {
  start_with({std::make_shared<Memoise>()});
  EXPECT_EQ(submit().get(), submit().get());
  EXPECT_EQ(calls, 2);
}

TEST_F(AMemoisingPlugin, LetsTasksThatItAnsweredForCommitLikeOthers) {
  start_with({std::make_shared<Memoise>()});
  const auto run = submit();
  run.get();
  EXPECT_EQ(run.record().tasks.committed, 5u);
  EXPECT_EQ(events(run.id(), "task_committed").size(), 5u);
}

TEST_F(AMemoisingPlugin, LeavesTasksAloneThatDoNotCarryIt) {
  start_with({std::make_shared<Memoise>()});
  Workflow workflow{"squares"};
  const auto first = workflow.task(square, 3);
  const auto second = workflow.task(square, 3);
  want(workflow, second, "memoise");
  const auto total = workflow.task(sum, std::vector{first, second});
  EXPECT_EQ(harness().submit(std::move(workflow), total).get(), 18);
  EXPECT_EQ(calls, 2);
}

// -- one that keeps a fan-out together ----------------------------------------------------------

class AClusteringPlugin : public StagePlugins {
protected:
  /// A root, `width` chains of two tasks, and their sum. Every second chain is fixed to another
  /// worker.
  weft::Run<int> submit_chains(int width, bool clustered) {
    Workflow workflow{"chains"};
    const auto root = workflow.task(halve, 6);
    workflow.options(root).worker = WorkerId{0};
    if (clustered) want(workflow, root, "cluster");
    std::vector<Future<int>> ends;
    for (int i = 0; i < width; ++i) {
      const auto first = workflow.task(square, root);
      ends.push_back(workflow.task(halve, first));
      const WorkerId worker{static_cast<std::uint32_t>(i % 3)};
      workflow.options(first).worker = worker;
      workflow.options(ends.back()).worker = worker;
    }
    const auto total = workflow.task(sum, ends);
    return harness().submit(std::move(workflow), total);
  }
};

TEST_F(AClusteringPlugin, RunsAWholeFanOutOnTheWorkerThatCommittedItsRoot) {
  start_with({std::make_shared<Cluster>()});
  const auto run = submit_chains(6, true);
  const auto workers = workers_by_function(run.handle());
  EXPECT_THAT(workers.at("square"), ElementsAre(0));
  EXPECT_EQ(run.get(), 6 * 4);
}

TEST_F(AClusteringPlugin, IsWhatMakesTheDifference) {
  start_with({std::make_shared<Cluster>()});
  const auto run = submit_chains(6, false);
  EXPECT_THAT(workers_by_function(run.handle()).at("square"), ElementsAre(0, 1, 2));
}

TEST_F(AClusteringPlugin, LetsTasksBehindTheFanOutFindTheirInputs) {
  start_with({std::make_shared<Cluster>()});
  const auto run = submit_chains(6, true);
  EXPECT_THAT(workers_by_function(run.handle()).at("halve"), ElementsAre(0, 1, 2));
  EXPECT_EQ(run.get(), 6 * 4) << "each chain goes on where the plan has it";
}

TEST_F(AClusteringPlugin, KeepsWhatIsWiderThanOneClaim) {
  start_with({std::make_shared<Cluster>()});
  const int width = 4 * static_cast<int>(CommitRequest{}.claim_limit);
  const auto run = submit_chains(width, true);
  EXPECT_THAT(workers_by_function(run.handle()).at("square"), ElementsAre(0));
  EXPECT_EQ(run.get(), width * 4);
}

TEST_F(AClusteringPlugin, KeepsTheRowsOfAMapTogether) {
  start_with({std::make_shared<Cluster>()});
  for (const bool clustered : {false, true}) {
    Workflow workflow{"rows"};
    const auto list = workflow.task(upto, 9);
    const auto squares = workflow.map(list, square);
    if (clustered) workflow.map_options(squares).optimizations.push_back({.kind = "cluster"});
    const auto total = workflow.task(sum, workflow.map(squares, halve));
    const auto run = harness().submit(std::move(workflow), total);
    const auto workers = workers_by_function(run.handle()).at("square");
    EXPECT_EQ(workers.size(), clustered ? 1u : 3u);
    EXPECT_EQ(run.get(), 0 + 0 + 2 + 4 + 8 + 12 + 18 + 24 + 32);
  }
}

// -- plug-ins that do not behave ------------------------------------------------------------------

TEST_F(StagePlugins, ThatOwnOneStageOfATaskAreAPlanningErrorThatNamesBoth) {
  start_with({std::make_shared<Cluster>(),
              std::make_shared<Cluster>(std::vector{Stage::hand_over}, "hoard")});
  Workflow workflow{"conflict"};
  const auto task = workflow.task(square, 3);
  workflow.name(task, "contested");
  want(workflow, task, "cluster");
  want(workflow, task, "hoard");
  try {
    static_cast<void>(harness().submit(std::move(workflow), task));
    FAIL() << "the run was accepted";
  } catch (const Exception& refused) {
    EXPECT_EQ(refused.error().code, Errc::plan_conflict);
    EXPECT_EQ(refused.error().task, "contested");
    EXPECT_THAT(refused.error().message, HasSubstr("'cluster' and 'hoard'"));
    EXPECT_THAT(refused.error().message, HasSubstr("hand_over"));
  }
  EXPECT_EQ(calls, 0);
}

TEST_F(StagePlugins, ThatThrowFailTheirTask) {
  class Thrower final : public Optimization {
    [[nodiscard]] std::string_view name() const override { return "thrower"; }
    [[nodiscard]] std::vector<Stage> stages() const override { return {Stage::execute}; }
    [[nodiscard]] ExecuteDecision execute(const StageView&, const Inputs&) const override {
      throw std::runtime_error("out of ideas");
    }
  };
  start_with({std::make_shared<Thrower>()});
  Workflow workflow{"thrown"};
  const auto task = workflow.task(square, 3);
  want(workflow, task, "thrower");
  const auto result = harness().submit(std::move(workflow), task).result();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::task_failed);
  EXPECT_THAT(result.error().message, HasSubstr("'thrower' threw: out of ideas"));
}

TEST_F(StagePlugins, ThatThrowWhilePlanningEndThatPlanAndNotThePlanner) {
  class Thrower final : public Optimization {
    [[nodiscard]] std::string_view name() const override { return "thrower"; }
    [[nodiscard]] std::vector<Stage> stages() const override { return {}; }
    [[nodiscard]] std::vector<TaskId> candidates(const Graph& graph, const Plan&) const override {
      if (graph.task_count() == 1) throw std::runtime_error("out of ideas");
      return {};
    }
  };
  start_with({std::make_shared<Thrower>()});
  Workflow small{"small"};
  const auto task = small.task(square, 3);
  try {
    static_cast<void>(harness().submit(std::move(small), task));
    FAIL() << "the run was accepted";
  } catch (const Exception& refused) {
    EXPECT_THAT(refused.error().message, HasSubstr("out of ideas"));
  }
  Workflow large{"large"};
  const auto result = large.task(square, large.task(square, 3));
  EXPECT_EQ(harness().submit(std::move(large), result).get(), 81);
}

TEST_F(StagePlugins, ThatOwnDifferentStagesOfATaskGoTogether) {
  start_with({std::make_shared<Memoise>(), std::make_shared<Cluster>()});
  Workflow workflow{"both"};
  const auto root = workflow.task(square, 3);
  want(workflow, root, "cluster");
  want(workflow, root, "memoise");
  const auto total = workflow.task(sum, std::vector{workflow.task(halve, root)});
  EXPECT_EQ(harness().submit(std::move(workflow), total).get(), 4);
}

}  // namespace weft::test
