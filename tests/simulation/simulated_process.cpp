#include "simulation/simulated_process.hpp"

#include <algorithm>
#include <caf/init_global_meta_objects.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "weft/actors/executor.hpp"
#include "weft/actors/launcher.hpp"
#include "weft/actors/pool.hpp"
#include "weft/actors/storage_broker.hpp"
#include "weft/actors/sweeper.hpp"
#include "weft/actors/type_ids.hpp"

namespace weft::test {

/// Simulated executors behind observers: each notes the calls, lets them take time, and is where
/// the process may be killed.
class ObservedExecutors final : public ExecutorFactory {
public:
  explicit ObservedExecutors(SimulatedProcess& process) : process_(process) {}

  ExecutorHandle spawn(caf::actor_system& system) override {
    const ExecutorHandle executor = inner_.spawn(system);
    return system.spawn(
      [this, executor](ExecutorHandle::pointer self) -> ExecutorHandle::behavior_type {
        self->link_to(executor);
        auto free_at = std::make_shared<TimePoint>();
        return {
          [this, self, executor, free_at](ExecuteTask& call) {
            SimulatedWorld& world = process_.world_;
            const auto most = static_cast<std::size_t>(process_.options_.call_max.count());
            *free_at = std::max(*free_at, world.timeline.now()) + Nanos{world.dice.roll(most + 1)};
            self->run_delayed(*free_at - world.timeline.now(), [this, self, executor, call] {
              if (begin(call)) self->send(executor, call);
            });
          },
          [](ExecutionOver) {},
        };
      });
  }
  void stop() override {}

private:
  bool begin(const ExecuteTask& call) {
    if (!process_.live()) return false;
    if (call.stop.stop_requested()) return true;
    if (!process_.vitals_->pass(CrashPoint::running)) return false;
    process_.world_.journal.called(call.task);
    process_.world_.trace("  " + std::to_string(process_.vitals_->process()) + ": call " +
                          std::to_string(call.task.number()));
    ++process_.calls_;
    return true;
  }

