#include "weft/workflow/workflow.hpp"

#include <atomic>

#include "weft/workflow/graph_builder.hpp"

namespace weft {

namespace {

std::uint64_t next_tag() {
  static std::atomic<std::uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

Workflow::Workflow(std::string name) : name_(std::move(name)), tag_(next_tag()) {
  if (auto parsed = parse_function_name(name_); !parsed || name_.find('@') != std::string::npos) {
    problems_.push_back(
      {.error = {.code = Errc::invalid_argument,
                 .message = in_quotes(name_) + " cannot be the name of a workflow",
                 .hint = "use 1 to 128 letters, digits, '_', '.' or '-'"}});
  }
}

void Workflow::reserve(std::size_t tasks) {
  tasks_.reserve(tasks);
  seen_by_.reserve(tasks);
  seen_slot_.reserve(tasks);
  arguments_.reserve(2 * tasks);
  dependencies_.reserve(2 * tasks);
}

// -- adding tasks ---------------------------------------------------------------------------------

TaskId Workflow::begin_task(const std::shared_ptr<const FunctionDefinition>& definition) {
  const auto [entry, fresh] =
    function_index_.try_emplace(definition, static_cast<std::uint32_t>(functions_.size()));
  if (fresh) entry->second = intern(definition->name());
  return begin(entry->second);
}

TaskId Workflow::begin_named_task(const FunctionName& function) {
  return begin(intern(function));
}

TaskId Workflow::begin(std::uint32_t function) {
  const TaskId id{task_count()};
  tasks_.push_back({.function = function,
                    .scope = scope_,
                    .arguments = static_cast<std::uint32_t>(arguments_.size()),
                    .dependencies = static_cast<std::uint32_t>(dependencies_.size())});
  if (scope_ != 0) scopes_[scope_].templates.push_back(id);
  seen_by_.push_back(0xffff'ffff);  // No task has asked for it yet.
  seen_slot_.push_back(0);
  return id;
}

std::uint32_t Workflow::intern(const FunctionName& name) {
  const auto [entry, fresh] =
    function_names_.try_emplace(name, static_cast<std::uint32_t>(functions_.size()));
  if (fresh) functions_.push_back(name);
  return entry->second;
}

TaskId Workflow::begin_map(const AnyFuture& list) {
  const auto body = static_cast<std::uint32_t>(scopes_.size());
  const TaskId id = begin_named_task({.name = "weft.map"});
  tasks_.back().kind = TaskKind::map;
  tasks_.back().body = body;
  scopes_.push_back({.parent = scope_, .map = id});
  append_future(list);
  return id;
}

TaskId Workflow::add(TaskSpec spec) {
  const TaskId id = begin_named_task(spec.function);
  named_slots_.clear();
  for (const ArgumentSpec& argument : spec.arguments) append_spec(argument);
  for (std::string& task : spec.after) named_order_.emplace_back(id, std::move(task));
  names_.emplace_back(id, std::move(spec.name));
  if (spec.options != TaskOptions{}) options_[id] = std::move(spec.options);
  return id;
}

AnyFuture Workflow::collect(const AnyFuture& mapped) {
  const TaskId id = begin_named_task(*parse_function_name(collect_function));
  append_future(mapped);
  return {tag_, id, AnyFuture::Kind::output};
}

AnyFuture Workflow::keep_flagged(const AnyFuture& list, const AnyFuture& flags) {
  const TaskId id = begin_named_task(*parse_function_name(filter_function));
  append_future(list);
  append_future(flags);
  return {tag_, id, AnyFuture::Kind::output};
}

/// What the body of a map returns is the output of one of its own tasks. Anything else is a
/// problem, and a task stands in for it, so that what follows is not taken for further problems.
AnyFuture Workflow::checked_body(TaskId map, const AnyFuture& output) {
  const bool own = owns(output) && output.kind() == AnyFuture::Kind::output &&
                   tasks_[output.task().number()].scope == tasks_[map.number()].body;
  if (own) return output;
  const bool element = output.workflow() == tag_ && output.kind() == AnyFuture::Kind::item;
  problems_.push_back(
    {.task = map,
     .error = {.code = Errc::invalid_workflow,
               .message = element ? "the body of the map returns an element as it is"
                                  : "the body of the map returns what it did not make",
               .hint = "return the future of a task that the body adds"}});
  return {tag_, begin_named_task(*parse_function_name(collect_function)), AnyFuture::Kind::output};
}

// -- arguments ------------------------------------------------------------------------------------

void Workflow::append_node(ArgKind kind, std::size_t value) {
  arguments_.push_back({kind, static_cast<std::uint32_t>(value)});
}

void Workflow::append_constant(Value value) {
  append_node(ArgKind::constant, constants_.size());
  constants_.push_back(std::move(value));
}

void Workflow::append_future(const AnyFuture& future) {
  const TaskId task = future.task();
  const TaskId asking{task_count() - 1};
  // A copy of this workflow may have made the future since; then the numbers alone can tell.
  if (!owns(future) || task >= asking) {
    problems_.push_back({.task = asking,
                         .error = {.code = Errc::invalid_workflow,
                                   .message = "takes a future of another workflow",
                                   .hint = "pass futures that this workflow has returned"}});
    return;
  }
  switch (future.kind()) {
    case AnyFuture::Kind::output:
      append_node(ArgKind::input, slot_of(task, DependencyKind::output));
      return;
    case AnyFuture::Kind::item:
      append_node(ArgKind::input, slot_of(task, DependencyKind::item));
      return;
    case AnyFuture::Kind::mapped:
      append_node(ArgKind::gather, slot_of(task, DependencyKind::gather));
      return;
  }
}

void Workflow::append_spec(const ArgumentSpec& spec) {
  if (const auto* constant = std::get_if<Value>(&spec.node)) {
    append_constant(*constant);
  } else if (const auto* output = std::get_if<ArgumentSpec::Output>(&spec.node)) {
    const auto next = static_cast<std::uint32_t>(dependencies_.size());
    const auto [known, fresh] =
      named_slots_.try_emplace(output->task, next - tasks_.back().dependencies);
    append_node(ArgKind::input, known->second);
    if (!fresh) return;
    dependencies_.push_back({});
    named_dependencies_.push_back({.slot = next, .task = output->task});
  } else if (const auto* future = std::get_if<AnyFuture>(&spec.node)) {
    append_future(*future);
  } else if (const auto* list = std::get_if<ArgumentSpec::List>(&spec.node)) {
    append_node(ArgKind::list, list->size());
    for (const ArgumentSpec& item : *list) append_spec(item);
  } else {
    const auto& map = std::get<ArgumentSpec::Map>(spec.node);
    append_node(ArgKind::map, map.size());
    for (const auto& [key, value] : map) {
      append_constant(Value::of(key));
      append_spec(value);
    }
  }
}

std::uint32_t Workflow::slot_of(TaskId task, DependencyKind kind) {
  const std::uint32_t asking = task_count() - 1;
  const std::uint32_t first = tasks_.back().dependencies;
  std::uint32_t& seen_by = seen_by_[task.number()];
  std::uint32_t& slot = seen_slot_[task.number()];
  // A task may ask for one template as itself and as all elements; one of the two is a problem.
  if (seen_by != asking || dependencies_[first + slot].kind != kind) {
    seen_by = asking;
    slot = static_cast<std::uint32_t>(dependencies_.size()) - first;
    dependencies_.push_back({task, kind});
  }
  return slot;
}

// -- what the user fixes --------------------------------------------------------------------------

bool Workflow::owns(const AnyFuture& future) const {
  return future.workflow() == tag_ && future.task().number() < task_count();
}

/// Notes a problem unless the future is one of this workflow.
bool Workflow::check_owned(std::string_view use, const AnyFuture& future) {
  if (owns(future)) return true;
  problems_.push_back(
    {.error = {.code = Errc::invalid_workflow,
               .message = std::string(use) + " is given a future of another workflow",
               .hint = "pass futures that this workflow has returned"}});
  return false;
}

TaskOptions& Workflow::stray_options() {
  return stray_options_ = {};
}

TaskOptions& Workflow::options(const AnyFuture& future) {
  return check_owned("options()", future) ? options_[future.task()] : stray_options();
}

TaskOptions& Workflow::map_options(const AnyFuture& each) {
  if (!check_owned("map_options()", each)) return stray_options();
  const std::uint32_t scope = tasks_[each.task().number()].scope;
  if (each.kind() == AnyFuture::Kind::mapped && scope != 0) return options_[scopes_[scope].map];
  problems_.push_back({.task = each.task(),
                       .error = {.code = Errc::invalid_workflow,
                                 .message = "map_options() is given something else than elements",
                                 .hint = "pass what map() or for_each() has returned"}});
  return stray_options();
}

void Workflow::name(const AnyFuture& future, std::string task_name) {
  if (check_owned("name()", future)) names_.emplace_back(future.task(), std::move(task_name));
}

void Workflow::after(const AnyFuture& later, const AnyFuture& earlier) {
  if (!check_owned("after()", later) || !check_owned("after()", earlier)) return;
  if (later.kind() == AnyFuture::Kind::item) {
    problems_.push_back(
      {.task = later.task(),
       .error = {.code = Errc::invalid_workflow,
                 .message = "after() is given an element of the map to start later",
                 .hint = "pass the future of a task that takes the element"}});
  } else if (earlier.kind() != AnyFuture::Kind::item) {
    order_.emplace_back(later.task(), earlier.task());
  } else if (!inside(tasks_[later.task().number()].scope, earlier.task())) {
    problems_.push_back({.task = later.task(),
                         .error = {.code = Errc::invalid_workflow,
                                   .message = "runs after an element outside of its map",
                                   .hint = "gather what the map makes of its elements first"}});
  }
  // A task inside the map is not there before its element.
}

/// Whether a scope is the one that `map` expands, or inside it.
bool Workflow::inside(std::uint32_t scope, TaskId map) const {
  const std::uint32_t body = tasks_[map.number()].body;
  while (scope > body) scope = scopes_[scope].parent;  // Parents come first.
  return scope == body;
}

Result<GraphPtr> Workflow::freeze(const Registry& registry) const& {
  return GraphBuilder{Workflow{*this}, registry}.build();
}

Result<GraphPtr> Workflow::freeze(const Registry& registry) && {
  return GraphBuilder{std::move(*this), registry}.build();
}

}  // namespace weft
