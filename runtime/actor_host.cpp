#include "weft/runtime/actor_host.hpp"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <map>
#include <thread>

#include "weft/actors/feed.hpp"
#include "weft/actors/launcher.hpp"
#include "weft/actors/planner.hpp"
#include "weft/actors/pool.hpp"
#include "weft/actors/sweeper.hpp"
#include "weft/runtime/actor_messages.hpp"
#include "weft/runtime/function_binding.hpp"
#include "weft/runtime/open_history.hpp"
#include "weft/runtime/pools/process/process_launcher.hpp"
#include "weft/runtime/requirement_check.hpp"
#include "weft/runtime/run_client.hpp"
#include "weft/workflow/graph_codec.hpp"

namespace weft {

namespace {

/// A name that no other node has, now or later.
std::string new_holder() {
  std::random_device source;
  return std::to_string(::getpid()) + "-" + std::to_string(source()) + std::to_string(source());
}

/// The clock of CAF's test scheduler. Calendar time starts at an arbitrary fixed day.
class VirtualClock final : public Clock {
public:
  explicit VirtualClock(caf::actor_clock& clock) : clock_(clock) {}

  TimePoint now() const override { return std::chrono::time_point_cast<Nanos>(clock_.now()); }
  WallTime wall_now() const override {
    constexpr auto day = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};
    return WallTime{std::chrono::duration_cast<Nanos>(day.time_since_epoch()) +
                    clock_.now().time_since_epoch()};
  }

private:
  caf::actor_clock& clock_;
};

RecordPolicy record_policy(const RecorderOptions& options) {
  using When = RecordPolicy::When;
  if (options.history.empty()) return {.when = When::never};
  RecordPolicy policy{.when = When::by_count, .count = options.count, .period = options.period};
  switch (options.strategy) {
    case RecordStrategy::at_end:
      policy.when = When::at_end;
      break;
    case RecordStrategy::each_task:
      policy.when = When::each_task;
      break;
    case RecordStrategy::periodic:
      policy.when = When::periodic;
      break;
    case RecordStrategy::by_count:
      policy.when = When::by_count;
      break;
  }
  return policy;
}

/// Each planned worker, with the tasks that wait for nothing: if nobody has begun the run, they are
/// ready, and else their claims are refused.
std::map<WorkerId, std::vector<ReadyTask>> first_tasks(const RunDescription& description) {
  std::map<WorkerId, std::vector<ReadyTask>> by_worker;
  for (const PlannedWorker& worker : description.plan->workers) by_worker[worker.id];
  for (const TaskId task : description.graph->topological_order()) {
    if (description.graph->task(task).scope != 0 || description.graph->pending(task) > 0) continue;
    const Placement& placement = description.plan->placements.at(task.number());
    by_worker[placement.worker].push_back(
      {.task = task, .worker = placement.worker, .rank = placement.rank});
  }
  return by_worker;
}

}  // namespace

// -- live runs ------------------------------------------------------------------------------------

bool LiveRuns::add(std::size_t max_in_flight) {
  const std::lock_guard lock{mutex_};
  if (counts_.in_flight >= max_in_flight) return false;
  ++counts_.in_flight;
  ++counts_.alive;
  return true;
}

void LiveRuns::end() {
  const std::lock_guard lock{mutex_};
  --counts_.in_flight;
  changed_.notify_all();
}

void LiveRuns::remove() {
  const std::lock_guard lock{mutex_};
  --counts_.alive;
  changed_.notify_all();
}

LiveRuns::Counts LiveRuns::counts() const {
  const std::lock_guard lock{mutex_};
  return counts_;
}

// -- start and end --------------------------------------------------------------------------------

ActorHost::ActorHost(Registry registry, EngineOptions options, Play play, std::uint64_t seed)
  : registry_(std::move(registry)), options_(std::move(options)), play_(play), random_(seed) {
  const Visit visit;
  validate(options_).value();
  if (options_.pool.slots == 0) {
    options_.pool.slots = std::max(1u, std::thread::hardware_concurrency());
  }
  if (options_.workers == 0) options_.workers = options_.pool.slots;
  catalogue_ = std::make_shared<const OptimizationCatalogue>(options_.optimizations);
  if (!options_.recorder.history.empty()) {
    history_ = open_history(options_.recorder, options_.store).value();
  }
  announce_messages();
  config_ = std::make_unique<caf::actor_system_config>();
  configure(*config_);
  system_ = std::make_unique<caf::actor_system>(*config_);
  start_services();
}

