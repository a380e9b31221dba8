// Outputs: parts of large ones, and reading them.

#include <fmt/format.h>

#include "weft/storage/redis/errors.hpp"
#include "weft/storage/redis/output_parts.hpp"
#include "weft/storage/redis/store_core.hpp"

namespace weft {

namespace {

std::string packed_put(TaskId task, Fence fence, std::uint32_t index) {
  return redis::Packer{}.u32(task.number()).u32(fence.number()).u32(index).take();
}

}  // namespace

redis::KnownOutputs RedisRunStore::Core::known_outputs(RunId run) {
  return [this, run](TaskId task) { return cache_.find(run, task); };
}

std::uint32_t RedisRunStore::Core::write_parts(const CommitRequest& request,
                                               std::string_view bytes) {
  const std::size_t size = options.part_size.count;
  const redis::RunKeys names = keys(request.run);
  const auto owner = std::make_shared<const Value>(request.output);
  std::uint32_t index = 0;
  for (std::size_t at = 0; at < bytes.size(); at += size, ++index) {
    const std::string_view part = bytes.substr(at, size);
    redis::Command set{"SET", names.chunk(request.task, request.fence, index)};
    // Not over a part that is there: sent again, it would give one that is kept its end.
    set.add_shared(owner, part)
      .add("NX")
      .add("PX")
      .add(options.unborn / std::chrono::milliseconds{1});
    client->call(std::move(set), [](const Result<Reply>&) {});  // Missed when it is put, if it is.
    call(
      request.run, "put_chunk",
      [packed = packed_put(request.task, request.fence, index),
       checksum = redis::checksum_of(part)](redis::Command& command) {
        command.add(std::string_view{packed}).add(std::string_view{checksum});
      },
      [](const Result<Reply>&) {});
  }
  return index;
}

void RedisRunStore::Core::put_chunk(PutChunk chunk, Done<void> done) {
  {
    const std::lock_guard lock{mutex_};
    in_parts_.emplace(chunk.run, chunk.task);
  }
  const std::string key = keys(chunk.run).chunk(chunk.task, chunk.fence, chunk.index);
  const std::string checksum = redis::checksum_of(chunk.bytes);
  redis::Command set{"SET", key, std::move(chunk.bytes)};
  // Not over a part that is there: it may be sent twice, and is being read.
  set.add("NX").add("PX").add(options.unborn / std::chrono::milliseconds{1});
  client->call(std::move(set), [](const Result<Reply>&) {});
  const RunId run = chunk.run;
  const TaskId task = chunk.task;
  const std::uint32_t index = chunk.index;
  call(
    run, "put_chunk",
    [packed = packed_put(task, chunk.fence, index), checksum](redis::Command& command) {
      command.add(std::string_view{packed}).add(std::string_view{checksum});
    },
    [self = shared_from_this(), run, task, index, done = std::move(done)](Result<Reply> reply) {
      if (!reply) {
        done(std::move(reply).error());
        return;
      }
      switch ((*reply)[0].integer()) {
        case 0:
          if ((*reply)[0].kind() == Reply::Kind::integer) {
            done({});
          } else {
            done(self->problem(run, task, std::string((*reply)[1].text())));
          }
          return;
        case 1:
          done(Error{
            .code = Errc::claim_lost,
            .message = fmt::format("the claim on {} is no longer valid", self->name_of(run, task)),
            .hint = "stop this attempt: its output is not wanted any more"});
          return;
        default:
          done(Error{.code = Errc::invalid_argument,
                     .message = fmt::format("chunk {} of task number {} came before chunk {}",
                                            index, task.number(), (*reply)[1].integer()),
                     .hint = "put the chunks of an output in order, counted from 0"});
      }
    });
}

void RedisRunStore::Core::read_chunks(RunId run, TaskId task, std::uint32_t first,
                                      Done<Chunks> done) {
  const auto packed = redis::packed_tasks({&task, 1});
  call(
    run, "chunks", [packed](redis::Command& command) { command.add(std::string_view{packed}); },
    [self = shared_from_this(), run, task, first, done = std::move(done)](Result<Reply> reply) {
      if (!reply) {
        done(std::move(reply).error());
        return;
      }
      redis::Unpacker head{(*reply)[0].text()};
      constexpr std::uint8_t refused = 255;
      if (head.u8() == refused) {
        done(self->problem(run, task, std::string((*reply)[1].text())));
        return;
      }
      Chunks chunks;
      chunks.complete = head.u8() != 0;
      chunks.fence = Fence{head.u32()};
      const std::string checksums{(*reply)[1].text()};
      const auto count = static_cast<std::uint32_t>(checksums.size() / redis::checksum_size);
      if (first >= count) {
        done(std::move(chunks));
        return;
      }
      std::vector<redis::Command> reads;
      for (std::uint32_t i = first; i < count; ++i) {
        reads.emplace_back("GET", self->keys(run).chunk(task, chunks.fence, i));
      }
      self->client->call_all(std::move(reads),
                             [self, run, task, first, checksums, chunks = std::move(chunks),
                              done](std::vector<Result<Reply>> parts) mutable {
                               for (std::size_t i = 0; i < parts.size(); ++i) {
                                 if (!parts[i]) {
                                   done(std::move(parts[i]).error());
                                   return;
                                 }
                                 // Released meanwhile: what is there is a beginning all the same.
                                 if (parts[i]->is_nil()) {
                                   done(self->problem(run, task, "released"));
                                   return;
                                 }
                                 Blob bytes = parts[i]->take_text();
                                 const auto sum = std::string_view{checksums}.substr(
                                   (first + i) * redis::checksum_size, redis::checksum_size);
                                 if (auto intact = redis::check_part(bytes, sum); !intact) {
                                   done(intact.error());
                                   return;
                                 }
                                 chunks.bytes.push_back(std::move(bytes));
                               }
                               done(std::move(chunks));
                             });
    });
}

/// Outputs that were asked for together: answers when all are there. Used on one thread at a time:
/// that of answers.
class RedisRunStore::Core::Reading {
public:
  Reading(std::size_t count, Done<std::vector<Value>> done)
    : values_(count), done_(std::move(done)) {}

