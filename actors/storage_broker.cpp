#include "weft/actors/storage_broker.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <mutex>
#include <unordered_map>

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "weft/actors/error_mapping.hpp"
#include "weft/actors/type_ids.hpp"

namespace weft {

namespace {

/// An answer of the store as a reply: as it is, or wrapped into a message.
template <class Reply, class Answer>
Reply wrapped(Answer&& answer) {
  if constexpr (std::is_same_v<Reply, std::remove_cvref_t<Answer>>) {
    return std::forward<Answer>(answer);
  } else {
    return Reply{{}, std::forward<Answer>(answer)};
  }
}

/// Answers that a store gives before its calls return.
class AtOnce {
public:
  explicit AtOnce(StorageBrokerHandle::pointer) {}

  template <class Reply, class Answer, class Operation>
  caf::result<Reply> carry_out(Operation&& operation) {
    Result<Answer> answer = Error{};
    bool answered = false;
    operation([&](Result<Answer> given) {
      answer = std::move(given);
      answered = true;
    });
    check(answered, "the store answers on the calling thread");
    if (!answer) return to_caf(std::move(answer).error());
    if constexpr (std::is_void_v<Answer>) {
      return {};
    } else {
      return wrapped<Reply>(*std::move(answer));
    }
  }

  void deliver() {}
};

/// Answers that come on another thread: they wait until the broker delivers them, all that came
/// meanwhile at once.
class Later {
public:
  explicit Later(StorageBrokerHandle::pointer self)
    : self_(self), inbox_(std::make_shared<Inbox>(self)) {}
  ~Later() { inbox_->close(); }

  template <class Reply, class Answer, class Operation>
  caf::result<Reply> carry_out(Operation&& operation) {
    auto question = std::make_unique<Question<Reply, Answer>>();
    question->promise = self_->make_response_promise<Reply>();
    auto promise = question->promise;
    auto ticket = std::make_shared<Ticket>(inbox_, inbox_->keep(std::move(question)));
    operation([ticket = std::move(ticket)](Result<Answer> given) {
      ticket->template answer<Question<Reply, Answer>>(std::move(given));
    });
    return promise;
  }

  void deliver() {
    for (auto& question : inbox_->take()) question->reply();
  }

private:
  /// What an actor has asked the store, and waits for.
  struct AnyQuestion {
    virtual ~AnyQuestion() = default;
    virtual void reply() = 0;
    virtual void fail(Error error) = 0;
  };

  template <class Reply, class Answer>
  struct Question : AnyQuestion {
    caf::typed_response_promise<Reply> promise;
    Result<Answer> answer = Error{};

    void fail(Error error) override { answer = std::move(error); }

    void reply() override {
      if (!answer) {
        promise.deliver(to_caf(std::move(answer).error()));
      } else if constexpr (std::is_void_v<Answer>) {
        promise.deliver();
      } else {
        promise.deliver(wrapped<Reply>(*std::move(answer)));
      }
    }
  };

  using Questions = std::vector<std::unique_ptr<AnyQuestion>>;

  /// Filled by the store's threads. Outlives the broker in the hands of calls that are under way;
  /// the questions do not, since a promise must not outlive the actor system.
  class Inbox {
  public:
    explicit Inbox(StorageBrokerHandle::pointer broker)
      : broker_(caf::actor_cast<StorageBrokerHandle>(broker).address()) {}

    /// Answers the place by which the question's answer is put.
    [[nodiscard]] std::size_t keep(std::unique_ptr<AnyQuestion> question) {
      const std::lock_guard lock{mutex_};
      if (free_.empty()) {
        open_.push_back(std::move(question));
        return open_.size() - 1;
      }
      const std::size_t place = free_.back();
      free_.pop_back();
      open_[place] = std::move(question);
      return place;
    }

    template <class Fill>
    void put(std::size_t place, Fill fill) {
      bool first = false;
      {
        const std::lock_guard lock{mutex_};
        if (closed_) return;
        fill(*open_[place]);
        first = answered_.empty();
        answered_.push_back(std::move(open_[place]));
        free_.push_back(place);
      }
      if (!first) return;
      if (const auto broker = caf::actor_cast<StorageBrokerHandle>(broker_)) {
        caf::anon_send(broker, AnswersCame{});
      }
    }

