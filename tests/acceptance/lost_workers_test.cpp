// Workers that end in the middle of a call, at any place in a workflow: the result, or an error
// that says why, within a bound.

#include <csignal>
#include <mutex>
#include <set>

#include "acceptance/durable_runs.hpp"
#include "weft/runtime/pools/process/worker_hello.hpp"

namespace weft::test {

namespace {

/// Where in a workflow something goes wrong.
enum class Place : std::uint8_t { root, inside, element, join, sink };
constexpr Place places[] = {Place::root, Place::inside, Place::element, Place::join, Place::sink};

constexpr int each_time = 20;  // More than any task is tried again.

}  // namespace

class LostWorkers : public DurableRuns {
protected:
  struct Made {
    Workflow workflow;
    Future<int> result;
  };
  static constexpr int expected = 17;

  /// A root, two tasks beside each other that a third joins, a map over three elements, a sink.
  [[nodiscard]] Made make(Mishap kind, Place place, int times) const {
    constexpr const char* names[] = {"root", "inside", "element", "join", "sink"};
    Workflow workflow{"risky"};
    const auto at = [&](Place here, const auto& input) {
      const std::string label = std::string{names[static_cast<int>(here)]} + "-" + to_string(kind) +
                                "-of-" + names[static_cast<int>(place)];
      return risky(workflow, kind, here == place ? times : 0, label, input);
    };
    const auto root = at(Place::root, 0);
    const auto inside = at(Place::inside, root);
    const auto beside = workflow.task(next, root);
    workflow.options(inside).worker = WorkerId{0};
    workflow.options(beside).worker = WorkerId{1};
    const auto join = at(Place::join, workflow.task(add, inside, beside));
    const auto elements = workflow.for_each(
      workflow.task(numbers, 3), [&](const auto& element) { return at(Place::element, element); });
    const auto total = workflow.task(add, join, workflow.task(sum, elements));
    const auto sink = at(Place::sink, total);
    const auto result = workflow.task(add, sink, join);
    return {std::move(workflow), result};
  }

  /// Plays a workflow for each place, all at once, and checks each when it has ended.
  template <class Check>
  void play_each_place(const EngineOptions& options, Mishap kind, int times, const Check& check) {
    {
      Engine engine{durable_functions(), options};
      std::vector<weft::Run<int>> runs;
      for (const Place place : places) {
        Made made = make(kind, place, times);
        runs.push_back(engine.submit(std::move(made.workflow), made.result));
      }
      for (std::size_t i = 0; i < runs.size(); ++i) {
        SCOPED_TRACE("place " + std::to_string(i));
        ASSERT_TRUE(runs[i].wait_for(bound)) << "the run hangs";
        check(runs[i]);
      }
    }
    expect_nothing_left();
  }

  static void expect_result(const weft::Run<int>& run) {
    const auto result = run.result();
    ASSERT_TRUE(result) << to_string(result.error());
    EXPECT_EQ(*result, expected);
    expect_each_committed_once(*run.handle());
  }

  /// A single run of this workflow, alone.
  void play_one(const EngineOptions& options, Mishap kind, Place place) {
    {
      Engine engine{durable_functions(), options};
      Made made = make(kind, place, 1);
      const auto run = engine.submit(std::move(made.workflow), made.result);
      ASSERT_TRUE(run.wait_for(bound)) << "the run hangs";
      expect_result(run);
    }
    expect_nothing_left();
  }

  /// Starts of which the first few come to this end instead.
  [[nodiscard]] std::vector<std::string> starting_after(int failures, const char* end) const {
    const std::string program = std::filesystem::read_symlink("/proc/self/exe");
    const std::string starts = folder() + "/starts";
    return {"/bin/sh", "-c",
            "echo >> '" + starts + "'; [ $(wc -l < '" + starts + "') -gt " +
              std::to_string(failures) + " ] || " + end + "; exec '" + program + "' " +
              std::string{worker_process_argument}};
  }

  /// Processes that are small enough for a function to use up its memory soon.
  [[nodiscard]] EngineOptions small_processes() const {
    EngineOptions options = processes(2);
    options.pool.slot_class = {.cpus = 1, .memory = {200}};
    return options;
  }
};

TEST_F(LostWorkers, ThatAreKilledOnceYieldTheResult) {
  play_each_place(processes(2), Mishap::kill, 1, expect_result);
}

TEST_F(LostWorkers, ThatAbortOnceYieldTheResult) {
  play_each_place(processes(2), Mishap::abort, 1, expect_result);
}

TEST_F(LostWorkers, ThatLeaveOnceYieldTheResult) {
  play_each_place(processes(2), Mishap::exit, 1, expect_result);
}

TEST_F(LostWorkers, ThatAreKilledEachTimeEndTheRunWithTheSignal) {
  play_each_place(processes(2), Mishap::kill, each_time, [](const weft::Run<int>& run) {
    const auto result = run.result();
    ASSERT_FALSE(result);
    EXPECT_THAT(to_string(result.error()), AllOf(HasSubstr("kill"), HasSubstr("SIGKILL")));
  });
}

TEST_F(LostWorkers, ThatRunOutOfMemoryEachTimeEndTheRunWithTheCause) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's memory lies where no limit should";
#endif
  play_each_place(small_processes(), Mishap::memory, each_time, [](const weft::Run<int>& run) {
    const auto result = run.result();
    ASSERT_FALSE(result);
    const std::string text = to_string(result.error());
    // Refused by the system where there are no control groups, else killed.
    EXPECT_TRUE(text.find("bad_alloc") != std::string::npos ||
                text.find("memory") != std::string::npos)
      << text;
  });
}