void ActorHost::configure(caf::actor_system_config& config) const {
  config.set("caf.logger.file.verbosity", "quiet");
  config.set("caf.logger.console.verbosity", "quiet");
  if (play_ == Play::virtual_time) {
    config.set("caf.scheduler.policy", "testing");
  } else {
    // Sharing wakes an idle thread at once; stealing would let it poll.
    config.set("caf.scheduler.policy", "sharing");
    config.set("caf.scheduler.max-threads", 2);
  }
}

void ActorHost::start_services() {
  const bool threads = play_ == Play::threads;
  const Placing blocking = threads ? Placing::own_thread : Placing::scheduler;
  if (threads) {
    clock_ = std::make_shared<SystemClock>();
    executors_ = std::make_shared<ThreadedExecutors>();
  } else {
    clock_ = std::make_shared<VirtualClock>(system_->scheduler().clock());
    executors_ = std::make_shared<SimulatedExecutors>();
  }
  started_ = clock_->now();
  open_run_store();

  auto services = std::make_shared<Services>();
  // One for each slot: a worker's steps then need no other thread.
  for (std::uint32_t i = 0; i < options_.pool.slots; ++i) {
    const StorageBrokerHandle broker = spawn_storage_broker(*system_, store_.store, store_.answers);
    services->attempt_stores.push_back(broker);
    services->run_store = broker;
  }
  services->pool = spawn_pool(*system_,
                              {.slots = options_.pool.slots,
                               .cold_start = options_.pool.cold_start,
                               .keep_alive = options_.pool.keep_alive},
                              executors_, clock_);
  services->planner = spawn_planner(
    *system_, find_planner(options_.planner).value(),
    {.workers = options_.workers, .largest_class = options_.pool.slot_class}, catalogue_);
  services->feed = spawn_feed(*system_, services->run_store, blocking);
  services->record = record_policy(options_.recorder);
  if (history_) services->recorder = spawn_recorder(*system_, history_, blocking);
  if (durable() && options_.role == NodeRole::worker) start_launcher(*services);
  services_ = std::move(services);
}

void ActorHost::open_run_store() {
  auto registry = std::shared_ptr<const Registry>(std::shared_ptr<void>{}, &registry_);
  store_ = open_store(options_.store, *clock_, std::move(registry)).value();
}

/// What the node of a store that outlives it has besides.
void ActorHost::start_launcher(Services& services) {
  services.holder = new_holder();
  const ContextMaker make_context = [this](RunId run, const RunDescription& description) {
    return context_of(run, description);
  };
  if (options_.pool.kind == PoolKind::processes) {
    services.launcher = spawn_process_launcher(*system_, {.pool = options_.pool,
                                                          .store = options_.store,
                                                          .record = services.record,
                                                          .source = options_.source,
                                                          .run_store = services.run_store,
                                                          .recorder = services.recorder,
                                                          .clock = clock_,
                                                          .make_context = make_context});
  } else {
    services.launcher = spawn_launcher(
      *system_, [this] { return services_; }, make_context);
  }
  sweeper_ = spawn_sweeper(*system_, services.run_store, services.launcher,
                           {.period = options_.store.lease / 2, .seed = random_()});
}

/// What actors of this node share about a run that another has submitted. Functions of the same
/// names may do something else when they come from another source.
Result<RunContextPtr> ActorHost::context_of(RunId run, const RunDescription& description) const {
  auto missing = missing_functions(*description.graph, registry_);
  const bool other_source = !description.source.empty() && description.source != options_.source;
  // Worker processes look for the functions of each source themselves.
  const bool usable = !other_source || options_.pool.kind == PoolKind::processes;
  if (missing.empty() && usable) return view_of(run, description);
  if (options_.make_registry && !description.source.empty()) {
    return context_from_source(run, description);
  }
  return Error{.code = Errc::function_unknown,
               .message = missing.empty()
                            ? "the functions of run " + run.text() + " are not those of this node"
                            : "this node lacks functions of run " + run.text(),
               .hint = "give it the modules and the registry that the run was submitted with",
               .causes = std::move(missing)};
}

/// As `context_of`, with the functions that the run's own source tells of. Worker processes make
/// theirs themselves.
Result<RunContextPtr> ActorHost::context_from_source(RunId run, RunDescription description) const {
  if (options_.pool.kind == PoolKind::processes) return view_of(run, description);
  auto registry = options_.make_registry(description.source);
  if (!registry) return std::move(registry).error();
  auto bound = bind_functions(*description.graph, *description.plan, *registry);
  if (!bound) return std::move(bound).error();
  description.graph = std::move(bound->graph);
  description.plan = std::move(bound->plan);
  return view_of(run, description);
}

