#include "weft/apps/weft/chaos_faults.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace weft::cli {

void ChaosFaults::start() {
  started_ = std::chrono::steady_clock::now();
  for (const ChaosFault& fault : schedule_.faults) {
    actions_.push_back({.at = started_ + fault.at, .begins = true, .act = [this, &fault] {
                          if (apply(fault)) ++met_[fault.name()];
                        }});
  }
}

void ChaosFaults::act_until(TimePoint time) {
  // Each may add another.
  for (std::size_t i = 0; i < actions_.size(); ++i) {
    if (!actions_[i].act || actions_[i].at > time) continue;
    std::exchange(actions_[i].act, nullptr)();
  }
}

void ChaosFaults::end() {
  for (Action& action : actions_) {
    if (action.begins) action.act = nullptr;
  }
  act_until(TimePoint::max());
  if (targets_.proxy) targets_.proxy->end_faults();
}

void ChaosFaults::later(const ChaosFault& fault, std::function<void()> act) {
  actions_.push_back({.at = started_ + fault.at + fault.lasts, .act = std::move(act)});
}

/// Whether it has met something.
bool ChaosFaults::apply(const ChaosFault& fault) {
  ChaosNodes& nodes = targets_.nodes;
  ChaosNodeProcess* const watcher = targets_.watcher();
  switch (fault.kind) {
    case ChaosFaultKind::kill_worker:
    case ChaosFaultKind::stop_worker:
      return hit_worker(fault);
    case ChaosFaultKind::kill_submitter:
      return kill_node(fault, watcher ? watcher : nodes.usable());
    case ChaosFaultKind::kill_standby:
      return kill_node(fault, nodes.usable(watcher));
    case ChaosFaultKind::stop_redis:
      return stop_redis(fault);
    case ChaosFaultKind::restart_redis:
      return restart_redis(fault);
    case ChaosFaultKind::network:
      if (targets_.proxy) targets_.proxy->begin(*fault.network);
      return targets_.proxy != nullptr;
  }
  return false;
}

bool ChaosFaults::stop_redis(const ChaosFault& fault) {
  targets_.redis.stop();
  later(fault, [this] { targets_.redis.resume(); });
  return true;
}

bool ChaosFaults::restart_redis(const ChaosFault& fault) {
  targets_.redis.kill();
  if (!redis_died_) redis_died_ = std::chrono::steady_clock::now();
  later(fault, [this] { targets_.redis.restart(); });
  return true;
}

bool ChaosFaults::redis_died_soon_after(TimePoint written) const {
  constexpr auto soon = std::chrono::seconds{3};
  return redis_died_ && *redis_died_ < written + soon;
}

bool ChaosFaults::hit_worker(const ChaosFault& fault) {
  const auto workers = targets_.nodes.workers(targets_.mark);
  if (workers.empty()) return false;
  const pid_t worker = workers[fault.victim % workers.size()];
  if (fault.kind == ChaosFaultKind::kill_worker) {
    deaths_.push_back(
      {.fault = fault.name(), .at = std::chrono::steady_clock::now(), .processes = {worker}});
    return ::kill(worker, SIGKILL) == 0;
  }
  later(fault, [this, worker] {
    // Its number may be another's by now.
    const auto left = targets_.nodes.workers(targets_.mark);
    if (std::ranges::find(left, worker) != left.end()) ::kill(worker, SIGCONT);
  });
  return ::kill(worker, SIGSTOP) == 0;
}

bool ChaosFaults::kill_node(const ChaosFault& fault, ChaosNodeProcess* node) {
  if (!node || !node->child.running()) return false;
  ChaosDeath death{.fault = fault.name(), .at = std::chrono::steady_clock::now(), .processes = {}};
  for (const MarkedProcess& worker :
       workers_of(node->child.process(), marked_processes(targets_.mark))) {
    death.processes.push_back(worker.process);
  }
  deaths_.push_back(std::move(death));
  node->killed = true;
  node->child.kill();
  return true;
}

}  // namespace weft::cli