TEST_F(LostWorkers, WhoseFunctionThrowsEndTheRunWithWhatItThrew) {
  play_each_place(processes(2), Mishap::exception, 1, [](const weft::Run<int>& run) {
    const auto result = run.result();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::task_failed);
    EXPECT_THAT(to_string(result.error()),
                AllOf(HasSubstr("exception"), HasSubstr("this call is to fail")));
  });
}

/// The children of a commit are claimed by it, and their worker dies before it hears of that.
TEST_F(LostWorkers, ThatAreKilledRightAfterACommitLoseNoChild) {
  {
    Engine engine{durable_functions(), processes(2, 4)};
    Workflow workflow{"after-commit"};
    auto last = risky(workflow, Mishap::none, 0, "step-0", 0);
    std::vector<Future<int>> ends;
    for (int i = 1; i < 4; ++i) {
      ends.push_back(workflow.task(next, last));
      last = risky(workflow, Mishap::none, 0, "step-" + std::to_string(i), last);
      workflow.options(last).worker = WorkerId{static_cast<std::uint32_t>(i % 4)};
    }
    ends.push_back(last);
    const auto total = workflow.task(sum, ends);
    std::mutex mutex;
    std::set<std::string> seen;
    const auto run = engine.submit(std::move(workflow), total);
    const auto subscription = run.on_event([&](const RunEvent& event) {
      if (event.kind != RunEventKind::task_committed || !event.name.starts_with("step-")) return;
      const std::lock_guard lock{mutex};
      const auto children = child_processes();
      const int process = process_of(event.name);
      if (std::ranges::find(children, process) == children.end()) return;  // Killed before.
      if (seen.insert(event.name).second) ::kill(process, SIGKILL);
    });
    ASSERT_TRUE(run.wait_for(bound)) << "the run hangs";
    run.unsubscribe(subscription);
    EXPECT_EQ(run.get(), 2 + 3 + 4 + 4);
    EXPECT_FALSE(seen.empty()) << "nobody was killed";
    expect_each_committed_once(*run.handle());
  }
  expect_nothing_left();
}

/// Somebody, or the system, may end processes that have not got to any task.
TEST_F(LostWorkers, ThatAreKilledWhileTheyStartAreReplaced) {
  EngineOptions options = processes(1);
  options.pool.worker_command = starting_after(5, "kill -KILL $$");
  play_one(options, Mishap::none, Place::root);
}

/// There is nobody to be told that a run of others is not served.
TEST_F(LostWorkers, ThatCannotStartAreTriedAgainForTheRunsOfOthers) {
  EngineOptions options = processes(1);
  options.pool.worker_command = starting_after(4, "exit 127");
  {
    const Engine node{durable_functions(), options};
    Engine other{durable_functions(), client()};
    Made made = make(Mishap::none, Place::root, 0);
    const auto run = other.submit(std::move(made.workflow), made.result);
    ASSERT_TRUE(run.wait_for(bound)) << "the run hangs";
    expect_result(run);
  }
  expect_nothing_left();
}

/// What ends by itself before it can host anything does so again.
TEST_F(LostWorkers, ThatEndBeforeTheyHaveStartedEndTheRunWithTheirLastWords) {
  EngineOptions options = processes(1);
  options.pool.worker_command = {"/bin/sh", "-c", "echo there is no such library >&2; exit 127"};
  Engine engine{durable_functions(), options};
  Made made = make(Mishap::none, Place::root, 0);
  const auto run = engine.submit(std::move(made.workflow), made.result);
  ASSERT_TRUE(run.wait_for(bound)) << "the run hangs";
  const auto result = run.result();
  ASSERT_FALSE(result);
  EXPECT_THAT(to_string(result.error()),
              AllOf(HasSubstr("exit code 127"), HasSubstr("there is no such library")));
}

/// One that is stopped gives no sign of life: it is not waited for until somebody lets it go on.
TEST_F(LostWorkers, ThatStayFrozenAreReplaced) {
  play_one(processes(2), Mishap::freeze, Place::inside);
}

TEST_F(LostWorkers, ThatStayFrozenInTheOnlySlotAreReplaced) {
  play_one(processes(1), Mishap::freeze, Place::sink);
}

/// Redis that kills its clients' connections, as a proxy or an operator would.
TEST_F(LostWorkers, ThatLoseTheirConnectionGoOn) {
  {
    Engine engine{durable_functions(), processes(2)};
    Workflow workflow{"disconnected"};
    const auto before = workflow.task(wait_for_gate, folder(), "gate", "waiting", 1);
    const auto after = workflow.task(next, before);
    const auto run = engine.submit(std::move(workflow), after);
    ASSERT_TRUE(wait_for_calls("waiting", 1));
    static_cast<void>(redis->run({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}));
    static_cast<void>(redis->run({"CLIENT", "KILL", "TYPE", "pubsub"}));
    open_gate("gate");
    const auto result = result_in_time(run);
    ASSERT_TRUE(result) << to_string(result.error());
    EXPECT_EQ(*result, 2);
  }
  expect_nothing_left();
}

}  // namespace weft::test
