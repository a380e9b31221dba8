#include "weft/storage/redis/redis_run_store.hpp"

#include "weft/storage/redis/store_core.hpp"

namespace weft {

namespace {

using redis::Command;
using redis::Packer;
using redis::Reply;

Result<std::vector<Grant>> grants_in(const Reply& reply, const redis::KnownOutputs& known) {
  std::vector<Grant> grants;
  for (const Reply& one : reply.elements()) {
    auto grant = redis::read_grant(one.text(), known);
    if (!grant) return std::move(grant).error();
    grants.push_back(std::move(*grant));
  }
  return grants;
}

/// A worker and its tasks, as the run protocol reads them.
std::string packed_worker(WorkerId worker) {
  return Packer{}.u32(worker.number()).take();
}

bool is_one(const Reply& reply) {
  return reply.integer() == 1;
}

}  // namespace

RedisRunStore::RedisRunStore(std::shared_ptr<redis::Client> client, std::shared_ptr<Core> core)
  : client_(std::move(client)), core_(std::move(core)) {}

RedisRunStore::~RedisRunStore() {
  core_->stop();
}

Result<std::unique_ptr<RedisRunStore>> RedisRunStore::open(std::shared_ptr<redis::Client> client,
                                                           std::shared_ptr<const Registry> registry,
                                                           RedisRunStoreOptions options) {
  auto core = std::make_shared<Core>(client.get(), std::move(registry), std::move(options));
  if (auto started = core->start(); !started) return started.error();
  return std::unique_ptr<RedisRunStore>(new RedisRunStore(std::move(client), std::move(core)));
}

// -- the life of a run ----------------------------------------------------------------------------

void RedisRunStore::create(CreateRun request, Done<std::vector<ReadyTask>> done) {
  core_->create(std::move(request), std::move(done));
}

void RedisRunStore::cancel(RunId run, std::string reason, Done<bool> done) {
  const Error error{.code = Errc::cancelled,
                    .message = reason.empty() ? "the run was cancelled" : reason};
  const std::string message = reason.empty() ? "cancelled" : "cancelled: " + reason;
  Blob encoded;
  encode(error, encoded);
  core_->ask<bool>(
    run, "cancel",
    [message, encoded](Command& command) {
      command.add(std::string_view{message}).add(std::string_view{encoded});
    },
    std::move(done), is_one);
}

void RedisRunStore::status(RunId run, Done<RunStatus> done) {
  core_->status(run, std::move(done));
}

void RedisRunStore::workers(RunId run, Done<std::vector<WorkerLease>> done) {
  core_->workers(run, std::move(done));
}

void RedisRunStore::describe(RunId run, Done<RunDescription> done) {
  core_->describe(run, std::move(done));
}

void RedisRunStore::runs(Done<std::vector<RunId>> done) {
  core_->runs(std::move(done));
}

void RedisRunStore::erase(RunId run, Done<void> done) {
  core_->erase(run, std::move(done));
}

// -- the life of an attempt -----------------------------------------------------------------------

void RedisRunStore::claim(ClaimRequest request, Done<ClaimAnswer> done) {
  const RunId run = request.run;
  std::string packed =
    Packer{}.u32(request.worker.number()).u8(static_cast<std::uint8_t>(request.mode)).take() +
    redis::packed_tasks(request.tasks);
  const TaskId last = request.tasks.empty() ? TaskId{} : *std::ranges::max_element(request.tasks);
  core_->ask<ClaimAnswer>(
    run, "claim",
    [packed, holder = request.holder](Command& command) {
      command.add(std::string_view{packed}).add(std::string_view{holder});
    },
    std::move(done),
    [core = core_, run, last](const Reply& reply) -> Result<ClaimAnswer> {
      auto answer = redis::read_step(reply, core->known_outputs(run));
      if (!answer) return std::move(answer).error();
      if (answer->kind == redis::StepAnswer::Kind::problem) {
        return core->problem(run, last, answer->problem);
      }
      auto refused = redis::read_refused(answer->second);
      if (!refused) return std::move(refused).error();
      return ClaimAnswer{.grants = std::move(answer->grants), .refused = std::move(*refused)};
    });
}

void RedisRunStore::commit(CommitRequest request, Done<CommitAnswer> done) {
  core_->commit(std::move(request), std::move(done));
}

void RedisRunStore::expand(ExpandRequest request, Done<CommitAnswer> done) {
  core_->expand(std::move(request), std::move(done));
}

void RedisRunStore::fail(FailRequest request, Done<FailAnswer> done) {
  const RunId run = request.run;
  const TaskId task = request.task;
  const std::string packed = Packer{}
                               .u32(task.number())
                               .u32(request.fence.number())
                               .u32(request.worker.number())
                               .u8(request.retry ? 1 : 0)
                               .take();
  Blob encoded;
  encode(request.error, encoded);
  core_->ask<FailAnswer>(
    run, "fail",
    [packed, encoded, message = request.error.message](Command& command) {
      command.add(std::string_view{packed})
        .add(std::string_view{encoded})
        .add(std::string_view{message});
    },
    std::move(done),
    [core = core_, run, task](const Reply& reply) -> Result<FailAnswer> {
      auto answer = redis::read_step(reply, {});
      if (!answer) return std::move(answer).error();
      if (answer->kind == redis::StepAnswer::Kind::problem) {
        return core->problem(run, task, answer->problem);
      }
      redis::Unpacker rest{reply[0].text()};
      rest.skip(2);  // Outcome and end.
      FailAnswer failed{.outcome = answer->outcome};
      failed.fence = Fence{rest.u32()};
      failed.attempt = rest.u32();
      failed.run_ended = answer->run_ended;
      return failed;
    });
}

void RedisRunStore::release(ReleaseRequest request, Done<void> done) {
  const RunId run = request.run;
  const TaskId last = request.tasks.empty() ? TaskId{} : *std::ranges::max_element(request.tasks);
  const std::string packed = packed_worker(request.worker) + redis::packed_tasks(request.tasks);
  core_->ask<void>(
    run, "release",
    [packed, holder = request.holder](Command& command) {
      command.add(std::string_view{packed}).add(std::string_view{holder});
    },
    std::move(done),
    [core = core_, run, last](const Reply& reply) -> Result<void> {
      auto answer = redis::read_step(reply, {});
      if (!answer) return std::move(answer).error();
      if (answer->kind == redis::StepAnswer::Kind::done) return {};
      return core->problem(run, last, answer->problem);
    });
}

// -- values ---------------------------------------------------------------------------------------

void RedisRunStore::fetch(RunId run, std::vector<TaskId> tasks, Done<std::vector<Value>> done) {
  core_->fetch(run, std::move(tasks), std::move(done));
}

void RedisRunStore::put_chunk(PutChunk chunk, Done<void> done) {
  core_->put_chunk(std::move(chunk), std::move(done));
}

void RedisRunStore::read_chunks(RunId run, TaskId task, std::uint32_t first, Done<Chunks> done) {
  core_->read_chunks(run, task, first, std::move(done));
}

// -- liveness -------------------------------------------------------------------------------------

void RedisRunStore::launch(RunId run, WorkerId worker, std::string holder, Done<bool> done) {
  // A store that has lost its tail may still have leases from before.
  core_->call(
    run, "renew_epoch",
    [incarnation = core_->client->incarnation()](Command& command) {
      command.add(std::string_view{incarnation});
    },
    [](const Result<Reply>&) {});
  core_->ask<bool>(
    run, "launch",
    [packed = packed_worker(worker), holder](Command& command) {
      command.add(std::string_view{packed}).add(std::string_view{holder});
    },
    std::move(done), is_one);
}

void RedisRunStore::renew(RunId run, WorkerId worker, std::string holder, Done<Renewal> done) {
  core_->ask<Renewal>(
    run, "renew",
    [packed = packed_worker(worker), holder](Command& command) {
      command.add(std::string_view{packed}).add(std::string_view{holder});
    },
    std::move(done),
    [](const Reply& reply) -> Result<Renewal> {
      return Renewal{.held = reply[0].integer() == 1,
                     .told = static_cast<std::uint64_t>(reply[1].integer())};
    });
}

void RedisRunStore::park(RunId run, WorkerId worker, std::string holder, Done<bool> done) {
  core_->ask<bool>(
    run, "park",
    [packed = packed_worker(worker), holder](Command& command) {
      command.add(std::string_view{packed}).add(std::string_view{holder});
    },
    std::move(done), is_one);
}

void RedisRunStore::held(RunId run, WorkerId worker, Done<std::vector<Grant>> done) {
  core_->ask<std::vector<Grant>>(
    run, "held",
    [packed = packed_worker(worker)](Command& command) { command.add(std::string_view{packed}); },
    std::move(done),
    [core = core_, run](const Reply& reply) { return grants_in(reply, core->known_outputs(run)); });
}

void RedisRunStore::abandon(AbandonRequest request, Done<AbandonAnswer> done) {
  const RunId run = request.run;
  const std::string packed = Packer{}.u32(request.worker.number()).u32(request.max_kills).take() +
                             redis::packed_tasks(request.suspects);
  Blob encoded;
  encode(request.cause, encoded);
  core_->ask<AbandonAnswer>(
    run, "abandon",
    [packed, encoded, holder = request.holder, message = request.cause.message](Command& command) {
      command.add(std::string_view{packed})
        .add(std::string_view{holder})
        .add(std::string_view{encoded})
        .add(std::string_view{message});
    },
    std::move(done),
    [](const Reply& reply) -> Result<AbandonAnswer> {
      auto answer = redis::read_step(reply, {});
      if (!answer) return std::move(answer).error();
      auto ready = redis::read_ready(answer->second);
      if (!ready) return std::move(ready).error();
      return AbandonAnswer{.ready = std::move(*ready), .run_ended = answer->run_ended};
    });
}

void RedisRunStore::sweep(Done<SweepReport> done) {
  core_->sweep(std::move(done));
}

// -- watching -------------------------------------------------------------------------------------

void RedisRunStore::events(RunId run, std::uint64_t first, std::size_t limit,
                           Done<std::vector<RunEvent>> done) {
  core_->events(run, first, limit, std::move(done));
}

void RedisRunStore::watch(RunId run, std::function<void()> wake) {
  core_->watch(run, std::move(wake));
}

void RedisRunStore::listen(RunId run, WorkerId worker, std::function<void(Told)> take) {
  core_->listen(run, worker, std::move(take));
}

}  // namespace weft
