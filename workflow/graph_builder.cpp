#include "weft/workflow/graph_builder.hpp"

#include <charconv>

namespace weft {

namespace {

/// Problems beyond these are counted, not listed.
constexpr std::size_t max_listed_problems = 50;

/// Work that goes into guessing what unknown names meant: a second or so.
constexpr std::size_t max_compared_names = 1'000'000;

constexpr std::size_t max_task_name = 256;
constexpr std::string_view task_name_characters =
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:+@=-";

/// The number at the end of a name that looks like one which nobody has given: `function-number`.
std::optional<std::uint32_t> number_after_dash(std::string_view name) {
  const std::size_t dash = name.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  std::uint32_t number = 0;
  const char* end = name.data() + name.size();
  const auto [rest, failure] = std::from_chars(name.data() + dash + 1, end, number);
  if (failure != std::errc{} || rest != end) return std::nullopt;
  return number;
}

}  // namespace

bool valid_task_name(std::string_view name) {
  return !name.empty() && name.size() <= max_task_name &&
         name.find_first_not_of(task_name_characters) == std::string_view::npos;
}

GraphBuilder::GraphBuilder(Workflow workflow, const Registry& registry)
  : workflow_(std::move(workflow)), registry_(registry), graph_(std::make_shared<Graph>()) {}

Result<GraphPtr> GraphBuilder::build() {
  take_names();
  take_problems();
  check_names();
  resolve_names();
  resolve_functions();
  resolve_options();
  add_order_dependencies();
  check_scopes();
  sort();
  if (problems_.empty()) {
    link();
    return GraphPtr{std::move(graph_)};
  }

  Error error{.code = Errc::invalid_workflow,
              .message = "workflow " + in_quotes(workflow_.name_) + " has " +
                         std::to_string(problems_.size()) +
                         (problems_.size() == 1 ? " problem" : " problems")};
  if (problems_.size() > max_listed_problems) {
    error.hint = "the first " + std::to_string(max_listed_problems) + " are listed";
    problems_.resize(max_listed_problems);
  }
  error.causes = std::move(problems_);
  return error;
}

/// What was wrong while the workflow was written.
void GraphBuilder::take_problems() {
  for (auto& [task, error] : workflow_.problems_) {
    if (task) error.task = describe(*task);
    problems_.push_back(std::move(error));
  }
  for (Error& error : requirement_problems(workflow_.requirements_))
    problems_.push_back(std::move(error));
  graph_->requirements_ = std::move(workflow_.requirements_);
  if (workflow_.tasks_.empty()) {
    problems_.push_back({.code = Errc::invalid_workflow,
                         .message = "the workflow has no tasks",
                         .hint = "add at least one"});
  }
}

// -- names ----------------------------------------------------------------------------------------

/// The last name that a task was given counts.
void GraphBuilder::take_names() {
  graph_->name_ = workflow_.name_;
  for (auto& [task, name] : workflow_.names_) graph_->names_[task] = std::move(name);
}

void GraphBuilder::check_names() {
  for (const auto& [task, unused] : workflow_.names_) {
    const std::string& name = graph_->names_[task];
    const auto [other, fresh] = by_name_.emplace(name, task);
    if (!fresh && other->second == task) continue;  // It was named again.
    if (!valid_task_name(name)) {
      problem(Errc::invalid_workflow, in_quotes(name) + " cannot be the name of a task", task,
              "use 1 to 256 letters, digits or _ . : + @ = -");
    } else if (!fresh) {
      problem(Errc::invalid_workflow,
              "the task name '" + name + "' is used twice: by " + automatic_name(other->second) +
                " and by " + automatic_name(task),
              task, "give each task a name of its own");
    } else if (is_automatic(name)) {
      problem(Errc::invalid_workflow, "the task name '" + name + "' is that of a task without one",
              task, "such tasks are called function-number: choose another name");
    }
  }
}

/// Whether a task that nobody has named is called so.
bool GraphBuilder::is_automatic(const std::string& name) const {
  const auto number = number_after_dash(name);
  return number && *number < workflow_.task_count() && !graph_->names_.contains(TaskId{*number}) &&
         automatic_name(TaskId{*number}) == name;
}

void GraphBuilder::resolve_names() {
  std::uint32_t owner = 0;
  for (const auto& [slot, name] : workflow_.named_dependencies_) {
    while (owner + 1 < workflow_.tasks_.size() &&
           workflow_.tasks_[owner + 1].dependencies <= slot) {
      ++owner;
    }
    // What is unknown waits for nothing, or there might be a cycle that nobody wrote.
    const auto task = find(name, TaskId{owner});
    workflow_.dependencies_[slot] = task ? Dependency{*task, DependencyKind::output}
                                         : Dependency{TaskId{owner}, DependencyKind::item};
  }
  for (const auto& [later, name] : workflow_.named_order_) {
    if (const auto earlier = find(name, later)) workflow_.order_.emplace_back(later, *earlier);
  }
}

std::optional<TaskId> GraphBuilder::find(const std::string& name, TaskId asking) {
  if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
  problem(Errc::invalid_workflow, "unknown input " + in_quotes(name), asking, nearest(name));
  return std::nullopt;
}

/// A hint: the names that an unknown one is near to.
std::string GraphBuilder::nearest(const std::string& name) {
  const std::string general = "name a task of the workflow";
  compared_names_ += by_name_.size();
  if (compared_names_ > max_compared_names) return general;
  std::vector<std::string> known;
  known.reserve(by_name_.size());
  for (const auto& entry : by_name_) known.push_back(entry.first);
  std::string hint;
  for (const std::string& near : nearest_names(name, known)) {
    hint += (hint.empty() ? "did you mean " : ", ") + in_quotes(near);
  }
  return hint.empty() ? general : hint + "?";
}

// -- functions and options ------------------------------------------------------------------------

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
    if (own.max_items && task.kind != TaskKind::map) {
      problem(Errc::invalid_argument, "max_items is set for a task that is no map", id,
              "set it with map_options()");
    }
    const TaskOptions inherited = options[task.options];
    task.options = static_cast<std::uint32_t>(options.size());
    options.push_back(merged(inherited, own));
  }
}

// -- words ----------------------------------------------------------------------------------------

std::string GraphBuilder::describe(TaskId task) const {
  const auto named = graph_->names_.find(task);
  const bool fit = named != graph_->names_.end() && valid_task_name(named->second);
  return fit ? named->second : automatic_name(task);
}

std::string GraphBuilder::automatic_name(TaskId task) const {
  return workflow_.functions_[workflow_.tasks_[task.number()].function].name + "-" +
         std::to_string(task.number());
}

void GraphBuilder::problem(Errc code, std::string message, TaskId task, std::string hint) {
  problems_.push_back(
    {.code = code, .message = std::move(message), .task = describe(task), .hint = std::move(hint)});
}

}  // namespace weft
