#include "weft/workflow/graph_decoder.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "weft/workflow/function_stand_ins.hpp"

namespace weft {

namespace {

constexpr std::uint32_t unread = 0xffff'ffff;

Error damaged_part(std::string message) {
  return {.code = Errc::decode_failed, .message = std::move(message)};
}

/// Says that one part is not among as many as there should be, or there already.
Error misplaced_part(std::string_view part, std::uint32_t number, std::size_t count) {
  if (number < count) return damaged_part(fmt::format("{} {} is there twice", part, number));
  return damaged_part(fmt::format("{} {} is beyond the {} of the graph", part, number, count));
}

}  // namespace

Result<DecodedGraph> decode_graph(const GraphParts& parts, const Registry& registry,
                                  const GraphLimits& limits) {
  auto decoded = GraphCodec{parts, registry, limits}.decode();
  if (decoded) return decoded;
  Error error = with_context("the encoding of a graph", std::move(decoded).error());
  error.hint = error.code == Errc::limit_exceeded
                 ? "raise the limit, or split the workflow"
                 : "the bytes were cut or changed, or another version of weft has written them";
  return error;
}

Result<DecodedGraph> GraphCodec::decode() {
  using Step = Result<void> (GraphCodec::*)();
  for (const Step step :
       {&GraphCodec::read_header, &GraphCodec::split_options, &GraphCodec::lay_out_scopes,
        &GraphCodec::check_scopes, &GraphCodec::read_constants, &GraphCodec::read_tasks,
        &GraphCodec::check_presence, &GraphCodec::check_edges, &GraphCodec::sort}) {
    if (auto done = (this->*step)(); !done) return done.error();
  }
  resolve_functions();
  return DecodedGraph{.graph = std::move(graph_),
                      .plan = std::make_shared<const Plan>(std::move(plan_))};
}

// -- header ---------------------------------------------------------------------------------------

Result<void> GraphCodec::read_header() {
  auto header = read_graph_header(parts_.header, limits_);
  if (!header) return with_context("the header", std::move(header).error());
  header_ = std::move(*header);
  graph_->name_ = std::move(header_.name);
  graph_->requirements_ = std::move(header_.requirements);
  const auto names = *split_names(header_.names);
  graph_->names_.reserve(names.size());
  for (const auto& [task, name] : names) graph_->names_.emplace(task, name);
  graph_->tasks_.resize(header_.tasks + std::size_t{1});
  graph_->pending_.resize(header_.tasks);
  graph_->readers_.resize(header_.tasks);
  present_.resize(header_.tasks);
  plan_.planner = std::move(header_.planner);
  plan_.workers = std::move(header_.workers);
  plan_.placements.resize(header_.tasks, Placement{.worker = flexible_worker});
  plan_.optimizations.reserve(header_.optimizations.size());
  for (const auto& [task, choice] : header_.optimizations) {
    plan_.optimizations.push_back({.task = TaskId{task}, .choice = header_.choices[choice]});
  }
  return {};
}

// -- options --------------------------------------------------------------------------------------

/// Those of tasks that have none come first; the slice reads of the others what it needs.
Result<void> GraphCodec::split_options() {
  auto rows = split_pieces(header_.options);
  if (!rows) return damaged_part("the options are cut short");
  if (rows->size() > header_.tasks + std::size_t{1}) {
    return damaged_part("there are more options than tasks");
  }
  option_rows_ = std::move(*rows);
  option_places_.assign(option_rows_.size(), unread);
  if (option_rows_.empty())
    return damaged_part("the options of tasks that have none are not there");
  if (auto none = read_options(0); !none) return none.error();
  if (graph_->options_.front() == TaskOptions{}) return {};
  return damaged_part("the options of tasks that have none say something");
}

/// The place among the graph's options of those with a number in the header.
Result<std::uint32_t> GraphCodec::read_options(std::uint32_t number) {
  if (number >= option_rows_.size()) {
    return damaged_part(fmt::format("it has the unknown options {}", number));
  }
  if (option_places_[number] != unread) return option_places_[number];
  auto row = weft::decode<OptionsRow>(option_rows_[number], {.depth = max_header_depth});
  if (!row) return with_context(fmt::format("options {}", number), std::move(row).error());
  if (auto found = problems(row->options); !found.empty()) {
    Error error = damaged_part(fmt::format("options {} are out of range", number));
    error.causes = std::move(found);
    return error;
  }
  option_places_[number] = static_cast<std::uint32_t>(graph_->options_.size());
  graph_->options_.push_back(std::move(row->options));
  return option_places_[number];
}

// -- scopes ---------------------------------------------------------------------------------------

Result<void> GraphCodec::lay_out_scopes() {
  graph_->scopes_.resize(header_.scopes.size() + 1);
  if (header_.scopes.empty()) return {};
  graph_->positions_.resize(header_.tasks);
  std::iota(graph_->positions_.begin(), graph_->positions_.end(), 0u);
  graph_->read_inside_maps_.resize(header_.tasks);
  for (const std::uint32_t task : header_.read_inside_maps) graph_->read_inside_maps_[task] = true;
  std::vector<std::uint32_t> parents(graph_->scopes_.size());
  for (std::uint32_t i = 1; i < parents.size(); ++i) {
    parents[i] = std::get<0>(header_.scopes[i - 1]);
    if (auto done = lay_out_scope(i, std::move(header_.scopes[i - 1])); !done) {
      return with_context(fmt::format("scope {}", i), done.error());
    }
  }
  scopes_ = ScopeTree{parents};
  return {};
}

/// Takes one scope, and notes at its map and its tasks where they stand.
Result<void> GraphCodec::lay_out_scope(std::uint32_t index, GraphHeader::ScopeRow row) {
  auto& [parent, map, templates, outer_inputs] = row;
  const std::uint32_t count = graph_->task_count();
  if (parent >= index)
    return damaged_part(fmt::format("it stands before the scope {} around it", parent));
  if (map >= count || graph_->tasks_[map].body != 0) return misplaced_part("map", map, count);
  if (templates.empty()) return damaged_part("it has no tasks");
  graph_->tasks_[map].kind = TaskKind::map;
  graph_->tasks_[map].body = index;
  Scope& scope = graph_->scopes_[index];
  scope.parent = parent;
  scope.map = TaskId{map};
  scope.templates.reserve(templates.size());
  for (const std::uint32_t task : templates) {
    if (task >= count || graph_->tasks_[task].scope != 0)
      return misplaced_part("task", task, count);
    graph_->tasks_[task].scope = index;
    graph_->positions_[task] = static_cast<std::uint32_t>(scope.templates.size());
    scope.templates.emplace_back(task);
  }
  scope.outer_inputs.reserve(outer_inputs.size());
  for (const auto& [task, uses] : outer_inputs) {
    if (task >= count) return misplaced_part("outer input", task, count);
    scope.outer_inputs.push_back({.task = TaskId{task}, .uses = uses});
  }
  return {};
}

/// Whether maps stand in the scopes around theirs, and take what is around them.
Result<void> GraphCodec::check_scopes() {
  for (std::uint32_t i = 1; i < graph_->scope_count(); ++i) {
    const Scope& scope = graph_->scopes_[i];
    if (graph_->task(scope.map).scope != scope.parent) {
      return damaged_part(fmt::format("the map of scope {} is not in scope {}", i, scope.parent));
    }
    for (const auto& input : scope.outer_inputs) {
      if (!scopes_.encloses(graph_->task(input.task).scope, scope.parent)) {
        return damaged_part(
          fmt::format("outer input {} of scope {} is not around it", input.task.number(), i));
      }
    }
  }
  return {};
}

// -- constants ------------------------------------------------------------------------------------

Result<void> GraphCodec::read_constants() {
  auto& constants = graph_->constants_;
  constants.resize(header_.constants);
  for (const auto& [index, bytes] : parts_.constants) {
    if (index >= constants.size() || !constants[index].missing()) {
      return misplaced_part("constant", index, constants.size());
    }
    if (bytes.empty()) return damaged_part(fmt::format("constant {} is empty", index));
    constants[index] = Value::encoded(Blob(bytes));
  }
  return {};
}

// -- tasks ----------------------------------------------------------------------------------------

Result<void> GraphCodec::read_tasks() {
  auto by_number = parts_.tasks;
  const auto number = [](const auto& part) { return part.first; };
  if (!std::ranges::is_sorted(by_number, {}, number)) std::ranges::sort(by_number, {}, number);
  graph_->children_.reserve(by_number.size());
  graph_->dependencies_.reserve(by_number.size());
  graph_->arguments_.reserve(by_number.size());
  auto next = by_number.begin();
  for (std::uint32_t i = 0; i < graph_->task_count(); ++i) {
    if (next != by_number.end() && next->first == TaskId{i}) {
      if (auto done = read_task(TaskId{i}, next->second); !done) {
        return with_context(fmt::format("the record of task {}", i), done.error());
      }
      ++next;
    }
    Task& after = graph_->tasks_[i + 1];
    after.arguments = static_cast<std::uint32_t>(graph_->arguments_.size());
    after.dependencies = static_cast<std::uint32_t>(graph_->dependencies_.size());
    after.children = static_cast<std::uint32_t>(graph_->children_.size());
  }
  if (next == by_number.end()) return {};
  return misplaced_part("the record of task", next->first.number(), graph_->task_count());
}

Result<void> GraphCodec::read_task(TaskId id, std::string_view bytes) {
  const auto record = TaskRecord::open(bytes);
  if (!record) return record.error();
  if (auto problem = record_problem(id, *record)) return damaged_part(std::move(*problem));
  const auto options = read_options(record->options());
  if (!options) return options.error();
  Task& task = graph_->tasks_[id.number()];
  task.function = record->function();
  task.options = *options;
  graph_->pending_[id.number()] = record->pending();
  graph_->readers_[id.number()] = record->readers();
  plan_.placements[id.number()] = record->placement();
  present_[id.number()] = true;
  append_lists(*record);
  constexpr std::size_t most = std::numeric_limits<std::uint32_t>::max();
  if (std::max({graph_->children_.size(), graph_->dependencies_.size(),
                graph_->arguments_.size()}) <= most) {
    return {};
  }
  return Error{.code = Errc::limit_exceeded,
               .message = fmt::format("more than {} edges or arguments up to here", most)};
}

/// What its numbers have in them that does not fit what the header says, if anything.
std::optional<std::string> GraphCodec::record_problem(TaskId id, const TaskRecord& record) const {
  const Task& task = graph_->task(id);
  if (record.kind() != task.kind || record.body() != task.body) {
    return task.kind == TaskKind::map ? "it is a map, but not here" : "it is a map only here";
  }
  if (record.scope() != task.scope || record.position() != graph_->position(id)) {
    return fmt::format("it stands at {} of scope {}; its scope has it at {} of {}",
                       record.position(), record.scope(), graph_->position(id), task.scope);
  }
  const std::uint32_t function = record.function();
  const bool called = task.kind == TaskKind::function;
  if (function >= header_.functions.size() || (called && header_.functions[function].empty())) {
    return fmt::format("it calls the unknown function {}", function);
  }
  return placement_problem(record.placement(), plan_.workers.size());
}

void GraphCodec::append_lists(const TaskRecord& record) {
  for (std::uint32_t i = 0; i < record.child_count(); ++i) {
    graph_->children_.push_back(record.child(i));
  }
  for (std::uint32_t i = 0; i < record.dependency_count(); ++i) {
    graph_->dependencies_.push_back(record.dependency(i));
  }
  for (std::uint32_t i = 0; i < record.argument_count(); ++i) {
    graph_->arguments_.push_back(record.argument(i));
  }
}

/// Rows are made of templates: whoever runs any of them needs all.
Result<void> GraphCodec::check_presence() {
  for (std::uint32_t i = 1; i < graph_->scope_count(); ++i) {
    const Scope& scope = graph_->scopes_[i];
    const auto absent = [this](TaskId task) { return !present_[task.number()]; };
    const auto lacking = std::ranges::find_if(scope.templates, absent);
    if (lacking == scope.templates.end() && !absent(scope.map)) continue;
    const TaskId task = absent(scope.map) ? scope.map : *lacking;
    return damaged_part(
      fmt::format("task {}, which is part of a map, is not there", task.number()));
  }
  return {};
}

// -- functions ------------------------------------------------------------------------------------

/// Finds the functions that are called here. The others stay empty, as those that no task calls do
/// when a workflow is frozen.
void GraphCodec::resolve_functions() {
  auto& functions = graph_->functions_;
  functions.resize(header_.functions.size());
  const auto known = registry_.names();
  for (std::uint32_t i = 0; i < graph_->task_count(); ++i) {
    Task& task = graph_->tasks_[i];
    if (!present_[i]) task.function = static_cast<std::uint32_t>(header_.functions.size());
    if (!present_[i] || task.kind == TaskKind::map || functions[task.function]) continue;
    FunctionName name = *parse_function_name(header_.functions[task.function]);
    if (std::ranges::binary_search(known, name)) {
      functions[task.function] = *registry_.find(name);
    } else {
      functions[task.function] = std::make_shared<MissingFunction>(std::move(name));
    }
  }
  if (!whole()) functions.push_back(std::make_shared<AbsentFunction>());
}

}  // namespace weft
