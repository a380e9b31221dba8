// A worker actor of a durable run over a store in memory: when it gives its place up.

#include <caf/typed_event_based_actor.hpp>

#include "actors/virtual_node.hpp"
#include "weft/actors/executor.hpp"
#include "weft/actors/pool.hpp"
#include "weft/actors/storage_broker.hpp"
#include "weft/actors/worker.hpp"
#include "weft/storage/memory_run_store.hpp"
#include "weft/workflow/workflow.hpp"

namespace weft::test {
namespace {

const Function never_succeeds{"never_succeeds@1", []() -> int { throw std::runtime_error("no"); }};

/// A launcher that keeps what workers pass on to it.
LauncherHandle::behavior_type played_launcher(LauncherHandle::pointer,
                                              std::vector<LaunchTasks>* launched) {
  return {
    [launched](LaunchTasks& m) { launched->push_back(std::move(m)); },
    [](const RunLaunched&) { ADD_FAILURE() << "workers launch no runs"; },
    [](const EndRun&) { ADD_FAILURE() << "workers end no runs"; },
  };
}

class OnWorkerActor : public VirtualNode {
protected:
  void SetUp() override {
    const auto broker = keep(spawn_storage_broker(system, store));
    services->attempt_stores = {broker};
    services->run_store = broker;
    services->pool = keep(spawn_pool(system, {.slots = 1, .keep_alive = 1min},
                                     std::make_shared<SimulatedExecutors>(), clock));
    services->launcher = keep(system.spawn(played_launcher, &launched));
    services->holder = "the test";
  }

  void TearDown() override {
    worker = nullptr;
    VirtualNode::TearDown();
    services = nullptr;
  }

  /// Stores a run of one task and has its worker begin with it.
  void begin(const TaskOptions& options) {
    Workflow workflow{"one"};
    const auto task = workflow.task(never_succeeds);
    workflow.options(task) = options;
    auto made = std::make_shared<RunContext>();
    auto plan = std::make_shared<Plan>();
    plan->workers = {{.id = WorkerId{0}}};
    plan->placements.resize(1);
    made->id = RunId{7};
    made->graph = workflow.freeze(Registry{}.add(never_succeeds)).value();
    made->plan = plan;
    made->optimizations = std::make_shared<const OptimizationCatalogue>(
      std::vector<std::shared_ptr<const Optimization>>{});
    made->clock = clock;
    made->submitted = clock->now();
    made->durability = Durability::store;
    store->create({.run = made->id, .graph = made->graph, .plan = plan, .lease = made->lease},
                  [](const auto& ready) { ASSERT_TRUE(ready); });
    worker = keep(spawn_worker(system, made, services, WorkerId{0}, WorkerKind::planned, {}));
    tell(worker, TasksReady{{{.task = task.task(), .worker = WorkerId{0}}}});
    settle();
  }

  [[nodiscard]] std::size_t leases() {
    std::size_t count = 0;
    store->workers(RunId{7}, [&](const auto& leases) { count = leases->size(); });
    return count;
  }

  std::shared_ptr<MemoryRunStore> store = std::make_shared<MemoryRunStore>(*clock);
  std::shared_ptr<Services> services = std::make_shared<Services>();
  WorkerHandle worker;
  std::vector<LaunchTasks> launched;
};

TEST_F(OnWorkerActor, GivesItsPlaceUpAfterABackOffDuringWhichItWasAskedToPark) {
  TaskOptions options;
  options.retries = RetryPolicy{.attempts = 2, .backoff = 20s};
  begin(options);
  pass(5s);
  tell(worker, ParkWorker{});
  pass(1s);
  EXPECT_EQ(leases(), 1u) << "what backs off is still its own";
  pass(20s);
  EXPECT_EQ(leases(), 0u);
  ASSERT_EQ(launched.size(), 1u) << "somebody else goes on";
  EXPECT_EQ(launched.front().tasks.size(), 1u);
}

}  // namespace
}  // namespace weft::test
