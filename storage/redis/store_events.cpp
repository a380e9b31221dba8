// Events of runs, and being told of changes.

#include <fmt/format.h>

#include "weft/storage/redis/store_core.hpp"

namespace weft {

namespace {

/// Reads what a hash says of the expansions from number `known` on, and adds them in their order.
Result<void> add_expansions(redis::RunView& view, const redis::Reply& fields) {
  std::map<std::uint32_t, std::string_view> by_number;
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    const std::string_view name = fields[i].text();
    if (name.empty() || name.front() < '0' || name.front() > '9') continue;
    by_number.emplace(std::stoul(std::string(name)), fields[i + 1].text());
  }
  for (const auto& [number, bytes] : by_number) {
    if (number != view.expansions) continue;  // Known, or behind a gap.
    redis::Unpacker in{bytes};
    const TaskId map{in.u32_big()};
    in.skip(2 * sizeof(std::uint32_t));  // The table works out the scope and the first number.
    const std::uint32_t items = in.u32_big();
    const bool fits = in.complete() && map.number() < view.table.task_count() &&
                      view.table.graph().task(view.table.origin(map).task).kind == TaskKind::map &&
                      !view.table.expansion_of(map);
    if (!fits) {
      return Error{.code = Errc::decode_failed,
                   .message = "the store holds something that is not an expansion"};
    }
    view.table.expand(map, items);
    ++view.expansions;
  }
  return {};
}

}  // namespace

void RedisRunStore::Core::remember(RunId run, GraphPtr graph) {
  const std::lock_guard lock{mutex_};
  views_.emplace(run, std::make_shared<redis::RunView>(std::move(graph)));
}

void RedisRunStore::Core::with_view(RunId run, TaskId last,
                                    std::function<void(Result<redis::RunViewPtr>)> done) {
  redis::RunViewPtr view;
  {
    const std::lock_guard lock{mutex_};
    if (const auto found = views_.find(run); found != views_.end()) view = found->second;
  }
  if (!view) {
    describe(run, [self = shared_from_this(), run, last,
                   done = std::move(done)](Result<RunDescription> description) {
      if (!description) {
        done(std::move(description).error());
        return;
      }
      self->remember(run, description->graph);
      self->with_view(run, last, done);
    });
    return;
  }
  if (last.number() < view->table.task_count()) {
    done(view);
    return;
  }
  client->call(redis::Command{"HGETALL", keys(run).expansions()},
               [self = shared_from_this(), view, done = std::move(done)](Result<Reply> fields) {
                 if (!fields) {
                   done(std::move(fields).error());
                   return;
                 }
                 const auto added = [&] {
                   const std::lock_guard lock{self->mutex_};
                   return add_expansions(*view, *fields);
                 }();
                 if (added) {
                   done(view);
                 } else {
                   done(added.error());
                 }
               });
}

void RedisRunStore::Core::events(RunId run, std::uint64_t first, std::size_t limit,
                                 Done<std::vector<RunEvent>> done) {
  // First, so that what changes while this is read is hinted at again.
  call(run, "want_hint", nullptr, [=, self = shared_from_this()](Result<Reply> wanted) {
    if (!wanted) {
      done(std::move(wanted).error());
      return;
    }
    redis::Command read{"LRANGE", self->keys(run).events(), first,
                        limit == 0 ? 0 : first + limit - 1};
    self->client->call(std::move(read), [=](Result<Reply> entries) {
      if (!entries) {
        done(std::move(entries).error());
        return;
      }
      auto events = std::make_shared<std::vector<RunEvent>>();
      TaskId last{};
      for (const Reply& entry : entries->elements()) {
        auto event = redis::read_event(entry.text());
        if (!event) {
          done(std::move(event).error());
          return;
        }
        last = std::max(last, redis::last_named(*event));
        events->push_back(std::move(*event));
      }
      if (events->empty()) {
        done(std::vector<RunEvent>{});
        return;
      }
      self->with_view(run, last, [self, events, done](Result<redis::RunViewPtr> view) {
        if (!view) {
          done(std::move(view).error());
          return;
        }
        {
          const std::lock_guard lock{self->mutex_};
          for (RunEvent& event : *events) redis::complete(event, **view);
        }
        done(std::move(*events));
      });
    });
  });
}

