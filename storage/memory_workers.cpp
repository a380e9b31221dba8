// Workers of a run in memory: their leases and launches, and what becomes of what they held when
// they are lost.

#include <fmt/format.h>

#include <algorithm>

#include "weft/storage/memory_run.hpp"

namespace weft {

namespace {

/// How a task has lost its workers, as a sentence about it.
std::string toll_text(const std::string& task, std::uint32_t ended, std::uint32_t vanished) {
  const auto times = [](std::uint32_t n) { return fmt::format("{} time{}", n, n == 1 ? "" : "s"); };
  if (ended == 0)
    return fmt::format("{} is given up: its workers vanished {}", task, times(vanished));
  std::string text = fmt::format("{} has ended {} worker{}", task, ended, ended == 1 ? "" : "s");
  if (vanished > 0) text += fmt::format(", and its workers vanished {}", times(vanished));
  return text;
}

}  // namespace

// -- leases --------------------------------------------------------------------------------------

MemoryRun::Lease& MemoryRun::extend_lease(WorkerId worker, Nanos now) {
  Lease& lease = leases_[worker];
  lease.expiry = now + lease_;
  return lease;
}

/// Nothing when the holder has none, or somebody else has it.
MemoryRun::Lease* MemoryRun::lease_of(WorkerId worker, const std::string& holder) {
  const auto found = leases_.find(worker);
  return found == leases_.end() || found->second.holder != holder ? nullptr : &found->second;
}

/// Whether somebody else than `holder`, who was the worker, is it by now.
bool MemoryRun::is_replaced(WorkerId worker, const std::string& holder) const {
  const auto found = leases_.find(worker);
  if (holder.empty() || found == leases_.end()) return false;
  return !found->second.holder.empty() && found->second.holder != holder;
}

bool MemoryRun::launch(WorkerId worker, const std::string& holder, Nanos now) {
  if (ended()) return false;
  Lease& lease = leases_[worker];
  const bool live = lease.expiry > now;
  if (live && !lease.holder.empty() && lease.holder != holder) return false;
  if (!live) {
    lapse(worker, lease, now);
    lease.told = 0;
  }
  lease.holder = holder;
  lease.expiry = now + lease_;
  return true;
}

Renewal MemoryRun::renew(WorkerId worker, const std::string& holder, Nanos now) {
  Lease* lease = lease_of(worker, holder);
  if (!lease || lease->expiry <= now) return {};
  lease->expiry = now + lease_;
  return {.held = true, .told = lease->told};
}

/// A lease that has run out counts as long as nobody has taken its claims back.
bool MemoryRun::park(WorkerId worker, const std::string& holder) {
  const Lease* lease = lease_of(worker, holder);
  if (!lease) return true;
  if (!lease->claimed.empty()) return false;
  leases_.erase(worker);
  return true;
}

std::vector<Grant> MemoryRun::held(WorkerId worker) const {
  std::vector<Grant> grants;
  const auto found = leases_.find(worker);
  if (found == leases_.end()) return grants;
  const TaskList& claimed = found->second.claimed;
  for (TaskId task = claimed.front(); task != TaskList::none; task = states_[task].next) {
    grants.push_back(grant(task));
  }
  return grants;
}

// -- losses --------------------------------------------------------------------------------------

bool MemoryRun::Toll::reaches(std::uint32_t max_kills) const {
  // Who vanished may have been ended by any of the tasks that it held.
  constexpr std::uint64_t vanished_per_kill = 4;
  return vanished_per_kill * ended + vanished >= vanished_per_kill * max_kills;
}

AbandonAnswer MemoryRun::abandon(const AbandonRequest& request, Nanos now) {
  AbandonAnswer answer;
  if (!lease_of(request.worker, request.holder)) return answer;
  std::vector<TaskId> lost = take_back(request.worker, request.cause.message, now);
  leases_.erase(request.worker);

  const std::set<TaskId> suspects{request.suspects.begin(), request.suspects.end()};
  std::erase_if(lost, [&](TaskId task) {
    if (ended() || !suspects.contains(task)) return false;
    Toll& toll = tolls_[task];
    ++toll.ended;
    if (!toll.reaches(request.max_kills)) return false;
    give_up(task, &request.cause, now);
    return true;
  });
  answer.run_ended = ended();
  if (ended()) return answer;
  for (const TaskId task : lost) fresh_.push_back(ready_task(task));
  sort_fresh();
  make_fresh_ready(now, answer.ready);
  return answer;
}

/// Withdraws all claims of a worker that has ended. Answers their tasks by number; they are in no
/// list.
std::vector<TaskId> MemoryRun::take_back(WorkerId worker, const std::string& cause, Nanos now) {
  std::vector<TaskId> lost;
  const TaskList& claimed = leases_.find(worker)->second.claimed;
  if (claimed.empty()) return lost;
  const EventLog::Note note =
    events_.note(fmt::format("worker {} ended: {}", worker.number(), cause));
  while (!claimed.empty()) {
    const TaskId task = claimed.front();
    events_.requeued(now, task, worker, states_[task].attempt, note);
    withdraw(task);
    lapsed_.erase(task);  // The answer tells of it.
    lost.push_back(task);
  }
  std::ranges::sort(lost);
  return lost;
}

/// The lease has run out: what it held is ready again, and the next sweep reports it.
void MemoryRun::lapse(WorkerId worker, Lease& lease, Nanos now) {
  while (!lease.claimed.empty()) {
    const TaskId task = lease.claimed.front();
    events_.requeued(now, task, worker, states_[task].attempt, std::nullopt);
    withdraw(task);
    make_ready(task, now);
    lapsed_.insert(task);
    ++tolls_[task].vanished;
  }
}

/// Fails a task that has cost too many workers. @pre it is in no list
/// @param cause how the last one ended; nothing when it vanished
void MemoryRun::give_up(TaskId task, const Error* cause, Nanos now) {
  const Toll toll = tolls_.at(task);
  Error error{.code = Errc::task_failed,
              .message = toll_text(table_.name(task), toll.ended, toll.vanished),
              .hint = "see how its workers ended: a crash, or more memory than they have"};
  if (cause) {
    error.message += "; the last: " + cause->message;
    error.node = cause->node;
    error.causes = {*cause};
  }
  fail_finally(task, states_[task].worker, std::move(error), now);
}

void MemoryRun::sweep(Nanos now, SweepReport& report) {
  if (ended()) return;
  for (auto at = leases_.begin(); at != leases_.end();) {
    if (at->second.expiry > now) {
      ++at;
      continue;
    }
    lapse(at->first, at->second, now);
    at = leases_.erase(at);
  }
  settle_lapsed(now, report);
  while (!ready_.empty() && now - states_[ready_.front()].since > lease_) {
    const TaskId task = ready_.front();
    ready_.remove(states_, task);
    make_ready(task, now);  // Reported again after another lease.
    report.orphaned.push_back({id_, ready_task(task)});
  }
}

/// Reports what was requeued since the last sweep, and gives up what has been too often.
void MemoryRun::settle_lapsed(Nanos now, SweepReport& report) {
  std::vector<SweepReport::Requeued> requeued;
  for (const TaskId task : std::exchange(lapsed_, {})) {
    // Somebody may have claimed it since it was requeued.
    if (states_[task].status != TaskStatus::ready) continue;
    if (!tolls_.at(task).reaches(default_max_kills)) {
      requeued.push_back({id_, ready_task(task)});
      continue;
    }
    ready_.remove(states_, task);
    give_up(task, nullptr, now);
    if (ended()) return;
  }
  report.requeued.insert(report.requeued.end(), requeued.begin(), requeued.end());
}

}  // namespace weft