/// As `context_of`, for one who only looks at the run.
RunContextPtr ActorHost::view_of(RunId run, const RunDescription& description) const {
  auto context = std::make_shared<RunContext>();
  context->id = run;
  context->graph = description.graph;
  context->plan = description.plan;
  context->optimizations = catalogue_;
  context->clock = clock_;
  // The clocks of two machines differ; of one, they do not.
  context->submitted = clock_->now() - (clock_->wall_now() - description.submitted);
  context->submitted_wall = description.submitted;
  context->kept = description.kept;
  context->movable = movable_tasks(*context->graph, *context->plan, *catalogue_);
  context->durability = Durability::store;
  context->lease = description.lease;
  return context;
}

ActorHost::~ActorHost() {
  close();
}

template <class Message>
void ActorHost::tell_runs(const Message& message) {
  const std::lock_guard lock{runs_mutex_};
  for (const caf::actor_addr& address : runs_) {
    if (const auto run = caf::actor_cast<RunActorHandle>(address)) caf::anon_send(run, message);
  }
}

template <class Condition>
void ActorHost::wait_for_runs(Condition&& condition) {
  if (play_ == Play::threads) {
    live_runs_->wait_until(condition);
  } else {
    while (!condition(live_runs_->counts()) && (pump(), jump(TimePoint::max()))) {
    }
  }
}

void ActorHost::close() {
  if (std::exchange(closed_, true)) return;
  tell_runs(CancelRun{.reason = "the engine was closed", .engine_ends = true});
  wait_for_runs([](const LiveRuns::Counts& runs) { return runs.in_flight == 0; });
  // Handlers read the events of their runs, so runs are erased when all have been told.
  static_cast<void>(ask<void>(services_->feed, TellEnds{}));
  tell_runs(CloseRun{.engine_ends = true});
  wait_for_runs([](const LiveRuns::Counts& runs) { return runs.alive == 0; });
  if (services_->recorder) {
    static_cast<void>(ask<void>(services_->recorder, Flush{}));
  }
  const auto end = [](const auto& actor) {
    if (actor) caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  };
  for (const AttemptStoreHandle& broker : services_->attempt_stores) end(broker);
  end(sweeper_);
  end(services_->launcher);
  end(services_->pool);
  end(services_->planner);
  end(services_->feed);
  end(services_->recorder);
  pump();
  if (play_ == Play::threads) system_->await_all_actors_done();
  executors_->stop();
}

// -- runs -----------------------------------------------------------------------------------------

GraphPtr ActorHost::frozen(Workflow workflow) const {
  // First: a missing module explains why functions are unknown.
  check_requirements(workflow.requirements(), registry_).value();
  return std::move(workflow).freeze(registry_).value();
}

Result<PlanPtr> ActorHost::plan(GraphPtr graph) {
  auto made = ask<PlanMade>(services_->planner, MakePlan{.graph = std::move(graph)});
  if (!made) return std::move(made).error();
  return std::move(made->plan);
}

RunId ActorHost::new_run_id() {
  const std::lock_guard lock{random_mutex_};
  const auto now =
    std::chrono::duration_cast<std::chrono::milliseconds>(clock_->wall_now().time_since_epoch());
  constexpr std::uint64_t random_bits = 22;
  return RunId{(static_cast<std::uint64_t>(now.count()) << random_bits) |
               (random_() >> (64 - random_bits))};
}

std::shared_ptr<RunHandle> ActorHost::submit(GraphPtr graph, std::vector<TaskId> kept,
                                             SubmitOptions options) {
  const Visit visit;
  validate(options).value();
  check_requirements(graph->requirements(), registry_).value();
  const TimePoint submitted = clock_->now();
  for (const TaskId task : graph->topological_order()) {
    if (graph->options(task).keep_output == KeepOutput::until_erased) kept.push_back(task);
  }
  std::ranges::sort(kept);
  kept.erase(std::ranges::unique(kept).begin(), kept.end());

  // Before it is planned: a host at its limit must not pay for each refusal.
  if (!live_runs_->add(options_.max_runs_in_flight)) {
    throw Exception(
      {.code = Errc::limit_exceeded,
       .message = std::to_string(options_.max_runs_in_flight) + " runs are in flight already",
       .hint = "wait for one to end, or raise max_runs_in_flight"});
  }
  PlanPtr planned = [&] {
    auto made = plan(graph);
    if (!made) {
      live_runs_->end();
      live_runs_->remove();
    }
    return std::move(made).value();
  }();
  auto context = std::make_shared<RunContext>();
  context->id = new_run_id();
  context->graph = std::move(graph);
  context->plan = std::move(planned);
  context->optimizations = catalogue_;
  context->clock = clock_;
  context->submitted = submitted;
  context->submitted_wall = clock_->wall_now();
  context->kept = std::move(kept);
  context->movable = movable_tasks(*context->graph, *context->plan, *catalogue_);
  context->progress = options.progress_events ? ProgressEvents::on : ProgressEvents::off;
  if (durable()) {
    context->durability = Durability::store;
    context->lease = options_.store.lease;
  }
  return start_run(context, {.fail_fast = options.fail_fast,
                             .timeout = options.timeout,
                             .retention = durable() ? options_.store.retention : Nanos{},
                             .source = options_.source,
                             .detached = options.detached});
}

