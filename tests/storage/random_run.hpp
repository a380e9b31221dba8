#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "storage/mailbox.hpp"
#include "storage/random_workflow.hpp"
#include "storage/run_oracle.hpp"
#include "storage/store_client.hpp"

namespace weft {

/// Drives one random run through a store with random requests (good ones, late ones and repeated
/// ones) and compares every answer with what a `RunOracle` says. Differences are test failures.
class RandomRun {
public:
  RandomRun(StoreBackend& backend, std::uint64_t seed);

  /// From creation to erasure.
  void play();

private:
  using State = RunOracle::State;

  /// What somebody believes to hold, rightly or not any more.
  struct Attempt {
    TaskId task;
    Fence fence;
    WorkerId worker;

    friend bool operator==(const Attempt&, const Attempt&) = default;
  };

  /// What the oracle does not know of a task: who holds it.
  struct Claim {
    Fence fence;  ///< Of the last grant.
    std::uint32_t attempt = 1;
    WorkerId holder;
    Nanos since{};  ///< When it became ready.
  };

  struct Lease {
    Nanos expiry{};
    std::string holder;
    std::uint64_t told = 0;  ///< Messages to it since its launch.
  };

  /// How often a task has lost its worker.
  struct Toll {
    std::uint32_t ended = 0;
    std::uint32_t vanished = 0;
  };

  // What may happen.
  void create();
  void act();
  void claim();
  void end_attempt();
  void commit(const Attempt& attempt);
  void fail(const Attempt& attempt);
  void release();
  void launch();
  void renew();
  void park();
  void ask_held();
  void listen(WorkerId worker);
  void abandon();
  void pass_time();
  void sweep();
  void cancel();
  void finish();

  // What must be true.
  [[nodiscard]] CommitOutcome expected(const Attempt& attempt) const;
  void expect_contents(const Grant& grant);
  void expect_grant(const Grant& grant, WorkerId worker);
  void expect_told(WorkerId worker, const std::vector<TaskId>& tasks);
  [[nodiscard]] std::vector<Grant> learn(WorkerId worker, const std::vector<TaskId>& tasks);
  void expect_ready(const CommitRequest& request, const CommitAnswer& answer);
  void expect_status();
  void expect_values();
  void expect_events();
  void expect_end();

  [[nodiscard]] bool lively() const { return steps_ < 2000; }
  [[nodiscard]] Nanos now() const { return backend_.clock().now() - created_; }
  [[nodiscard]] ReadyTask ready_task(TaskId task) const;
  [[nodiscard]] bool kept(const RunOracle::Task& task) const;
  [[nodiscard]] Value fresh_value(std::optional<int>& number);
  [[nodiscard]] std::vector<TaskId> sorted(std::vector<TaskId> tasks) const;
  void note_loss(const Attempt& attempt);
  void note_ready(const std::vector<TaskId>& tasks);
  void hold(TaskId task, Fence fence, WorkerId worker);

  // Workers.
  [[nodiscard]] ClaimChildren any_claim();
  [[nodiscard]] std::string any_holder(WorkerId worker);
  [[nodiscard]] bool launched(WorkerId worker) const;
  [[nodiscard]] std::set<TaskId> tasks_of(WorkerId worker) const;
  std::set<TaskId> take_back(WorkerId worker);
  std::set<TaskId> lapse(WorkerId worker);
  [[nodiscard]] bool poisonous(TaskId task, std::uint32_t max_kills) const;
  std::set<TaskId> give_up(const std::set<TaskId>& tasks, std::uint32_t max_kills);

  static constexpr RunId run{42};
  static constexpr Nanos lease = std::chrono::seconds{10};

  StoreBackend& backend_;
  StoreClient store_;
  Dice dice_;
  RandomWorkflow workflow_;
  RunOracle oracle_;
  bool fail_fast_;
  bool stormy_;             ///< Workers vanish all the time.
  std::uint32_t failures_;  ///< Of a hundred attempts, the last ones excepted.
  std::uint32_t workers_;
  TimePoint created_;
  RunState state_ = RunState::running;
  std::uint64_t retries_ = 0;
  std::size_t lost_ = 0;
  std::map<TaskId, Attempt> winners_;
  std::size_t requeued_ = 0;
  std::size_t expansions_ = 0;
  std::map<TaskId, Claim> claims_;
  std::map<WorkerId, Lease> leases_;
  std::map<WorkerId, std::shared_ptr<Mailbox>> mailboxes_;  ///< Of those that listen.
  std::map<TaskId, Toll> tolls_;
  std::vector<Attempt> attempts_;
  std::set<TaskId> lapsed_;  ///< Requeued by a launch, and not reported yet.
  int next_number_ = 1;
  int before_;  ///< Objects that were there before the run.
  int steps_ = 0;
};

}  // namespace weft