    [[nodiscard]] Questions take() {
      const std::lock_guard lock{mutex_};
      return std::exchange(answered_, {});
    }

    void close() {
      Questions dropped;
      const std::lock_guard lock{mutex_};
      closed_ = true;
      dropped.swap(open_);
      std::move(answered_.begin(), answered_.end(), std::back_inserter(dropped));
      answered_.clear();
    }

  private:
    caf::actor_addr broker_;
    std::mutex mutex_;
    Questions open_;                 ///< Indexed by place; a free place holds nothing.
    std::vector<std::size_t> free_;  ///< Places of `open_`.
    Questions answered_;
    bool closed_ = false;
  };

  /// What a call of the store holds of its question. Whoever asks is told when the call is dropped
  /// without an answer.
  class Ticket {
  public:
    Ticket(std::shared_ptr<Inbox> inbox, std::size_t place)
      : inbox_(std::move(inbox)), place_(place) {}
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() {
      if (answered_.exchange(true)) return;
      inbox_->put(place_, [](AnyQuestion& question) {
        question.fail({.code = Errc::store_unavailable,
                       .message = "a call of the store was dropped before it was answered"});
      });
    }

    template <class Asked, class Answer>
    void answer(Answer given) {
      if (answered_.exchange(true)) return;
      inbox_->put(place_, [&given](AnyQuestion& question) {
        static_cast<Asked&>(question).answer = std::move(given);
      });
    }

  private:
    std::shared_ptr<Inbox> inbox_;
    std::size_t place_;
    std::atomic<bool> answered_{false};
  };

  StorageBrokerHandle::pointer self_;
  std::shared_ptr<Inbox> inbox_;
};

/// The watchers of a run, shared with the store's hook, which may be called by any thread.
struct Watched {
  std::vector<caf::actor_addr> watchers;  ///< Fixed once the hook is set.
  std::atomic<bool> hinted{false};  ///< They know that there is news and have not read it yet.
};

template <class Answers>
class StorageBroker {
public:
  StorageBroker(StorageBrokerHandle::pointer self, std::shared_ptr<RunStore> store)
    : answers_(self), store_(std::move(store)) {}

  StorageBrokerHandle::behavior_type make_behavior() {
    return {
      [this](CommitRequest& m) {
        return ask<CommitAnswer>([&](auto then) { store_->commit(std::move(m), then); });
      },
      [this](ClaimRequest& m) {
        return ask<ClaimAnswer>([&](auto then) { store_->claim(std::move(m), then); });
      },
      [this](ExpandRequest& m) {
        return ask<CommitAnswer>([&](auto then) { store_->expand(std::move(m), then); });
      },
      [this](FailRequest& m) {
        return ask<FailAnswer>([&](auto then) { store_->fail(std::move(m), then); });
      },
      [this](ReleaseRequest& m) {
        return ask<void>([&](auto then) { store_->release(std::move(m), then); });
      },
      [this](FetchOutputs& m) {
        return ask<FetchedOutputs, std::vector<Value>>(
          [&](auto then) { store_->fetch(m.run, std::move(m.tasks), then); });
      },
      [this](LaunchWorker& m) {
        return ask<bool>(
          [&](auto then) { store_->launch(m.run, m.worker, std::move(m.holder), then); });
      },
      [this](RenewLease& m) {
        return ask<Renewal>(
          [&](auto then) { store_->renew(m.run, m.worker, std::move(m.holder), then); });
      },
      [this](ParkLease& m) {
        return ask<bool>(
          [&](auto then) { store_->park(m.run, m.worker, std::move(m.holder), then); });
      },
      [this](const ReadHeld& m) {
        return ask<HeldTasks, std::vector<Grant>>(
          [&](auto then) { store_->held(m.run, m.worker, then); });
      },
      [this](const ListenForWorker& m) { listen(m); },
      [this](CreateRun& m) {
        return ask<RunCreated, std::vector<ReadyTask>>(
          [&](auto then) { store_->create(std::move(m), then); });
      },
      [this](CancelRun& m) {
        return ask<bool>([&](auto then) { store_->cancel(m.run, std::move(m.reason), then); });
      },
      [this](const ReadStatus& m) {
        expect_news(m.run);
        return ask<RunStatus>([&](auto then) { store_->status(m.run, then); });
      },
      [this](const ReadEvents& m) { return read_events(m); },
      [this](const WatchRun& m) { watch(m); },
      [this](const UnwatchRun& m) { unwatch(m); },
      [this](const EraseRun& m) {
        watched_.erase(m.run);
        return ask<void>([&](auto then) { store_->erase(m.run, then); });
      },
      [this](const DescribeRun& m) {
        return ask<RunDescription>([&](auto then) { store_->describe(m.run, then); });
      },
      [this](ListRuns) {
        return ask<RunsListed, std::vector<RunId>>([&](auto then) { store_->runs(then); });
      },
      [this](AbandonRequest& m) {
        return ask<AbandonAnswer>([&](auto then) { store_->abandon(std::move(m), then); });
      },
      [this](SweepRuns) { return ask<SweepReport>([&](auto then) { store_->sweep(then); }); },
      [this](AnswersCame) { answers_.deliver(); },
    };
  }