Result<std::shared_ptr<RunHandle>> ActorHost::attach(RunId run) {
  const Visit visit;
  auto description = ask<RunDescription>(services_->run_store, DescribeRun{.run = run});
  if (!description) return std::move(description).error();
  if (!live_runs_->add(std::numeric_limits<std::size_t>::max())) {
    return Error{.code = Errc::limit_exceeded, .message = "too many runs are in flight"};
  }
  return start_run(view_of(run, *description), {.attach = true, .detached = true});
}

Result<std::shared_ptr<RunHandle>> ActorHost::resume(RunId run) {
  const Visit visit;
  auto description = ask<RunDescription>(services_->run_store, DescribeRun{.run = run});
  if (!description) return std::move(description).error();
  if (!services_->launcher) {
    return Error{.code = Errc::invalid_argument,
                 .message = "this engine runs no tasks of run " + run.text(),
                 .hint = "resume it with an engine of the role worker and a store"};
  }
  auto context = context_of(run, *description);
  if (!context) return std::move(context).error();
  for (auto& [worker, tasks] : first_tasks(*description)) {
    tell(services_->launcher, LaunchTasks{.run = run, .worker = worker, .tasks = std::move(tasks)});
  }
  return attach(run);
}

Result<std::vector<RunId>> ActorHost::stored_runs() {
  auto runs = ask<RunsListed>(services_->run_store, ListRuns{});
  if (!runs) return std::move(runs).error();
  return std::move(runs->runs);
}

Result<void> ActorHost::acknowledge(RunId run) {
  return ask<void>(services_->run_store, EraseRun{.run = run});
}

std::shared_ptr<RunHandle> ActorHost::start_run(RunContextPtr context, RunRequest request) {
  auto outcome = std::make_shared<RunOutcome>();
  request.context = context;
  request.outcome = outcome;
  request.on_end = [runs = live_runs_] { runs->end(); };
  request.on_quit = [runs = live_runs_] { runs->remove(); };
  const RunActorHandle actor = spawn_run(*system_, services_, std::move(request));
  {
    const std::lock_guard lock{runs_mutex_};
    std::erase_if(runs_, [](const caf::actor_addr& address) {
      return !caf::actor_cast<caf::strong_actor_ptr>(address);
    });
    runs_.push_back(actor.address());
  }
  return std::make_shared<RunClient>(weak_from_this(), std::move(context), actor,
                                     std::move(outcome));
}

bool ActorHost::wait_for(const RunOutcome& outcome, std::optional<Nanos> timeout) {
  if (play_ == Play::threads) {
    if (timeout) return outcome.wait_for(*timeout);
    outcome.wait();
    return true;
  }
  const TimePoint limit =
    timeout ? clock_->now() + std::min(*timeout, longest_wait) : TimePoint::max();
  while (!outcome.ended()) {
    if (step()) continue;
    if (!jump(limit)) break;
  }
  return outcome.ended();
}

// -- virtual time ---------------------------------------------------------------------------------

caf::scheduler::test_coordinator& ActorHost::coordinator() {
  return static_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
}

bool ActorHost::step() {
  if (play_ == Play::threads) return false;
  const Visit visit;
  auto& jobs = coordinator().jobs;
  if (jobs.empty()) return false;
  // Which actor goes next is the only choice there is; each handles one message.
  std::swap(jobs.front(), jobs[random_() % jobs.size()]);
  return coordinator().try_run_once();
}

void ActorHost::pump() {
  while (step()) {
  }
}

bool ActorHost::jump(TimePoint limit) {
  if (play_ == Play::threads) return false;
  const Visit visit;
  auto& clock = coordinator().clock();
  auto& timers = clock.schedule;
  const auto any_left = [&timers] {
    while (!timers.empty() && timers.begin()->second.f.disposed()) timers.erase(timers.begin());
    return !timers.empty();
  };
  if (!any_left() || timers.begin()->first > limit) return false;
  // All that are due then, so that what comes of them is handled in any order.
  const auto due = timers.begin()->first;
  while (any_left() && timers.begin()->first == due) clock.trigger_timeout();
  return true;
}

void ActorHost::set_time(TimePoint time) {
  coordinator().clock().current_time = time;
}

}  // namespace weft
