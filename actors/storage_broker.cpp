#include "weft/actors/storage_broker.hpp"

#include <atomic>
#include <unordered_map>

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "weft/actors/error_mapping.hpp"
#include "weft/actors/type_ids.hpp"

namespace weft {

namespace {

/// The answer of one operation of a store that answers at once.
template <class Answer, class Operation>
Result<Answer> ask(Operation&& operation) {
  std::optional<Result<Answer>> answer;
  operation([&answer](Result<Answer> given) { answer.emplace(std::move(given)); });
  check(answer.has_value(), "the store answers on the calling thread");
  return std::move(*answer);
}

/// An answer of the store as a reply: as it is, or wrapped into a message.
template <class Reply, class Answer>
caf::result<Reply> reply(Result<Answer> answer) {
  if (!answer) return to_caf(std::move(answer).error());
  if constexpr (std::is_void_v<Answer>) {
    return {};
  } else if constexpr (std::is_same_v<Reply, Answer>) {
    return std::move(*answer);
  } else {
    return Reply{{}, std::move(*answer)};
  }
}

/// The watchers of a run, shared with the store's hook, which may be called by any thread.
struct Watched {
  std::vector<WatcherHandle> watchers;  ///< Fixed once the hook is set.
  std::atomic<bool> hinted{false};      ///< They know that there is news and have not read it yet.
};

class StorageBroker {
public:
  StorageBroker(StorageBrokerHandle::pointer, std::shared_ptr<RunStore> store)
    : store_(std::move(store)) {}

  StorageBrokerHandle::behavior_type make_behavior() {
    return {
      [this](CommitRequest& m) {
        return reply<CommitAnswer>(
          ask<CommitAnswer>([&](auto then) { store_->commit(std::move(m), then); }));
      },
      [this](ClaimRequest& m) {
        return reply<ClaimAnswer>(
          ask<ClaimAnswer>([&](auto then) { store_->claim(std::move(m), then); }));
      },
      [this](ExpandRequest& m) {
        return reply<CommitAnswer>(
          ask<CommitAnswer>([&](auto then) { store_->expand(std::move(m), then); }));
      },
      [this](FailRequest& m) {
        return reply<FailAnswer>(
          ask<FailAnswer>([&](auto then) { store_->fail(std::move(m), then); }));
      },
      [this](ReleaseRequest& m) {
        return reply<void>(ask<void>([&](auto then) { store_->release(std::move(m), then); }));
      },
      [this](CreateRun& m) {
        return reply<RunCreated>(
          ask<std::vector<ReadyTask>>([&](auto then) { store_->create(std::move(m), then); }));
      },
      [this](CancelRun& m) {
        return reply<bool>(
          ask<bool>([&](auto then) { store_->cancel(m.run, std::move(m.reason), then); }));
      },
      [this](const ReadStatus& m) {
        return reply<RunStatus>(ask<RunStatus>([&](auto then) { store_->status(m.run, then); }));
      },
      [this](FetchOutputs& m) {
        return reply<FetchedOutputs>(ask<std::vector<Value>>(
          [&](auto then) { store_->fetch(m.run, std::move(m.tasks), then); }));
      },
      [this](const ReadEvents& m) { return read_events(m); },
      [this](const WatchRun& m) { watch(m); },
      [this](const EraseRun& m) {
        watched_.erase(m.run);
        return reply<void>(ask<void>([&](auto then) { store_->erase(m.run, then); }));
      },
    };
  }

  static inline const char* name = "weft.storage_broker";

private:
  caf::result<EventsRead> read_events(const ReadEvents& request) {
    // Before reading: news that come while it reads must be hinted at again.
    if (const auto found = watched_.find(request.run); found != watched_.end()) {
      found->second->hinted.store(false, std::memory_order_release);
    }
    return reply<EventsRead>(ask<std::vector<RunEvent>>(
      [&](auto then) { store_->events(request.run, request.first, request.limit, then); }));
  }

  void watch(const WatchRun& request) {
    auto watched = std::make_shared<Watched>();
    if (const auto found = watched_.find(request.run); found != watched_.end()) {
      watched->watchers = found->second->watchers;
    }
    watched->watchers.push_back(request.watcher);
    watched_[request.run] = watched;
    store_->watch(request.run, [run = request.run, watched] {
      if (watched->hinted.exchange(true, std::memory_order_acq_rel)) return;
      for (const WatcherHandle& watcher : watched->watchers) {
        caf::anon_send(watcher, RunChanged{.run = run});
      }
    });
    // What happened before the watch was set is news, too.
    caf::anon_send(request.watcher, RunChanged{.run = request.run});
  }

  std::shared_ptr<RunStore> store_;
  std::unordered_map<RunId, std::shared_ptr<Watched>> watched_;
};

}  // namespace

StorageBrokerHandle spawn_storage_broker(caf::actor_system& system,
                                         std::shared_ptr<RunStore> store) {
  return system.spawn<caf::stateful_actor<StorageBroker, StorageBrokerHandle::base>>(
    std::move(store));
}

}  // namespace weft
