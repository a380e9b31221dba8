#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "weft/workflow/plan.hpp"
#include "weft/workflow/workflow.hpp"

namespace weft::sample {

// Functions that nobody calls: run stores see their names and the edges between them.

using Numbers = std::vector<int>;

inline const Function number{"number@1", [] { return 1; }};
inline const Function numbers{"numbers@1", [] { return Numbers{}; }};
inline const Function number_lists{"number_lists@1", [] { return std::vector<Numbers>{}; }};
inline const Function step{"step@1", [](int x) { return x; }};
inline const Function join{"join@1", [](int x, int y) { return x + y; }};
inline const Function sum{"sum@1", [](const Numbers& all) { return static_cast<int>(all.size()); }};
inline const Function both{"both@1", [](const Numbers& a, const Numbers& b) {
                             return static_cast<int>(a.size() + b.size());
                           }};

inline Registry registry() {
  Registry all;
  all.add(number).add(numbers).add(number_lists).add(step).add(join).add(sum).add(both);
  return all;
}

inline GraphPtr freeze(const Workflow& workflow) {
  return workflow.freeze(registry()).value();
}

/// A plan with `workers` workers, all tasks on the first one, all ranks equal.
inline std::shared_ptr<Plan> plan(const Graph& graph, std::uint32_t workers = 1) {
  auto plan = std::make_shared<Plan>();
  for (std::uint32_t i = 0; i < workers; ++i) plan->workers.push_back({.id = WorkerId{i}});
  plan->placements.resize(graph.task_count());
  return plan;
}

}  // namespace weft::sample
