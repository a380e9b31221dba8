#include "weft/runtime/worker_host.hpp"

#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "weft/actors/error_mapping.hpp"
#include "weft/actors/pool.hpp"
#include "weft/actors/type_ids.hpp"
#include "weft/actors/worker.hpp"
#include "weft/runtime/actor_messages.hpp"
#include "weft/runtime/function_binding.hpp"
#include "weft/runtime/open_store.hpp"
#include "weft/runtime/pools/process/node_frames.hpp"
#include "weft/runtime/pools/process/running_page.hpp"
#include "weft/runtime/pools/process/worker_main.hpp"
#include "weft/workflow/graph_codec.hpp"

namespace weft {

namespace {

template <class T>
void send_frame(NodeConnection& node, NodeFrame kind, const T& message) {
  // A node that is gone ends this process; one that does not read has other worries.
  static_cast<void>(node.send(kind_of(kind), Payload{frame_payload(message)}));
}

// -- metrics go to the node -----------------------------------------------------------------------

class NodeRecorder {
public:
  NodeRecorder(RecorderHandle::pointer, NodeConnection* node) : node_(node) {}

  RecorderHandle::behavior_type make_behavior() {
    return {
      [this](const MetricsBatch& m) {
        MetricsBatch batch = m;
        batch.slots.clear();  // The node knows better when there was a process.
        if (!batch.tasks.empty()) send_frame(*node_, NodeFrame::metrics, batch);
      },
      [](const RecordRun&) {},
      [](const FinishRecord&) {},
      [](Flush) {},
    };
  }

private:
  NodeConnection* node_;
};

// -- the worker -----------------------------------------------------------------------------------

/// What the process has, whichever worker it hosts.
struct HostParts {
  NodeConnection* node = nullptr;
  std::atomic<bool>* hosting = nullptr;  ///< Set while there is a worker.
  std::shared_ptr<const Registry> registry;
  std::shared_ptr<const OptimizationCatalogue> optimizations;
  std::shared_ptr<const Clock> clock;
  Services services;  ///< But for the holder and the launcher.
};

class Host {
public:
  Host(HostHandle::pointer self, HostParts parts) : self_(self), parts_(std::move(parts)) {
    self_->set_down_handler([this](const caf::down_msg&) { on_over(); });
  }

  HostHandle::behavior_type make_behavior() {
    return {
      [this](LaunchTasks& m) { hand_over(m); },
      [](const RunLaunched&) {},
      [](const EndRun&) {},
      [this](InvokeWorker& m) { invoke(m); },
      [this](TasksReady& m) { pass_on(std::move(m.tasks)); },
      [this](ParkWorker m) {
        if (worker_) self_->send(worker_, m);
      },
      [this](StopWorker& m) {
        if (worker_) self_->send(worker_, std::move(m));
      },
    };
  }

  static inline const char* name = "weft.host";

private:
  void invoke(InvokeWorker& message) {
    *parts_.hosting = true;
    run_ = message.context->id;
    id_ = message.worker;
    Services services = parts_.services;
    services.holder = message.holder;
    services.launcher = LauncherHandle{self_};
    const bool planned = id_.number() < message.context->plan->workers.size();
    worker_ = spawn_worker(self_->system(), message.context,
                           std::make_shared<const Services>(std::move(services)), id_,
                           planned ? WorkerKind::planned : WorkerKind::flexible, {});
    self_->monitor(worker_);
    if (!message.tasks.empty()) self_->send(worker_, TasksReady{std::move(message.tasks)});
  }

  /// One that has just ended must not take them along.
  void pass_on(std::vector<ReadyTask> tasks) {
    if (!worker_) {
      LaunchTasks back{.run = run_, .worker = id_, .tasks = std::move(tasks)};
      hand_over(back);
      return;
    }
    self_->request(worker_, caf::infinite, TasksReady{tasks})
      .then([] {},
            [this, run = run_, id = id_, tasks](const caf::error&) {
              LaunchTasks back{.run = run, .worker = id, .tasks = tasks};
              hand_over(back);
            });
  }

  void hand_over(LaunchTasks& message) {
    if (worker_ && message.run == run_ && message.worker == id_) {
      // Its place is free when the node hears that it is over.
      left_.insert(left_.end(), message.tasks.begin(), message.tasks.end());
      return;
    }
    send_frame(*parts_.node, NodeFrame::hand_over,
               HandOverFrame{
                 .run = message.run, .worker = message.worker, .tasks = std::move(message.tasks)});
  }

  void on_over() {
    worker_ = nullptr;
    *parts_.hosting = false;
    send_frame(
      *parts_.node, NodeFrame::over,
      OverFrame{.run = run_, .worker = id_, .tasks = std::exchange(left_, {}), .refusal = {}});
  }

