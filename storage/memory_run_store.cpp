#include "weft/storage/memory_run_store.hpp"

#include <fmt/format.h>

#include "weft/storage/memory_run.hpp"

namespace weft {

/// One run, and the lock that lets one thread at a time in.
struct MemoryRunStore::Entry {
  Entry(CreateRun request, TimePoint now)
    : submitted(request.submitted.value_or(now)), run(std::move(request)) {}

  const TimePoint submitted;
  std::mutex mutex;
  MemoryRun run;
  Wake wake;
  std::map<WorkerId, Listener> listeners;

  /// A message and whom it is for; nobody listens where there is nothing.
  struct Message {
    Listener take;
    Told told;
  };

  /// What the last step has to tell. @pre the lock is held
  [[nodiscard]] std::vector<Message> take_messages() {
    std::vector<Message> messages;
    for (auto& [worker, told] : run.take_told()) {
      const auto found = listeners.find(worker);
      messages.push_back({found == listeners.end() ? nullptr : found->second, std::move(told)});
    }
    return messages;
  }
};

namespace {

Error unknown_run(RunId run) {
  return {.code = Errc::run_unknown,
          .message = fmt::format("there is no run {}", run.text()),
          .hint = "it may have been erased when its retention had passed"};
}

}  // namespace

MemoryRunStore::MemoryRunStore(const Clock& clock) : clock_(clock) {}

MemoryRunStore::~MemoryRunStore() = default;

std::shared_ptr<MemoryRunStore::Entry> MemoryRunStore::find(RunId run) const {
  const std::lock_guard lock{mutex_};
  const auto found = runs_.find(run);
  return found == runs_.end() ? nullptr : found->second;
}

template <class T, class Step>
void MemoryRunStore::on_run(RunId run, const Done<T>& done, Step&& step) {
  const auto entry = find(run);
  if (!entry) {
    done(unknown_run(run));
    return;
  }
  std::vector<Value> released;
  std::vector<Entry::Message> messages;
  Wake wake;
  auto answer = [&]() -> Result<T> {
    const std::lock_guard lock{entry->mutex};
    const std::uint64_t before = entry->run.version();
    Result<T> result = step(entry->run, clock_.now() - entry->submitted);
    released = entry->run.take_released();
    if (entry->run.tells()) messages = entry->take_messages();
    if (entry->run.version() != before) wake = entry->wake;
    return result;
  }();
  done(std::move(answer));
  for (Entry::Message& message : messages) {
    if (message.take) (*message.take)(std::move(message.told));
  }
  if (wake) (*wake)();
}

// -- the life of a run ---------------------------------------------------------------------------

void MemoryRunStore::create(CreateRun request, Done<std::vector<ReadyTask>> done) {
  if (auto usable = MemoryRun::validate(request); !usable) {
    done(std::move(usable).error());
    return;
  }
  const RunId run = request.run;
  const TimePoint now = clock_.now();
  const auto entry = std::make_shared<Entry>(std::move(request), now);
  std::vector<ReadyTask> ready = entry->run.start(now - entry->submitted);
  const bool fresh = [&] {
    const std::lock_guard lock{mutex_};
    return runs_.emplace(run, entry).second;
  }();
  if (fresh) {
    done(std::move(ready));
  } else {
    done(Error{.code = Errc::invalid_argument,
               .message = fmt::format("run {} exists already", run.text()),
               .hint = "make a new id for each run"});
  }
}

void MemoryRunStore::cancel(RunId run, std::string reason, Done<bool> done) {
  on_run(run, done, [&](MemoryRun& state, Nanos now) { return state.cancel(reason, now); });
}

void MemoryRunStore::status(RunId run, Done<RunStatus> done) {
  on_run(run, done, [](MemoryRun& state, Nanos now) { return state.status(now); });
}

void MemoryRunStore::workers(RunId run, Done<std::vector<WorkerLease>> done) {
  on_run(run, done, [](MemoryRun& state, Nanos now) { return state.workers(now); });
}

void MemoryRunStore::describe(RunId run, Done<RunDescription> done) {
  on_run(run, done, [](MemoryRun& state, Nanos) { return state.describe(); });
}

void MemoryRunStore::runs(Done<std::vector<RunId>> done) {
  done(all_runs());
}

std::vector<RunId> MemoryRunStore::all_runs() const {
  const std::lock_guard lock{mutex_};
  std::vector<RunId> all;
  for (const auto& [run, entry] : runs_) all.push_back(run);
  return all;
}

void MemoryRunStore::erase(RunId run, Done<void> done) {
  const Wake wake = remove(run);
  done({});
  if (wake) (*wake)();
}

MemoryRunStore::Wake MemoryRunStore::remove(RunId run) {
  const auto entry = [&]() -> std::shared_ptr<Entry> {
    const std::lock_guard lock{mutex_};
    const auto node = runs_.extract(run);
    return node.empty() ? nullptr : std::move(node.mapped());
  }();
  if (!entry) return nullptr;
  const std::lock_guard lock{entry->mutex};
  return std::exchange(entry->wake, nullptr);
}

// -- the life of an attempt ----------------------------------------------------------------------

void MemoryRunStore::claim(ClaimRequest request, Done<ClaimAnswer> done) {
  on_run(request.run, done, [&](MemoryRun& state, Nanos now) { return state.claim(request, now); });
}

void MemoryRunStore::commit(CommitRequest request, Done<CommitAnswer> done) {
  on_run(request.run, done,
         [&](MemoryRun& state, Nanos now) { return state.commit(request, now); });
}

void MemoryRunStore::expand(ExpandRequest request, Done<CommitAnswer> done) {
  on_run(request.commit.run, done,
         [&](MemoryRun& state, Nanos now) { return state.expand(request, now); });
}

void MemoryRunStore::fail(FailRequest request, Done<FailAnswer> done) {
  on_run(request.run, done, [&](MemoryRun& state, Nanos now) { return state.fail(request, now); });
}

void MemoryRunStore::release(ReleaseRequest request, Done<void> done) {
  on_run(request.run, done,
         [&](MemoryRun& state, Nanos now) { return state.release(request, now); });
}

// -- values --------------------------------------------------------------------------------------

void MemoryRunStore::fetch(RunId run, std::vector<TaskId> tasks, Done<std::vector<Value>> done) {
  on_run(run, done, [&](MemoryRun& state, Nanos) { return state.fetch(tasks); });
}

void MemoryRunStore::put_chunk(PutChunk chunk, Done<void> done) {
  on_run(chunk.run, done, [&](MemoryRun& state, Nanos) { return state.put_chunk(chunk); });
}

void MemoryRunStore::read_chunks(RunId run, TaskId task, std::uint32_t first, Done<Chunks> done) {
  on_run(run, done, [&](MemoryRun& state, Nanos) { return state.read_chunks(task, first); });
}

// -- liveness ------------------------------------------------------------------------------------

void MemoryRunStore::launch(RunId run, WorkerId worker, std::string holder, Done<bool> done) {
  on_run(run, done, [&](MemoryRun& state, Nanos now) { return state.launch(worker, holder, now); });
}

void MemoryRunStore::renew(RunId run, WorkerId worker, std::string holder, Done<Renewal> done) {
  on_run(run, done, [&](MemoryRun& state, Nanos now) { return state.renew(worker, holder, now); });
}

void MemoryRunStore::park(RunId run, WorkerId worker, std::string holder, Done<bool> done) {
  on_run(run, done, [&](MemoryRun& state, Nanos) { return state.park(worker, holder); });
}

void MemoryRunStore::held(RunId run, WorkerId worker, Done<std::vector<Grant>> done) {
  on_run(run, done, [&](MemoryRun& state, Nanos) { return state.held(worker); });
}

void MemoryRunStore::abandon(AbandonRequest request, Done<AbandonAnswer> done) {
  on_run(request.run, done,
         [&](MemoryRun& state, Nanos now) { return state.abandon(request, now); });
}

void MemoryRunStore::sweep(Done<SweepReport> done) {
  SweepReport report;
  for (const RunId run : all_runs()) {
    bool expired = false;
    const Done<bool> note = [&expired](Result<bool> answer) { expired = answer && *answer; };
    on_run(run, note, [&report](MemoryRun& state, Nanos now) {
      const bool over = state.expired(now);
      state.sweep(now, report);
      return over;
    });
    if (!expired) continue;
    report.erased.push_back(run);
    if (const Wake wake = remove(run)) (*wake)();
  }
  done(std::move(report));
}

// -- watching ------------------------------------------------------------------------------------

void MemoryRunStore::events(RunId run, std::uint64_t first, std::size_t limit,
                            Done<std::vector<RunEvent>> done) {
  on_run(run, done, [&](MemoryRun& state, Nanos) { return state.events(first, limit); });
}

void MemoryRunStore::watch(RunId run, std::function<void()> wake) {
  const auto entry = find(run);
  if (!entry) return;
  Wake fresh = wake ? std::make_shared<const std::function<void()>>(std::move(wake)) : nullptr;
  {
    const std::lock_guard lock{entry->mutex};
    entry->wake.swap(fresh);
  }
  // What was there before is destroyed here, where no lock is held.
}

void MemoryRunStore::listen(RunId run, WorkerId worker, std::function<void(Told)> take) {
  const auto entry = find(run);
  if (!entry) return;
  Listener fresh =
    take ? std::make_shared<const std::function<void(Told)>>(std::move(take)) : nullptr;
  {
    const std::lock_guard lock{entry->mutex};
    entry->listeners[worker].swap(fresh);
  }
  // As in `watch`.
}

}  // namespace weft
