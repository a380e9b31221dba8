// Which workers had to wait for the start of their process, as the history has it.

#include "acceptance/durable_runs.hpp"
#include "weft/storage/history/history_store.hpp"

namespace weft::test {

class WarmStarts : public DurableRuns {
protected:
  [[nodiscard]] EngineOptions recorded(std::uint32_t slots) const {
    EngineOptions options = processes(slots);
    options.recorder.history = ":memory:";
    options.recorder.strategy = RecordStrategy::each_task;
    return options;
  }

  /// How many workers of a run got slots that had to be started, and how many did not.
  struct Starts {
    int cold = 0;
    int warm = 0;
    friend bool operator==(const Starts&, const Starts&) = default;
  };
  Starts starts_of_a_run(Engine& engine, std::uint32_t workers,
                         std::optional<WorkerClass> worker_class = std::nullopt) {
    Workflow workflow{"starts"};
    for (std::uint32_t i = 0; i < workers; ++i) {
      const auto task =
        workflow.task(mishap, folder(), static_cast<int>(Mishap::none), 0, "started", 0);
      workflow.options(task).worker = WorkerId{i};
      workflow.options(task).worker_class = worker_class;
    }
    RunId id;
    {
      const auto run = engine.submit(std::move(workflow));
      EXPECT_TRUE(run.wait_for(bound) && run.result());
      id = run.id();
    }
    // The record is written behind the run.
    const auto finished = [&] {
      const auto record = engine.history()->run(id);
      return record && record->state == RunState::succeeded;
    };
    EXPECT_TRUE(eventually(finished));
    Starts starts;
    for (const SlotMetrics& slot : engine.history()->slots(id).value()) {
      ++(slot.cold ? starts.cold : starts.warm);
    }
    return starts;
  }
};

TEST_F(WarmStarts, AreThoseOfProcessesThatHaveServedBefore) {
  Engine engine{durable_functions(), recorded(1)};
  EXPECT_EQ(starts_of_a_run(engine, 1), (Starts{.cold = 1}));
  const int process = process_of("started");
  EXPECT_EQ(starts_of_a_run(engine, 1), (Starts{.warm = 1}));
  EXPECT_EQ(process_of("started"), process);
}

/// What is warm is known by the process, not by something that engines on one machine share.
TEST_F(WarmStarts, AreNotThoseOfAnotherEngineOnTheSameMachine) {
  Engine first{durable_functions(), recorded(1)};
  EXPECT_EQ(starts_of_a_run(first, 1), (Starts{.cold = 1}));
  Engine second{durable_functions(), recorded(1)};
  EXPECT_EQ(starts_of_a_run(second, 1), (Starts{.cold = 1}));
  EXPECT_EQ(starts_of_a_run(first, 1), (Starts{.warm = 1}));
}

/// All processes of a pool are alike, whatever their workers need of them.
TEST_F(WarmStarts, AreThoseOfWorkersOfAnyClass) {
  EngineOptions options = recorded(1);
  options.pool.slot_class.cpus = 2;
  Engine engine{durable_functions(), options};
  EXPECT_EQ(starts_of_a_run(engine, 1, WorkerClass{.cpus = 2}), (Starts{.cold = 1}));
  EXPECT_EQ(starts_of_a_run(engine, 1, WorkerClass{.cpus = 1}), (Starts{.warm = 1}));
  EXPECT_EQ(starts_of_a_run(engine, 1), (Starts{.warm = 1}));
}

TEST_F(WarmStarts, EndWithTheKeepAlive) {
  EngineOptions options = recorded(1);
  options.pool.keep_alive = 0s;
  Engine engine{durable_functions(), options};
  EXPECT_EQ(starts_of_a_run(engine, 1), (Starts{.cold = 1}));
  EXPECT_TRUE(eventually([&] { return child_processes().empty(); }));
  EXPECT_EQ(starts_of_a_run(engine, 1), (Starts{.cold = 1}));
}

}  // namespace weft::test
