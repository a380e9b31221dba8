// A task actor between a worker that the test plays and a real store and executor: when it serves
// another attempt, and when it ends.

#include <caf/typed_event_based_actor.hpp>

#include "actors/virtual_node.hpp"
#include "weft/actors/executor.hpp"
#include "weft/actors/storage_broker.hpp"
#include "weft/actors/task.hpp"
#include "weft/storage/memory_run_store.hpp"
#include "weft/workflow/workflow.hpp"

namespace weft::test {
namespace {

const Function ten{"ten@1", [] { return 10; }};
const Function twice{"twice@1", [](int x) { return 2 * x; }};
const Function fails{"fails@1", []() -> int { throw std::runtime_error("no"); }};

/// The worker of the tests: keeps what tasks tell it.
WorkerHandle::behavior_type played_worker(WorkerHandle::pointer, std::vector<TaskEnded>* ended) {
  return {
    [ended](TaskEnded& m) { ended->push_back(std::move(m)); },
    [](const TasksReady&) { ADD_FAILURE() << "tasks do not say what became ready this way"; },
    [](const SlotGranted&) { ADD_FAILURE() << "tasks grant no slots"; },
    [](YieldSlot) { ADD_FAILURE() << "tasks want no slots"; },
    [](const MeetPeers&) { ADD_FAILURE() << "tasks know no peers"; },
    [](const TasksTold&) { ADD_FAILURE() << "tasks are no stores"; },
    [](ParkWorker) { ADD_FAILURE() << "tasks want no slots"; },
    [](const StopWorker&) { ADD_FAILURE() << "tasks do not stop workers"; },
    [](WorkerTick) { ADD_FAILURE() << "tasks do not flush"; },
    [](Heartbeat) { ADD_FAILURE() << "tasks hold no leases"; },
  };
}

class OnTaskActor : public VirtualNode {
protected:
  /// Creates the run of a workflow and spawns one task actor for its first worker.
  void begin(Workflow workflow) {
    auto plan = std::make_shared<Plan>();
    plan->workers = {{.id = WorkerId{0}}};
    auto made = std::make_shared<RunContext>();
    made->id = RunId{7};
    made->graph = std::move(workflow).freeze(Registry{}.add(ten).add(twice).add(fails)).value();
    plan->placements.resize(made->graph->task_count());
    made->plan = plan;
    made->optimizations = std::make_shared<const OptimizationCatalogue>(
      std::vector<std::shared_ptr<const Optimization>>{});
    made->clock = clock;
    made->submitted = clock->now();
    context = made;
    store->create({.run = made->id, .graph = made->graph, .plan = plan},
                  [](const auto& ready) { ASSERT_TRUE(ready); });
    services->attempt_stores = {keep(spawn_storage_broker(system, store))};
    executor = keep(SimulatedExecutors{}.spawn(system));
    worker = keep(system.spawn(played_worker, &ended));
    actor = spawn_task(system, context, services, WorkerId{0}, worker);
  }

  void TearDown() override {
    actor = nullptr;
    worker = nullptr;
    executor = nullptr;
    VirtualNode::TearDown();
    services = nullptr;
  }

  void run(TaskId task) {
    store->claim({.run = context->id, .worker = WorkerId{0}, .tasks = {task}},
                 [&](Result<ClaimAnswer> answer) { give(std::move(answer->grants.at(0))); });
    settle();
  }

  void give(Grant grant) {
    tell(actor, StartTask{.grant = std::move(grant), .executor = executor});
  }

  /// Whether the actor is there when nobody but its own messages keeps it.
  [[nodiscard]] bool has_quit() {
    tell(actor, StopTask{});  // One that serves nothing quits now; one that has quit refuses it.
    settle();
    const caf::actor_addr address = actor.address();
    actor = nullptr;
    settle();
    return !alive(address);
  }

  std::shared_ptr<MemoryRunStore> store = std::make_shared<MemoryRunStore>(*clock);
  std::shared_ptr<Services> services = std::make_shared<Services>();
  RunContextPtr context;
  ExecutorHandle executor;
  WorkerHandle worker;
  TaskHandle actor;
  std::vector<TaskEnded> ended;
};

TEST_F(OnTaskActor, ServesOneAttemptAfterTheOther) {
  Workflow workflow{"two"};
  const auto first = workflow.task(ten);
  const auto second = workflow.task(twice, first);
  begin(std::move(workflow));

  run(first.task());
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_TRUE(ended[0].spare);
  ASSERT_EQ(ended[0].granted.size(), 1u) << "the commit claims the child";
  Grant grant = std::move(ended[0].granted[0]);
  grant.inputs.set(0, ended[0].kept);
  give(std::move(grant));
  settle();

  ASSERT_EQ(ended.size(), 2u);
  EXPECT_EQ(ended[1].metrics.task, second.task());
  EXPECT_EQ(ended[1].metrics.outcome, AttemptOutcome::committed);
  EXPECT_TRUE(ended[1].run_ended);
}

TEST_F(OnTaskActor, QuitsWhenItIsStoppedBetweenAttempts) {
  Workflow workflow{"one"};
  const auto task = workflow.task(ten);
  begin(std::move(workflow));
  run(task.task());
  EXPECT_TRUE(has_quit());
  EXPECT_EQ(ended.size(), 1u) << "it ends nothing a second time";
}

TEST_F(OnTaskActor, QuitsAfterAnAttemptThatFailed) {
  Workflow workflow{"one"};
  const auto task = workflow.task(fails);
  begin(std::move(workflow));
  run(task.task());
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].metrics.outcome, AttemptOutcome::failed);
  EXPECT_FALSE(ended[0].spare);
}

TEST_F(OnTaskActor, QuitsAfterAnAttemptWithATimeLimitWhichMightComeLate) {
  Workflow workflow{"one"};
  const auto task = workflow.task(ten);
  workflow.options(task).timeout = 1h;
  begin(std::move(workflow));
  run(task.task());
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].metrics.outcome, AttemptOutcome::committed);
  EXPECT_FALSE(ended[0].spare);
}

}  // namespace
}  // namespace weft::test
