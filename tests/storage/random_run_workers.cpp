#include <gtest/gtest.h>

#include <algorithm>

#include "storage/random_run.hpp"

// What workers of a random run do besides running tasks: they come and go, are told of what others
// claim for them, or are not.

namespace weft {

ClaimChildren RandomRun::any_claim() {
  if (dice_.chance(50)) return ClaimChildren::placed;
  return dice_.pick(std::vector{ClaimChildren::none, ClaimChildren::own, ClaimChildren::all});
}

// -- leases --------------------------------------------------------------------------------------

/// Mostly the one that has the lease.
std::string RandomRun::any_holder(WorkerId worker) {
  const auto held = leases_.find(worker);
  if (held != leases_.end() && dice_.chance(70)) return held->second.holder;
  return dice_.pick(std::vector<std::string>{"", "a", "b"});
}

bool RandomRun::launched(WorkerId worker) const {
  const auto held = leases_.find(worker);
  return held != leases_.end() && held->second.expiry > now() && !held->second.holder.empty();
}

void RandomRun::launch() {
  const WorkerId worker{dice_.roll(workers_)};
  const std::string holder = dice_.pick(std::vector<std::string>{"a", "b"});
  Lease& held = leases_[worker];
  const bool live = held.expiry > now();
  const bool free = !live || held.holder.empty() || held.holder == holder;
  if (!live) {
    for (const TaskId task : lapse(worker)) lapsed_.insert(task);
    held.told = 0;
  }
  if (free) {
    held.expiry = now() + lease;
    held.holder = holder;
  }
  EXPECT_EQ(store_.launch(run, worker, holder).value(), free);
}

void RandomRun::renew() {
  const WorkerId worker{dice_.roll(workers_)};
  const std::string holder = any_holder(worker);
  const auto held = leases_.find(worker);
  const bool live =
    held != leases_.end() && held->second.expiry > now() && held->second.holder == holder;
  if (live) held->second.expiry = now() + lease;
  const Renewal answer = store_.renew(run, worker, holder).value();
  EXPECT_EQ(answer.held, live);
  if (live) {
    EXPECT_EQ(answer.told, held->second.told);
  }
}

void RandomRun::park() {
  const WorkerId worker{dice_.roll(workers_)};
  const std::string holder = any_holder(worker);
  const auto held = leases_.find(worker);
  const bool mine = held != leases_.end() && held->second.holder == holder;
  const bool busy = mine && !tasks_of(worker).empty();
  if (mine && !busy) leases_.erase(held);
  EXPECT_EQ(store_.park(run, worker, holder).value(), !busy);
}

// -- messages ------------------------------------------------------------------------------------

/// Some listen from now on, some do not any more.
void RandomRun::listen(WorkerId worker) {
  if (dice_.chance(75)) {
    mailboxes_[worker] = Mailbox::open(backend_, run, worker);
  } else {
    mailboxes_.erase(worker);
    Mailbox::close(backend_, run, worker);
  }
}

/// What was claimed for a worker, in order: as it was told, or as it finds out if it does not
/// listen.
std::vector<Grant> RandomRun::learn(WorkerId worker, const std::vector<TaskId>& tasks) {
  const auto box = mailboxes_.find(worker);
  if (box != mailboxes_.end()) {
    Told told = box->second->wait(backend_);
    EXPECT_EQ(told.number, leases_.at(worker).told);
    return std::move(told.grants);
  }
  std::vector<Grant> grants;
  auto held = store_.held(run, worker).value();
  for (const TaskId task : tasks) {
    const auto found = std::ranges::find(held, task, &Grant::task);
    if (found != held.end()) grants.push_back(std::move(*found));
  }
  return grants;
}

void RandomRun::expect_told(WorkerId worker, const std::vector<TaskId>& tasks) {
  ++leases_.at(worker).told;
  const auto grants = learn(worker, tasks);
  ASSERT_EQ(grants.size(), tasks.size());
  // A message that is lost leaves the claims with a worker that does not know of them.
  const bool heard = dice_.chance(70);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    ASSERT_EQ(grants[i].task, tasks[i]);
    expect_contents(grants[i]);
    EXPECT_GT(grants[i].fence, claims_[tasks[i]].fence);
    hold(tasks[i], grants[i].fence, worker);
    if (heard) attempts_.push_back({tasks[i], grants[i].fence, worker});
  }
}

void RandomRun::ask_held() {
  const WorkerId worker{dice_.roll(workers_)};
  std::set<TaskId> wanted = tasks_of(worker);
  for (const Grant& grant : store_.held(run, worker).value()) {
    ASSERT_EQ(wanted.erase(grant.task), 1u);
    expect_contents(grant);
    EXPECT_EQ(grant.fence, claims_[grant.task].fence);
    attempts_.push_back({grant.task, grant.fence, worker});
  }
  EXPECT_TRUE(wanted.empty());
}

