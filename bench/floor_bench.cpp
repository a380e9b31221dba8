// What CAF costs by itself: the floor under the cost of a task.

#include <optional>

#include <benchmark/benchmark.h>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/init_global_meta_objects.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>

namespace {

/// A system whose actors run on the thread that measures, as a slot's actors do on their slot.
class OneThread {
public:
  OneThread() {
    caf::core::init_global_meta_objects();
    config_.set("caf.scheduler.policy", "testing");
    config_.set("caf.logger.console.verbosity", "quiet");
    config_.set("caf.logger.file.verbosity", "quiet");
    system_.emplace(config_);
  }

  caf::actor_system& system() { return *system_; }
  void run() { static_cast<caf::scheduler::test_coordinator&>(system_->scheduler()).run(); }

private:
  caf::actor_system_config config_;
  std::optional<caf::actor_system> system_;
};

caf::behavior once(caf::event_based_actor* self) {
  return {[self](int) { self->quit(); }};
}

/// Makes an actor, sends it one message, at which it ends.
void life_of_an_actor(benchmark::State& state) {
  OneThread thread;
  for (auto _ : state) {
    caf::anon_send(thread.system().spawn(once), 1);
    thread.run();
  }
}
BENCHMARK(life_of_an_actor);

caf::behavior echo(caf::event_based_actor*) {
  return {[](int x) { return x; }};
}

caf::behavior asks(caf::event_based_actor* self, const caf::actor& other) {
  return {[self, other](int x) {
    self->request(other, caf::infinite, x).then([](int y) { benchmark::DoNotOptimize(y); });
  }};
}

/// A message to an actor, which asks another one and gets its answer.
void request_and_answer(benchmark::State& state) {
  OneThread thread;
  const caf::actor other = thread.system().spawn(echo);
  const caf::actor actor = thread.system().spawn(asks, other);
  for (auto _ : state) {
    caf::anon_send(actor, 1);
    thread.run();
  }
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(other, caf::exit_reason::user_shutdown);
  thread.run();
}
BENCHMARK(request_and_answer);

}  // namespace
