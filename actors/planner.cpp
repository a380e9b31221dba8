#include "weft/actors/planner.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "weft/actors/error_mapping.hpp"
#include "weft/actors/type_ids.hpp"

namespace weft {

namespace {

class PlannerActor {
public:
  PlannerActor(PlannerHandle::pointer, std::shared_ptr<const Planner> policy, PlanOptions options,
               std::shared_ptr<const OptimizationCatalogue> catalogue)
    : policy_(std::move(policy)), options_(options), catalogue_(std::move(catalogue)) {
    options_.optimizations = catalogue_.get();
  }

  PlannerHandle::behavior_type make_behavior() {
    return {
      [this](const MakePlan& m) { return make_plan(*m.graph); },
    };
  }

  static inline const char* name = "weft.planner";

private:
  caf::result<PlanMade> make_plan(const Graph& graph) {
    auto plan = planned(graph);
    if (!plan) return to_caf(std::move(plan).error());
    if (auto sound = check_plan(graph, *plan, options_); !sound) return to_caf(sound.error());
    return PlanMade{.plan = std::make_shared<const Plan>(std::move(*plan))};
  }

  /// Policies and the planning halves of optimizations may be a host's own: what they throw ends
  /// one plan, not the planner.
  Result<Plan> planned(const Graph& graph) const {
    try {
      return policy_->plan(graph, options_);
    } catch (...) {
      return Error{.code = Errc::plan_infeasible,
                   .message = "planning threw: " + current_exception_as_error().message,
                   .hint = "look into the planner and the optimizations that are not weft's own"};
    }
  }

  std::shared_ptr<const Planner> policy_;
  PlanOptions options_;
  std::shared_ptr<const OptimizationCatalogue> catalogue_;
};

}  // namespace

PlannerHandle spawn_planner(caf::actor_system& system, std::shared_ptr<const Planner> policy,
                            PlanOptions options,
                            std::shared_ptr<const OptimizationCatalogue> catalogue) {
  return system.spawn<caf::stateful_actor<PlannerActor, PlannerHandle::base>>(
    std::move(policy), options, std::move(catalogue));
}

}  // namespace weft
