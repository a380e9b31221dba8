#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "simulation/simulated_world.hpp"
#include "weft/storage/run_store.hpp"

namespace weft::test {

/// Where a process can be killed to most effect.
enum class CrashPoint : std::uint8_t {
  plan_written,       ///< The run was created, which its submitter has yet to hear.
  claimed,            ///< A claim or a launch was carried out, unheard.
  inputs_fetched,     ///< Inputs have arrived.
  running,            ///< A function is being called.
  output_written,     ///< A commit was sent.
  committed,          ///< A commit was carried out, unheard.
  children_notified,  ///< The answer to a commit has arrived.
  result_read,        ///< The end of the run was read.
};
inline constexpr std::size_t crash_points = 8;

/// Whether a process lives, as its store and its executors see it, and what waits while it is
/// frozen.
class Vitals {
public:
  explicit Vitals(std::uint32_t process) : process_(process) {}

  [[nodiscard]] std::uint32_t process() const { return process_; }
  [[nodiscard]] bool dead() const { return dead_; }
  [[nodiscard]] bool frozen() const { return frozen_; }

  void die() { dead_ = true; }
  void freeze() { frozen_ = true; }
  /// What waits for it will not be received.
  void forget_arrivals() { arrivals_.clear(); }
  void thaw();

  /// Something arrives at the process: now, or when it thaws.
  void receive(std::function<void()> arrival);

  /// The process dies at its `passage`-th passage of the point.
  void arm(CrashPoint point, std::uint32_t passage) { armed_ = {point, passage}; }
  /// Answers false when the process has died of it.
  bool pass(CrashPoint point);

private:
  std::uint32_t process_;
  bool dead_ = false;
  bool frozen_ = false;
  std::vector<std::function<void()>> arrivals_;
  std::pair<CrashPoint, std::uint32_t> armed_{};
};

/// The run store as one process sees it: behind a network that delays, loses, repeats and reorders.
/// A request that is not answered in time is sent again; what was told is not.
class SimulatedStore final : public RunStore {
public:
  SimulatedStore(SimulatedWorld& world, std::shared_ptr<Vitals> vitals)
    : world_(world), vitals_(std::move(vitals)) {}

  void create(CreateRun request, Done<std::vector<ReadyTask>> done) override;
  void cancel(RunId run, std::string reason, Done<bool> done) override;
  void status(RunId run, Done<RunStatus> done) override;
  void describe(RunId run, Done<RunDescription> done) override;
  void runs(Done<std::vector<RunId>> done) override;
  void workers(RunId run, Done<std::vector<WorkerLease>> done) override;
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
  /// One request, until its first answer is heard.
  template <class T>
  struct Asked;
  template <class T>
  using Step = std::function<void(Done<T>)>;
  /// What is done about an answer before the process hears it, where it is given or where it
  /// arrives. Answers false when the process dies of it.
  template <class T>
  using Observer = std::function<bool(Result<T>&)>;

  template <class T>
  struct Observers {
    Observer<T> given;
    Observer<T> heard;
  };

  template <class T>
  void ask(std::string what, Step<T> step, Done<T> done, Observers<T> observers = {});
  template <class T>
  void send(const std::shared_ptr<Asked<T>>& asked);
  void trace(const std::string& request, std::string_view what) const;
  template <class T>
  void carry_out(const std::shared_ptr<Asked<T>>& asked);
  template <class T>
  void answer(const std::shared_ptr<Asked<T>>& asked, Result<T> given);

  template <class T>
  [[nodiscard]] Observers<T> committing(const CommitRequest& request, std::size_t rows, bool map);
  void send_grants(std::vector<Grant>& grants);
  void leave_out_inputs(Grant& grant);
  void note_end(TaskId task, Fence fence);

  SimulatedWorld& world_;
  std::shared_ptr<Vitals> vitals_;
  std::map<RunId, std::function<void()>> wakes_;
  std::map<std::pair<RunId, WorkerId>, std::function<void(Told)>> listeners_;
  std::set<std::pair<TaskId, Fence>> acknowledged_;  ///< Commits whose answers were heard.
};

}  // namespace weft::test
