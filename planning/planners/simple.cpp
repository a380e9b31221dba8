#include "weft/planning/planners/simple.hpp"

#include <algorithm>

#include "weft/planning/expected_cost.hpp"
#include "weft/planning/planners/load_board.hpp"
#include "weft/planning/worker_layout.hpp"

namespace weft {

namespace {

/// Places the tasks of one graph; one object makes one plan.
class SimplePlacer {
public:
  SimplePlacer(const Graph& graph, const WorkerLayout& layout, Plan& plan)
    : graph_(graph),
      layout_(layout),
      placements_(plan.placements),
      loads_(static_cast<std::uint32_t>(layout.workers().size())),
      group_loads_(layout.groups().size(), 0.0),
      votes_(layout.workers().size()),
      continued_(graph.task_count(), false) {}

  void place_all() {
    rank_all();
    std::vector<TaskId> order = graph_.topological_order();
    // No task is more urgent than one that it needs, so this order is topological, too.
    const auto urgency = [this](TaskId task) { return placements_[task.number()].rank; };
    if (!std::ranges::is_sorted(order, std::ranges::greater{}, urgency)) {
      std::ranges::stable_sort(order, std::ranges::greater{}, urgency);
    }
    for (auto begin = order.begin(); begin != order.end();) {
      const auto end = std::find_if(begin, order.end(),
                                    [&](TaskId task) { return urgency(task) != urgency(*begin); });
      place_equals({begin, end});
      begin = end;
    }
    level_ranks(order);
    place_templates();
  }

private:
  /// What speaks for one worker as the place of a task.
  struct Vote {
    double weight = 0;        ///< Of inputs that are there: bytes, or their number.
    double fresh_weight = 0;  ///< The part from parents that no child goes on from yet.
    bool fresh = false;       ///< There is such a parent.
    bool counted = false;
  };

  void rank_all() {
    const std::vector<float> ranks = upward_ranks(graph_);
    placements_.resize(ranks.size());
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      placements_[i] = {.worker = flexible_worker, .rank = ranks[i]};
    }
  }

  /// Makes tasks of one worker equally urgent when all that follows from them leaves that worker by
  /// one and the same task: in which order it does them changes nothing for others. The worker
  /// then follows its outputs while they are at hand, instead of finishing one level of the graph
  /// before the next, and fewer values are alive at once.
  /// @param order every task behind those that it depends on
  void level_ranks(const std::vector<TaskId>& order) {
    for (auto task = order.rbegin(); task != order.rend(); ++task) {
      const auto children = graph_.children(*task);
      Placement& placement = placements_[task->number()];
      const bool seen_here = !children.empty() && !graph_.read_inside_maps(*task);
      const bool stays = seen_here && std::ranges::all_of(children, [&](TaskId child) {
                           return graph_.task(child).scope == 0 &&
                                  graph_.task(child).kind != TaskKind::map &&
                                  placements_[child.number()].worker == placement.worker;
                         });
      if (!stays || graph_.task(*task).kind == TaskKind::map) continue;
      placement.rank = 0;
      for (const TaskId child : children) {
        placement.rank = std::max(placement.rank, placements_[child.number()].rank);
      }
    }
  }

  /// Places tasks that are equally urgent.
  void place_equals(std::span<const TaskId> tasks) {
    for (const TaskId task : tasks) {
      const TaskOptions& options = graph_.options(task);
      // Equally urgent as its parent, which takes no time, and which has no place yet.
      if (!spread_.empty() && waits_for_place(task)) spread();
      if (options.worker) {
        place(task, *options.worker, Origin::user);
        continue;
      }
      const std::size_t group = layout_.group_for(options);
      if (const auto home = home_of(task, group)) {
        place(task, *home);
      } else if (group == 0) {
        spread_.push_back(task);
      } else {
        place(task, least_loaded(group));
      }
    }
    spread();
  }

  /// Places the tasks that nothing holds to a worker. Neighbours stay together when there are many,
  /// since what follows tends to read neighbours.
  void spread() {
    const WorkerGroup& group = layout_.groups().front();
    auto next = spread_.begin();
    if (spread_.size() > group.count) {
      double cost = 0;
      for (const TaskId task : spread_) cost += cost_of(task);
      const double level = loads_.level_after(group.first, group.count, cost);
      // In all rather than by worker, so that what one takes too much another takes less.
      double wanted = 0;
      double placed = 0;
      for (std::uint32_t w = group.first; w < group.first + group.count; ++w) {
        wanted += std::max(0.0, level - loads_.load(w));
        while (next != spread_.end() && placed + cost_of(*next) / 2 <= wanted) {
          placed += cost_of(*next);
          place(*next++, WorkerId{w});
        }
      }
    }
    for (; next != spread_.end(); ++next) place(*next, least_loaded(0));
    spread_.clear();
  }

  /// The worker to which its inputs draw a task; nothing when it may as well run anywhere.
  std::optional<WorkerId> home_of(TaskId task, std::size_t group) {
    const std::uint32_t parents = collect_votes(task);
    const double share =
      (group_loads_[group] + cost_of(task)) / static_cast<double>(layout_.groups()[group].count);
    std::optional<std::uint32_t> best;
    for (const std::uint32_t worker : voted_) {
      const bool welcome = votes_[worker].fresh || (parents > 1 && loads_.load(worker) <= share);
      if (welcome && large_enough(worker, task) && (!best || better(worker, *best))) best = worker;
    }
    for (const std::uint32_t worker : voted_) votes_[worker] = {};
    voted_.clear();
    if (!best) return std::nullopt;
    return WorkerId{*best};
  }

