#include "weft/workflow/graph_codec.hpp"

#include <fmt/format.h>

#include "weft/workflow/function_stand_ins.hpp"
#include "weft/workflow/graph_header.hpp"
#include "weft/workflow/task_record.hpp"

namespace weft {

namespace {

/// Encodes one graph and its plan; one object, one encoding.
class GraphEncoder {
public:
  GraphEncoder(const Graph& graph, const Plan& plan, const GraphLimits& limits)
    : graph_(graph), plan_(plan), limits_(limits) {}

  Result<EncodedGraph> encode() {
    if (auto done = check_whole(); !done) return done.error();
    if (auto done = add_header(); !done) return done.error();
    if (auto done = add_tasks(); !done) return done.error();
    if (auto done = add_constants(); !done) return done.error();
    return std::move(encoded_);
  }

private:
  Result<void> check_whole() const {
    if (plan_.placements.size() != graph_.task_count()) {
      return Error{.code = Errc::invalid_argument,
                   .message = fmt::format("the plan places {} tasks, but the graph has {}",
                                          plan_.placements.size(), graph_.task_count()),
                   .hint = "make the plan from the graph that it is for"};
    }
    for (std::uint32_t i = 0; i < graph_.task_count(); ++i) {
      if (graph_.task(TaskId{i}).kind == TaskKind::map) continue;
      if (dynamic_cast<const AbsentFunction*>(&graph_.function(TaskId{i}))) {
        return Error{.code = Errc::encode_failed,
                     .message = fmt::format("task {} is not part of this slice of a graph", i),
                     .hint = "encode the whole graph"};
      }
    }
    return {};
  }

  Result<void> add_header() {
    StatedHeader stated = header_of(graph_, plan_);
    options_ = std::move(stated.options);
    weft::encode(stated.header, encoded_.header);
    auto done = check_header_of_plan(stated.header, limits_);
    if (!done) {
      Error error = with_context("the graph or its plan", done.error());
      if (error.code != Errc::limit_exceeded) error.code = Errc::invalid_argument;
      return error;
    }
    if (encoded_.header.size() <= limits_.header_bytes) return {};
    return Error{.code = Errc::limit_exceeded,
                 .message = fmt::format("what the graph and its plan say of all tasks takes {} "
                                        "bytes; the limit is {}",
                                        encoded_.header.size(), limits_.header_bytes),
                 .hint = "give fewer tasks names and options of their own, or raise the limit"};
  }

  Result<void> add_tasks() {
    encoded_.tasks.reserve(graph_.task_count());
    const auto constants = static_cast<std::uint32_t>(graph_.constants().size());
    for (std::uint32_t i = 0; i < graph_.task_count(); ++i) {
      const TaskId id{i};
      const Placement& placement = plan_.placements[i];
      if (auto problem = placement_problem(placement, plan_.workers.size())) {
        return refusal(Errc::invalid_argument, id, std::move(*problem));
      }
      if (auto problem =
            argument_problem(graph_.arguments(id), graph_.dependencies(id), constants)) {
        return refusal(Errc::encode_failed, id, std::move(*problem));
      }
      encoded_.tasks.push_back(write_task_record(graph_, id, placement, options_[i]));
    }
    return {};
  }

  Result<void> add_constants() {
    const auto constants = graph_.constants();
    encoded_.constants.reserve(constants.size());
    for (std::uint32_t i = 0; i < constants.size(); ++i) {
      auto bytes = constants[i].encoding();
      if (!bytes) {
        Error error = with_context(fmt::format("constant {}", i), std::move(bytes).error());
        error.code = Errc::encode_failed;
        error.task = taker_of(i);
        return error;
      }
      encoded_.constants.emplace_back(*bytes);
    }
    return {};
  }

  [[nodiscard]] Error refusal(Errc code, TaskId task, std::string problem) const {
    return {.code = code, .message = std::move(problem), .task = graph_.task_name(task)};
  }

  /// Name of a task that takes a constant.
  [[nodiscard]] std::string taker_of(std::uint32_t constant) const {
    for (std::uint32_t i = 0; i < graph_.task_count(); ++i) {
      for (const ArgNode& node : graph_.arguments(TaskId{i})) {
        if (node == ArgNode{ArgKind::constant, constant}) return graph_.task_name(TaskId{i});
      }
    }
    return {};
  }

  const Graph& graph_;
  const Plan& plan_;
  const GraphLimits& limits_;
  std::vector<std::uint32_t> options_;  ///< Of each task, as the header numbers them.
  EncodedGraph encoded_;
};

}  // namespace

Result<EncodedGraph> encode_graph(const Graph& graph, const Plan& plan, const GraphLimits& limits) {
  return GraphEncoder{graph, plan, limits}.encode();
}

}  // namespace weft
