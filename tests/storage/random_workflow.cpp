#include "storage/random_workflow.hpp"

#include <string>

#include "weft/workflow/workflow.hpp"

namespace weft {

namespace {

using Numbers = std::vector<int>;
using Lists = std::vector<Numbers>;

// Nobody calls them.
const Function mix{"mix@1", [](const Numbers&) { return 0; }};
const Function spread{"spread@1", [](const Numbers&) { return Numbers{}; }};
const Function spread_twice{"spread_twice@1", [](const Numbers&) { return Lists{}; }};
const Function total{"total@1", [](const Numbers&, const Numbers&) { return 0; }};
const Function join{"join@1", [](int, int) { return 0; }};

/// What the tasks of one scope may take: from their own scope and from those around it.
struct Visible {
  std::vector<Future<int>> numbers;
  std::vector<Future<Numbers>> lists;
  std::vector<Future<Lists>> nested;
};

class Generator {
public:
  explicit Generator(Dice& dice) : dice_(dice) {}

  Workflow take() && {
    Visible visible;
    fill(visible, 0);
    return std::move(workflow_);
  }

private:
  static constexpr int depth_max = 3;

  /// Adds the tasks of a scope; answers one of them.
  Future<int> fill(Visible& visible, int depth) {
    std::vector<Mapped<int>> mapped;
    Future<int> own = add_number(visible);
    if (depth == 0) visible.lists.push_back(workflow_.task(spread, some(visible.numbers)));
    const std::uint32_t steps = depth == 0 ? 4 + dice_.roll(16) : dice_.roll(5);
    for (std::uint32_t i = 0; i < steps; ++i) {
      switch (dice_.roll(8)) {
        case 0:
        case 1:
          own = add_number(visible);
          break;
        case 2:
          visible.lists.push_back(workflow_.task(spread, some(visible.numbers)));
          break;
        case 3:
          visible.nested.push_back(workflow_.task(spread_twice, some(visible.numbers)));
          break;
        case 4:
          if (!mapped.empty()) add_step(visible, mapped);
          break;
        case 5:
          own = add_total(visible, mapped, own);
          break;
        default:
          if (depth < depth_max) add_map(visible, mapped, depth);
          break;
      }
    }
    return own;
  }

  Future<int> add_number(Visible& visible) {
    const auto future = workflow_.task(mix, some(visible.numbers));
    if (!visible.numbers.empty() && dice_.chance(20)) {
      workflow_.after(future, dice_.pick(visible.numbers));
    }
    visible.numbers.push_back(future);
    return future;
  }

  Future<int> add_total(Visible& visible, const std::vector<Mapped<int>>& mapped, Future<int> own) {
    if (!mapped.empty() && dice_.chance(30)) {
      own = workflow_.task(total, dice_.pick(mapped), dice_.pick(mapped));
    } else if (!mapped.empty() && !visible.lists.empty()) {
      own = workflow_.task(total, dice_.pick(mapped), dice_.pick(visible.lists));
    } else if (!visible.lists.empty()) {
      own = workflow_.task(total, dice_.pick(visible.lists), dice_.pick(visible.lists));
    } else {
      return own;
    }
    visible.numbers.push_back(own);
    return own;
  }

  void add_map(Visible& visible, std::vector<Mapped<int>>& mapped, int depth) {
    if (!visible.nested.empty() && dice_.chance(40)) {
      mapped.push_back(workflow_.for_each(dice_.pick(visible.nested), [&](Future<Numbers> item) {
        Visible inside = visible;
        inside.lists.push_back(item);
        return fill(inside, depth + 1);
      }));
    } else if (!visible.lists.empty()) {
      mapped.push_back(workflow_.for_each(dice_.pick(visible.lists), [&](Future<int> item) {
        Visible inside = visible;
        if (dice_.chance(80)) inside.numbers.push_back(item);
        return fill(inside, depth + 1);
      }));
    }
  }

  /// A further step for each element of a map that is there already.
  void add_step(const Visible& visible, std::vector<Mapped<int>>& mapped) {
    mapped.push_back(workflow_.map(dice_.pick(mapped), join, dice_.pick(visible.numbers)));
  }

  std::vector<Future<int>> some(const std::vector<Future<int>>& from) {
    std::vector<Future<int>> chosen;
    if (from.empty()) return chosen;
    for (std::uint32_t i = dice_.roll(4); i > 0; --i) {
      // Mostly what is near, sometimes what is far: edges that skip levels.
      const std::size_t near = std::min<std::size_t>(from.size(), 4);
      chosen.push_back(dice_.chance(70) ? from[from.size() - 1 - dice_.roll(near)]
                                        : dice_.pick(from));
    }
    return chosen;
  }

  Dice& dice_;
  Workflow workflow_{"random"};
};

std::shared_ptr<Plan> random_plan(const Graph& graph, Dice& dice) {
  auto plan = std::make_shared<Plan>();
  const std::uint32_t workers = 1 + dice.roll(4);
  for (std::uint32_t i = 0; i < workers; ++i) plan->workers.push_back({.id = WorkerId{i}});
  for (std::uint32_t i = 0; i < graph.task_count(); ++i) {
    plan->placements.push_back(
      {.worker = dice.chance(20) ? flexible_worker : WorkerId{dice.roll(workers)},
       .origin = dice.chance(10) ? Origin::user : Origin::planner,
       .rank = static_cast<float>(dice.roll(5))});
  }
  return plan;
}

}  // namespace

RandomWorkflow random_workflow(Dice& dice) {
  Registry registry;
  registry.add(mix).add(spread).add(spread_twice).add(total).add(join);
  RandomWorkflow random;
  random.graph = Generator{dice}.take().freeze(registry).value();
  random.plan = random_plan(*random.graph, dice);
  for (std::uint32_t i = 0; i < random.graph->task_count(); ++i) {
    if (dice.chance(15)) random.kept.emplace_back(i);
  }
  return random;
}

}  // namespace weft
