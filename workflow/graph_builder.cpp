#include "weft/workflow/graph_builder.hpp"

#include <algorithm>
#include <numeric>
#include <set>

namespace weft {

namespace {

/// Problems beyond these are counted, not listed.
constexpr std::size_t max_listed_problems = 50;

constexpr std::size_t max_task_name = 256;
constexpr std::string_view task_name_characters =
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:+@=-";

constexpr TaskId no_task{0xffff'ffff};

bool valid_task_name(std::string_view name) {
  return !name.empty() && name.size() <= max_task_name &&
         name.find_first_not_of(task_name_characters) == std::string_view::npos;
}

}  // namespace

GraphBuilder::GraphBuilder(Workflow workflow, const Registry& registry)
    : workflow_(std::move(workflow)), registry_(registry), graph_(std::make_shared<Graph>()) {}

Result<GraphPtr> GraphBuilder::build() {
  problems_ = std::move(workflow_.problems_);
  if (workflow_.tasks_.empty()) {
    problems_.push_back({.code = Errc::invalid_workflow, .message = "the workflow has no tasks"});
  }
  take_names();
  resolve_names();
  resolve_functions();
  resolve_options();
  add_order_dependencies();
  check_scopes();
  if (problems_.empty()) {
    link();
    sort();
  }
  if (problems_.empty()) return GraphPtr{std::move(graph_)};

  Error error{.code = Errc::invalid_workflow,
              .message = "workflow '" + workflow_.name_ + "' has " +
                         std::to_string(problems_.size()) +
                         (problems_.size() == 1 ? " problem" : " problems")};
  if (problems_.size() > max_listed_problems) problems_.resize(max_listed_problems);
  error.causes = std::move(problems_);
  return error;
}

// -- names and functions ----------------------------------------------------------------------------

void GraphBuilder::take_names() {
  graph_->name_ = workflow_.name_;
  for (auto& [task, name] : workflow_.names_) {
    if (!valid_task_name(name)) {
      problem(Errc::invalid_workflow, "'" + name.substr(0, max_task_name) + "' cannot be the name of a task",
              task, "use 1 to 256 letters, digits or _ . : + @ = -");
      continue;
    }
    const auto [other, fresh] = by_name_.emplace(name, task);
    if (!fresh && other->second != task) {
      problem(Errc::invalid_workflow, "the task name '" + name + "' is used twice", task);
    }
    graph_->names_[task] = name;
  }
}

void GraphBuilder::resolve_names() {
  const auto find = [this](const std::string& name, TaskId asking) -> std::optional<TaskId> {
    if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
    std::vector<std::string> known;
    for (const auto& entry : by_name_) known.push_back(entry.first);
    std::string hint;
    for (const std::string& near : nearest_names(name, known)) {
      hint += (hint.empty() ? "did you mean '" : ", '") + near + "'";
    }
    problem(Errc::invalid_workflow, "unknown input '" + name + "'", asking,
            hint.empty() ? hint : hint + "?");
    return std::nullopt;
  };
  std::uint32_t owner = 0;
  for (const auto& [slot, name] : workflow_.named_dependencies_) {
    while (owner + 1 < workflow_.tasks_.size() && workflow_.tasks_[owner + 1].dependencies <= slot) {
      ++owner;
    }
    if (const auto task = find(name, TaskId{owner})) {
      workflow_.dependencies_[slot] = {*task, DependencyKind::output};
    }
  }
  for (const auto& [later, name] : workflow_.named_order_) {
    if (const auto earlier = find(name, later)) workflow_.order_.emplace_back(later, *earlier);
  }
}

void GraphBuilder::resolve_functions() {
  std::vector<bool> used(workflow_.functions_.size());
  std::vector<TaskId> first_user(workflow_.functions_.size());
  for (std::uint32_t i = workflow_.task_count(); i-- > 0;) {
    const Task& task = workflow_.tasks_[i];
    if (task.kind == TaskKind::map) continue;
    used[task.function] = true;
    first_user[task.function] = TaskId{i};
  }
  graph_->functions_.resize(workflow_.functions_.size());
  for (std::size_t i = 0; i < workflow_.functions_.size(); ++i) {
    if (!used[i]) continue;
    auto found = registry_.find(workflow_.functions_[i]);
    if (found) {
      graph_->functions_[i] = std::move(*found);
    } else {
      problem(Errc::function_unknown, found.error().message, first_user[i], found.error().hint);
    }
  }
}

void GraphBuilder::resolve_options() {
  auto& options = graph_->options_;
  options.emplace_back();
  std::vector<std::uint32_t> of_function(workflow_.functions_.size());
  for (std::size_t i = 0; i < graph_->functions_.size(); ++i) {
    if (!graph_->functions_[i] || graph_->functions_[i]->options() == TaskOptions{}) continue;
    of_function[i] = static_cast<std::uint32_t>(options.size());
    options.push_back(graph_->functions_[i]->options());
  }
  for (Task& task : workflow_.tasks_) {
    if (task.kind == TaskKind::function) task.options = of_function[task.function];
  }
  for (const auto& [id, own] : workflow_.options_) {
    for (const Error& bad : problems(own)) problem(bad.code, bad.message, id, bad.hint);
    Task& task = workflow_.tasks_[id.number()];
    const TaskOptions inherited = options[task.options];
    task.options = static_cast<std::uint32_t>(options.size());
    options.push_back(merged(inherited, own));
  }
}

// -- structure --------------------------------------------------------------------------------------

void GraphBuilder::add_order_dependencies() {
  if (workflow_.order_.empty()) return;
  std::ranges::sort(workflow_.order_);
  std::vector<Dependency> all;
  all.reserve(workflow_.dependencies_.size() + workflow_.order_.size());
  std::vector<std::uint32_t> begins;
  begins.reserve(workflow_.task_count());
  std::vector<TaskId> known_by(workflow_.task_count(), no_task);  // Who depends on it already.
  auto next = workflow_.order_.begin();
  for (std::uint32_t i = 0; i < workflow_.task_count(); ++i) {
    begins.push_back(static_cast<std::uint32_t>(all.size()));
    const auto own = dependencies(TaskId{i});
    all.insert(all.end(), own.begin(), own.end());
    for (const Dependency& dependency : own) known_by[dependency.task.number()] = TaskId{i};
    for (; next != workflow_.order_.end() && next->first.number() == i; ++next) {
      if (std::exchange(known_by[next->second.number()], TaskId{i}) == TaskId{i}) continue;
      all.push_back({next->second, DependencyKind::order});
    }
  }
  for (std::uint32_t i = 0; i < workflow_.task_count(); ++i) {
    workflow_.tasks_[i].dependencies = begins[i];
  }
  workflow_.dependencies_ = std::move(all);
}

bool GraphBuilder::encloses(std::uint32_t outer, std::uint32_t inner) const {
  while (inner > outer) inner = workflow_.scopes_[inner].parent;  // Parents come first.
  return inner == outer;
}

void GraphBuilder::check_scopes() {
  if (workflow_.scopes_.size() == 1) return;
  const auto& tasks = workflow_.tasks_;
  for (std::uint32_t i = 0; i < workflow_.task_count(); ++i) {
    const std::uint32_t scope = tasks[i].scope;
    for (const Dependency& dependency : dependencies(TaskId{i})) {
      const Task& other = tasks[dependency.task.number()];
      const bool fits =
        dependency.kind == DependencyKind::item     ? encloses(other.body, scope)
        : dependency.kind == DependencyKind::gather ? other.scope != 0 && workflow_.scopes_[other.scope].parent == scope
                                                    : encloses(other.scope, scope);
      if (!fits) {
        problem(Errc::invalid_workflow,
                "takes '" + describe(dependency.task) + "' from inside a map", TaskId{i},
                "gather the elements first, in the scope around the map");
      }
    }
  }
  for (std::size_t s = 1; s < workflow_.scopes_.size(); ++s) {
    if (workflow_.scopes_[s].templates.empty()) {
      problem(Errc::invalid_workflow, "the body of the map adds no task", workflow_.scopes_[s].map,
              "return a task that takes the element");
    }
  }
}

void GraphBuilder::link() {
  const std::uint32_t count = workflow_.task_count();
  Graph& graph = *graph_;
  graph.scopes_ = std::move(workflow_.scopes_);
  if (graph.scopes_.size() > 1) {
    graph.positions_.resize(count);
    for (std::uint32_t i = 0; i < count; ++i) graph.positions_[i] = i;
    for (const Scope& scope : graph.scopes_) {
      for (std::uint32_t i = 0; i < scope.templates.size(); ++i) {
        graph.positions_[scope.templates[i].number()] = i;
      }
    }
  }
  if (graph.scopes_.size() > 1) graph.read_inside_maps_.resize(count);
  graph.pending_.assign(count, 0);
  graph.readers_.assign(count, 0);

  std::vector<std::pair<TaskId, TaskId>> edges;  // parent, child
  edges.reserve(workflow_.dependencies_.size());
  for (std::uint32_t i = 0; i < count; ++i) link_task(TaskId{i}, edges);

  std::vector<std::uint32_t> next(count + 1, 0);
  for (const auto& [parent, child] : edges) ++next[parent.number()];
  std::exclusive_scan(next.begin(), next.end(), next.begin(), 0u);
  for (std::uint32_t i = 0; i < count; ++i) workflow_.tasks_[i].children = next[i];
  graph.children_.resize(edges.size());
  for (const auto& [parent, child] : edges) graph.children_[next[parent.number()]++] = child;

  workflow_.tasks_.push_back({.arguments = static_cast<std::uint32_t>(workflow_.arguments_.size()),
                              .dependencies = static_cast<std::uint32_t>(workflow_.dependencies_.size()),
                              .children = static_cast<std::uint32_t>(graph.children_.size())});
  graph.tasks_ = std::move(workflow_.tasks_);
  graph.arguments_ = std::move(workflow_.arguments_);
  graph.dependencies_ = std::move(workflow_.dependencies_);
  graph.constants_ = std::move(workflow_.constants_);
}

/// Adds the edges that end in `child`, each once, and counts what it waits for and reads.
void GraphBuilder::link_task(TaskId child, std::vector<std::pair<TaskId, TaskId>>& edges) {
  Graph& graph = *graph_;
  linked_.resize(workflow_.task_count(), no_task);
  read_.resize(workflow_.task_count(), no_task);
  const auto first = [child](std::vector<TaskId>& marks, TaskId parent) {
    return std::exchange(marks[parent.number()], child) != child;
  };
  const std::uint32_t scope = workflow_.tasks_[child.number()].scope;
  for (const Dependency& dependency : dependencies(child)) {
    const TaskId parent = dependency.task;
    const Task& task = workflow_.tasks_[parent.number()];
    if (dependency.kind == DependencyKind::item) continue;
    if (dependency.kind == DependencyKind::gather) {
      if (first(read_, parent)) ++graph.readers_[parent.number()];
      if (first(linked_, parent)) edges.emplace_back(parent, child);
      const TaskId map = graph.scopes_[task.scope].map;
      if (first(linked_, map)) {
        edges.emplace_back(map, child);
        ++graph.pending_[child.number()];
      }
    } else if (task.scope != scope) {
      if (dependency.kind == DependencyKind::output && first(read_, parent)) {
        link_outer(child, parent);
      }
    } else {
      if (dependency.kind == DependencyKind::output && first(read_, parent)) {
        ++graph.readers_[parent.number()];
      }
      if (first(linked_, parent)) {
        edges.emplace_back(parent, child);
        ++graph.pending_[child.number()];
      }
    }
  }
}

/// Notes that `reader`, inside one or more maps, reads the output of `read` outside of them. Each map on
/// the way keeps that output readable until it has expanded.
void GraphBuilder::link_outer(TaskId reader, TaskId read) {
  Graph& graph = *graph_;
  const std::uint32_t home = workflow_.tasks_[read.number()].scope;
  graph.read_inside_maps_[read.number()] = true;
  TaskId user = reader;
  while (workflow_.tasks_[user.number()].scope != home) {
    Scope& scope = graph.scopes_[workflow_.tasks_[user.number()].scope];
    auto input = std::ranges::find(scope.outer_inputs, read, &Scope::OuterInput::task);
    if (input == scope.outer_inputs.end()) {
      input = scope.outer_inputs.insert(input, {.task = read});
    }
    ++input->uses;
    user = scope.map;
    // This map was counted as a user one level further out when it first met the input.
    if (input->uses > 1) return;
  }
  // The map may read the same output as its list; then it is one of the readers already.
  const auto own = dependencies(user);
  if (std::ranges::find(own, Dependency{read, DependencyKind::output}) == own.end()) {
    ++graph.readers_[read.number()];
  }
}

/// Finds an order in which every task follows those that it depends on, or names a cycle.
void GraphBuilder::sort() {
  Graph& graph = *graph_;
  const std::uint32_t count = graph.task_count();
  const bool forward_only = workflow_.order_.empty() && workflow_.named_dependencies_.empty();
  if (forward_only) {
    graph.order_.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      if (graph.task(TaskId{i}).scope == 0) graph.order_.emplace_back(i);
    }
    return;
  }
  // What a task inside a map takes from outside is no child edge of the graph; it counts here.
  std::vector<std::uint32_t> waiting(count, 0);
  std::unordered_map<TaskId, std::vector<TaskId>> inward;
  for (std::uint32_t i = 0; i < count; ++i) {
    const TaskId task{i};
    for (const TaskId child : graph.children(task)) ++waiting[child.number()];
    for (const Dependency& dependency : graph.dependencies(task)) {
      if (dependency.kind == DependencyKind::gather || dependency.kind == DependencyKind::item ||
          graph.task(dependency.task).scope == graph.task(task).scope) {
        continue;
      }
      inward[dependency.task].push_back(task);
      ++waiting[i];
    }
  }
  std::vector<TaskId> ready;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (waiting[i] == 0) ready.emplace_back(i);
  }
  const auto count_down = [&](TaskId child) {
    if (--waiting[child.number()] == 0) ready.push_back(child);
  };
  std::size_t sorted = 0;
  while (sorted < ready.size()) {
    const TaskId task = ready[sorted++];
    if (graph.task(task).scope == 0) graph.order_.push_back(task);
    for (const TaskId child : graph.children(task)) count_down(child);
    if (const auto found = inward.find(task); found != inward.end()) {
      for (const TaskId child : found->second) count_down(child);
    }
  }
  if (sorted < count) report_cycle(waiting);
}

