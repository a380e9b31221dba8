#include "weft/actors/feed.hpp"

#include <algorithm>
#include <deque>
#include <map>

#include <spdlog/spdlog.h>

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "weft/actors/error_mapping.hpp"
#include "weft/actors/type_ids.hpp"

namespace weft {

namespace {

/// Events that are read from the store, and given to a handler, at a time.
constexpr std::size_t batch_size = 1024;
/// Progress events that wait for a slow handler; the oldest go first.
constexpr std::size_t max_waiting_progress = 4096;
/// Between two looks at a store that cannot be read.
constexpr Nanos read_again_after = std::chrono::milliseconds{500};

/// CALLER: calls one handler.
using CallerHandle = caf::typed_actor<
  // Replies when the handler has returned from each event.
  caf::result<void>(EventsRead)>;

class Caller {
public:
  Caller(CallerHandle::pointer, std::function<void(const RunEvent&)> handler)
    : handler_(std::move(handler)) {}

  CallerHandle::behavior_type make_behavior() {
    return {
      [this](const EventsRead& m) {
        for (const RunEvent& event : m.events) call(event);
      },
    };
  }

private:
  void call(const RunEvent& event) {
    try {
      handler_(event);
    } catch (const std::exception& thrown) {
      spdlog::error("a handler of run events threw: {}", thrown.what());
    } catch (...) {
      spdlog::error("a handler of run events threw something that is not a std::exception");
    }
  }

  std::function<void(const RunEvent&)> handler_;
};

/// Whether progress is told before an event of the store's: it was made before, or must have been,
/// since the attempt that made it was over then. Time alone does not tell: it may stand still.
bool precedes(const RunEvent& progress, const RunEvent& stored) {
  if (stored.kind == RunEventKind::ended) return true;
  if (stored.attempt > 0 && stored.task == progress.task) return stored.attempt >= progress.attempt;
  return progress.at < stored.at;
}

/// Events of the store's and progress in one order.
std::vector<RunEvent> merged(std::vector<RunEvent> stored, std::deque<RunEvent> progress) {
  std::vector<RunEvent> all;
  all.reserve(stored.size() + progress.size());
  const auto tell_until = [&](auto end) {
    all.insert(all.end(), std::make_move_iterator(progress.begin()), std::make_move_iterator(end));
    progress.erase(progress.begin(), end);
  };
  for (RunEvent& event : stored) {
    const auto last = std::find_if(progress.rbegin(), progress.rend(),
                                   [&](const RunEvent& one) { return precedes(one, event); });
    tell_until(last.base());
    all.push_back(std::move(event));
  }
  tell_until(progress.end());
  return all;
}

class Feed {
public:
  Feed(FeedHandle::pointer self, RunStoreHandle store, Placing handlers)
    : self_(self), store_(std::move(store)), handlers_(handlers) {}

  ~Feed() {
    for (const auto& entry : watchers_) dismiss(entry.second);
  }

  FeedHandle::behavior_type make_behavior() {
    return {
      [this](const ProgressMade& m) { add_progress(m); },
      [this](const RunChanged& m) {
        for (auto& [number, watcher] : watchers_) {
          if (watcher.run != m.run) continue;
          watcher.news = true;
          watcher.waiting = false;
          serve(number, watcher);
        }
      },
      [this](const Subscribe& m) { subscribe(m); },
      [this](const Unsubscribe& m) { return unsubscribe(m.subscription); },
      [this](TellEnds) { return tell_ends(); },
    };
  }

  static inline const char* name = "weft.feed";

private:
  struct Watcher {
    RunId run;
    CallerHandle caller;
    std::uint64_t next = 0;  ///< Number of the next event of the store's to deliver.
    bool news = true;        ///< The store may have more.
    bool busy = false;       ///< Reading, or the handler is being called.
    bool over = false;       ///< The end of the run was delivered.
    bool waiting = false;    ///< The store did not know the run: it may be about to.
    bool away = false;       ///< The store did not answer the last time.
    std::deque<RunEvent> progress;
    std::optional<caf::typed_response_promise<void>> unsubscribed;
  };

  void subscribe(const Subscribe& request) {
    using Impl = caf::stateful_actor<Caller, CallerHandle::base>;
    auto& watcher = watchers_[request.subscription];
    watcher.run = request.run;
    watcher.caller = handlers_ == Placing::own_thread
                       ? self_->spawn<Impl, caf::detached>(request.handler)
                       : self_->spawn<Impl>(request.handler);
    self_->send(store_, WatchRun{.run = request.run, .watcher = self_});
  }