  void expect_another() { ++left_; }

  /// Answers when it was the last that was to come.
  void take(std::size_t place, Result<Value> value) {
    if (value) {
      values_[place] = std::move(*value);
    } else if (!failure_) {
      failure_ = std::move(value).error();
    }
    one_is_there();
  }

  /// No more can be asked for.
  void fail(Error error) {
    if (!failure_) failure_ = std::move(error);
    one_is_there();
  }

  void one_is_there() {
    if (--left_ > 0) return;
    if (failure_) {
      done_(*std::move(failure_));
    } else {
      done_(std::move(values_));
    }
  }

private:
  std::vector<Value> values_;
  std::size_t left_ = 1;  ///< The first is whoever goes through the outputs.
  std::optional<Error> failure_;
  Done<std::vector<Value>> done_;
};

namespace {

/// Joins the parts of an output.
Result<Value> joined(std::string_view checksums, std::vector<Result<redis::Reply>> parts) {
  Blob whole;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i]) return std::move(parts[i]).error();
    if (parts[i]->is_nil()) return Value{};  // Released meanwhile.
    Blob bytes = parts[i]->take_text();
    const auto sum = checksums.substr(i * redis::checksum_size, redis::checksum_size);
    if (auto intact = redis::check_part(bytes, sum); !intact) return intact.error();
    if (parts.size() == 1) return Value::encoded(std::move(bytes));
    whole += bytes;
  }
  return Value::encoded(std::move(whole));
}

}  // namespace