  HostHandle::pointer self_;
  HostParts parts_;
  WorkerHandle worker_;
  std::vector<ReadyTask> left_;  ///< Of the worker that is ending.
  RunId run_;
  WorkerId id_;
};

/// The actors of a worker process, and what they stand on.
class WorkerProcessHosting {
public:
  WorkerProcessHosting(NodeConnection& node, const SetupFrame& setup,
                       const RegistryMaker& make_registry)
    : make_registry_(make_registry),
      own_source_(setup.source),
      source_(setup.source),
      registry_(std::make_shared<const Registry>(make_registry(setup.source).value())),
      clock_(std::make_shared<SystemClock>()),
      optimizations_(std::make_shared<const OptimizationCatalogue>(
        std::vector<std::shared_ptr<const Optimization>>{})) {
    StoreOptions options;
    options.url = setup.url;
    options.password_file = setup.password_file;
    options.tls_authorities = setup.tls_authorities;
    options.tls_certificate = setup.tls_certificate;
    options.tls_key = setup.tls_key;
    options.prefix = setup.prefix;
    options.allow_plaintext = setup.allow_plaintext;
    options.lease = setup.lease;
    options.patience = setup.patience;
    if (setup.replicas > 0) {
      options.durability = DurabilityLevel::replicated;
      options.replicas = setup.replicas;
    }
    store_ = open_store(options, *clock_, registry_, StoreRole::worker).value();
    if (!setup.running_page.empty()) running_ = open_running_page(setup.running_page).value();
    executors_ = std::make_shared<ThreadedExecutors>(running_);

    announce_messages();
    config_.set("caf.logger.file.verbosity", "quiet");
    config_.set("caf.logger.console.verbosity", "quiet");
    config_.set("caf.scheduler.policy", "sharing");
    config_.set("caf.scheduler.max-threads", 1);
    system_ = std::make_unique<caf::actor_system>(config_);
    HostParts parts{.node = &node,
                    .hosting = &hosting_,
                    .registry = registry_,
                    .optimizations = optimizations_,
                    .clock = clock_,
                    .services = {}};
    const StorageBrokerHandle broker = spawn_storage_broker(*system_, store_.store, store_.answers);
    parts.services.attempt_stores.push_back(broker);
    parts.services.run_store = broker;
    parts.services.pool =
      spawn_pool(*system_, {.slots = 1, .keep_alive = longest_wait}, executors_, clock_);
    parts.services.recorder =
      system_->spawn<caf::stateful_actor<NodeRecorder, RecorderHandle::base>>(&node);
    parts.services.record = {.when = static_cast<RecordPolicy::When>(setup.record_when),
                             .count = setup.record_count,
                             .period = setup.record_period};
    host_ = system_->spawn<caf::stateful_actor<Host, HostHandle::base>>(std::move(parts));
  }

  /// The process ends by ending; no actor of it has anything to finish. Functions whose worker has
  /// ended have been told to stop and may tidy up until the node kills the process.
  [[noreturn]] void leave() {
    constexpr auto look = std::chrono::milliseconds{5};
    while (running_ && running_->count > 0 && !hosting_) std::this_thread::sleep_for(look);
    ::_exit(0);
  }

  void take(NodeConnection& node, const Frame& frame) {
    if (static_cast<NodeFrame>(frame.kind) == NodeFrame::invoke) {
      if (auto invocation = decode<InvokeFrame>(frame.payload)) invoke(node, *invocation);
      return;
    }
    const std::lock_guard lock{mutex_};
    if (early_) {
      early_->push_back(frame);
    } else {
      tell_worker(frame);
    }
  }

private:
  void tell_worker(const Frame& frame) {
    switch (static_cast<NodeFrame>(frame.kind)) {
      case NodeFrame::tasks:
        if (auto tasks = decode<TasksFrame>(frame.payload)) {
          caf::anon_send(host_, TasksReady{std::move(tasks->tasks)});
        }
        return;
      case NodeFrame::park:
        caf::anon_send(host_, ParkWorker{});
        return;
      case NodeFrame::stop:
        caf::anon_send(host_, StopWorker{});
        return;
      default:
        return;
    }
  }

  void invoke(NodeConnection& node, InvokeFrame& frame) {
    if (auto found = find_functions(frame.source); !found) {
      refuse(node, frame, std::move(found).error());
      return;
    }
    if (frame.slice.empty()) {
      read_graph(node, std::move(frame));
      return;
    }
    auto parts = unpack_slice(frame.slice);
    host(node, frame,
         parts ? decode_graph(*parts, *registry_) : Result<DecodedGraph>{std::move(parts).error()});
  }

  void read_graph(NodeConnection& node, InvokeFrame frame) {
    {
      const std::lock_guard lock{mutex_};
      early_.emplace();
    }
    auto shared = std::make_shared<InvokeFrame>(std::move(frame));
    store_.store->describe(shared->run, [this, &node, shared](Result<RunDescription> description) {
      // The store decodes with the functions of the setup.
      host(node, *shared,
           description ? bind_functions(*description->graph, *description->plan, *registry_)
                       : Result<DecodedGraph>{std::move(description).error()});
    });
  }

