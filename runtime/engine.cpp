#include "weft/runtime/engine.hpp"

#include <random>

#include "weft/runtime/actor_host.hpp"

namespace weft {

class Engine::Core {
public:
  Core(Registry registry, EngineOptions options)
    : host(std::make_shared<ActorHost>(std::move(registry), std::move(options),
                                       ActorHost::Play::threads, std::random_device{}())) {}
  ~Core() { host->close(); }

  /// Shared with a run's client for as long as it asks something; closed by the engine.
  std::shared_ptr<ActorHost> host;
};

Engine::Engine(Registry registry, EngineOptions options)
  : core_(std::make_unique<Core>(std::move(registry), std::move(options))) {}

Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

std::shared_ptr<RunHandle> Engine::submit_graph(GraphPtr graph, std::vector<TaskId> kept,
                                                SubmitOptions options) {
  return core_->host->submit(std::move(graph), std::move(kept), std::move(options));
}

Result<std::shared_ptr<RunHandle>> Engine::attach(RunId run) {
  return core_->host->attach(run);
}

Result<std::shared_ptr<RunHandle>> Engine::resume(RunId run) {
  return core_->host->resume(run);
}

Result<std::vector<RunId>> Engine::stored_runs() {
  return core_->host->stored_runs();
}

Result<void> Engine::acknowledge(RunId run) {
  return core_->host->acknowledge(run);
}

Result<PlanPtr> Engine::plan(GraphPtr graph) const {
  return core_->host->plan(std::move(graph));
}

GraphPtr Engine::frozen(Workflow workflow) const {
  return core_->host->frozen(std::move(workflow));
}

const Registry& Engine::registry() const {
  return core_->host->registry();
}

const EngineOptions& Engine::options() const {
  return core_->host->options();
}

std::shared_ptr<HistoryStore> Engine::history() const {
  return core_->host->history();
}

}  // namespace weft
