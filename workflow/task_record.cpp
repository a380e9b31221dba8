#include "weft/workflow/task_record.hpp"

#include <array>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "weft/workflow/graph_codec.hpp"
#include "weft/workflow/little_endian.hpp"

namespace weft {

namespace {

constexpr std::size_t record_head_size = 40;       // Up to the children.
constexpr std::size_t record_child_size = 4;       // Its number.
constexpr std::size_t record_dependency_size = 5;  // Numbers of all of them, then their kinds.
constexpr std::size_t record_tail_size = 12;     // Between the dependencies and the argument nodes.
constexpr std::size_t record_argument_size = 5;  // Kind and value.

constexpr std::uint8_t last_known_argument_kind = static_cast<std::uint8_t>(ArgKind::none);
constexpr std::uint8_t last_known_dependency_kind = static_cast<std::uint8_t>(DependencyKind::item);

std::uint8_t record_byte(std::string_view bytes, std::size_t offset) {
  return static_cast<std::uint8_t>(bytes[offset]);
}

template <class Enum>
char char_of_kind(Enum kind) {
  return static_cast<char>(kind);
}

Error cut_record(std::size_t size) {
  return {.code = Errc::decode_failed,
          .message = fmt::format("{} bytes are fewer than it claims to have", size)};
}

}  // namespace

// -- writing --------------------------------------------------------------------------------------

Blob write_task_record(const Graph& graph, TaskId task, const Placement& placement,
                       std::uint32_t options) {
  const Task& stated = graph.task(task);
  const auto children = graph.children(task);
  const auto dependencies = graph.dependencies(task);
  const auto arguments = graph.arguments(task);
  Blob record(record_head_size + record_child_size * children.size() +
                record_dependency_size * dependencies.size() + record_tail_size +
                record_argument_size * arguments.size(),
              '\0');
  char* at = record.data();
  const auto put = [&at](std::uint32_t number) {
    put_u32(at, number);
    at += 4;
  };
  put(placement.worker.number());
  put(std::bit_cast<std::uint32_t>(placement.rank));
  *at++ = char_of_kind(stated.kind);
  *at++ = char_of_kind(placement.origin);
  at += 2;  // Flags: none yet.
  put(stated.scope);
  put(graph.position(task));
  put(stated.body);
  put(graph.pending(task));
  put(graph.readers(task));
  put(static_cast<std::uint32_t>(children.size()));
  put(static_cast<std::uint32_t>(dependencies.size()));
  for (const TaskId child : children) put(child.number());
  for (const Dependency& one : dependencies) put(one.task.number());
  for (const Dependency& one : dependencies) *at++ = char_of_kind(one.kind);
  put(stated.function);
  put(options);
  put(static_cast<std::uint32_t>(arguments.size()));
  for (const ArgNode& node : arguments) {
    *at++ = char_of_kind(node.kind);
    put(node.value);
  }
  return record;
}

// -- reading --------------------------------------------------------------------------------------

Result<TaskRecord> TaskRecord::open(std::string_view bytes) {
  if (bytes.size() < record_head_size + record_tail_size) return cut_record(bytes.size());
  const std::size_t tail = record_head_size +
                           record_child_size * std::size_t{get_u32(bytes.data() + 32)} +
                           record_dependency_size * std::size_t{get_u32(bytes.data() + 36)};
  if (tail + record_tail_size > bytes.size()) return cut_record(bytes.size());
  const std::size_t size =
    tail + record_tail_size + record_argument_size * std::size_t{get_u32(bytes.data() + tail + 8)};
  if (size > bytes.size()) return cut_record(bytes.size());
  if (size < bytes.size()) {
    return Error{.code = Errc::decode_failed,
                 .message = fmt::format("{} bytes follow it", bytes.size() - size)};
  }
  const TaskRecord record{bytes, tail};
  if (auto unknown = record.unknown_kind()) {
    return Error{.code = Errc::decode_failed, .message = std::move(*unknown)};
  }
  return record;
}

std::optional<std::string> TaskRecord::unknown_kind() const {
  const auto unknown = [this](std::string_view what, std::size_t offset) {
    return fmt::format("{} {} is not known", what, record_byte(bytes_, offset));
  };
  if (record_byte(bytes_, 8) > static_cast<std::uint8_t>(TaskKind::map)) return unknown("kind", 8);
  if (record_byte(bytes_, 9) > static_cast<std::uint8_t>(Origin::user)) return unknown("origin", 9);
  for (const std::size_t flags : {10u, 11u}) {
    if (bytes_[flags] != 0) return unknown("flag", flags);
  }
  for (std::size_t at = tail_ - dependency_count(); at < tail_; ++at) {
    if (record_byte(bytes_, at) > last_known_dependency_kind) return unknown("dependency kind", at);
  }
  for (std::size_t at = tail_ + record_tail_size; at < bytes_.size(); at += record_argument_size) {
    if (record_byte(bytes_, at) > last_known_argument_kind) return unknown("argument kind", at);
  }
  return std::nullopt;
}

std::uint32_t TaskRecord::number(std::size_t offset) const {
  return get_u32(bytes_.data() + offset);
}

Placement TaskRecord::placement() const {
  return {.worker = WorkerId{number(0)},
          .origin = static_cast<Origin>(bytes_[9]),
          .rank = std::bit_cast<float>(number(4))};
}

TaskId TaskRecord::child(std::uint32_t index) const {
  return TaskId{number(record_head_size + record_child_size * index)};
}

Dependency TaskRecord::dependency(std::uint32_t index) const {
  const std::size_t count = dependency_count();
  const std::size_t first = tail_ - record_dependency_size * count;
  return {.task = TaskId{number(first + std::size_t{4} * index)},
          .kind = static_cast<DependencyKind>(bytes_[tail_ - count + index])};
}

ArgNode TaskRecord::argument(std::uint32_t index) const {
  const std::size_t at = tail_ + record_tail_size + record_argument_size * index;
  return {.kind = static_cast<ArgKind>(bytes_[at]), .value = number(at + 1)};
}

// -- checks ---------------------------------------------------------------------------------------

namespace {

/// Nodes that belong to one as its children.
std::uint64_t nodes_below(const ArgNode& node) {
  switch (node.kind) {
    case ArgKind::list:
    case ArgKind::tuple:
    case ArgKind::object:
      return node.value;
    case ArgKind::map:
      return std::uint64_t{2} * node.value;
    case ArgKind::some:
      return 1;
    default:
      return 0;
  }
}

bool reads_one(std::span<const Dependency> dependencies, std::uint32_t slot) {
  return slot < dependencies.size() && (dependencies[slot].kind == DependencyKind::output ||
                                        dependencies[slot].kind == DependencyKind::item);
}

bool reads_many(std::span<const Dependency> dependencies, std::uint32_t slot) {
  return slot < dependencies.size() && dependencies[slot].kind == DependencyKind::gather;
}

}  // namespace

std::optional<std::string> argument_problem(std::span<const ArgNode> nodes,
                                            std::span<const Dependency> dependencies,
                                            std::uint32_t constants) {
  std::array<std::uint64_t, max_argument_depth> left;  // Of each open node: children to come.
  std::size_t depth = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const ArgNode& node = nodes[i];
    const auto problem = [&](std::string_view what) {
      return fmt::format("argument node {} {} {}", i, what, node.value);
    };
    if (node.kind == ArgKind::constant && node.value >= constants) {
      return problem("takes the unknown constant");
    }
    if (node.kind == ArgKind::input && !reads_one(dependencies, node.value)) {
      return problem("reads one output of dependency");
    }
    if (node.kind == ArgKind::gather && !reads_many(dependencies, node.value)) {
      return problem("gathers dependency");
    }
    if (depth > 0) --left[depth - 1];
    const std::uint64_t children = nodes_below(node);
    if (children > nodes.size() - i - 1) return problem("has too few nodes behind it for");
    if (children > 0) {
      if (depth == left.size()) {
        return fmt::format("arguments nest deeper than {} levels", max_argument_depth);
      }
      left[depth++] = children;
    }
    while (depth > 0 && left[depth - 1] == 0) --depth;
  }
  if (depth > 0) return fmt::format("the last argument lacks {} nodes", left[depth - 1]);
  return std::nullopt;
}

std::optional<std::string> placement_problem(const Placement& placement, std::size_t workers) {
  // Ready tasks are sorted by rank, and what is not a number has no place among others.
  if (std::isnan(placement.rank)) return "its rank is not a number";
  if (placement.worker == flexible_worker || placement.worker.number() < workers) return {};
  return fmt::format("it is placed on worker {} of {}", placement.worker.number(), workers);
}

}  // namespace weft
