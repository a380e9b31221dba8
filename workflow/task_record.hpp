#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "weft/workflow/codec.hpp"
#include "weft/workflow/graph.hpp"
#include "weft/workflow/plan.hpp"

namespace weft {

/// Writes the record of a task: see graph_codec.hpp for its layout.
/// @param options index into the options of the header
[[nodiscard]] Blob write_task_record(const Graph& graph, TaskId task, const Placement& placement,
                                     std::uint32_t options);

/// Reads the record of a task in place; as long as its bytes live.
class TaskRecord {
public:
  /// Checks that the record has as many bytes as it claims to and knows its enumerators. Whether
  /// its indexes exist is for others to check. Fails with `decode_failed`.
  [[nodiscard]] static Result<TaskRecord> open(std::string_view bytes);

  [[nodiscard]] Placement placement() const;
  [[nodiscard]] TaskKind kind() const { return static_cast<TaskKind>(bytes_[8]); }
  [[nodiscard]] std::uint32_t scope() const { return number(12); }
  [[nodiscard]] std::uint32_t position() const { return number(16); }
  [[nodiscard]] std::uint32_t body() const { return number(20); }
  [[nodiscard]] std::uint32_t pending() const { return number(24); }
  [[nodiscard]] std::uint32_t readers() const { return number(28); }
  [[nodiscard]] std::uint32_t function() const { return number(tail_); }
  [[nodiscard]] std::uint32_t options() const { return number(tail_ + 4); }

  [[nodiscard]] std::uint32_t child_count() const { return number(32); }
  [[nodiscard]] std::uint32_t dependency_count() const { return number(36); }
  [[nodiscard]] std::uint32_t argument_count() const { return number(tail_ + 8); }
  [[nodiscard]] TaskId child(std::uint32_t index) const;
  [[nodiscard]] Dependency dependency(std::uint32_t index) const;
  [[nodiscard]] ArgNode argument(std::uint32_t index) const;

private:
  TaskRecord(std::string_view bytes, std::size_t tail) : bytes_(bytes), tail_(tail) {}

  [[nodiscard]] std::uint32_t number(std::size_t offset) const;
  [[nodiscard]] std::optional<std::string> unknown_kind() const;

  std::string_view bytes_;
  std::size_t tail_;  ///< Where what C++ alone reads begins.
};

/// What is wrong with the arguments of a task, in words; nothing when they can be read: they are a
/// forest that ends with the last node, take constants that are there, and read dependencies as
/// what they are. @param constants number of the graph's
[[nodiscard]] std::optional<std::string> argument_problem(std::span<const ArgNode> nodes,
                                                          std::span<const Dependency> dependencies,
                                                          std::uint32_t constants);

/// What is wrong with a placement, in words, if something is. @param workers number of the plan's
[[nodiscard]] std::optional<std::string> placement_problem(const Placement& placement,
                                                           std::size_t workers);

}  // namespace weft
