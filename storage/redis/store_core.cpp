// How a Redis run store calls Redis.

#include "weft/storage/redis/store_core.hpp"

#include <algorithm>
#include <array>
#include <future>

#include <fmt/format.h>

#include "weft/storage/redis/run_protocol.hpp"

namespace weft {

namespace {

/// For how long a connection waits for replicas before others get their turn on it.
constexpr std::chrono::milliseconds replica_turn{100};

/// Whether others act on what the step has done, so that it may not be lost.
bool must_last(std::string_view step) {
  constexpr std::array<std::string_view, 5> steps{"create", "commit", "expand", "fail", "cancel"};
  return std::ranges::find(steps, step) != steps.end();
}

bool functions_are_missing(const Error& error) {
  return error.message.find("Function not found") != std::string::npos;
}

bool run_is_missing(const Error& error) {
  return error.message.find("WEFTUNKNOWN") != std::string::npos;
}

}  // namespace

Error unknown_run(RunId run) {
  return {.code = Errc::run_unknown,
          .message = fmt::format("there is no run {}", run.text()),
          .hint = "it may have been erased when its retention had passed"};
}

RedisRunStore::Core::Core(redis::Client* the_client, std::shared_ptr<const Registry> the_registry,
                          RedisRunStoreOptions the_options)
  : client(the_client),
    registry(std::move(the_registry)),
    options(std::move(the_options)),
    cache_(options.cache) {}

Result<void> RedisRunStore::Core::start() {
  if (options.load_functions) {
    std::promise<Result<void>> loaded;
    see_to_functions([&loaded](Result<void> result) { loaded.set_value(std::move(result)); });
    if (auto result = loaded.get_future().get(); !result) return result;
  }
  client->on_reconnect([weak = weak_from_this()](const redis::Reconnection& reconnection) {
    if (const auto core = weak.lock()) core->on_reconnect(reconnection);
  });
  return {};
}

void RedisRunStore::Core::stop() {
  const std::lock_guard lock{mutex_};
  stopped_ = true;
  for (const auto& [run, watch] : watches_) client->unsubscribe(keys(run).news());
  for (const auto& [run, workers] : listeners_) {
    for (const auto& [worker, take] : workers) client->unsubscribe(keys(run).worker(worker));
  }
  watches_.clear();
  listeners_.clear();
}

/// A Redis that is full takes none, and may have them.
void RedisRunStore::Core::see_to_functions(std::function<void(Result<void>)> done) {
  redis::Command list{"FUNCTION", "LIST", "LIBRARYNAME", redis::protocol_name()};
  client->call(std::move(list),
               [self = shared_from_this(), done = std::move(done)](const Result<Reply>& found) {
                 if (found && found->size() > 0) {
                   done({});
                 } else {
                   self->load_functions(done);
                 }
               });
}

void RedisRunStore::Core::load_functions(std::function<void(Result<void>)> done) {
  redis::Command load{"FUNCTION", "LOAD", redis::protocol_source()};
  client->call(std::move(load), [done = std::move(done)](Result<Reply> reply) {
    // Another client may have been first.
    if (reply || reply.error().message.find("already exists") != std::string::npos) {
      done({});
    } else {
      done(with_context("the run protocol cannot be given to Redis", reply.error()));
    }
  });
}

std::string RedisRunStore::Core::now() const {
  if (!options.clock) return {};
  const auto offset = options.clock->now().time_since_epoch();
  return fmt::format("{:.3f}", static_cast<double>(offset.count()) / 1000);
}

void RedisRunStore::Core::call(RunId run, std::string_view step, Build build,
                               redis::Client::Done done) {
  auto make = std::make_shared<const std::function<redis::Command()>>(
    [name = redis::protocol_function(step), key = keys(run).states(), time = now(),
     build = std::move(build)] {
      redis::Command command{"FCALL", name, 1, key, time};
      if (build) build(command);
      return command;
    });
  if (options.replicas > 0 && must_last(step)) {
    const auto turns = static_cast<int>(options.replicas_patience / replica_turn);
    call_to_last({std::move(make), run, std::move(done)}, std::max(turns, 1));
  } else {
    call(std::move(make), max_tries, run, std::move(done));
  }
}

/// Calls, and answers when enough replicas have what that has written.
void RedisRunStore::Core::call_to_last(LastingStep step, int turns) {
  call(step.make, max_tries, step.run,
       [self = shared_from_this(), step, turns](Result<Reply> reply) {
         if (reply) {
           self->await_replicas(step, *std::move(reply), turns);
         } else {
           step.done(std::move(reply));
         }
       });
}

void RedisRunStore::Core::await_replicas(LastingStep step, Reply reply, int turns) {
  redis::Command wait{"WAIT", options.replicas, replica_turn.count()};
  wait.stay();  // It asks for what this connection has written.
  auto kept = std::make_shared<Reply>(std::move(reply));
  client->call(std::move(wait), [self = shared_from_this(), kept, turns,
                                 step = std::move(step)](Result<Reply> taken) mutable {
    if (taken && taken->integer() >= std::int64_t{self->options.replicas}) {
      step.done(std::move(*kept));
    } else if (!taken && turns > 1) {
      // Whoever is there now may not have it.
      self->call_to_last(std::move(step), turns - 1);
    } else if (!taken) {
      step.done(std::move(taken).error());
    } else if (turns > 1) {
      self->await_replicas(std::move(step), std::move(*kept), turns - 1);
    } else {
      step.done(Error{.code = Errc::store_unavailable,
                      .message = fmt::format("{} of {} replicas of Redis have taken a step in time",
                                             taken->integer(), self->options.replicas),
                      .hint = "see to it that its replicas are connected, or ask for fewer"});
    }
  });
}

void RedisRunStore::Core::call(std::shared_ptr<const std::function<redis::Command()>> make,
                               int tries, RunId run, redis::Client::Done done) {
  redis::Command command = (*make)();
  client->call(std::move(command), [self = shared_from_this(), make = std::move(make), tries, run,
                                    done = std::move(done)](Result<Reply> reply) mutable {
    if (reply) {
      done(std::move(reply));
    } else if (run_is_missing(reply.error())) {
      self->forget(run);
      done(unknown_run(run));
    } else if (functions_are_missing(reply.error()) && tries > 1) {
      self->load_functions([self, make = std::move(make), tries, run,
                            done = std::move(done)](Result<void> loaded) mutable {
        if (loaded) {
          self->call(std::move(make), tries - 1, run, std::move(done));
        } else {
          done(loaded.error());
        }
      });
    } else {
      done(std::move(reply));
    }
  });
}

std::string RedisRunStore::Core::name_of(RunId run, TaskId task) const {
  const std::lock_guard lock{mutex_};
  const auto found = views_.find(run);
  const bool known = found != views_.end() && task.number() < found->second->table.task_count();
  return known ? found->second->table.name(task) : fmt::format("task {}", task.number());
}

Error RedisRunStore::Core::problem(RunId run, TaskId task, const std::string& text) const {
  if (text == "unknown") {
    return {.code = Errc::invalid_argument,
            .message = fmt::format("run {} has no task number {}", run.text(), task.number()),
            .hint = "name a task of the graph that is outside of maps, or one that a map has made"};
  }
  if (text == "map" || text == "function") {
    return {
      .code = Errc::invalid_argument,
      .message = fmt::format("{} is {}", name_of(run, task), text == "map" ? "a map" : "no map"),
      .hint = "commit functions and expand maps"};
  }
  if (text == "numbers") {
    return {.code = Errc::limit_exceeded,
            .message = fmt::format("{} would take the run beyond {} tasks", name_of(run, task),
                                   0xffff'ffffU),
            .hint = "let one task handle several elements"};
  }
  if (text.starts_with("width ")) {
    return {.code = Errc::limit_exceeded,
            .message = fmt::format("{} has more elements than its limit of {}", name_of(run, task),
                                   text.substr(std::string_view{"width "}.size())),
            .hint = "set max_items of the map to what the list may hold"};
  }
  if (text == "released") {
    return {.code = Errc::input_missing,
            .message = fmt::format("the output of {} has been released", name_of(run, task)),
            .hint = "keep the output to read it after its last reader"};
  }
  return {.code = Errc::internal,
          .message = fmt::format("the store refuses {}: {}", name_of(run, task), text)};
}

}  // namespace weft
