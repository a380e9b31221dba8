#include "weft/workflow/topological_order.hpp"

#include <algorithm>
#include <numeric>
#include <span>

namespace weft {

namespace {

/// For each task, those on the other end of its precedences.
class Neighbours {
public:
  Neighbours(std::uint32_t count, const std::vector<Precedence>& precedences,
             TaskId Precedence::*from, TaskId Precedence::*to)
    : ends_(count + 1, 0), tasks_(precedences.size()) {
    for (const Precedence& one : precedences) ++ends_[(one.*from).number()];
    std::exclusive_scan(ends_.begin(), ends_.end(), ends_.begin(), 0u);
    // Each begin moves to the end of its tasks, which is where those of the next task begin.
    for (const Precedence& one : precedences) tasks_[ends_[(one.*from).number()]++] = one.*to;
  }

  [[nodiscard]] std::span<const TaskId> of(TaskId task) const {
    const std::uint32_t begin = task.number() == 0 ? 0 : ends_[task.number() - 1];
    return {tasks_.data() + begin, tasks_.data() + ends_[task.number()]};
  }

private:
  std::vector<std::uint32_t> ends_;
  std::vector<TaskId> tasks_;
};

/// Walks backwards from a blocked task, among blocked ones, until one comes up again: those since
/// then are a cycle. @param blocked how many unsorted tasks precede each
std::vector<TaskId> cycle_before(TaskId start, const Neighbours& earlier,
                                 const std::vector<std::uint32_t>& blocked) {
  std::vector<bool> walked(blocked.size());
  std::vector<TaskId> walk;
  TaskId at = start;
  while (!walked[at.number()]) {
    walked[at.number()] = true;
    walk.push_back(at);
    at = *std::ranges::find_if(earlier.of(at), [&](TaskId t) { return blocked[t.number()] > 0; });
  }
  walk.erase(walk.begin(), std::ranges::find(walk, at));
  std::ranges::reverse(walk);
  std::ranges::rotate(walk, std::ranges::min_element(walk));
  return walk;
}

}  // namespace

TopologicalOrder topological_order(std::uint32_t count, const std::vector<Precedence>& precedences,
                                   std::size_t max_cycles) {
  TopologicalOrder order;
  std::vector<TaskId>& sorted = order.tasks;
  sorted.reserve(count);
  std::vector<std::uint32_t> blocked(count, 0);
  for (const Precedence& one : precedences) ++blocked[one.later.number()];
  for (std::uint32_t i = 0; i < count; ++i) {
    if (blocked[i] == 0) sorted.emplace_back(i);
  }
  const Neighbours later{count, precedences, &Precedence::earlier, &Precedence::later};
  std::uint32_t first_blocked = 0;
  for (std::size_t done = 0;;) {
    for (; done < sorted.size(); ++done) {
      for (const TaskId task : later.of(sorted[done])) {
        // One that a cycle has let go is sorted already.
        if (blocked[task.number()] > 0 && --blocked[task.number()] == 0) sorted.push_back(task);
      }
    }
    if (done == count || order.cycles.size() == max_cycles) return order;
    while (blocked[first_blocked] == 0) ++first_blocked;
    const Neighbours earlier{count, precedences, &Precedence::later, &Precedence::earlier};
    order.cycles.push_back(cycle_before(TaskId{first_blocked}, earlier, blocked));
    // What waits for the cycle alone is no problem of its own.
    for (const TaskId task : order.cycles.back()) {
      blocked[task.number()] = 0;
      sorted.push_back(task);
    }
  }
}

}  // namespace weft
