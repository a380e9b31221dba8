#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weft/workflow/graph_header.hpp"
#include "weft/workflow/scope_tree.hpp"
#include "weft/workflow/task_record.hpp"
#include "weft/workflow/topological_order.hpp"

namespace weft {

/// Builds a graph and its plan out of their encoding, whose parts it does not trust. Used by
/// `decode_graph`; one object builds one graph.
class GraphCodec {
public:
  GraphCodec(const GraphParts& parts, const Registry& registry, const GraphLimits& limits)
    : parts_(parts), registry_(registry), limits_(limits), graph_(std::make_shared<Graph>()) {}

  [[nodiscard]] Result<DecodedGraph> decode();

private:
  Result<void> read_header();
  Result<void> lay_out_scopes();
  Result<void> lay_out_scope(std::uint32_t index, GraphHeader::ScopeRow row);
  Result<void> check_scopes();
  Result<void> read_constants();
  Result<void> split_options();
  Result<std::uint32_t> read_options(std::uint32_t number);
  Result<void> read_tasks();
  Result<void> read_task(TaskId id, std::string_view bytes);
  [[nodiscard]] std::optional<std::string> record_problem(TaskId id,
                                                          const TaskRecord& record) const;
  void append_lists(const TaskRecord& record);
  Result<void> check_presence();
  void resolve_functions();

  // How tasks fit together.
  Result<void> check_edges();
  [[nodiscard]] std::optional<std::string> edge_problem(TaskId task);
  [[nodiscard]] std::optional<std::string> dependency_problem(TaskId task) const;
  [[nodiscard]] bool may_depend(TaskId task, const Dependency& dependency) const;
  [[nodiscard]] bool ascends(TaskId task, const Dependency& dependency) const;
  [[nodiscard]] bool reads_a_list(TaskId map) const;
  [[nodiscard]] std::uint32_t awaited(TaskId task);
  [[nodiscard]] TaskId map_around(TaskId inner) const;
  Result<void> sort();
  [[nodiscard]] std::vector<Precedence> precedences() const;

  [[nodiscard]] bool whole() const { return parts_.tasks.size() == graph_->task_count(); }

  const GraphParts& parts_;
  const Registry& registry_;
  const GraphLimits& limits_;
  GraphHeader header_;
  std::shared_ptr<Graph> graph_;
  Plan plan_;
  ScopeTree scopes_;
  std::vector<std::string_view> option_rows_;  ///< Encoded, as the header numbers them.
  std::vector<std::uint32_t> option_places_;   ///< Of those among the graph's, once they are read.
  std::vector<bool> present_;                  ///< Tasks that the slice has.
  std::vector<TaskId> counted_;  ///< The last task that each was counted for as awaited.
};

}  // namespace weft
