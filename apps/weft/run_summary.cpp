#include "weft/apps/weft/run_summary.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <set>

namespace weft::cli {

namespace {

constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();

/// Every task after those that it depends on.
std::vector<std::uint32_t> in_order(const std::vector<ObservedTask>& tasks) {
  std::vector<std::uint32_t> pending(tasks.size());
  std::vector<std::vector<std::uint32_t>> children(tasks.size());
  std::vector<std::uint32_t> order;
  order.reserve(tasks.size());
  for (std::uint32_t i = 0; i < tasks.size(); ++i) {
    pending[i] = static_cast<std::uint32_t>(tasks[i].dependencies.size());
    if (pending[i] == 0) order.push_back(i);
    for (const std::uint32_t dependency : tasks[i].dependencies) children[dependency].push_back(i);
  }
  for (std::size_t done = 0; done < order.size(); ++done) {
    for (const std::uint32_t child : children[order[done]]) {
      if (--pending[child] == 0) order.push_back(child);
    }
  }
  return order;
}

/// The heaviest chain of tasks that depend on one another, first to last.
struct Chain {
  std::vector<std::uint32_t> tasks;
  Nanos weight{};
};

Chain heaviest_chain(const std::vector<ObservedTask>& tasks,
                     const std::vector<std::uint32_t>& order,
                     const std::function<Nanos(const ObservedTask&)>& weight_of) {
  std::vector<Nanos> weights(tasks.size());
  std::vector<std::uint32_t> before(tasks.size(), nobody);
  std::uint32_t last = nobody;
  for (const std::uint32_t i : order) {
    Nanos longest{};
    for (const std::uint32_t dependency : tasks[i].dependencies) {
      if (before[i] != nobody && weights[dependency] <= longest) continue;
      longest = weights[dependency];
      before[i] = dependency;
    }
    weights[i] = longest + weight_of(tasks[i]);
    if (last == nobody || weights[i] > weights[last]) last = i;
  }
  Chain chain;
  if (last == nobody) return chain;
  chain.weight = weights[last];
  for (std::uint32_t i = last; i != nobody; i = before[i]) chain.tasks.push_back(i);
  std::ranges::reverse(chain.tasks);
  return chain;
}

CriticalPath critical_path_of(const std::vector<ObservedTask>& tasks,
                              const std::vector<std::uint32_t>& order) {
  const Chain chain =
    heaviest_chain(tasks, order, [](const ObservedTask& task) { return task.phases.total(); });
  CriticalPath path;
  for (const std::uint32_t i : chain.tasks) {
    const ObservedTask& task = tasks[i];
    if (task.attempts == 0) continue;
    path.steps.push_back({task.name, task.function, task.worker, task.phases});
    path.phases += task.phases;
  }
  return path;
}

std::vector<FunctionUse> uses_of(const std::vector<ObservedTask>& tasks) {
  std::map<std::string, FunctionUse> uses;
  for (const ObservedTask& task : tasks) {
    if (task.attempts == 0) continue;
    FunctionUse& use = uses[task.function];
    use.function = task.function;
    ++use.tasks;
    use.attempts += task.attempts;
    use.phases += task.phases;
    use.longest_execution = std::max(use.longest_execution, task.phases.execute);
  }
  std::vector<FunctionUse> sorted;
  for (auto& [name, use] : uses) sorted.push_back(std::move(use));
  std::ranges::stable_sort(sorted, std::ranges::greater{},
                           [](const FunctionUse& use) { return use.phases.execute; });
  return sorted;
}

SlotUse use_of(std::span<const SlotMetrics> slots, std::span<const TaskMetrics> attempts,
               const RunSummary& summary) {
  SlotUse use;
  std::set<WorkerId> workers;
  for (const SlotMetrics& slot : slots) {
    ++(slot.cold ? use.cold : use.warm);
    use.starting += std::max(slot.granted - slot.requested, Nanos{});
    workers.insert(slot.worker);
  }
  for (const TaskMetrics& attempt : attempts) workers.insert(attempt.worker);
  use.workers = workers.size();
  const auto& makespan = summary.record.makespan;
  if (makespan && *makespan > Nanos{} && use.workers > 0) {
    const auto room = static_cast<double>(makespan->count()) * static_cast<double>(use.workers);
    use.busy = static_cast<double>(summary.phases.execute.count()) / room;
  }
  return use;
}

}  // namespace

RunSummary summarize(RunRecord record, std::span<const TaskMetrics> attempts,
                     std::span<const SlotMetrics> slots, std::span<const RecordedTask> graph) {
  RunSummary summary;
  summary.record = std::move(record);
  const ObservedRun run = observe(attempts, graph, summary.record.makespan);
  if (run.graph_known) {
    const auto order = in_order(run.tasks);
    summary.critical_path = critical_path_of(run.tasks, order);
    summary.longest_execution = heaviest_chain(run.tasks, order, [](const ObservedTask& task) {
                                  return task.phases.execute;
                                }).weight;
  }
  for (const ObservedTask& task : run.tasks) summary.phases += task.phases;
  for (const TaskMetrics& attempt : attempts) {
    summary.fetched_size += attempt.fetched_size;
    if (attempt.outcome == AttemptOutcome::committed) summary.output_size += attempt.output_size;
  }
  summary.functions = uses_of(run.tasks);
  summary.slots = use_of(slots, attempts, summary);
  return summary;
}

}  // namespace weft::cli