  /// Makes the registry of a source, unless it is at hand. Only the last is kept: making one may
  /// change the folder that the process is in, which belongs to its functions.
  Result<void> find_functions(const std::string& source_of_run) {
    const std::string& source = source_of_run.empty() ? own_source_ : source_of_run;
    if (source == source_) return {};
    source_.reset();
    auto made = make_registry_(source);
    if (!made) return std::move(made).error();
    registry_ = std::make_shared<const Registry>(std::move(*made));
    source_ = source;
    return {};
  }

  void host(NodeConnection& node, InvokeFrame& frame, Result<DecodedGraph> decoded) {
    auto context = decoded ? context_of(frame, std::move(*decoded))
                           : Result<RunContextPtr>{std::move(decoded).error()};
    std::unique_lock lock{mutex_};
    const auto early = std::exchange(early_, std::nullopt);
    if (!context) {
      lock.unlock();
      refuse(node, frame, std::move(context).error());
      return;
    }
    caf::anon_send(host_, InvokeWorker{.context = std::move(*context),
                                       .worker = frame.worker,
                                       .holder = std::move(frame.holder),
                                       .tasks = std::move(frame.tasks)});
    if (!early) return;
    for (const Frame& one : *early) tell_worker(one);
  }

  Result<RunContextPtr> context_of(InvokeFrame& frame, DecodedGraph decoded) {
    if (auto missing = missing_functions(*decoded.graph, *registry_); !missing.empty()) {
      return Error{
        .code = Errc::function_unknown,
        .message = "worker processes lack functions of the run",
        .hint = "register the same functions before run_worker_if_asked, or name the modules",
        .causes = std::move(missing)};
    }
    auto context = std::make_shared<RunContext>();
    context->id = frame.run;
    context->graph = std::move(decoded.graph);
    context->plan = std::move(decoded.plan);
    context->optimizations = optimizations_;
    context->clock = clock_;
    context->submitted = TimePoint{Nanos{frame.submitted}};
    context->submitted_wall = WallTime{Nanos{frame.submitted_wall}};
    context->kept = std::move(frame.kept);
    context->durability = Durability::store;
    context->lease = frame.lease;
    return RunContextPtr{std::move(context)};
  }

  static void refuse(NodeConnection& node, const InvokeFrame& frame, Error why) {
    send_frame(
      node, NodeFrame::over,
      OverFrame{.run = frame.run, .worker = frame.worker, .tasks = {}, .refusal = std::move(why)});
  }

  const RegistryMaker& make_registry_;  ///< Of the call that never returns.
  std::string own_source_;              ///< That of the setup.
  /// Of the registry; nothing after one was looked for in vain, which may have changed the folder.
  std::optional<std::string> source_;
  std::shared_ptr<const Registry> registry_;
  std::shared_ptr<const Clock> clock_;
  std::shared_ptr<const OptimizationCatalogue> optimizations_;
  OpenStore store_;
  std::shared_ptr<RunningCalls> running_;
  std::shared_ptr<ExecutorFactory> executors_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::atomic<bool> hosting_ = false;
  HostHandle host_;
  std::mutex mutex_;
  /// What is for the worker whose graph is being read; nothing while none is. Guarded by `mutex_`.
  std::optional<std::vector<Frame>> early_;
};

int host_workers(NodeConnection& node, const RegistryMaker& make_registry) {
  // Set by the first frame; after that, frames are only taken.
  std::unique_ptr<WorkerProcessHosting> hosting;
  std::promise<SetupFrame> told;
  bool set_up = false;
  std::mutex mutex;
  std::vector<Frame> early;
  node.receive({.on_frame = [&](Frame frame) {
    if (!set_up && frame.kind == kind_of(NodeFrame::setup)) {
      set_up = true;
      if (auto setup = decode<SetupFrame>(frame.payload)) told.set_value(std::move(*setup));
      return;
    }
    const std::lock_guard lock{mutex};
    if (hosting) {
      hosting->take(node, frame);
    } else {
      early.push_back(std::move(frame));
    }
  }});
  auto setup = told.get_future();
  while (setup.wait_for(std::chrono::milliseconds{100}) != std::future_status::ready) {
    if (node.stop_token().stop_requested()) return 0;
  }
  try {
    const SetupFrame frame = setup.get();
    auto made = std::make_unique<WorkerProcessHosting>(node, frame, make_registry);
    const std::lock_guard lock{mutex};
    hosting = std::move(made);
    for (const Frame& one : early) hosting->take(node, one);
  } catch (const Exception& failure) {
    send_frame(node, NodeFrame::refused, failure.error());
    node.wait_for_stop();
    return 1;
  }
  static_cast<void>(node.send(kind_of(NodeFrame::ready), Payload{}));
  node.wait_for_stop();
  hosting->leave();
}

}  // namespace

std::optional<int> run_worker_if_asked(int argument_count, char** arguments,
                                       const RegistryMaker& make_registry) {
  return worker_process_main_if_asked(argument_count, arguments, [&](NodeConnection& node) {
    return host_workers(node, make_registry);
  });
}

std::optional<int> run_worker_if_asked(int argument_count, char** arguments,
                                       const Registry& registry) {
  return run_worker_if_asked(
    argument_count, arguments,
    [&registry](const std::string&) -> Result<Registry> { return registry; });
}

}  // namespace weft