// -- watching -------------------------------------------------------------------------------------

void RedisRunStore::Core::watch(RunId run, std::function<void()> wake_up) {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock{mutex_};
    if (stopped_) return;
    if (wake_up) {
      number = next_watch_++;
      watches_[run] = {number, std::make_shared<const std::function<void()>>(std::move(wake_up))};
    } else {
      watches_.erase(run);
      drop_unused_view(run);
    }
  }
  if (number == 0) {
    client->unsubscribe(keys(run).news());
    return;
  }
  const auto weak = weak_from_this();
  client->subscribe(
    keys(run).news(),
    [weak, run](std::string_view) {
      if (const auto core = weak.lock()) core->wake(run);
    },
    [weak, run, number](const Result<void>&) {
      const auto core = weak.lock();
      if (!core) return;
      core->call(run, "want_hint", nullptr, [](const Result<Reply>&) {});
      core->poll(run, number);
    });
}

/// Names are read again where somebody asks for them. Called with the mutex locked.
void RedisRunStore::Core::drop_unused_view(RunId run) {
  if (!watches_.contains(run) && !listeners_.contains(run)) views_.erase(run);
}

/// Wakes now, and slowly again and again: hints may be lost.
void RedisRunStore::Core::poll(RunId run, std::uint64_t number) {
  {
    const std::lock_guard lock{mutex_};
    const auto found = watches_.find(run);
    if (found == watches_.end() || found->second.number != number) return;
  }
  wake(run);
  client->run_after(options.poll, [weak = weak_from_this(), run, number] {
    if (const auto core = weak.lock()) core->poll(run, number);
  });
}

void RedisRunStore::Core::wake(RunId run) {
  std::shared_ptr<const std::function<void()>> wake_up;
  {
    const std::lock_guard lock{mutex_};
    if (const auto found = watches_.find(run); found != watches_.end())
      wake_up = found->second.wake;
  }
  if (wake_up) (*wake_up)();
}

/// The run is gone: its watcher is told once more.
void RedisRunStore::Core::forget(RunId run) {
  cache_.drop(run);
  bool watched = false;
  {
    const std::lock_guard lock{mutex_};
    views_.erase(run);
    watched = watches_.contains(run);
  }
  if (!watched) return;
  wake(run);
  watch(run, nullptr);
}

void RedisRunStore::Core::listen(RunId run, WorkerId worker, std::function<void(Told)> take) {
  const std::string channel = keys(run).worker(worker);
  if (!take) {
    {
      const std::lock_guard lock{mutex_};
      const auto found = listeners_.find(run);
      if (found == listeners_.end() || found->second.erase(worker) == 0) return;
      if (found->second.empty()) listeners_.erase(found);
      drop_unused_view(run);
    }
    client->unsubscribe(channel);
    return;
  }
  auto shared = std::make_shared<const std::function<void(Told)>>(std::move(take));
  {
    const std::lock_guard lock{mutex_};
    if (stopped_) return;
    listeners_[run][worker] = shared;
  }
  client->subscribe(
    channel,
    [weak = weak_from_this(), run, shared](std::string_view message) {
      const auto core = weak.lock();
      if (!core) return;
      auto told = redis::read_told(message, core->known_outputs(run));
      (*shared)(told ? std::move(*told) : Told{});  // Not understood: ask for what is held.
    },
    [shared](const Result<void>&) { (*shared)(Told{}); });
}

void RedisRunStore::Core::on_reconnect(const redis::Reconnection& reconnection) {
  std::vector<Take> takes;
  std::set<RunId> runs;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [run, workers] : listeners_) {
      runs.insert(run);
      for (const auto& [worker, take] : workers) takes.push_back(take);
    }
    for (const auto& [run, watch] : watches_) runs.insert(run);
  }
  if (reconnection.new_incarnation) {
    cache_.drop_all();  // What it has lost may be made again, and differ.
    for (const RunId run : runs) {
      call(
        run, "renew_epoch",
        [incarnation = reconnection.incarnation](redis::Command& command) {
          command.add(std::string_view{incarnation});
        },
        [](const Result<Reply>&) {});
    }
  }
  // Behind the calls above on the same connection.
  for (const Take& take : takes) (*take)(Told{});
  for (const RunId run : runs) wake(run);
}

}  // namespace weft
