// Commits, which go to Redis several at a time, and expansions.

#include <fmt/format.h>

#include "weft/storage/redis/run_protocol.hpp"
#include "weft/storage/redis/store_core.hpp"

namespace weft {

namespace {

/// Its parts may have to be written again: they go missing when a connection is lost between them.
constexpr int max_writes = 3;

std::optional<std::uint32_t> chunks_in(const std::string& problem) {
  constexpr std::string_view prefix = "chunks ";
  if (!problem.starts_with(prefix)) return std::nullopt;
  return static_cast<std::uint32_t>(std::strtoul(problem.c_str() + prefix.size(), nullptr, 10));
}

}  // namespace

void RedisRunStore::Core::commit(CommitRequest request, Done<CommitAnswer> done) {
  Pending pending{.request = std::move(request), .packed = {}, .done = std::move(done)};
  CommitRequest& commit = pending.request;
  if (commit.chunks == 0 && !commit.output.missing()) {
    auto bytes = commit.output.encoding();
    if (!bytes) {
      pending.done(std::move(bytes).error());
      return;
    }
    if (bytes->size() > options.inline_max.count) {
      commit.chunks = write_parts(commit, *bytes);
      pending.in_parts = true;
    }
  }
  enqueue(std::move(pending));
}

void RedisRunStore::Core::enqueue(Pending pending) {
  CommitRequest& commit = pending.request;
  pending.packed = redis::packed_commit(commit, commit.chunks == 0 && !commit.output.missing());
  const RunId run = commit.run;
  {
    const std::lock_guard lock{mutex_};
    if (const auto found = in_parts_.find({run, commit.task}); found != in_parts_.end()) {
      in_parts_.erase(found);
    } else if (!pending.in_parts) {
      pending.packed.back() = 0;  // Nothing to clear away.
    }
    auto& waiting = pending_[run];
    waiting.push_back(std::move(pending));
    if (waiting.size() > 1) return;  // The first has seen to it that they go.
  }
  client->post([self = shared_from_this(), run] { self->flush(run); });
}

void RedisRunStore::Core::flush(RunId run) {
  std::vector<Pending> all;
  {
    const std::lock_guard lock{mutex_};
    const auto node = pending_.extract(run);
    if (node.empty()) return;
    all = std::move(node.mapped());
  }
  for (std::size_t first = 0; first < all.size(); first += options.batch) {
    const std::size_t last = std::min(first + options.batch, all.size());
    const auto batch = std::make_shared<std::vector<Pending>>(
      std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(first)),
      std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(last)));
    const Build build = [batch](redis::Command& command) {
      for (const Pending& pending : *batch) {
        command.add(std::string_view{pending.packed});
        const CommitRequest& request = pending.request;
        if (request.chunks == 0 && !request.output.missing()) {
          command.add(request.output);
        } else {
          command.add(std::string_view{});
        }
      }
    };
    call(run, "commit", build, [self = shared_from_this(), run, batch](Result<Reply> reply) {
      self->on_committed(run, batch, std::move(reply));
    });
  }
}

void RedisRunStore::Core::on_committed(RunId, const Batch& batch, Result<Reply> reply) {
  for (std::size_t i = 0; i < batch->size(); ++i) {
    Pending& pending = (*batch)[i];
    if (reply) {
      on_committed(pending, (*reply)[i]);
    } else {
      pending.done(reply.error());
    }
  }
}

void RedisRunStore::Core::on_committed(Pending& pending, const Reply& reply) {
  CommitRequest& request = pending.request;
  const bool won = [&] {
    redis::Unpacker head{reply[0].text()};
    return head.u8() == 0 && head.complete();
  }();
  // Before the grants are read, which may name it.
  if (won && !request.output.missing()) cache_.put(request.run, request.task, request.output);
  auto answer = redis::read_step(reply, known_outputs(request.run));
  if (!answer) {
    pending.done(std::move(answer).error());
    return;
  }
  if (answer->kind == redis::StepAnswer::Kind::done) {
    auto ready = redis::read_ready(answer->second);
    if (!ready) {
      pending.done(std::move(ready).error());
      return;
    }
    pending.done(CommitAnswer{.outcome = answer->outcome,
                              .granted = std::move(answer->grants),
                              .ready = std::move(*ready),
                              .run_ended = answer->run_ended});
    return;
  }
  const auto put = chunks_in(answer->problem);
  if (put && pending.in_parts && ++pending.tries < max_writes) {
    request.chunks = write_parts(request, *request.output.encoding());
    enqueue(std::move(pending));
  } else if (put) {
    pending.done(
      Error{.code = Errc::invalid_argument,
            .message = fmt::format("{} commits {} chunks but has put {}",
                                   name_of(request.run, request.task), request.chunks, *put),
            .hint = "put all chunks of an output before committing it"});
  } else {
    pending.done(problem(request.run, request.task, answer->problem));
  }
}

void RedisRunStore::Core::expand(ExpandRequest request, Done<CommitAnswer> done) {
  auto all = std::make_shared<const ExpandRequest>(std::move(request));
  const RunId run = all->commit.run;
  const TaskId task = all->commit.task;
  for (const Value& item : all->items) {
    if (auto bytes = item.encoding(); !bytes) {
      done(with_context("an element of " + name_of(run, task), std::move(bytes).error()));
      return;
    }
  }
  // Many, or large ones, go ahead of the step, some at a time.
  constexpr std::size_t items_max = 1000;
  constexpr std::uint64_t bytes_max = 4u << 20;
  std::vector<std::pair<std::size_t, std::size_t>> pieces;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < all->items.size(); ++i) {
    bytes += all->items[i].size().count;
    if (pieces.empty() || i - pieces.back().first >= items_max || bytes > bytes_max) {
      pieces.emplace_back(i, i);
      bytes = all->items[i].size().count;
    }
    pieces.back().second = i + 1;
  }
  const std::string packed = redis::packed_commit(all->commit, false);
  const bool along = pieces.size() <= 1;
  const auto add_items = [all](redis::Command& command, std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) command.add(all->items[i]);
  };
  const auto step = [=, self = shared_from_this(), done = std::move(done)] {
    self->call(
      run, "expand",
      [=](redis::Command& command) {
        command.add(std::string_view{packed}).add(all->items.size()).add(along ? "1" : "0");
        if (along) add_items(command, 0, all->items.size());
      },
      [self, all, done](Result<Reply> reply) {
        if (!reply) {
          done(std::move(reply).error());
          return;
        }
        Pending pending{.request = all->commit, .packed = {}, .done = done};
        pending.request.output = {};
        self->on_committed(pending, *reply);
      });
  };
  if (along) {
    step();
    return;
  }
  // Not with them: Redis may refuse some, and be sent these again behind what follows.
  const auto left = std::make_shared<std::size_t>(pieces.size());
  const auto failed = std::make_shared<bool>(false);
  for (const auto& [first, last] : pieces) {
    call(
      run, "put_items",
      [=, first = first, last = last](redis::Command& command) {
        command.add(std::string_view{packed}).add(first);
        add_items(command, first, last);
      },
      [=](Result<Reply> reply) {
        if (!reply && !std::exchange(*failed, true)) done(std::move(reply).error());
        if (--*left == 0 && !*failed) step();
      });
  }
}

}  // namespace weft
