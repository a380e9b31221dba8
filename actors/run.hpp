#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include <caf/actor_system.hpp>

#include "weft/actors/messages.hpp"
#include "weft/actors/services.hpp"

namespace weft {

/// How a run ended, for the threads that wait for it. Thread-safe.
class RunOutcome {
public:
  void publish(RunRecord record, std::unordered_map<TaskId, Value> outputs);
  /// Nothing will be published: the run goes on without this process.
  void let_go();

  [[nodiscard]] bool ended() const;
  [[nodiscard]] bool is_let_go() const;
  /// Returns when the run has ended, or was let go.
  void wait() const;
  /// As `wait`, for at most `timeout`. Answers whether the run has ended.
  [[nodiscard]] bool wait_for(Nanos timeout) const;

  /// Nothing before the end.
  [[nodiscard]] std::optional<RunRecord> record() const;
  /// Missing when the run did not keep it. @pre ended()
  [[nodiscard]] Value output(TaskId task) const;

private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool let_go_ = false;
  std::optional<RunRecord> record_;
  std::unordered_map<TaskId, Value> outputs_;
};

/// What one submission asks of its run actor.
struct RunRequest {
  RunContextPtr context;
  bool fail_fast = true;
  std::optional<Nanos> timeout;
  Nanos retention{};      ///< Kept in the store so long after its end, for others to read.
  std::string source;     ///< Where its functions come from; handed to the store.
  bool attach = false;    ///< It lies in the store already.
  bool detached = false;  ///< It goes on, and its result stays, when its client lets go.
  std::shared_ptr<RunOutcome> outcome;
  std::function<void()> on_end;   ///< Called once the outcome is published, on any thread.
  std::function<void()> on_quit;  ///< Called by the actor's last step, on any thread.
};

/// Spawns the actor of a submitted run: stores it, launches its workers, publishes the outcome, and
/// cleans up when the client has let go. Once launched, the run goes on without it.
[[nodiscard]] RunActorHandle spawn_run(caf::actor_system& system, ServicesPtr services,
                                       RunRequest request);

}  // namespace weft