  /// Returns the number of distinct parents, counting no further than 2.
  std::uint32_t collect_votes(TaskId task) {
    const bool by_bytes = all_sizes_hinted(task);
    std::optional<TaskId> first;
    std::uint32_t parents = 0;
    for (const Dependency& dependency : graph_.dependencies(task)) {
      const TaskId parent = parent_of(dependency);
      if (!first || (parents == 1 && *first != parent)) ++parents;
      if (!first) first = parent;
      const std::uint32_t worker = placements_[parent.number()].worker.number();
      Vote& vote = votes_[worker];
      if (!vote.counted) voted_.push_back(worker);
      const double weight = weight_of(dependency, by_bytes);
      vote.counted = true;
      vote.weight += weight;
      if (!continued_[parent.number()]) {
        vote.fresh = true;
        vote.fresh_weight += weight;
      }
    }
    return parents;
  }

  [[nodiscard]] bool all_sizes_hinted(TaskId task) const {
    return std::ranges::all_of(graph_.dependencies(task), [this](const Dependency& dependency) {
      return dependency.kind == DependencyKind::order ||
             graph_.options(dependency.task).expected_output.has_value();
    });
  }

  [[nodiscard]] double weight_of(const Dependency& dependency, bool by_bytes) const {
    if (dependency.kind == DependencyKind::order) return 0;
    if (!by_bytes) return 1;
    return static_cast<double>(graph_.options(dependency.task).expected_output->count);
  }

  [[nodiscard]] bool better(std::uint32_t worker, std::uint32_t best) const {
    const Vote& a = votes_[worker];
    const Vote& b = votes_[best];
    if (a.weight != b.weight) return a.weight > b.weight;
    if (a.fresh_weight != b.fresh_weight) return a.fresh_weight > b.fresh_weight;
    if (a.fresh != b.fresh) return a.fresh;
    if (loads_.load(worker) != loads_.load(best)) return loads_.load(worker) < loads_.load(best);
    return worker < best;
  }

  [[nodiscard]] bool large_enough(std::uint32_t worker, TaskId task) const {
    const auto& wanted = graph_.options(task).worker_class;
    return !wanted || holds(layout_.workers()[worker].worker_class, *wanted);
  }

  [[nodiscard]] bool waits_for_place(TaskId task) const {
    return std::ranges::any_of(graph_.dependencies(task), [this](const Dependency& dependency) {
      return placements_[parent_of(dependency).number()].worker == flexible_worker;
    });
  }

  /// The task of scope 0 behind a dependency of one: who gathers elements follows their map.
  [[nodiscard]] TaskId parent_of(const Dependency& dependency) const {
    if (dependency.kind != DependencyKind::gather) return dependency.task;
    return graph_.scope(graph_.task(dependency.task).scope).map;
  }

  [[nodiscard]] WorkerId least_loaded(std::size_t group) const {
    const WorkerGroup& workers = layout_.groups()[group];
    return WorkerId{loads_.least_loaded(workers.first, workers.count)};
  }

  [[nodiscard]] double cost_of(TaskId task) const { return expected_cost(graph_.options(task)); }

  void place(TaskId task, WorkerId worker, Origin origin = Origin::planner) {
    Placement& placement = placements_[task.number()];
    placement.worker = worker;
    placement.origin = origin;
    const double cost = cost_of(task);
    loads_.add(worker.number(), cost);
    for (std::size_t g = 0; g < layout_.groups().size(); ++g) {
      if (layout_.groups()[g].contains(worker)) group_loads_[g] += cost;
    }
    for (const Dependency& dependency : graph_.dependencies(task)) {
      const TaskId parent = parent_of(dependency);
      if (placements_[parent.number()].worker == worker) continued_[parent.number()] = true;
    }
  }

  /// Puts what a map repeats on the map's worker. An inner scope follows the one around it.
  void place_templates() {
    for (std::uint32_t s = 1; s < graph_.scope_count(); ++s) {
      const Scope& scope = graph_.scope(s);
      const WorkerId worker = placements_[scope.map.number()].worker;
      for (const TaskId task : scope.templates) {
        const TaskOptions& options = graph_.options(task);
        Placement& placement = placements_[task.number()];
        placement.worker = options.worker.value_or(worker);
        placement.origin = options.worker ? Origin::user : Origin::planner;
      }
    }
  }

  const Graph& graph_;
  const WorkerLayout& layout_;
  std::vector<Placement>& placements_;  ///< `flexible_worker` until placed.
  LoadBoard loads_;
  std::vector<double> group_loads_;
  std::vector<Vote> votes_;           ///< By worker; all empty between two tasks.
  std::vector<std::uint32_t> voted_;  ///< Workers whose vote is not empty.
  std::vector<bool> continued_;       ///< Tasks from which a child goes on on the same worker.
  std::vector<TaskId> spread_;        ///< Waiting for `spread`.
};

}  // namespace

Result<Plan> SimplePlanner::plan(const Graph& graph, const PlanOptions& options) const {
  auto layout = WorkerLayout::make(graph, options);
  if (!layout) return std::move(layout).error();
  Plan plan{.planner = std::string(name()), .workers = layout->workers()};
  SimplePlacer(graph, *layout, plan).place_all();
  add_optimizations(graph, options, plan);
  if (auto checked = check_plan(graph, plan, options); !checked) return checked.error();
  return plan;
}

}  // namespace weft
