// The life of runs in Redis: created, described, erased.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include <fmt/format.h>

#include "weft/storage/memory_run.hpp"
#include "weft/storage/redis/store_core.hpp"
#include "weft/workflow/graph_codec.hpp"

namespace weft {

namespace {

std::string new_token() {
  std::random_device source;
  return fmt::format("{:08x}{:08x}{:08x}", source(), source(), source());
}

Error exists(RunId run) {
  return {.code = Errc::invalid_argument,
          .message = fmt::format("run {} exists already", run.text()),
          .hint = "make a new id for each run"};
}

/// The fields of a hash, some at a time, as commands that write them.
void append_writes(std::vector<redis::Command>& commands, const std::string& key,
                   redis::WrittenRun::Fields& fields) {
  constexpr std::size_t fields_max = 500;
  for (std::size_t first = 0; first < fields.size(); first += fields_max) {
    redis::Command& write = commands.emplace_back("HSET", key);
    const std::size_t last = std::min(first + fields_max, fields.size());
    for (std::size_t i = first; i < last; ++i) {
      write.add(std::string_view{fields[i].first}).add(std::move(fields[i].second));
    }
  }
}

}  // namespace

// -- creation -------------------------------------------------------------------------------------

void RedisRunStore::Core::create(CreateRun request, Done<std::vector<ReadyTask>> done) {
  if (auto usable = MemoryRun::validate(request); !usable) {
    done(std::move(usable).error());
    return;
  }
  auto written = redis::written_run(request);
  if (!written) {
    done(std::move(written).error());
    return;
  }
  const RunId run = request.run;
  auto state = std::make_shared<std::pair<CreateRun, redis::WrittenRun>>(std::move(request),
                                                                         std::move(*written));
  std::string token = new_token();
  call(
    run, "reserve",
    [token, life = options.unborn / std::chrono::milliseconds{1}](redis::Command& command) {
      command.add(std::string_view{token}).add(life);
    },
    [self = shared_from_this(), state, token, run, done = std::move(done)](Result<Reply> reserved) {
      if (!reserved) {
        done(std::move(reserved).error());
      } else if (reserved->integer() != 1) {
        done(exists(run));
      } else {
        self->write_run(std::move(state->first), std::move(state->second), token, done);
      }
    });
}

/// Writes the parts of a run, and brings it to life.
void RedisRunStore::Core::write_run(CreateRun request, redis::WrittenRun written, std::string token,
                                    Done<std::vector<ReadyTask>> done) {
  const RunId run = request.run;
  const redis::RunKeys names = keys(run);
  const std::int64_t life = options.unborn / std::chrono::milliseconds{1};
  std::vector<redis::Command> writes;
  writes.emplace_back("ZADD", redis::index_key(options.prefix), 0, run.text());
  append_writes(writes, names.graph(), written.graph);
  // Sent again after a connection was lost, none of this may touch a run that lives by then.
  writes.emplace_back("SET", names.states(), std::move(written.states))
    .add("NX")
    .add("PX")
    .add(life);
  remember(run, request.graph);
  // Not with them: Redis may refuse some, and be sent these again behind what follows.
  client->call_all(
    std::move(writes),
    [self = shared_from_this(), run, submitted = request.submitted, written = std::move(written),
     token = std::move(token), done = std::move(done)](const std::vector<Result<Reply>>& replies) {
      for (const auto& reply : replies) {
        if (reply) continue;
        done(reply.error());
        return;
      }
      self->bring_to_life(run, submitted, written, token, done);
    });
}

void RedisRunStore::Core::bring_to_life(RunId run, std::optional<TimePoint> submitted,
                                        redis::WrittenRun written, const std::string& token,
                                        Done<std::vector<ReadyTask>> done) {
  const TimePoint asked = options.clock ? options.clock->now() : SystemClock{}.now();
  const Nanos age = submitted ? asked - *submitted : Nanos{};
  written.fixed.emplace_back("incarnation", client->incarnation());
  call(
    run, "create",
    [token, age, entries = std::move(written.ready_entries),
     fixed = std::move(written.fixed)](redis::Command& command) {
      command.add(std::string_view{token})
        .add(std::string_view{fmt::format("{:.3f}", static_cast<double>(age.count()) / 1000)})
        .add(std::string_view{entries});
      for (const auto& [name, text] : fixed) {
        command.add(std::string_view{name}).add(std::string_view{text});
      }
    },
    [run, ready = std::move(written.ready), done = std::move(done)](Result<Reply> created) {
      if (!created) {
        done(std::move(created).error());
      } else if (created->integer() == 0) {
        done(exists(run));
      } else if (created->integer() != 1) {
        done(Error{.code = Errc::store_unavailable,
                   .message = fmt::format("the parts of run {} are not in the store", run.text()),
                   .hint = "see whether Redis has memory left, and submit again"});
      } else {
        done(ready);
      }
    });
}

// -- description ----------------------------------------------------------------------------------

namespace {

/// Records that were read in pages, of which some may have come twice.
template <class Numbered>
void sort_by_number(std::vector<Numbered>& records) {
  std::ranges::sort(records, {}, &Numbered::first);
  const auto twice = std::ranges::unique(records, {}, &Numbered::first);
  records.erase(twice.begin(), twice.end());
}

}  // namespace

void RedisRunStore::Core::describe(RunId run, Done<RunDescription> done) {
  client->call(redis::Command{"HGETALL", keys(run).fixed()},
               [self = shared_from_this(), run, done = std::move(done)](Result<Reply> fields) {
                 if (!fields) {
                   done(std::move(fields).error());
                   return;
                 }
                 std::vector<std::pair<std::string, std::string>> fixed;
                 bool alive = false;
                 for (std::size_t i = 0; i + 1 < fields->size(); i += 2) {
                   fixed.emplace_back((*fields)[i].text(), (*fields)[i + 1].text());
                   alive = alive || fixed.back().first == "alive";
                 }
                 if (!alive) {
                   done(unknown_run(run));
                   return;
                 }
                 auto read = redis::read_fixed(fixed);
                 if (!read) {
                   done(std::move(read).error());
                   return;
                 }
                 self->read_graph(run, "0",
                                  std::make_shared<GraphBeingRead>(std::move(*read), done));
               });
}

/// All of the graph, so many records at a time that Redis serves others between.
void RedisRunStore::Core::read_graph(RunId run, std::string cursor,
                                     std::shared_ptr<GraphBeingRead> graph) {
  constexpr int records = 10'000;
  client->call(redis::Command{"HSCAN", keys(run).graph(), cursor, "COUNT", records},
               [self = shared_from_this(), run, graph](Result<Reply> page) {
                 if (!page) {
                   graph->done(std::move(page).error());
                   return;
                 }
                 std::string next{(*page)[0].text()};
                 graph->pages.push_back(*std::move(page));
                 if (next != "0") {
                   self->read_graph(run, std::move(next), graph);
                 } else {
                   self->decode(run, *graph);
                 }
               });
}

void RedisRunStore::Core::decode(RunId run, GraphBeingRead& graph) {
  GraphParts parts;
  for (const Reply& page : graph.pages) {
    const Reply& fields = page[1];
    for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
      const std::string name{fields[i].text()};
      const std::string_view bytes = fields[i + 1].text();
      if (name == redis::graph_header_field) {
        parts.header = bytes;
      } else if (!name.empty() && name.front() >= '0' && name.front() <= '9') {
        parts.tasks.emplace_back(TaskId{static_cast<std::uint32_t>(std::stoul(name))}, bytes);
      } else if (name.size() > 1 && name.front() == 'c') {
        parts.constants.emplace_back(static_cast<std::uint32_t>(std::stoul(name.substr(1))), bytes);
      }
    }
  }
  sort_by_number(parts.tasks);
  sort_by_number(parts.constants);
  auto decoded = decode_graph(parts, *registry);
  if (!decoded) {
    graph.done(with_context("run " + run.text(), std::move(decoded).error()));
    return;
  }
  graph.description.graph = std::move(decoded->graph);
  graph.description.plan = std::move(decoded->plan);
  graph.done(std::move(graph.description));
}

