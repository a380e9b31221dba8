#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weft/storage/run_store.hpp"

namespace weft {

/// A clock that moves only when a test says so. Thread-safe.
class ManualClock final : public Clock {
public:
  [[nodiscard]] TimePoint now() const override {
    const std::lock_guard lock{mutex_};
    return TimePoint{} + offset_;
  }
  [[nodiscard]] WallTime wall_now() const override {
    const std::lock_guard lock{mutex_};
    return WallTime{} + offset_;
  }
  void advance(Nanos duration) {
    const std::lock_guard lock{mutex_};
    offset_ += duration;
  }

private:
  mutable std::mutex mutex_;
  Nanos offset_ = std::chrono::hours{1};  // Not 0: nothing may rely on where time begins.
};

/// A run store under test, its clock, and what makes it go on.
class StoreBackend {
public:
  virtual ~StoreBackend() = default;

  virtual RunStore& store() = 0;
  virtual ManualClock& clock() = 0;

  /// Lets the store work until an answer may have come. May be called by several threads.
  virtual void pump() = 0;

  /// Lets the store finish what it does without an answer: listeners that were set before are told
  /// of every message from then on.
  virtual void settle() = 0;

  /// Whether the store holds the very objects that it was given, so that a test may count them.
  [[nodiscard]] virtual bool holds_objects() const = 0;
};

/// Makes the store that a contract is checked against, new for each test.
struct MakeBackend {
  std::string_view name;  ///< In the names of the tests.
  std::unique_ptr<StoreBackend> (*make)();

  [[nodiscard]] std::unique_ptr<StoreBackend> operator()() const { return make(); }
  friend void PrintTo(const MakeBackend& backend, std::ostream* out) { *out << backend.name; }
};

/// Asks a run store and waits for the answer. May be used by several threads.
class StoreClient {
public:
  explicit StoreClient(StoreBackend& backend) : backend_(backend) {}

  Result<std::vector<ReadyTask>> create(CreateRun request) {
    return wait<std::vector<ReadyTask>>(
      [&](auto done) { store().create(std::move(request), std::move(done)); });
  }
  Result<bool> cancel(RunId run, std::string reason) {
    return wait<bool>([&](auto done) { store().cancel(run, std::move(reason), std::move(done)); });
  }
  Result<RunStatus> status(RunId run) {
    return wait<RunStatus>([&](auto done) { store().status(run, std::move(done)); });
  }
  Result<RunDescription> describe(RunId run) {
    return wait<RunDescription>([&](auto done) { store().describe(run, std::move(done)); });
  }
  Result<std::vector<RunId>> runs() {
    return wait<std::vector<RunId>>([&](auto done) { store().runs(std::move(done)); });
  }
  Result<void> erase(RunId run) {
    return wait<void>([&](auto done) { store().erase(run, std::move(done)); });
  }
  Result<ClaimAnswer> claim(ClaimRequest request) {
    return wait<ClaimAnswer>(
      [&](auto done) { store().claim(std::move(request), std::move(done)); });
  }
  Result<CommitAnswer> commit(CommitRequest request) {
    return wait<CommitAnswer>(
      [&](auto done) { store().commit(std::move(request), std::move(done)); });
  }
  Result<CommitAnswer> expand(ExpandRequest request) {
    return wait<CommitAnswer>(
      [&](auto done) { store().expand(std::move(request), std::move(done)); });
  }
  Result<FailAnswer> fail(FailRequest request) {
    return wait<FailAnswer>([&](auto done) { store().fail(std::move(request), std::move(done)); });
  }
  Result<void> release(ReleaseRequest request) {
    return wait<void>([&](auto done) { store().release(std::move(request), std::move(done)); });
  }
  Result<std::vector<Value>> fetch(RunId run, std::vector<TaskId> tasks) {
    return wait<std::vector<Value>>(
      [&](auto done) { store().fetch(run, std::move(tasks), std::move(done)); });
  }
  Result<void> put_chunk(PutChunk chunk) {
    return wait<void>([&](auto done) { store().put_chunk(std::move(chunk), std::move(done)); });
  }
  Result<Chunks> read_chunks(RunId run, TaskId task, std::uint32_t first) {
    return wait<Chunks>([&](auto done) { store().read_chunks(run, task, first, std::move(done)); });
  }
  Result<bool> launch(RunId run, WorkerId worker, std::string holder) {
    return wait<bool>(
      [&](auto done) { store().launch(run, worker, std::move(holder), std::move(done)); });
  }
  Result<std::vector<WorkerLease>> workers(RunId run) {
    return wait<std::vector<WorkerLease>>(
      [&](auto done) { store().workers(run, std::move(done)); });
  }
  Result<Renewal> renew(RunId run, WorkerId worker, std::string holder) {
    return wait<Renewal>(
      [&](auto done) { store().renew(run, worker, std::move(holder), std::move(done)); });
  }
  Result<bool> park(RunId run, WorkerId worker, std::string holder) {
    return wait<bool>(
      [&](auto done) { store().park(run, worker, std::move(holder), std::move(done)); });
  }
  Result<std::vector<Grant>> held(RunId run, WorkerId worker) {
    return wait<std::vector<Grant>>([&](auto done) { store().held(run, worker, std::move(done)); });
  }
  Result<AbandonAnswer> abandon(AbandonRequest request) {
    return wait<AbandonAnswer>(
      [&](auto done) { store().abandon(std::move(request), std::move(done)); });
  }
  Result<SweepReport> sweep() {
    return wait<SweepReport>([&](auto done) { store().sweep(std::move(done)); });
  }
  Result<std::vector<RunEvent>> events(RunId run, std::uint64_t first, std::size_t limit) {
    return wait<std::vector<RunEvent>>(
      [&](auto done) { store().events(run, first, limit, std::move(done)); });
  }

private:
  RunStore& store() { return backend_.store(); }

  template <class T, class Ask>
  Result<T> wait(Ask&& ask) {
    std::mutex mutex;
    std::optional<Result<T>> answer;
    ask(Done<T>{[&](Result<T> result) {
      const std::lock_guard lock{mutex};
      answer = std::move(result);
    }});
    while (true) {
      {
        const std::lock_guard lock{mutex};
        if (answer) return std::move(*answer);
      }
      backend_.pump();
    }
  }

  StoreBackend& backend_;
};

}  // namespace weft
