#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "weft/storage/run_store.hpp"
#include "weft/workflow/clock.hpp"

namespace weft {

/// Runs kept in this process: for the single-node harness, embedded use and tests. What it holds
/// ends with it.
///
/// Answers on the calling thread before the call returns, and never fails with `store_unavailable`.
/// Thread-safe: runs do not wait for one another. Answers, messages and wake-ups are given, and
/// released values destroyed, while no lock is held, so they may call the store.
class MemoryRunStore : public RunStore {
public:
  /// @param clock outlives the store
  explicit MemoryRunStore(const Clock& clock);
  ~MemoryRunStore() override;

  void create(CreateRun request, Done<std::vector<ReadyTask>> done) override;
  void cancel(RunId run, std::string reason, Done<bool> done) override;
  void status(RunId run, Done<RunStatus> done) override;
  void workers(RunId run, Done<std::vector<WorkerLease>> done) override;
  void describe(RunId run, Done<RunDescription> done) override;
  void runs(Done<std::vector<RunId>> done) override;
  void erase(RunId run, Done<void> done) override;

  void claim(ClaimRequest request, Done<ClaimAnswer> done) override;
  void commit(CommitRequest request, Done<CommitAnswer> done) override;
  void expand(ExpandRequest request, Done<CommitAnswer> done) override;
  void fail(FailRequest request, Done<FailAnswer> done) override;
  void release(ReleaseRequest request, Done<void> done) override;

  void fetch(RunId run, std::vector<TaskId> tasks, Done<std::vector<Value>> done) override;
  void put_chunk(PutChunk chunk, Done<void> done) override;
  void read_chunks(RunId run, TaskId task, std::uint32_t first, Done<Chunks> done) override;

  void launch(RunId run, WorkerId worker, std::string holder, Done<bool> done) override;
  void renew(RunId run, WorkerId worker, std::string holder, Done<Renewal> done) override;
  void park(RunId run, WorkerId worker, std::string holder, Done<bool> done) override;
  void held(RunId run, WorkerId worker, Done<std::vector<Grant>> done) override;
  void abandon(AbandonRequest request, Done<AbandonAnswer> done) override;
  void sweep(Done<SweepReport> done) override;

  void events(RunId run, std::uint64_t first, std::size_t limit,
              Done<std::vector<RunEvent>> done) override;
  void watch(RunId run, std::function<void()> wake) override;
  void listen(RunId run, WorkerId worker, std::function<void(Told)> take) override;

private:
  struct Entry;
  using Wake = std::shared_ptr<const std::function<void()>>;
  using Listener = std::shared_ptr<const std::function<void(Told)>>;

  [[nodiscard]] std::shared_ptr<Entry> find(RunId run) const;

  /// Removes a run. Answers whom to wake.
  [[nodiscard]] Wake remove(RunId run);

  [[nodiscard]] std::vector<RunId> all_runs() const;

  /// Carries out `step(MemoryRun&, Nanos now)` on a run alone, answers what it returns, tells the
  /// listeners what it has claimed for them, and wakes the watcher if the run has changed.
  template <class T, class Step>
  void on_run(RunId run, const Done<T>& done, Step&& step);

  const Clock& clock_;
  mutable std::mutex mutex_;  ///< Guards `runs_`, not what the entries hold.
  std::map<RunId, std::shared_ptr<Entry>> runs_;
};

}  // namespace weft