  static inline const char* name = "weft.storage_broker";

private:
  template <class Reply, class Answer = Reply, class Operation>
  caf::result<Reply> ask(Operation&& operation) {
    return answers_.template carry_out<Reply, Answer>(std::forward<Operation>(operation));
  }

  /// Somebody reads how the run stands. Called before: news that come meanwhile must be hinted at
  /// again.
  void expect_news(RunId run) {
    if (const auto found = watched_.find(run); found != watched_.end()) {
      found->second->hinted.store(false, std::memory_order_release);
    }
  }

  caf::result<EventsRead> read_events(const ReadEvents& request) {
    expect_news(request.run);
    return ask<EventsRead, std::vector<RunEvent>>(
      [&](auto then) { store_->events(request.run, request.first, request.limit, then); });
  }

  void watch(const WatchRun& request) {
    std::vector<caf::actor_addr> watchers = watchers_of(request.run);
    const caf::actor_addr watcher = request.watcher.address();
    if (std::ranges::find(watchers, watcher) == watchers.end()) watchers.push_back(watcher);
    tell_watchers(request.run, std::move(watchers));
    // What happened before the watch was set is news, too.
    caf::anon_send(request.watcher, RunChanged{.run = request.run});
  }

  void unwatch(const UnwatchRun& request) {
    std::vector<caf::actor_addr> watchers = watchers_of(request.run);
    if (std::erase(watchers, request.watcher) == 0) return;
    if (!watchers.empty()) {
      tell_watchers(request.run, std::move(watchers));
      return;
    }
    watched_.erase(request.run);
    store_->watch(request.run, nullptr);
  }

  [[nodiscard]] std::vector<caf::actor_addr> watchers_of(RunId run) const {
    const auto found = watched_.find(run);
    return found == watched_.end() ? std::vector<caf::actor_addr>{} : found->second->watchers;
  }

  void tell_watchers(RunId run, std::vector<caf::actor_addr> watchers) {
    auto watched = std::make_shared<Watched>();
    watched->watchers = std::move(watchers);
    watched_[run] = watched;
    store_->watch(run, [run, watched] {
      if (watched->hinted.exchange(true, std::memory_order_acq_rel)) return;
      for (const caf::actor_addr& address : watched->watchers) {
        if (const auto watcher = caf::actor_cast<WatcherHandle>(address)) {
          caf::anon_send(watcher, RunChanged{.run = run});
        }
      }
    });
  }

  void listen(const ListenForWorker& request) {
    if (!request.listener) {
      store_->listen(request.run, request.worker, nullptr);
      return;
    }
    store_->listen(request.run, request.worker, [address = request.listener.address()](Told told) {
      if (const auto worker = caf::actor_cast<WorkerHandle>(address)) {
        caf::anon_send(worker, TasksTold{{}, std::move(told)});
      }
    });
  }

  Answers answers_;
  std::shared_ptr<RunStore> store_;
  std::unordered_map<RunId, std::shared_ptr<Watched>> watched_;
};

}  // namespace

StorageBrokerHandle spawn_storage_broker(caf::actor_system& system, std::shared_ptr<RunStore> store,
                                         StoreAnswers answers) {
  if (answers == StoreAnswers::at_once) {
    return system.spawn<caf::stateful_actor<StorageBroker<AtOnce>, StorageBrokerHandle::base>>(
      std::move(store));
  }
  return system.spawn<caf::stateful_actor<StorageBroker<Later>, StorageBrokerHandle::base>>(
    std::move(store));
}

}  // namespace weft