void RedisRunStore::Core::status(RunId run, Done<RunStatus> done) {
  call(run, "status", nullptr,
       [self = shared_from_this(), run, done = std::move(done)](Result<Reply> reply) {
         if (!reply) {
           done(std::move(reply).error());
           return;
         }
         redis::Unpacker head{(*reply)[0].text()};
         RunStatus status;
         status.state = static_cast<RunState>(std::min<std::uint8_t>(head.u8(), 3));
         head.skip(7);  // Flags and the epoch.
         status.tasks.total = head.u32_big();
         status.tasks.committed = head.u32_big();
         status.tasks.failed = head.u32_big();
         status.tasks.skipped = head.u32_big();
         status.tasks.retries = head.u32_big();
         status.at = Nanos{static_cast<std::int64_t>(redis::Unpacker{(*reply)[1].text()}.f64())};
         auto kept = std::make_shared<std::vector<redis::KeptError>>();
         TaskId last{};
         for (const Reply& entry : (*reply)[2].elements()) {
           auto error = redis::read_error(entry.text());
           if (!error) {
             done(std::move(error).error());
             return;
           }
           if (error->of_task) last = std::max(last, error->task);
           kept->push_back(std::move(*error));
         }
         if (kept->empty()) {
           done(std::move(status));
           return;
         }
         self->with_view(run, last, [self, kept, status, done](Result<redis::RunViewPtr> view) {
           if (!view) {
             done(std::move(view).error());
             return;
           }
           RunStatus complete_status = status;
           {
             const std::lock_guard lock{self->mutex_};
             for (redis::KeptError& error : *kept) {
               redis::complete(error, **view);
               complete_status.errors.push_back(std::move(error.error));
             }
           }
           done(std::move(complete_status));
         });
       });
}

