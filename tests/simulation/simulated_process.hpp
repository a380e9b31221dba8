#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "simulation/simulated_store.hpp"
#include "weft/actors/executor.hpp"
#include "weft/actors/run.hpp"
#include "weft/actors/services.hpp"

namespace weft::test {

/// The node of one process: an actor system of its own, with all that `ActorHost` would put there,
/// whose only way out is its store. Nothing moves in it unless it is stepped.
class SimulatedProcess {
public:
  struct Options {
    std::uint32_t number = 0;
    std::uint32_t slots = 1;
    Nanos lease{};
    Nanos call_max{};  ///< What calls take, beside what their functions sleep.
  };

  SimulatedProcess(SimulatedWorld& world, const Options& options);
  ~SimulatedProcess();
  SimulatedProcess(const SimulatedProcess&) = delete;
  SimulatedProcess& operator=(const SimulatedProcess&) = delete;

  [[nodiscard]] Vitals& vitals() { return *vitals_; }
  [[nodiscard]] bool live() const { return !vitals_->dead(); }
  [[nodiscard]] bool awake() const { return live() && !vitals_->frozen(); }

  /// How many actors have a message to handle.
  [[nodiscard]] std::size_t jobs();
  /// Lets one of them handle one.
  void step(std::size_t job);
  /// The first timer; `TimePoint::max()` if there is none.
  [[nodiscard]] TimePoint next_timer();
  void trigger_timers();

  /// The actors of runs: what must be gone when they are.
  [[nodiscard]] std::size_t run_actors();

  /// A client of this process. Lives in it: what it was told counts only while the process lives.
  struct Client {
    std::shared_ptr<RunOutcome> outcome = std::make_shared<RunOutcome>();
    RunActorHandle run;
    bool attached = false;
    std::uint32_t ends = 0;  ///< How often it was told of the end.
  };
  std::shared_ptr<Client> submit(RunContextPtr context, RunRequest request);
  std::shared_ptr<Client> attach(RunId run, const RunDescription& description);
  void close(Client& client);

  /// Calls of functions, and how their attempts ended, as the workers have recorded it.
  [[nodiscard]] std::uint64_t calls() const { return calls_; }
  [[nodiscard]] std::uint64_t recorded() const { return recorded_; }

  [[nodiscard]] RunContextPtr context_of(RunId run, const RunDescription& description) const;

private:
  friend class ObservedExecutors;
  struct Config : caf::actor_system_config {
    Config();
  };

  void start_services(const Options& options);
  void keep(caf::resumable* job);
  [[nodiscard]] caf::scheduler::test_coordinator& scheduler();
  void kill_all();

  SimulatedWorld& world_;
  Options options_;
  std::shared_ptr<Vitals> vitals_;
  std::shared_ptr<SimulatedStore> store_;
  std::shared_ptr<ExecutorFactory> executors_;
  std::shared_ptr<const OptimizationCatalogue> catalogue_;
  std::uint64_t calls_ = 0;
  std::uint64_t recorded_ = 0;
  Config config_;
  std::unordered_map<caf::actor_id, caf::actor_addr> actors_;  ///< That have ever been stepped.
  std::unique_ptr<caf::actor_system> system_;
  std::shared_ptr<Services> services_;
  SweeperHandle sweeper_;
  std::size_t own_actors_ = 0;
};

}  // namespace weft::test
