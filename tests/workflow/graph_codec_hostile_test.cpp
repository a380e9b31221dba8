// Bytes of graphs that were cut, changed or made up: an error, or a graph that can be used.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/stub_context.hpp"
#include "weft/workflow/little_endian.hpp"
#include "weft/workflow/task_table.hpp"
#include "workflow/planned_graph.hpp"

namespace weft {
namespace {

using test::Dice;
using test::PlannedGraph;
using testing::HasSubstr;

/// Reads all arguments of a task with inputs of the shapes that its dependencies say.
void read_arguments(const Graph& graph, TaskId task) {
  Inputs inputs;
  for (const Dependency& one : graph.dependencies(task)) {
    if (one.kind == DependencyKind::gather) {
      inputs.add_gathered(task.number() % 2 == 0 ? std::vector<Value>{}
                                                 : std::vector{Value::of(1), Value::of(2)});
    } else {
      inputs.add(one.kind == DependencyKind::order ? Value{} : Value::of(3));
    }
  }
  ArgumentReader reader{graph.arguments(task), graph.constants(), inputs};
  while (!reader.done()) {
    try {
      static_cast<void>(reader.next_value().size());
    } catch (const Exception&) {  // Objects and mappings are read as parameters of their types.
    }
  }
}

/// Does with a graph what a run does: looks at everything, and makes rows of its maps.
void use(const Graph& graph, const Plan& plan) {
  ASSERT_EQ(plan.placements.size(), graph.task_count());
  for (std::uint32_t i = 0; i < graph.task_count(); ++i) {
    const TaskId id{i};
    EXPECT_FALSE(graph.task_name(id).empty());
    static_cast<void>(graph.find(graph.task_name(id)));
    static_cast<void>(must_store(graph, plan, id, false));
    static_cast<void>(worker_of(plan, id, {1, 2}));
    EXPECT_TRUE(problems(graph.options(id)).empty());
    read_arguments(graph, id);
  }
  static_cast<void>(graph.sinks());
  static_cast<void>(missing_functions(graph, Registry{}));
}

void expand_and_walk(const GraphPtr& graph) {
  constexpr std::uint32_t most = 500;  // Tasks of the run: hostile maps may nest.
  TaskTable table{graph};
  for (std::uint32_t i = 0; i < table.task_count() && table.task_count() < most; ++i) {
    const TaskId id{i};
    if (i < graph->task_count() && graph->task(id).scope != 0) continue;
    const TaskOrigin origin = table.origin(id);
    if (graph->task(origin.task).kind == TaskKind::map && !table.expansion_of(id)) {
      table.expand(id, 2);
    }
  }
  for (std::uint32_t i = 0; i < table.task_count(); ++i) {
    const TaskId id{i};
    if (i < graph->task_count() && graph->task(id).scope != 0) continue;
    EXPECT_FALSE(table.name(id).empty());
    table.for_each_child(id, [&](TaskId child) { EXPECT_LT(child.number(), table.task_count()); });
    table.for_each_dependency(id, [&](std::uint32_t, DependencyKind, TaskId other) {
      EXPECT_LT(other.number(), table.task_count());
    });
  }
}

constexpr GraphLimits small{.tasks = 2000, .constants = 2000, .header_bytes = 1u << 20};

/// Expects an error that says so, or a graph that can be used and encoded again.
/// @return whether it is a graph
bool expect_handled(const GraphParts& parts, const Registry& registry) {
  const auto decoded = decode_graph(parts, registry, small);
  if (!decoded) {
    const Error& error = decoded.error();
    EXPECT_TRUE(error.code == Errc::decode_failed || error.code == Errc::limit_exceeded)
      << to_string(error);
    EXPECT_THAT(error.message, HasSubstr("the encoding of a graph: "));
    return false;
  }
  use(*decoded->graph, *decoded->plan);
  expand_and_walk(decoded->graph);
  if (parts.tasks.size() != decoded->graph->task_count()) return true;
  if (parts.constants.size() != decoded->graph->constants().size()) return true;
  const auto again = encode_graph(*decoded->graph, *decoded->plan, small);
  EXPECT_TRUE(again.has_value()) << to_string(again.error());
  if (!again) return true;
  const auto twice = decode_graph(parts_of(*again), registry, small);
  EXPECT_TRUE(twice.has_value()) << to_string(twice.error());
  if (twice) test::expect_same_graph(*decoded->graph, *twice->graph);
  return true;
}

TEST(HostileGraphs, AreRefusedWhereverAPartIsCut) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const PlannedGraph made = test::planned_sketch(seed, 6);
    const EncodedGraph encoded = encode_graph(*made.graph, *made.plan).value();
    const GraphParts whole = parts_of(encoded);
    const auto refused = [&](const GraphParts& parts) {
      return !decode_graph(parts, made.registry, small).has_value();
    };
    GraphParts cut = whole;
    for (std::size_t size = 0; size < whole.header.size(); ++size) {
      cut.header = whole.header.substr(0, size);
      EXPECT_TRUE(refused(cut)) << "header of " << size;
    }
    for (std::size_t i = 0; i < whole.tasks.size(); ++i) {
      for (std::size_t size = 0; size < whole.tasks[i].second.size(); ++size) {
        cut = whole;
        cut.tasks[i].second = cut.tasks[i].second.substr(0, size);
        EXPECT_TRUE(refused(cut)) << "task " << i << " of " << size;
      }
    }
  }
}