  void add_progress(const ProgressMade& message) {
    for (auto& [number, watcher] : watchers_) {
      if (watcher.run != message.run || watcher.over) continue;
      if (watcher.progress.size() == max_waiting_progress) watcher.progress.pop_front();
      watcher.progress.push_back(message.event);
      serve(number, watcher);
    }
  }

  /// Delivers the next batch to a watcher whose handler is free.
  void serve(std::uint64_t number, Watcher& watcher) {
    if (watcher.busy || watcher.over || watcher.waiting) return;
    if (watcher.news) {
      watcher.busy = true;
      watcher.news = false;
      self_
        ->request(store_, caf::infinite,
                  ReadEvents{.run = watcher.run, .first = watcher.next, .limit = batch_size})
        .then([this, number](EventsRead& read) { deliver(number, std::move(read.events)); },
              [this, number](const caf::error& error) { on_refused(number, from_caf(error)); });
    } else if (!watcher.progress.empty()) {
      watcher.busy = true;
      deliver(number, {});
    }
  }

  /// Gives the handler what the store had, and the progress that was made until then.
  void deliver(std::uint64_t number, std::vector<RunEvent> events) {
    const auto found = watchers_.find(number);
    if (found == watchers_.end()) return;
    Watcher& watcher = found->second;
    watcher.away = false;
    watcher.next += events.size();
    watcher.news = watcher.news || events.size() == batch_size;
    watcher.over = !events.empty() && events.back().kind == RunEventKind::ended;
    if (!watcher.progress.empty()) {
      events = merged(std::move(events), std::exchange(watcher.progress, {}));
    }
    const auto free = [this, number] { on_free(number); };
    if (events.empty() || watcher.unsubscribed) {
      free();
      return;
    }
    self_->request(watcher.caller, caf::infinite, EventsRead{.events = std::move(events)})
      .then(free, [free](caf::error&) { free(); });
  }

  void on_refused(std::uint64_t number, const Error& error) {
    if (error.code == Errc::run_unknown) {
      lose(number);
      return;
    }
    // The store may be back soon; whoever closes the engine has waited long enough.
    if (const auto found = watchers_.find(number); found != watchers_.end()) {
      found->second.away = true;
      if (ends_told()) answer_told();
    }
    self_->run_delayed(read_again_after, [this, number] {
      const auto found = watchers_.find(number);
      if (found == watchers_.end()) return;
      found->second.news = true;
      on_free(number);
    });
  }

  /// The store has nothing of the run any more, or not yet.
  void lose(std::uint64_t number) {
    const auto found = watchers_.find(number);
    if (found == watchers_.end()) return;
    Watcher& watcher = found->second;
    (watcher.next == 0 ? watcher.waiting : watcher.over) = true;
    on_free(number);
  }

  void on_free(std::uint64_t number) {
    const auto found = watchers_.find(number);
    if (found == watchers_.end()) return;
    found->second.busy = false;
    if (found->second.unsubscribed) {
      found->second.unsubscribed->deliver();
      dismiss(found->second);
      watchers_.erase(found);
    } else {
      serve(number, found->second);
    }
    if (ends_told()) answer_told();
  }

  [[nodiscard]] bool ends_told() const {
    return std::ranges::all_of(watchers_, [](const auto& entry) {
      const Watcher& watcher = entry.second;
      return watcher.away || ((watcher.over || watcher.waiting) && !watcher.busy);
    });
  }

  caf::result<void> tell_ends() {
    auto promise = self_->make_response_promise<void>();
    waiting_for_ends_.push_back(promise);
    if (ends_told()) answer_told();
    return promise;
  }

  void answer_told() {
    for (auto& promise : std::exchange(waiting_for_ends_, {})) promise.deliver();
  }

  caf::result<void> unsubscribe(std::uint64_t number) {
    auto promise = self_->make_response_promise<void>();
    const auto found = watchers_.find(number);
    if (found == watchers_.end()) {
      promise.deliver();
    } else if (found->second.busy) {
      found->second.unsubscribed = promise;
    } else {
      dismiss(found->second);
      watchers_.erase(found);
      promise.deliver();
      if (ends_told()) answer_told();
    }
    return promise;
  }

  static void dismiss(const Watcher& watcher) {
    caf::anon_send_exit(watcher.caller, caf::exit_reason::user_shutdown);
  }

  FeedHandle::pointer self_;
  RunStoreHandle store_;
  Placing handlers_;
  std::map<std::uint64_t, Watcher> watchers_;
  std::vector<caf::typed_response_promise<void>> waiting_for_ends_;
};

}  // namespace

FeedHandle spawn_feed(caf::actor_system& system, RunStoreHandle store, Placing handlers) {
  return system.spawn<caf::stateful_actor<Feed, FeedHandle::base>>(std::move(store), handlers);
}

}  // namespace weft
