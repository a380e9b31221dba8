#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "support/dice.hpp"
#include "support/sketch_functions.hpp"

namespace weft::test {

/// Type of what a task of a sketch returns.
enum class Kind : std::uint8_t { number, numbers, lists, nothing, maybe };

/// One argument of a task, or one part of a nested one.
struct Operand {
  enum class Source : std::uint8_t {
    constant,
    output,    ///< Of the node.
    elements,  ///< Outputs of all elements: the node stands inside of a map around which the reader
               ///< is.
  };
  Source source = Source::constant;
  Number constant = 0;
  std::uint32_t node = 0;
};

/// One task of a sketch, or the element of a map.
struct SketchNode {
  Op op = Op::mix;
  Kind kind = Kind::number;
  std::uint32_t scope = 0;
  std::vector<Operand> operands;
  Number parameter = 0;              ///< Failures of `flaky` and `late`; milliseconds of `nap`.
  std::vector<std::uint32_t> after;  ///< Nodes that must commit first without being read.
  std::uint32_t body = 0;            ///< Of a map: the scope that it repeats.
  std::uint32_t result = 0;          ///< Of a map: the node of the body that it yields.
  bool chained = false;              ///< Added to its map from the scope around it.
  std::uint32_t attempts = 1;
  std::optional<std::uint32_t> worker;
  bool keep = false;
};

struct SketchScope {
  std::uint32_t parent = 0;
  std::uint32_t map = 0;   ///< Node that repeats it.
  std::uint32_t item = 0;  ///< Node of the element.
};

/// A workflow as plain data: simple enough to be evaluated by a recursion that knows nothing of
/// weft. Scope 0 is the workflow itself; nodes stand in the order in which they are added.
struct Sketch {
  std::vector<SketchNode> nodes;
  std::vector<SketchScope> scopes{1};
};

/// What a random sketch may hold beside arguments of all shapes, maps, filters and order-only
/// edges.
struct SketchOptions {
  std::uint32_t tasks = 20;   ///< Of scope 0, about.
  bool retries = true;        ///< Tasks that fail in their first attempts.
  bool failures = false;      ///< Tasks that fail for good.
  bool time = false;          ///< Tasks that sleep, and tasks with a time limit: for virtual time.
  std::uint32_t workers = 0;  ///< Some tasks are fixed to a worker below this number.
};

[[nodiscard]] Sketch random_sketch(Dice& dice, const SketchOptions& options);

/// A sketch as a workflow.
struct SketchedWorkflow {
  Workflow workflow;
  std::vector<AnyFuture> futures;  ///< By node.
};

[[nodiscard]] SketchedWorkflow write_workflow(const Sketch& sketch);

}  // namespace weft::test