  SimulatedProcess& process_;
  SimulatedExecutors inner_;
};

SimulatedProcess::Config::Config() {
  caf::core::init_global_meta_objects();
  caf::init_global_meta_objects<caf::id_block::weft>();
  set("caf.scheduler.policy", "testing");
  set("caf.logger.file.verbosity", "quiet");
  set("caf.logger.console.verbosity", "quiet");
}

SimulatedProcess::SimulatedProcess(SimulatedWorld& world, const Options& options)
  : world_(world),
    options_(options),
    vitals_(std::make_shared<Vitals>(options.number)),
    store_(std::make_shared<SimulatedStore>(world, vitals_)),
    executors_(std::make_shared<ObservedExecutors>(*this)),
    catalogue_(std::make_shared<const OptimizationCatalogue>(
      std::vector<std::shared_ptr<const Optimization>>{})),
    system_(std::make_unique<caf::actor_system>(config_)) {
  scheduler().clock().current_time = world_.timeline.now();
  start_services(options);
}

SimulatedProcess::~SimulatedProcess() {
  vitals_->die();
  vitals_->forget_arrivals();
  kill_all();
  sweeper_ = nullptr;
  services_.reset();
  kill_all();
}

caf::scheduler::test_coordinator& SimulatedProcess::scheduler() {
  return static_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
}

void SimulatedProcess::start_services(const Options& options) {
  services_ = std::make_shared<Services>();
  for (std::uint32_t i = 0; i < options.slots; ++i) {
    const auto broker = spawn_storage_broker(*system_, store_, StoreAnswers::later);
    services_->attempt_stores.push_back(broker);
    services_->run_store = broker;
  }
  services_->pool =
    spawn_pool(*system_, {.slots = options.slots, .keep_alive = std::chrono::minutes{1}},
               executors_, world_.clock);
  services_->record = {.when = RecordPolicy::When::each_task};
  services_->recorder =
    system_->spawn([this](RecorderHandle::pointer) -> RecorderHandle::behavior_type {
      return {
        [this](const MetricsBatch& batch) { recorded_ += batch.tasks.size(); },
        [](const RecordRun&) {},
        [](const FinishRecord&) {},
        [](Flush) {},
      };
    });
  services_->holder = "process " + std::to_string(options.number);
  services_->launcher = spawn_launcher(
    *system_, [this] { return services_; },
    [this](RunId run, const RunDescription& description) -> Result<RunContextPtr> {
      return context_of(run, description);
    });
  sweeper_ = spawn_sweeper(*system_, services_->run_store, services_->launcher,
                           {.period = options.lease / 2, .seed = options.number});
  own_actors_ = system_->registry().running();
}

RunContextPtr SimulatedProcess::context_of(RunId run, const RunDescription& description) const {
  auto context = std::make_shared<RunContext>();
  context->id = run;
  context->graph = description.graph;
  context->plan = description.plan;
  context->optimizations = catalogue_;
  context->clock = world_.clock;
  context->submitted = TimePoint{description.submitted.time_since_epoch()};
  context->submitted_wall = description.submitted;
  context->kept = description.kept;
  context->durability = Durability::store;
  context->lease = description.lease;
  return context;
}

// -- time -----------------------------------------------------------------------------------------

std::size_t SimulatedProcess::jobs() {
  return scheduler().jobs.size();
}

void SimulatedProcess::step(std::size_t job) {
  auto& jobs = scheduler().jobs;
  std::swap(jobs.front(), jobs[job]);
  keep(jobs.front());
  scheduler().clock().current_time = world_.timeline.now();
  scheduler().try_run_once();
}

/// Remembers an actor, without keeping it alive.
void SimulatedProcess::keep(caf::resumable* job) {
  const auto* actor = dynamic_cast<caf::scheduled_actor*>(job);
  if (actor) actors_.try_emplace(actor->id(), actor->address());
}

TimePoint SimulatedProcess::next_timer() {
  auto& timers = scheduler().clock().schedule;
  while (!timers.empty() && timers.begin()->second.f.disposed()) timers.erase(timers.begin());
  return timers.empty() ? TimePoint::max()
                        : std::chrono::time_point_cast<Nanos>(timers.begin()->first);
}

void SimulatedProcess::trigger_timers() {
  auto& clock = scheduler().clock();
  clock.current_time = world_.timeline.now();
  while (next_timer() <= world_.timeline.now()) clock.trigger_timeout();
}

/// Ends every actor there is, without a word to anybody outside.
void SimulatedProcess::kill_all() {
  auto& all = scheduler();
  while (!all.jobs.empty() || !actors_.empty()) {
    for (caf::resumable* job : all.jobs) keep(job);
    for (const auto& [id, address] : std::exchange(actors_, {})) {
      if (auto actor = caf::actor_cast<caf::actor>(address)) {
        caf::anon_send_exit(actor, caf::exit_reason::kill);
      }
    }
    while (all.try_run_once()) {
    }
  }
  all.clock().schedule.clear();
}

std::size_t SimulatedProcess::run_actors() {
  // Executors come and go with the slots.
  const std::size_t executors = 2 * std::size_t{options_.slots};
  const std::size_t running = system_->registry().running();
  return running > own_actors_ + executors ? running - own_actors_ - executors : 0;
}

// -- clients --------------------------------------------------------------------------------------

std::shared_ptr<SimulatedProcess::Client> SimulatedProcess::submit(RunContextPtr context,
                                                                   RunRequest request) {
  auto client = std::make_shared<Client>();
  client->attached = request.attach;
  request.context = std::move(context);
  request.outcome = client->outcome;
  request.on_end = [this, client] {
    if (live()) ++client->ends;
  };
  scheduler().clock().current_time = world_.timeline.now();
  client->run = spawn_run(*system_, services_, std::move(request));
  return client;
}

std::shared_ptr<SimulatedProcess::Client> SimulatedProcess::attach(
  RunId run, const RunDescription& description) {
  return submit(context_of(run, description), {.attach = true, .detached = true});
}

void SimulatedProcess::close(Client& client) {
  caf::anon_send(client.run, CloseRun{});
  client.run = nullptr;
}

}  // namespace weft::test
