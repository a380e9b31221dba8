#include "weft/runtime/harness.hpp"

#include "weft/runtime/actor_host.hpp"

namespace weft {

class Harness::Core {
public:
  Core(Registry registry, HarnessOptions options)
    : host(std::make_shared<ActorHost>(std::move(registry), std::move(options.engine),
                                       ActorHost::Play::virtual_time, options.seed)) {}
  ~Core() { host->close(); }

  std::shared_ptr<ActorHost> host;
};

Harness::Harness(Registry registry, HarnessOptions options)
  : core_(std::make_unique<Core>(std::move(registry), std::move(options))) {}

Harness::~Harness() = default;

std::shared_ptr<RunHandle> Harness::submit_graph(GraphPtr graph, std::vector<TaskId> kept,
                                                 SubmitOptions options) {
  return core_->host->submit(std::move(graph), std::move(kept), std::move(options));
}

GraphPtr Harness::frozen(Workflow workflow) const {
  return core_->host->frozen(std::move(workflow));
}

bool Harness::step() {
  return core_->host->step();
}

void Harness::advance(Nanos duration) {
  ActorHost& host = *core_->host;
  const TimePoint end = host.clock().now() + duration;
  do {
    host.pump();
  } while (host.jump(end));
  host.set_time(end);
}

void Harness::run_until_idle() {
  do {
    core_->host->pump();
  } while (core_->host->jump(TimePoint::max()));
}

Nanos Harness::now() const {
  return core_->host->clock().now() - core_->host->started();
}

std::string Harness::event_log(RunId run) const {
  std::string log;
  std::uint64_t next = 0;
  bool more = true;
  while (more) {
    more = false;
    core_->host->store().events(run, next, 1024, [&](Result<std::vector<RunEvent>> events) {
      if (!events) return;
      for (const RunEvent& event : *events) log += to_json(event) + "\n";
      next += events->size();
      more = !events->empty();
    });
  }
  return log;
}

}  // namespace weft
