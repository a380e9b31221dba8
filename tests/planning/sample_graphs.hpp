#pragma once

#include <string>
#include <utility>
#include <vector>

#include "weft/planning/planner.hpp"
#include "weft/workflow/workflow.hpp"

namespace weft::sample {

// Functions that nobody calls: planners see their names, their options and the edges between them.

using Numbers = std::vector<int>;

inline const Function number{"number@1", [] { return 1; }};
inline const Function numbers{"numbers@1", [] { return Numbers{}; }};
inline const Function range{"range@1", [](int) { return Numbers{}; }};
inline const Function step{"step@1", [](int x) { return x; }};
inline const Function join{"join@1", [](int x, int y) { return x + y; }};
inline const Function sum{"sum@1", [](const Numbers& all) { return static_cast<int>(all.size()); }};

inline GraphPtr freeze(const Workflow& workflow) {
  Registry registry;
  registry.add(number).add(numbers).add(range).add(step).add(join).add(sum);
  return workflow.freeze(registry).value();
}

/// The plan that the policy `simple` makes.
inline Result<Plan> plan_simple(const GraphPtr& graph, const PlanOptions& options) {
  return find_planner("simple").value()->plan(*graph, options);
}

inline WorkerId worker_of(const Plan& plan, const AnyFuture& future) {
  return plan.placements[future.task().number()].worker;
}

inline float rank_of(const Plan& plan, const AnyFuture& future) {
  return plan.placements[future.task().number()].rank;
}

/// An optimization of a given name that owns given stages and proposes itself for given tasks.
class FakeOptimization final : public Optimization {
public:
  FakeOptimization(std::string name, std::vector<Stage> stages, std::vector<TaskId> candidates = {})
    : name_(std::move(name)), stages_(std::move(stages)), candidates_(std::move(candidates)) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::vector<Stage> stages() const override { return stages_; }
  [[nodiscard]] std::vector<TaskId> candidates(const Graph&, const Plan&) const override {
    return candidates_;
  }

private:
  std::string name_;
  std::vector<Stage> stages_;
  std::vector<TaskId> candidates_;
};

}  // namespace weft::sample