/// Walks backwards from a task that waits for ever until one comes up again: those since then are a
/// cycle.
void GraphBuilder::report_cycle(const std::vector<std::uint32_t>& waiting) {
  const Graph& graph = *graph_;
  const auto blocked = [&](TaskId task) { return waiting[task.number()] > 0; };
  const auto blocker_of = [&](TaskId task) {
    for (const Dependency& dependency : graph.dependencies(task)) {
      if (blocked(dependency.task)) return dependency.task;
      if (dependency.kind == DependencyKind::gather) {
        const TaskId map = graph.scope(graph.task(dependency.task).scope).map;
        if (blocked(map)) return map;
      }
    }
    return task;
  };
  TaskId at{static_cast<std::uint32_t>(
    std::ranges::find_if(waiting, [](std::uint32_t n) { return n > 0; }) - waiting.begin())};
  std::vector<TaskId> walk;
  while (std::ranges::find(walk, at) == walk.end()) {
    walk.push_back(at);
    at = blocker_of(at);
  }
  std::string cycle = describe(at);
  for (auto step = walk.rbegin(); *step != at; ++step) cycle += " -> " + describe(*step);
  problem(Errc::invalid_workflow, "tasks wait for one another: " + cycle + " -> " + describe(at), at);
}

// -- words ------------------------------------------------------------------------------------------

std::span<const Dependency> GraphBuilder::dependencies(TaskId task) const {
  const auto& tasks = workflow_.tasks_;
  const std::uint32_t end = task.number() + 1 < tasks.size()
                              ? tasks[task.number() + 1].dependencies
                              : static_cast<std::uint32_t>(workflow_.dependencies_.size());
  return {workflow_.dependencies_.data() + tasks[task.number()].dependencies,
          workflow_.dependencies_.data() + end};
}

std::string GraphBuilder::describe(TaskId task) const {
  if (const auto named = graph_->names_.find(task); named != graph_->names_.end()) {
    return named->second;
  }
  const auto& tasks = workflow_.tasks_.empty() ? graph_->tasks_ : workflow_.tasks_;
  return workflow_.functions_[tasks[task.number()].function].name + "-" +
         std::to_string(task.number());
}

void GraphBuilder::problem(Errc code, std::string message, TaskId task, std::string hint) {
  problems_.push_back({.code = code,
                       .message = std::move(message),
                       .task = describe(task),
                       .hint = std::move(hint)});
}

}  // namespace weft