void RedisRunStore::Core::fetch(RunId run, std::vector<TaskId> tasks,
                                Done<std::vector<Value>> done) {
  const auto count = tasks.size();
  fetch_from(run, std::make_shared<const std::vector<TaskId>>(std::move(tasks)), 0,
             std::make_shared<Reading>(count, std::move(done)));
}

/// Fetches the outputs from place `first` on, some at a time if they are large.
void RedisRunStore::Core::fetch_from(RunId run, std::shared_ptr<const std::vector<TaskId>> tasks,
                                     std::size_t first, std::shared_ptr<Reading> reading) {
  const auto packed = redis::packed_tasks(std::span{*tasks}.subspan(first));
  call(
    run, "fetch", [packed](redis::Command& command) { command.add(std::string_view{packed}); },
    [self = shared_from_this(), run, tasks, first, reading](Result<Reply> reply) {
      if (!reply) {
        reading->fail(std::move(reply).error());
        return;
      }
      constexpr std::string_view refusal{"\xff\0", 2};
      const std::size_t asked = tasks->size() - first;
      const std::size_t count = std::min(reply->size(), asked);
      if (reply->size() == 2 && (*reply)[0].text() == refusal) {
        const TaskId unknown = *std::ranges::max_element(*tasks);
        reading->fail(self->problem(run, unknown, std::string((*reply)[1].text())));
        return;
      }
      if (count == 0 && asked > 0) {
        reading->fail(redis::unreadable("outputs"));
        return;
      }
      for (std::size_t i = 0; i < count; ++i) {
        reading->expect_another();
        const std::size_t place = first + i;
        self->read_output(
          {run, (*tasks)[place]}, (*reply)[i].text(),
          [reading, place](Result<Value> value) { reading->take(place, std::move(value)); });
      }
      if (count < asked) {
        self->fetch_from(run, tasks, first + count, reading);
      } else {
        reading->one_is_there();
      }
    });
}

/// @param fetched what the store says of it
void RedisRunStore::Core::read_output(const std::pair<RunId, TaskId>& of, std::string_view fetched,
                                      Done<Value> done) {
  auto output = redis::read_fetched(fetched);
  if (!output) {
    done(std::move(output).error());
    return;
  }
  const auto [run, task] = of;
  if (output->kind == redis::FetchedOutput::Kind::missing) {
    done(Value{});
  } else if (Value known = cache_.find(run, task); !known.missing()) {
    done(std::move(known));
  } else if (output->kind == redis::FetchedOutput::Kind::whole) {
    done(Value::encoded(Blob(output->whole)));
  } else {
    read_parts({run, task, output->fence}, std::string(output->checksums), std::move(done));
  }
}

/// Whoever asks for what is on its way waits for it: large outputs are sent once.
void RedisRunStore::Core::read_parts(const PartsKey& key, std::string checksums, Done<Value> done) {
  {
    const std::lock_guard lock{mutex_};
    auto& waiting = reading_[key];
    waiting.push_back(std::move(done));
    if (waiting.size() > 1) return;
  }
  const auto [run, task, fence] = key;
  std::vector<redis::Command> reads;
  const std::size_t count = checksums.size() / redis::checksum_size;
  for (std::uint32_t part = 0; part < count; ++part) {
    reads.emplace_back("GET", keys(run).chunk(task, fence, part));
  }
  client->call_all(std::move(reads),
                   [self = shared_from_this(), key,
                    checksums = std::move(checksums)](std::vector<Result<Reply>> parts) {
                     const Result<Value> value = joined(checksums, std::move(parts));
                     if (value && !value->missing()) {
                       self->cache_.put(std::get<RunId>(key), std::get<TaskId>(key), *value);
                     }
                     const auto waiting = [&] {
                       const std::lock_guard lock{self->mutex_};
                       return self->reading_.extract(key);
                     }();
                     for (const Done<Value>& one : waiting.mapped()) one(value);
                   });
}

}  // namespace weft
