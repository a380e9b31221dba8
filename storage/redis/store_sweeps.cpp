// Sweeps of Redis: a turn is taken, all runs that are due are swept, those past their retention go.

#include <cstdlib>

#include <fmt/format.h>

#include "weft/storage/redis/run_protocol.hpp"
#include "weft/storage/redis/store_core.hpp"

namespace weft {

namespace {

double number_of(std::string_view text) {
  return std::strtod(std::string(text).c_str(), nullptr);
}

Result<void> add_tasks(RunId run, std::string_view bytes,
                       std::vector<SweepReport::Requeued>& entries) {
  auto tasks = redis::read_ready(bytes);
  if (!tasks) return std::move(tasks).error();
  for (const ReadyTask& task : *tasks) entries.push_back({run, task});
  return {};
}

}  // namespace

void RedisRunStore::Core::sweep(Done<SweepReport> done) {
  if (options.sweep_turn <= Nanos{}) {
    sweep_now(std::move(done));
    return;
  }
  auto take_turn = std::make_shared<const std::function<redis::Command()>>(
    [key = redis::sweeper_key(options.prefix),
     turn = options.sweep_turn / std::chrono::milliseconds{1}] {
      return redis::Command{"FCALL", redis::protocol_function("take_turn"), 1, key, turn};
    });
  call(std::move(take_turn), max_tries, RunId{},
       [self = shared_from_this(), done = std::move(done)](Result<Reply> taken) {
         if (!taken) {
           done(std::move(taken).error());
         } else if (taken->integer() == 0) {
           done(SweepReport{});  // Another one's turn.
         } else {
           self->sweep_now(done);
         }
       });
}

void RedisRunStore::Core::sweep_now(Done<SweepReport> done) {
  std::vector<redis::Command> reads;
  reads.emplace_back("TIME");
  reads.emplace_back("ZRANGE", redis::index_key(options.prefix), 0, -1, "WITHSCORES");
  client->call_all(std::move(reads), [self = shared_from_this(),
                                      done = std::move(done)](std::vector<Result<Reply>> read) {
    for (auto& one : read) {
      if (one) continue;
      done(std::move(one).error());
      return;
    }
    const std::string own = self->now();
    const double now = own.empty()
                         ? number_of((*read[0])[0].text()) * 1e6 + number_of((*read[0])[1].text())
                         : number_of(own);
    std::vector<RunId> due;
    const Reply& index = *read[1];
    for (std::size_t i = 0; i + 1 < index.size(); i += 2) {
      const auto run = RunId::parse(index[i].text());
      if (run && number_of(index[i + 1].text()) <= now) due.push_back(*run);
    }
    struct Sweep {
      SweepReport report;
      std::vector<redis::Command> commands;
      std::optional<Error> failure;
      std::size_t left = 0;
    };
    auto sweep = std::make_shared<Sweep>();
    sweep->left = due.size();
    const auto finish = [self, sweep, done] {
      if (sweep->failure) {
        done(*sweep->failure);
      } else {
        self->finish_sweep(std::make_shared<SweepReport>(std::move(sweep->report)),
                           std::move(sweep->commands), done);
      }
    };
    if (due.empty()) finish();
    const std::string index_name = redis::index_key(self->options.prefix);
    for (const RunId run : due) {
      self->call(
        run, "renew_epoch",
        [incarnation = self->client->incarnation()](redis::Command& command) {
          command.add(std::string_view{incarnation});
        },
        [](const Result<Reply>&) {});
      self->call(run, "sweep", nullptr, [=](Result<Reply> reply) {
        if (!reply && reply.error().code == Errc::run_unknown) {
          self->forget_unborn(run);
        } else if (!reply) {
          sweep->failure = std::move(reply).error();
        } else if ((*reply)[0].integer() == 1) {
          sweep->report.erased.push_back(run);
        } else {
          auto requeued = add_tasks(run, (*reply)[1].text(), sweep->report.requeued);
          auto orphaned = add_tasks(run, (*reply)[2].text(), sweep->report.orphaned);
          if (!requeued || !orphaned) sweep->failure = (requeued ? orphaned : requeued).error();
          const double left = redis::Unpacker{(*reply)[3].text()}.f64() / 1000;
          if (left > 0) {
            sweep->commands.emplace_back("ZADD", index_name, "XX",
                                         std::string_view{fmt::format("{:.0f}", now + left - 1)},
                                         run.text());
          }
        }
        if (--sweep->left == 0) finish();
      });
    }
  });
}

/// A run that was not written whole: what there is of it goes by itself, and then its name.
void RedisRunStore::Core::forget_unborn(RunId run) {
  client->call(redis::Command{"EXISTS", keys(run).fixed()}, [self = shared_from_this(),
                                                             run](const Result<Reply>& exists) {
    if (!exists || exists->integer() != 0) return;
    self->client->call(redis::Command{"ZREM", redis::index_key(self->options.prefix), run.text()},
                       [](const Result<Reply>&) {});
  });
}

/// Erases what has passed its retention, and notes when the others are due.
void RedisRunStore::Core::finish_sweep(std::shared_ptr<SweepReport> report,
                                       std::vector<redis::Command> commands,
                                       const Done<SweepReport>& done) {
  client->call_all(std::move(commands), [](const std::vector<Result<Reply>>&) {});
  if (report->erased.empty()) {
    done(std::move(*report));
    return;
  }
  auto left = std::make_shared<std::size_t>(report->erased.size());
  const std::vector<RunId> erased = report->erased;
  for (const RunId run : erased) {
    erase(run, [report, left, done](const Result<void>&) {
      if (--*left == 0) done(std::move(*report));
    });
  }
}

}  // namespace weft