namespace {

/// What the hash of the leases says of the workers: `<worker>` the end of its lease, `h<worker>`
/// its holder, `t<worker>` messages to it. One without a lease is none.
std::vector<WorkerLease> leases_in(const redis::Reply& hash, Nanos now) {
  std::map<std::uint32_t, WorkerLease> found;
  std::set<std::uint32_t> leased;
  for (std::size_t i = 0; i + 1 < hash.size(); i += 2) {
    const std::string_view name = hash[i].text();
    const std::string text{hash[i + 1].text()};
    const bool prefixed = name.starts_with('h') || name.starts_with('t');
    const std::string_view digits = name.substr(prefixed ? 1 : 0);
    std::uint32_t number = 0;
    const auto [end, failure] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (failure != std::errc{} || end != digits.data() + digits.size()) continue;
    WorkerLease& lease = found[number];
    lease.worker = WorkerId{number};
    if (name.front() == 'h') {
      lease.holder = text;
    } else if (name.front() == 't') {
      lease.told = std::strtoull(text.c_str(), nullptr, 10);
    } else {
      lease.left = Nanos{std::llround(std::strtod(text.c_str(), nullptr))} - now;
      leased.insert(number);
    }
  }
  std::vector<WorkerLease> workers;
  for (const std::uint32_t number : leased) workers.push_back(std::move(found[number]));
  return workers;
}

}  // namespace

/// The status says what time it is for the run, and whether there is such a run.
void RedisRunStore::Core::workers(RunId run, Done<std::vector<WorkerLease>> done) {
  status(run, [self = shared_from_this(), run, done = std::move(done)](Result<RunStatus> status) {
    if (!status) {
      done(std::move(status).error());
      return;
    }
    self->client->call(redis::Command{"HGETALL", self->keys(run).leases()},
                       [now = status->at, done](Result<Reply> hash) {
                         if (hash) {
                           done(leases_in(*hash, now));
                         } else {
                           done(std::move(hash).error());
                         }
                       });
  });
}

void RedisRunStore::Core::runs(Done<std::vector<RunId>> done) {
  client->call(redis::Command{"ZRANGE", redis::index_key(options.prefix), 0, -1},
               [done = std::move(done)](Result<Reply> names) {
                 if (!names) {
                   done(std::move(names).error());
                   return;
                 }
                 std::vector<RunId> runs;
                 for (const Reply& name : names->elements()) {
                   if (const auto run = RunId::parse(name.text())) runs.push_back(*run);
                 }
                 std::ranges::sort(runs);
                 done(std::move(runs));
               });
}

void RedisRunStore::Core::erase(RunId run, Done<void> done) {
  // Its name goes last: by it others find what is left.
  call(run, "erase", nullptr,
       [self = shared_from_this(), run, done = std::move(done)](Result<Reply> erased) {
         if (!erased) {
           done(std::move(erased).error());
           return;
         }
         self->forget(run);
         self->client->call(
           redis::Command{"ZREM", redis::index_key(self->options.prefix), run.text()},
           [done](Result<Reply> removed) {
             if (removed) {
               done({});
             } else {
               done(std::move(removed).error());
             }
           });
       });
}

}  // namespace weft
