#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "weft/workflow/graph.hpp"
#include "weft/workflow/plan.hpp"
#include "weft/workflow/registry.hpp"

namespace weft {

// How a graph and its plan leave a process: in parts, so that a store can find one task without
// reading the others, and a worker can be given those that are its own.
//
// The header is msgpack and holds what concerns more than one task. A constant is the encoding of
// its value. The record of a task has a fixed layout, because scripts inside of a store read its
// beginning; its numbers are little-endian, nothing is padded:
//
//   offset  type  what it is
//        0  u32   worker that it is placed on; 0xffffffff: flexible
//        4  f32   rank of its placement
//        8  u8    0 function, 1 map
//        9  u8    who placed it: 0 planner, 1 user
//       10  u16   0
//       12  u32   scope
//       16  u32   position in its scope (`Graph::position`)
//       20  u32   scope that it expands, if it is a map; 0 otherwise
//       24  u32   commits that it waits for (`Graph::pending`)
//       28  u32   tasks that read its output (`Graph::readers`)
//       32  u32   number of children
//       36  u32   number of dependencies
//       40        children, u32 each; tasks that it depends on, u32 each; `DependencyKind`s, u8
//       each
//
// and behind that, which no script reads: u32 function, u32 options, u32 number of argument nodes,
// the nodes (u8 `ArgKind`, u32 value) each.

/// A whole graph and its plan, encoded.
struct EncodedGraph {
  Blob header;
  std::vector<Blob> tasks;      ///< By number.
  std::vector<Blob> constants;  ///< By index.
};

/// Parts of an encoded graph: all of them, or the slice that somebody needs. Points into bytes that
/// somebody else keeps. Each task and each constant comes at most once, in any order.
struct GraphParts {
  std::string_view header;
  std::vector<std::pair<TaskId, std::string_view>> tasks;
  std::vector<std::pair<std::uint32_t, std::string_view>> constants;
};

struct DecodedGraph {
  GraphPtr graph;
  PlanPtr plan;
};

/// Limits on encoded graphs, which come from stores and pipes. A graph beyond them is neither
/// encoded nor decoded.
struct GraphLimits {
  /// Of the graph. Each takes about 60 bytes once decoded, whether the slice has it or not.
  std::uint32_t tasks = 10'000'000;
  std::uint32_t constants = 40'000'000;     ///< Of the graph; as `tasks`, but 8 bytes each.
  std::size_t header_bytes = 256ull << 20;  ///< Room for options and a name of each of 10^6 tasks.
};

/// Nesting of a task's arguments that can be encoded: reading them recurses.
inline constexpr std::size_t max_argument_depth = 64;

/// Encodes a whole graph and the plan that was made from it. Fails with
/// - `encode_failed`, naming the constant and its type, when a value cannot leave the process, and
///   when the graph is a slice;
/// - `invalid_argument` when the plan is not one of this graph: it places each task on one of its
///   workers, which are numbered from 0, or leaves it flexible;
/// - `limit_exceeded`.
[[nodiscard]] Result<EncodedGraph> encode_graph(const Graph& graph, const Plan& plan,
                                                const GraphLimits& limits = {});

/// Reads a graph and its plan. Nothing in the parts is trusted: whatever they are, the outcome is
/// an error or a graph whose parts fit together, in a time about linear in them and in the number
/// of tasks.
/// What the tasks of a slice cannot tell is taken as it is: children that do not depend on their
/// parent, and numbers of readers.
///
/// Of a slice, every map and every task inside of one must be there. The tasks that it lacks keep
/// their numbers and the names that the user gave, or are called `weft.absent-number`; they are
/// flexible functions without options, arguments, dependencies and children, and fail when they are
/// called. The constants that it lacks are missing values. Its graph has an empty topological
/// order, hence no sinks.
///
/// Functions that the registry lacks fail with `function_unknown` when they are called: see
/// `missing_functions`. Fails with `decode_failed` or `limit_exceeded`.
[[nodiscard]] Result<DecodedGraph> decode_graph(const GraphParts& parts, const Registry& registry,
                                                const GraphLimits& limits = {});

/// `function_unknown` for each function that the tasks of a decoded graph, or of a slice, call and
/// the registry that it was decoded with lacks; with the nearest names in `registry` as a hint.
/// Beyond 50 no more are listed.
[[nodiscard]] std::vector<Error> missing_functions(const Graph& graph, const Registry& registry);

// -- slices ---------------------------------------------------------------------------------------

/// The tasks that a worker's slice must have, in order: those outside of maps that are placed on it
/// or flexible, and, since the rows of maps go round the workers, every map and all inside of maps.
[[nodiscard]] std::vector<TaskId> tasks_of_worker(const Graph& graph, const Plan& plan,
                                                  WorkerId worker);

/// The constants that the arguments of these tasks take, in order, each once.
[[nodiscard]] std::vector<std::uint32_t> constants_of(const Graph& graph,
                                                      std::span<const TaskId> tasks);

/// All parts of an encoded graph. Points into it.
[[nodiscard]] GraphParts parts_of(const EncodedGraph& encoded);

/// Some parts of an encoded graph. Points into it.
[[nodiscard]] GraphParts parts_of(const EncodedGraph& encoded, std::span<const TaskId> tasks,
                                  std::span<const std::uint32_t> constants);

/// The parts as one piece of bytes, for pipes.
[[nodiscard]] Blob pack_slice(const GraphParts& parts);

/// The parts that were packed. Points into `bytes`. Fails with `decode_failed` or `limit_exceeded`.
[[nodiscard]] Result<GraphParts> unpack_slice(std::string_view bytes,
                                              const GraphLimits& limits = {});

}  // namespace weft