/// Changes bytes of a graph's parts, and the parts themselves, as a seed says.
class Vandal {
public:
  Vandal(const EncodedGraph& encoded, std::uint64_t seed) : broken_(encoded), dice_(seed) {}

  GraphParts break_parts() {
    const std::uint32_t breaks = dice_.chance(70) ? 1 : dice_.roll(5);
    for (std::uint32_t i = 0; i < breaks; ++i) break_bytes(any_part());
    GraphParts parts = parts_of(broken_);
    if (dice_.chance(20)) break_list(parts.tasks);
    if (dice_.chance(10)) break_list(parts.constants);
    return parts;
  }

private:
  Blob& any_part() {
    const std::uint32_t kind = dice_.roll(10);
    if (kind == 0 && !broken_.constants.empty()) return any_of(broken_.constants);
    return kind < 5 ? broken_.header : any_of(broken_.tasks);
  }
  Blob& any_of(std::vector<Blob>& parts) { return parts[dice_.roll(parts.size())]; }

  void break_bytes(Blob& bytes) {
    if (bytes.empty()) return;
    const std::size_t at = dice_.roll(bytes.size());
    switch (dice_.roll(8)) {
      case 0:
        bytes.resize(at);
        return;
      case 1:
        bytes.insert(at, 1 + dice_.roll(4), static_cast<char>(dice_.roll(256)));
        return;
      case 2:  // A number of a record, most likely.
        if (at / 4 * 4 + 4 <= bytes.size()) put_u32(bytes.data() + at / 4 * 4, dice_.roll(12));
        return;
      case 3:
        bytes[at] = static_cast<char>(dice_.roll(12));
        return;
      default:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << dice_.roll(8)));
    }
  }

  template <class Parts>
  void break_list(Parts& parts) {
    if (parts.empty()) return;
    const std::size_t at = dice_.roll(parts.size());
    const std::size_t other = dice_.roll(parts.size());
    switch (dice_.roll(4)) {
      case 0:
        parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(at));
        return;
      case 1:
        parts.push_back(parts[at]);
        return;
      case 2:
        std::swap(parts[at].second, parts[other].second);
        return;
      default:
        std::swap(parts[at], parts[other]);  // Another order, which is allowed.
    }
  }

  EncodedGraph broken_;
  Dice dice_;
};

class BrokenGraphs : public testing::TestWithParam<std::uint64_t> {};

/// A block of a thousand seeds breaks ten graphs, each a hundred times.
TEST_P(BrokenGraphs, AreErrorsOrGraphs) {
  constexpr std::uint64_t graphs = 10;
  std::uint64_t read = 0;
  for (std::uint64_t g = 0; g < graphs; ++g) {
    const std::uint64_t origin = GetParam() * graphs + g;
    const PlannedGraph made =
      origin % 2 == 0 ? test::planned_sketch(origin, 8) : test::planned_backwards(origin);
    const EncodedGraph encoded = encode_graph(*made.graph, *made.plan).value();
    for (std::uint64_t i = 0; i < 100; ++i) {
      const std::uint64_t seed = origin * 100 + i;
      SCOPED_TRACE("graph " + std::to_string(origin) + ", seed " + std::to_string(seed));
      Vandal vandal{encoded, seed};
      read += expect_handled(vandal.break_parts(), made.registry);
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(read, 50u) << "what breaks everything finds nothing";
}

INSTANTIATE_TEST_SUITE_P(Blocks, BrokenGraphs, testing::Range<std::uint64_t>(0, 20),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace weft
