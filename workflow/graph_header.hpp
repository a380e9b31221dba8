#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "weft/workflow/graph_codec.hpp"

namespace weft {

/// Nesting in a header: more than the parameters of an optimization lie deep.
inline constexpr std::size_t max_header_depth = 16;

/// Options as a row without the names of their fields, since there may be as many as tasks.
struct OptionsRow {
  TaskOptions options;

  /// Bound to all members: one that is added does not compile until it has its place here.
  static auto fields_of(TaskOptions& options) {
    auto& [worker, worker_class, retries, timeout, optimizations, io_relation, purity, keep_output,
           expected_time, expected_output, max_items] = options;
    return msgpack::type::make_define_array(worker, worker_class, retries, timeout, optimizations,
                                            io_relation, purity, keep_output, expected_time,
                                            expected_output, max_items);
  }

  template <class Packer>
  void msgpack_pack(Packer& packer) const {
    // Packing changes nothing, but what lists the fields serves unpacking, too.
    fields_of(const_cast<TaskOptions&>(options)).msgpack_pack(packer);
  }
  void msgpack_unpack(const msgpack::object& row) { fields_of(options).msgpack_unpack(row); }
};

/// Appends a piece to bytes that hold many of them, one behind the other. A list of the codec would
/// be read as so many objects, and all at once.
void append_piece(Blob& pieces, std::string_view piece);

/// The pieces that were appended. Points into `pieces`. Nothing when these end amid one.
[[nodiscard]] std::optional<std::vector<std::string_view>> split_pieces(std::string_view pieces);

/// A piece that names a task.
[[nodiscard]] Blob name_piece(std::uint32_t task, std::string_view name);

using NamedTask = std::pair<std::uint32_t, std::string_view>;

/// The tasks and names of the pieces. Points into `names`. Nothing when these are cut short.
[[nodiscard]] std::optional<std::vector<NamedTask>> split_names(std::string_view names);

/// What an encoded graph says of more than one task. Plain data, walked by the codec.
struct GraphHeader {
  static constexpr std::uint32_t known_format = 1;

  using OuterInputs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;  ///< Task, uses.
  /// Parent, map, templates, outer inputs.
  using ScopeRow =
    std::tuple<std::uint32_t, std::uint32_t, std::vector<std::uint32_t>, OuterInputs>;

  std::uint32_t format = known_format;
  std::string name;
  Requirements requirements;
  std::uint32_t tasks = 0;
  std::uint32_t constants = 0;
  bool ascending = false;              ///< The numbers of the tasks are a topological order.
  std::vector<std::string> functions;  ///< `name@version`; empty where no task calls it.
  Blob options;                        ///< An `OptionsRow` in each piece; the first has none set.
  std::vector<ScopeRow> scopes;        ///< From scope 1 on.
  Blob names;                          ///< That the user gave: a `name_piece` each, by task.
  std::vector<std::uint32_t> read_inside_maps;  ///< Tasks, in order.
  std::string planner;
  std::vector<PlannedWorker> workers;
  std::vector<OptimizationChoice> choices;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> optimizations;  ///< Task, choice; by task.

  template <class Inspector>
  friend bool inspect(Inspector& f, GraphHeader& x) {
    return f.object(x).fields(
      f.field("format", x.format), f.field("name", x.name), f.field("requirements", x.requirements),
      f.field("tasks", x.tasks), f.field("constants", x.constants),
      f.field("ascending", x.ascending), f.field("functions", x.functions),
      f.field("options", x.options), f.field("scopes", x.scopes), f.field("names", x.names),
      f.field("read_inside_maps", x.read_inside_maps), f.field("planner", x.planner),
      f.field("workers", x.workers), f.field("choices", x.choices),
      f.field("optimizations", x.optimizations));
  }
};

/// A header, and the place of each task's options among those of the header.
struct StatedHeader {
  GraphHeader header;
  std::vector<std::uint32_t> options;
};

/// What the header of a graph and its plan says.
[[nodiscard]] StatedHeader header_of(const Graph& graph, const Plan& plan);

/// Whether a header keeps to the limits, and the workers and optimizations of its plan are in
/// order. Fails with `decode_failed` or `limit_exceeded`.
[[nodiscard]] Result<void> check_header_of_plan(const GraphHeader& header,
                                                const GraphLimits& limits);

/// What is wrong with a header in itself, if something is. That its scopes fit together, what
/// options say, and what the records of tasks refer to, is for others to check.
/// Fails with `decode_failed` or `limit_exceeded`.
[[nodiscard]] Result<void> check_graph_header(const GraphHeader& header, const GraphLimits& limits);

/// Reads a header and checks it. Fails with `decode_failed` or `limit_exceeded`.
[[nodiscard]] Result<GraphHeader> read_graph_header(std::string_view bytes,
                                                    const GraphLimits& limits);

}  // namespace weft
