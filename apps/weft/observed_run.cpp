#include "weft/apps/weft/observed_run.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

namespace weft::cli {

namespace {

using Path = std::vector<std::uint32_t>;

Nanos between(Nanos from, Nanos to) {
  return std::max(to - from, Nanos{});
}

/// Joins the attempts of each task, then the tasks with one another.
class Observer {
public:
  Observer(std::span<const TaskMetrics> attempts, std::span<const RecordedTask> graph,
           std::optional<Nanos> makespan)
    : attempts_(attempts), makespan_(makespan) {
    run_.graph_known = !graph.empty();
    for (const RecordedTask& task : graph) recorded_.emplace(task.task, &task);
  }

  ObservedRun observe() && {
    add_attempts();
    // Tasks that nobody measured are added behind, and joined in their turn.
    for (std::uint32_t i = 0; i < run_.tasks.size() && edges_ < max_observed_edges; ++i) join(i);
    end_before(makespan_);
    if (run_.graph_known) measure_queues();
    return std::move(run_);
  }

private:
  struct Place {
    TaskId template_task;
    Path path;
  };

  void add_attempts() {
    std::vector<const TaskMetrics*> sorted;
    sorted.reserve(attempts_.size());
    for (const TaskMetrics& attempt : attempts_) sorted.push_back(&attempt);
    std::ranges::stable_sort(sorted, [](const TaskMetrics* a, const TaskMetrics* b) {
      return std::tie(a->task, a->claimed, a->attempt) < std::tie(b->task, b->claimed, b->attempt);
    });
    for (std::size_t first = 0; first < sorted.size();) {
      std::size_t last = first + 1;
      while (last < sorted.size() && sorted[last]->task == sorted[first]->task) ++last;
      add_task({sorted.data() + first, last - first});
      first = last;
    }
  }

  void add_task(std::span<const TaskMetrics* const> attempts) {
    const TaskMetrics* last = attempts.back();
    for (const TaskMetrics* attempt : attempts) {
      if (attempt->outcome == AttemptOutcome::committed) last = attempt;
    }
    ObservedTask& task = run_.tasks[place(last->template_task, last->path, last->task)];
    task.worker = last->worker;
    task.attempts = static_cast<std::uint32_t>(attempts.size());
    task.committed = last->outcome == AttemptOutcome::committed;
    task.begin = attempts.front()->claimed;
    // An attempt that was given up early lacks its later times.
    const Nanos ready = std::max(last->inputs_ready, last->claimed);
    task.called = std::max(last->started, ready);
    task.returned = std::max(last->finished, task.called);
    task.end = std::max(last->committed, task.returned);
    task.phases = {.retries = between(task.begin, last->claimed),
                   .inputs = between(last->claimed, ready),
                   .slot = between(ready, task.called),
                   .execute = between(task.called, task.returned),
                   .publish = between(task.returned, task.end)};
  }

  /// The place of a task, which is added when it is new.
  std::uint32_t place(TaskId template_task, const Path& path, TaskId task) {
    const auto next = static_cast<std::uint32_t>(run_.tasks.size());
    const auto [found, added] = places_[template_task].try_emplace(path, next);
    if (!added) return found->second;
    ObservedTask& made = run_.tasks.emplace_back();
    made.task = task;
    describe(made, template_task, path);
    origins_.push_back({template_task, path});
    return next;
  }

  void describe(ObservedTask& task, TaskId template_task, const Path& path) const {
    if (const auto found = recorded_.find(template_task); found != recorded_.end()) {
      task.name = found->second->name;
      task.function = found->second->function;
    } else {
      task.name = fmt::format("task-{}", template_task.number());
    }
    for (const std::uint32_t row : path) task.name += fmt::format("[{}]", row);
  }

  void join(std::uint32_t index) {
    const Place origin = origins_[index];
    const auto found = recorded_.find(origin.template_task);
    if (found == recorded_.end()) return;
    for (const TaskId dependency : found->second->dependencies) {
      join_with(index, dependency, origin.path);
    }
    auto& dependencies = run_.tasks[index].dependencies;
    std::ranges::sort(dependencies);
    dependencies.erase(std::ranges::unique(dependencies).begin(), dependencies.end());
    edges_ += dependencies.size();
  }

  /// Finds the task of the same element or around it, or, for one in a map beside, every element.
  void join_with(std::uint32_t index, TaskId dependency, const Path& path) {
    const auto known = places_.find(dependency);
    if (known == places_.end()) {
      // Tasks of a map that made none, or a task that nobody measured.
      if (path.empty()) add_dependency(index, place(dependency, path, dependency));
      return;
    }
    const auto& instances = known->second;
    const std::size_t depth = instances.begin()->first.size();
    if (depth <= path.size()) {
      const Path own(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(depth));
      if (const auto found = instances.find(own); found != instances.end()) {
        add_dependency(index, found->second);
      }
      return;
    }
    for (auto each = instances.lower_bound(path);
         each != instances.end() && std::ranges::equal(path, prefix(each->first, path.size()));
         ++each) {
      add_dependency(index, each->second);
    }
  }

  /// Brings ends forward to what followed them.
  void end_before(std::optional<Nanos> makespan) {
    std::vector<Nanos> latest(run_.tasks.size(), makespan.value_or(Nanos::max()));
    for (const ObservedTask& task : run_.tasks) {
      if (task.attempts == 0) continue;
      for (const std::uint32_t dependency : task.dependencies) {
        latest[dependency] = std::min(latest[dependency], task.begin);
      }
    }
    for (std::size_t i = 0; i < run_.tasks.size(); ++i) {
      ObservedTask& task = run_.tasks[i];
      task.end = std::clamp(latest[i], task.returned, task.end);
      task.phases.publish = between(task.returned, task.end);
    }
  }

  void measure_queues() {
    for (ObservedTask& task : run_.tasks) {
      if (task.attempts == 0) continue;
      Nanos ready{};
      for (const std::uint32_t dependency : task.dependencies) {
        ready = std::max(ready, run_.tasks[dependency].end);
      }
      task.phases.queue = between(ready, task.begin);
    }
  }

  static std::span<const std::uint32_t> prefix(const Path& path, std::size_t length) {
    return {path.data(), std::min(length, path.size())};
  }

  void add_dependency(std::uint32_t index, std::uint32_t on) {
    if (on != index) run_.tasks[index].dependencies.push_back(on);
  }

  std::span<const TaskMetrics> attempts_;
  std::optional<Nanos> makespan_;
  std::unordered_map<TaskId, const RecordedTask*> recorded_;
  ObservedRun run_;
  std::vector<Place> origins_;  ///< By place of the task.
  std::unordered_map<TaskId, std::map<Path, std::uint32_t>> places_;
  std::size_t edges_ = 0;
};

}  // namespace

Phases& Phases::operator+=(const Phases& other) {
  queue += other.queue;
  retries += other.retries;
  inputs += other.inputs;
  slot += other.slot;
  execute += other.execute;
  publish += other.publish;
  return *this;
}

ObservedRun observe(std::span<const TaskMetrics> attempts, std::span<const RecordedTask> graph,
                    std::optional<Nanos> makespan) {
  return Observer{attempts, graph, makespan}.observe();
}

}  // namespace weft::cli