// -- losses --------------------------------------------------------------------------------------

std::set<TaskId> RandomRun::tasks_of(WorkerId worker) const {
  std::set<TaskId> held;
  for (const auto& [id, claim] : claims_) {
    if (claim.holder == worker && oracle_.task(id).state == State::claimed) held.insert(id);
  }
  return held;
}

/// Takes the claims of a worker back. Answers them.
std::set<TaskId> RandomRun::take_back(WorkerId worker) {
  std::set<TaskId> lost = tasks_of(worker);
  for (const TaskId task : lost) {
    oracle_.task(task).state = State::ready;
    claims_[task].since = now();
    ++requeued_;
  }
  return lost;
}

std::set<TaskId> RandomRun::lapse(WorkerId worker) {
  std::set<TaskId> lost = take_back(worker);
  for (const TaskId task : lost) ++tolls_[task].vanished;
  return lost;
}

bool RandomRun::poisonous(TaskId task, std::uint32_t max_kills) const {
  const auto toll = tolls_.find(task);
  if (toll == tolls_.end()) return false;
  return toll->second.ended + toll->second.vanished / 4.0 >= max_kills;
}

/// Fails those that have cost too many workers, until that ends the run. Answers the others.
std::set<TaskId> RandomRun::give_up(const std::set<TaskId>& tasks, std::uint32_t max_kills) {
  std::set<TaskId> others;
  for (const TaskId task : tasks) {
    if (state_ != RunState::running || !poisonous(task, max_kills)) {
      others.insert(task);
      continue;
    }
    oracle_.task(task).state = State::failed;
    if (!fail_fast_) {
      EXPECT_TRUE(oracle_.update().empty()) << "a failure makes nothing ready";
    }
    finish();
  }
  return others;
}

void RandomRun::abandon() {
  const WorkerId worker{dice_.roll(workers_)};
  AbandonRequest request{.run = run,
                         .worker = worker,
                         .holder = any_holder(worker),
                         .cause = {.code = Errc::task_failed, .message = "gone"},
                         .max_kills = 1 + dice_.roll(3)};
  for (const auto& [id, task] : oracle_.tasks()) {
    if (dice_.chance(40)) request.suspects.push_back(id);
  }
  const auto held = leases_.find(worker);
  std::set<TaskId> ready;
  if (held != leases_.end() && held->second.holder == request.holder) {
    leases_.erase(held);
    std::set<TaskId> suspects;
    for (const TaskId task : take_back(worker)) {
      lapsed_.erase(task);
      const bool suspect = std::ranges::count(request.suspects, task) > 0;
      if (suspect) ++tolls_[task].ended;
      (suspect ? suspects : ready).insert(task);
    }
    ready.merge(give_up(suspects, request.max_kills));
  }
  if (state_ != RunState::running) ready.clear();
  std::vector<ReadyTask> wanted;
  for (const TaskId task : sorted({ready.begin(), ready.end()})) wanted.push_back(ready_task(task));
  const AbandonAnswer answer = store_.abandon(request).value();
  EXPECT_EQ(answer.ready, wanted);
  EXPECT_EQ(answer.run_ended, state_ != RunState::running);
}

void RandomRun::sweep() {
  std::set<TaskId> requeued = std::exchange(lapsed_, {});
  for (auto held = leases_.begin(); held != leases_.end();) {
    if (held->second.expiry > now()) {
      ++held;
      continue;
    }
    requeued.merge(lapse(held->first));
    held = leases_.erase(held);
  }
  std::erase_if(requeued, [&](TaskId id) { return oracle_.task(id).state != State::ready; });
  requeued = give_up(requeued, default_max_kills);
  std::set<TaskId> orphaned;
  for (const auto& [id, task] : oracle_.tasks()) {
    if (task.state != State::ready || now() - claims_[id].since <= lease) continue;
    orphaned.insert(id);
    claims_[id].since = now();
  }
  if (state_ != RunState::running) requeued = orphaned = {};
  const SweepReport report = store_.sweep().value();
  const auto expect_same = [&](const std::vector<SweepReport::Requeued>& found,
                               const std::set<TaskId>& wanted) {
    EXPECT_EQ(found.size(), wanted.size());
    for (const auto& entry : found) {
      EXPECT_TRUE(wanted.contains(entry.task.task));
      EXPECT_EQ(entry.task, ready_task(entry.task.task));
    }
  };
  expect_same(report.requeued, requeued);
  expect_same(report.orphaned, orphaned);
  EXPECT_TRUE(report.erased.empty());
}

}  // namespace weft
