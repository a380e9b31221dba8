#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "weft/runtime/actor_host.hpp"

namespace weft {

/// The client's end of a run: asks its actors and waits for its outcome. May outlive its engine,
/// which has ended the run then, or let it go: what is asked after that is answered from the
/// outcome.
class RunClient final : public RunHandle {
public:
  RunClient(std::weak_ptr<ActorHost> host, RunContextPtr context, RunActorHandle actor,
            std::shared_ptr<RunOutcome> outcome);
  ~RunClient() override;

  RunId id() const override { return context_->id; }
  void wait() override;
  bool wait_for(Nanos timeout) override;
  bool cancel(std::string reason) override;
  RunRecord record() const override;
  Result<Value> output(TaskId task) override;
  std::uint64_t subscribe(EventHandler handler) override;
  void unsubscribe(std::uint64_t subscription) override;

private:
  class Subscription;
  void unsubscribe(std::uint64_t number, Subscription& subscription);
  /// Of a run whose actor is gone and has not told of its end.
  [[nodiscard]] RunRecord last_known() const;

  std::weak_ptr<ActorHost> host_;
  RunContextPtr context_;
  RunActorHandle actor_;
  std::shared_ptr<RunOutcome> outcome_;
  std::mutex mutex_;
  std::map<std::uint64_t, std::shared_ptr<Subscription>> subscriptions_;
};

}  // namespace weft
