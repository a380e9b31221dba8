// Which parts of an encoded graph a worker needs, and parts as one piece of bytes.

#include <algorithm>
#include <optional>
#include <type_traits>

#include <fmt/format.h>

#include "weft/workflow/graph_codec.hpp"
#include "weft/workflow/little_endian.hpp"

namespace weft {

namespace {

/// Begins packed parts, so that bytes of something else are refused by name. The last byte is the
/// version of the format.
constexpr std::uint32_t packed_parts = 'w' | 'p' << 8 | 'g' << 16 | 1 << 24;

// Packed parts: the tag, the numbers of tasks and of constants (u32 each), and the size of the
// header (u64); for each task and then each constant its number (u32) and size (u64); the bytes of
// the header, the tasks and the constants, one behind the other.
constexpr std::size_t slice_preface_size = 4 + 4 + 4 + 8;
constexpr std::size_t slice_entry_size = 4 + 8;

Error damaged_slice(std::string message) {
  return {.code = Errc::decode_failed,
          .message = "the packed parts of a graph: " + std::move(message),
          .hint = "they were cut or changed on their way"};
}

template <class Part>
std::uint32_t part_number(const Part& part) {
  if constexpr (std::is_same_v<decltype(part.first), TaskId>) {
    return part.first.number();
  } else {
    return part.first;
  }
}

template <class Parts>
char* put_part_entries(char* at, const Parts& parts) {
  for (const auto& part : parts) {
    put_u32(at, part_number(part));
    put_u64(at + 4, part.second.size());
    at += slice_entry_size;
  }
  return at;
}

template <class Parts>
std::size_t bytes_of_parts(const Parts& parts) {
  std::size_t bytes = 0;
  for (const auto& part : parts) bytes += part.second.size();
  return bytes;
}

/// Cuts the bytes behind the table of parts into these parts.
class PartCutter {
public:
  explicit PartCutter(std::string_view rest) : rest_(rest) {}

  /// @return nothing when fewer bytes are left
  std::optional<std::string_view> cut(std::uint64_t size) {
    if (size > rest_.size()) return std::nullopt;
    const std::string_view part = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return part;
  }

  template <class Parts>
  bool cut_all(const char* table, std::uint32_t count, Parts& parts) {
    parts.reserve(count);
    for (const char* entry = table; parts.size() < count; entry += slice_entry_size) {
      const auto part = cut(get_u64(entry + 4));
      if (!part) return false;
      parts.emplace_back(get_u32(entry), *part);
    }
    return true;
  }

  [[nodiscard]] bool done() const { return rest_.empty(); }

private:
  std::string_view rest_;
};

}  // namespace

std::vector<TaskId> tasks_of_worker(const Graph& graph, const Plan& plan, WorkerId worker) {
  std::vector<TaskId> tasks;
  for (std::uint32_t i = 0; i < graph.task_count(); ++i) {
    const TaskId id{i};
    const Task& task = graph.task(id);
    const WorkerId placed = plan.placements[i].worker;
    if (placed == worker || placed == flexible_worker || task.scope != 0 ||
        task.kind == TaskKind::map) {
      tasks.push_back(id);
    }
  }
  return tasks;
}

std::vector<std::uint32_t> constants_of(const Graph& graph, std::span<const TaskId> tasks) {
  std::vector<std::uint32_t> constants;
  for (const TaskId task : tasks) {
    for (const ArgNode& node : graph.arguments(task)) {
      if (node.kind == ArgKind::constant) constants.push_back(node.value);
    }
  }
  std::ranges::sort(constants);
  const auto repeated = std::ranges::unique(constants);
  constants.erase(repeated.begin(), repeated.end());
  return constants;
}

GraphParts parts_of(const EncodedGraph& encoded) {
  GraphParts parts{.header = encoded.header, .tasks = {}, .constants = {}};
  parts.tasks.reserve(encoded.tasks.size());
  for (const Blob& record : encoded.tasks) {
    parts.tasks.emplace_back(static_cast<std::uint32_t>(parts.tasks.size()), record);
  }
  parts.constants.reserve(encoded.constants.size());
  for (const Blob& constant : encoded.constants) {
    parts.constants.emplace_back(static_cast<std::uint32_t>(parts.constants.size()), constant);
  }
  return parts;
}

GraphParts parts_of(const EncodedGraph& encoded, std::span<const TaskId> tasks,
                    std::span<const std::uint32_t> constants) {
  GraphParts parts{.header = encoded.header, .tasks = {}, .constants = {}};
  parts.tasks.reserve(tasks.size());
  for (const TaskId task : tasks) parts.tasks.emplace_back(task, encoded.tasks[task.number()]);
  parts.constants.reserve(constants.size());
  for (const std::uint32_t index : constants) {
    parts.constants.emplace_back(index, encoded.constants[index]);
  }
  return parts;
}

Blob pack_slice(const GraphParts& parts) {
  const std::size_t table =
    slice_preface_size + slice_entry_size * (parts.tasks.size() + parts.constants.size());
  Blob packed;
  packed.reserve(table + parts.header.size() + bytes_of_parts(parts.tasks) +
                 bytes_of_parts(parts.constants));
  packed.resize(table);
  put_u32(packed.data(), packed_parts);
  put_u32(packed.data() + 4, static_cast<std::uint32_t>(parts.tasks.size()));
  put_u32(packed.data() + 8, static_cast<std::uint32_t>(parts.constants.size()));
  put_u64(packed.data() + 12, parts.header.size());
  put_part_entries(put_part_entries(packed.data() + slice_preface_size, parts.tasks),
                   parts.constants);
  packed += parts.header;
  for (const auto& task : parts.tasks) packed += task.second;
  for (const auto& constant : parts.constants) packed += constant.second;
  return packed;
}

Result<GraphParts> unpack_slice(std::string_view bytes, const GraphLimits& limits) {
  if (bytes.size() < slice_preface_size) return damaged_slice("they are cut short");
  if (get_u32(bytes.data()) != packed_parts) return damaged_slice("they do not begin as such");
  const std::uint32_t tasks = get_u32(bytes.data() + 4);
  const std::uint32_t constants = get_u32(bytes.data() + 8);
  const std::uint64_t header = get_u64(bytes.data() + 12);
  if (tasks > limits.tasks || constants > limits.constants || header > limits.header_bytes) {
    return Error{.code = Errc::limit_exceeded,
                 .message = fmt::format("the packed parts of a graph: {} tasks, {} constants and a "
                                        "header of {} bytes are more than is allowed",
                                        tasks, constants, header),
                 .hint = fmt::format("the limits are {}, {} and {}", limits.tasks, limits.constants,
                                     limits.header_bytes)};
  }
  const std::size_t table =
    slice_preface_size + slice_entry_size * (std::size_t{tasks} + constants);
  if (table > bytes.size()) return damaged_slice("they have fewer bytes than parts");

  GraphParts parts;
  PartCutter cutter{bytes.substr(table)};
  const char* const entries = bytes.data() + slice_preface_size;
  const auto found = cutter.cut(header);
  if (!found || !cutter.cut_all(entries, tasks, parts.tasks) ||
      !cutter.cut_all(entries + slice_entry_size * tasks, constants, parts.constants)) {
    return damaged_slice("they are cut short");
  }
  if (!cutter.done()) return damaged_slice("bytes follow them");
  parts.header = *found;
  return parts;
}

}  // namespace weft
