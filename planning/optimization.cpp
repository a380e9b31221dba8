#include "weft/planning/optimization.hpp"

#include <algorithm>
#include <utility>

namespace weft {

namespace {

[[noreturn]] void refuse(std::string message, std::string hint) {
  throw Exception(
    {.code = Errc::invalid_argument, .message = std::move(message), .hint = std::move(hint)});
}

bool is_name(std::string_view name) {
  constexpr std::size_t longest = 64;
  return !name.empty() && name.size() <= longest && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::acquire_inputs:
      return "acquire_inputs";
    case Stage::execute:
      return "execute";
    case Stage::publish_output:
      return "publish_output";
    case Stage::count_down:
      return "count_down";
    case Stage::hand_over:
      return "hand_over";
  }
  return "unknown";
}

// What happens when nobody owns the stage: an optimization overrides those that it owns.

std::vector<TaskId> Optimization::candidates(const Graph&, const Plan&) const {
  return {};
}

AcquireDecision Optimization::acquire_inputs(const StageView&) const {
  return AcquireDecision::all;
}

ExecuteDecision Optimization::execute(const StageView&, const Inputs&) const {
  return {};
}

PublishDecision Optimization::publish_output(const StageView&, const Value&) const {
  return PublishDecision::as_needed;
}

CountDownDecision Optimization::count_down(const StageView&, const Value&) const {
  return {};
}

HandOverDecision Optimization::hand_over(const StageView&, const Value&, TaskId) const {
  return HandOverDecision::as_planned;
}

OptimizationCatalogue::OptimizationCatalogue(
  std::vector<std::shared_ptr<const Optimization>> optimizations)
  : optimizations_(std::move(optimizations)) {
  for (auto it = optimizations_.begin(); it != optimizations_.end(); ++it) {
    if (!*it) refuse("an optimization of the catalogue is a null pointer", "leave it out");
    const std::string_view name = (*it)->name();
    if (!is_name(name)) {
      refuse("an optimization is called " + in_quotes(name),
             "take 1 to 64 characters out of [a-z0-9_]");
    }
    const auto same_name = [&](const auto& other) { return other->name() == name; };
    if (std::any_of(optimizations_.begin(), it, same_name)) {
      refuse("two optimizations are called " + in_quotes(name), "rename one of them");
    }
  }
}

const Optimization* OptimizationCatalogue::find(std::string_view name) const {
  for (const auto& optimization : optimizations_) {
    if (optimization->name() == name) return optimization.get();
  }
  return nullptr;
}

std::vector<TaskId> movable_tasks(const Graph& graph, const Plan& plan,
                                  const OptimizationCatalogue& catalogue) {
  std::vector<TaskId> movable;
  for (const PlannedOptimization& planned : plan.optimizations) {
    const Optimization* optimization = catalogue.find(planned.choice.kind);
    if (!optimization) continue;
    const auto moves = [](Stage stage) {
      return stage == Stage::count_down || stage == Stage::hand_over;
    };
    if (std::ranges::none_of(optimization->stages(), moves)) continue;
    const auto children = graph.children(planned.task);
    movable.insert(movable.end(), children.begin(), children.end());
  }
  std::ranges::sort(movable);
  movable.erase(std::ranges::unique(movable).begin(), movable.end());
  return movable;
}

std::vector<std::string> OptimizationCatalogue::names() const {
  std::vector<std::string> names;
  for (const auto& optimization : optimizations_) names.emplace_back(optimization->name());
  return names;
}

}  // namespace weft
