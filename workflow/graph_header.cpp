#include "weft/workflow/graph_header.hpp"

#include <algorithm>
#include <functional>
#include <unordered_map>

#include "weft/workflow/little_endian.hpp"

namespace weft {

namespace {

/// Numbers what has been encoded so that each is there once, however many ask for it. After so many
/// that all seem to differ, equal ones are not looked for any more: that costs more than it saves.
class DistinctEncodings {
public:
  /// The number of an object, and whether it is a new one: the next.
  template <class T>
  std::pair<std::uint32_t, bool> number_of(const T& object) {
    encoding_.clear();
    encode(object, encoding_);
    if (const auto known = numbers_.find(encoding_); known != numbers_.end()) {
      return {known->second, false};
    }
    if (numbers_.size() < max_compared) numbers_.emplace(encoding_, next_);
    return {next_++, true};
  }

  /// Of the last object.
  [[nodiscard]] const Blob& encoding() const { return encoding_; }

private:
  static constexpr std::size_t max_compared = 4096;

  std::unordered_map<Blob, std::uint32_t> numbers_;
  std::uint32_t next_ = 0;
  Blob encoding_;
};

/// Makes the header of one graph.
class HeaderMaker {
public:
  HeaderMaker(const Graph& graph, const Plan& plan) : graph_(graph), plan_(plan) {}

  StatedHeader make() && {
    header_.name = graph_.name();
    header_.requirements = graph_.requirements();
    header_.tasks = graph_.task_count();
    header_.constants = static_cast<std::uint32_t>(graph_.constants().size());
    header_.ascending = ascending();
    add_options();
    add_functions();
    add_scopes();
    add_names();
    add_plan();
    return std::move(made_);
  }

private:
  /// Whether no task precedes one of a smaller number, inside of maps or out. Then nobody needs to
  /// sort them; otherwise the order is that of `topological_order`, as when the graph was frozen.
  [[nodiscard]] bool ascending() const {
    const auto& order = graph_.topological_order();
    if (std::adjacent_find(order.begin(), order.end(), std::greater<>{}) != order.end())
      return false;
    for (std::uint32_t i = 0; i < graph_.task_count(); ++i) {
      for (const Dependency& one : graph_.dependencies(TaskId{i})) {
        if (one.kind != DependencyKind::item && one.task.number() >= i) return false;
      }
    }
    return true;
  }

  void add_options() {
    constexpr std::uint32_t unknown = 0xffff'ffff;
    DistinctEncodings distinct;
    const auto number_of = [&](const TaskOptions& options) {
      const auto [number, fresh] = distinct.number_of(OptionsRow{options});
      if (fresh) append_piece(header_.options, distinct.encoding());
      return number;
    };
    number_of({});
    std::vector<std::uint32_t> numbers;  // Of the graph's options, by their index.
    made_.options.reserve(graph_.task_count());
    for (std::uint32_t i = 0; i < graph_.task_count(); ++i) {
      const std::uint32_t index = graph_.task(TaskId{i}).options;
      if (index >= numbers.size()) numbers.resize(index + 1, unknown);
      if (numbers[index] == unknown) numbers[index] = number_of(graph_.options(TaskId{i}));
      made_.options.push_back(numbers[index]);
    }
  }

  void add_functions() {
    for (std::uint32_t i = 0; i < graph_.task_count(); ++i) {
      const Task& task = graph_.task(TaskId{i});
      if (task.function >= header_.functions.size()) header_.functions.resize(task.function + 1);
      std::string& name = header_.functions[task.function];
      if (task.kind == TaskKind::function && name.empty()) {
        name = to_string(graph_.function(TaskId{i}).name());
      }
    }
  }

  void add_scopes() {
    for (std::uint32_t i = 1; i < graph_.scope_count(); ++i) {
      const Scope& scope = graph_.scope(i);
      std::vector<std::uint32_t> templates;
      templates.reserve(scope.templates.size());
      for (const TaskId task : scope.templates) templates.push_back(task.number());
      GraphHeader::OuterInputs inputs;
      inputs.reserve(scope.outer_inputs.size());
      for (const auto& input : scope.outer_inputs) {
        inputs.emplace_back(input.task.number(), input.uses);
      }
      header_.scopes.emplace_back(scope.parent, scope.map.number(), std::move(templates),
                                  std::move(inputs));
    }
  }

  void add_names() {
    for (std::uint32_t i = 0; i < graph_.task_count(); ++i) {
      if (graph_.named(TaskId{i})) {
        append_piece(header_.names, name_piece(i, graph_.task_name(TaskId{i})));
      }
      if (graph_.read_inside_maps(TaskId{i})) header_.read_inside_maps.push_back(i);
    }
  }

  void add_plan() {
    header_.planner = plan_.planner;
    header_.workers = plan_.workers;
    DistinctEncodings distinct;
    for (const PlannedOptimization& one : plan_.optimizations) {
      const auto [number, fresh] = distinct.number_of(one.choice);
      if (fresh) header_.choices.push_back(one.choice);
      header_.optimizations.emplace_back(one.task.number(), number);
    }
  }

  const Graph& graph_;
  const Plan& plan_;
  StatedHeader made_;
  GraphHeader& header_ = made_.header;
};

/// What headers of all formats say.
struct StatedFormat {
  std::uint32_t format = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, StatedFormat& x) {
    return f.object(x).fields(f.field("format", x.format));
  }
};

}  // namespace

void append_piece(Blob& pieces, std::string_view piece) {
  char size[4];
  put_u32(size, static_cast<std::uint32_t>(piece.size()));
  pieces.append(size, sizeof size).append(piece);
}

std::optional<std::vector<std::string_view>> split_pieces(std::string_view pieces) {
  std::vector<std::string_view> all;
  while (!pieces.empty()) {
    if (pieces.size() < 4) return std::nullopt;
    const std::size_t size = get_u32(pieces.data());
    pieces.remove_prefix(4);
    if (size > pieces.size()) return std::nullopt;
    all.push_back(pieces.substr(0, size));
    pieces.remove_prefix(size);
  }
  return all;
}

Blob name_piece(std::uint32_t task, std::string_view name) {
  Blob piece(4, '\0');
  put_u32(piece.data(), task);
  return piece.append(name);
}

std::optional<std::vector<NamedTask>> split_names(std::string_view names) {
  const auto pieces = split_pieces(names);
  if (!pieces) return std::nullopt;
  std::vector<NamedTask> all;
  all.reserve(pieces->size());
  for (const std::string_view piece : *pieces) {
    if (piece.size() < 4) return std::nullopt;
    all.emplace_back(get_u32(piece.data()), piece.substr(4));
  }
  return all;
}

StatedHeader header_of(const Graph& graph, const Plan& plan) {
  return HeaderMaker{graph, plan}.make();
}

Result<GraphHeader> read_graph_header(std::string_view bytes, const GraphLimits& limits) {
  if (bytes.size() > limits.header_bytes) {
    return Error{.code = Errc::limit_exceeded,
                 .message = "it has " + std::to_string(bytes.size()) + " bytes; the limit is " +
                            std::to_string(limits.header_bytes)};
  }
  auto header = decode<GraphHeader>(bytes, {.depth = max_header_depth});
  if (!header) {
    // That of another format may have other fields; its format is the better reason then.
    const auto stated = decode<StatedFormat>(bytes, {.depth = max_header_depth});
    if (!stated || stated->format == GraphHeader::known_format) return std::move(header).error();
    header = GraphHeader{.format = stated->format};
  }
  if (auto done = check_graph_header(*header, limits); !done) return done.error();
  return header;
}

}  // namespace weft
