#pragma once

#include <concepts>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "weft/workflow/future.hpp"
#include "weft/workflow/graph.hpp"
#include "weft/workflow/registry.hpp"

namespace weft {

/// An argument of a task that is written by name (see `TaskSpec`).
struct ArgumentSpec {
  struct Output {
    std::string task;
  };
  using List = std::vector<ArgumentSpec>;
  using Map = std::vector<std::pair<std::string, ArgumentSpec>>;

  /// A constant, the output of a task by its name or as a future, or a list or mapping of such.
  std::variant<Value, Output, List, Map, AnyFuture> node;
};

/// A task written by name: what importers of files make. The tasks that it names may be added
/// later.
struct TaskSpec {
  std::string name;
  FunctionName function;
  std::vector<ArgumentSpec> arguments;
  std::vector<std::string> after;  ///< Tasks that must commit first, whether or not it reads them.
  TaskOptions options;
};

/// A workflow while it is written: tasks, what they take from one another, and what the user fixes.
///
/// Nothing runs before it is submitted. Mistakes that the types cannot see (an unknown name, a
/// cycle, a function that is not registered) are kept and reported by `freeze`, all at once.
/// A plain value; not thread-safe. Futures belong to the workflow that made them and to its copies,
/// as long as those are not changed: what is added to one of two copies is unknown to the other.
class Workflow {
public:
  /// @param name 1 to 128 characters out of `[A-Za-z0-9_.-]`: workflows of one name share history.
  explicit Workflow(std::string name);

  // -- tasks --------------------------------------------------------------------------------------

  /// Adds a task that calls `function`. An argument is a constant, a future of the parameter's
  /// type, or a vector, map, tuple, pair, optional or `object` of such, to any depth.
  template <class Callable, class... Args>
  auto task(const Function<Callable>& function, Args&&... args)
    -> Future<typename Function<Callable>::Output>;

  /// Adds one task for each element of `list`: `function(element, extra...)`.
  template <class T, class Callable, class... Extra>
  auto map(const Future<std::vector<T>>& list, const Function<Callable>& function, Extra&&... extra)
    -> Mapped<typename Function<Callable>::Output>;

  /// Goes on element by element: an element's task starts when that element is there, whatever the
  /// others do. It becomes a part of the map that `each` comes from, wherever this is called.
  template <class T, class Callable, class... Extra>
  auto map(const Mapped<T>& each, const Function<Callable>& function, Extra&&... extra)
    -> Mapped<typename Function<Callable>::Output>;

  /// Anything else is no list of elements, and does not compile.
  template <class List, class Callable, class... Extra>
  auto map(const List& list, const Function<Callable>& function, Extra&&... extra);

  /// Repeats whatever `body` adds for each element of `list`. `body` is called once, with the
  /// future of an element, and returns the future of a task that it adds, or a `Mapped` of a map
  /// inside it.
  template <class T, class Body>
    requires std::invocable<Body, Future<T>>
  auto for_each(const Future<std::vector<T>>& list, Body&& body);

  /// Goes on element by element, as `map` over a `Mapped` does: `body` is called once, with the
  /// future of an element, and returns the future of a task that it adds.
  template <class T, class Body>
    requires std::invocable<Body, Future<T>>
  auto for_each(const Mapped<T>& each, Body&& body);

  /// All elements as one list. Passing the `Mapped` itself to a task gathers it, too.
  template <class T>
  auto gather(const Mapped<T>& each) -> Future<std::vector<T>>;

  /// The elements of `list` for which `predicate(element)` returns true, in order.
  template <class T, class Callable>
  auto filter(const Future<std::vector<T>>& list, const Function<Callable>& predicate)
    -> Future<std::vector<T>>;

  /// Adds a task by name.
  TaskId add(TaskSpec spec);

  // -- what the user fixes ------------------------------------------------------------------------

  /// Options of one task, to be changed in place. The reference lives until the next call of a
  /// member.
  TaskOptions& options(const AnyFuture& future);

  /// Options of the map whose elements `each` stands for: `max_items` bounds its width.
  TaskOptions& map_options(const AnyFuture& each);

  /// Names a task; its last name counts. Unnamed tasks are called `function-number`.
  void name(const AnyFuture& future, std::string task_name);

  /// `later` starts only after `earlier` has committed, without reading it. A `Mapped` stands for
  /// the task of each element.
  void after(const AnyFuture& later, const AnyFuture& earlier);

  /// What must be there before a run of the workflow starts, to be changed in place.
  [[nodiscard]] Requirements& requirements() { return requirements_; }
  [[nodiscard]] const Requirements& requirements() const { return requirements_; }

  // -- the result ---------------------------------------------------------------------------------

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint64_t tag() const { return tag_; }
  [[nodiscard]] std::uint32_t task_count() const {
    return static_cast<std::uint32_t>(tasks_.size());
  }
  void reserve(std::size_t tasks);

  /// Checks the structure and freezes it. Fails with `invalid_workflow`, whose causes name every
  /// problem: cycles, unknown inputs, duplicate names, unregistered functions, options out of
  /// range, futures used outside of their map, requirements that name nothing.
  [[nodiscard]] Result<GraphPtr> freeze(const Registry& registry) const&;
  [[nodiscard]] Result<GraphPtr> freeze(const Registry& registry) &&;

private:
  friend class GraphBuilder;

  template <class P, class A>
  void append(A&& argument);
  template <class P, class... Fields>
  void append_object(const ObjectArgument<P, Fields...>& object);
  void append_future(const AnyFuture& future);
  void append_constant(Value value);
  void append_spec(const ArgumentSpec& spec);
  void append_node(ArgKind kind, std::size_t value);

  /// Starts a task of `function` in the current scope; arguments and dependencies appended from now
  /// on are its own.
  TaskId begin_task(const std::shared_ptr<const FunctionDefinition>& definition);
  TaskId begin_named_task(const FunctionName& function);
  TaskId begin_map(const AnyFuture& list);
  std::uint32_t slot_of(TaskId task, DependencyKind kind);
  std::uint32_t intern(const FunctionName& name);
  TaskId begin(std::uint32_t function);
  AnyFuture collect(const AnyFuture& mapped);
  AnyFuture keep_flagged(const AnyFuture& list, const AnyFuture& flags);
  AnyFuture checked_body(TaskId map, const AnyFuture& output);
  [[nodiscard]] bool owns(const AnyFuture& future) const;
  bool check_owned(std::string_view use, const AnyFuture& future);
  [[nodiscard]] bool inside(std::uint32_t scope, TaskId map) const;
  TaskOptions& stray_options();

  template <class Body>
  auto in_scope(std::uint32_t scope, Body&& body) {
    struct Restore {
      std::uint32_t& current;
      std::uint32_t before;
      ~Restore() { current = before; }
    } restore{scope_, std::exchange(scope_, scope)};
    return std::forward<Body>(body)();
  }

  /// A mistake that was seen while the workflow was written. `freeze` adds the name of the task.
  struct Problem {
    std::optional<TaskId> task;
    Error error;
  };

  struct NamedDependency {
    std::uint32_t slot;  ///< Index into `dependencies_`.
    std::string task;
  };

  std::string name_;
  std::uint64_t tag_;
  Requirements requirements_;
  std::vector<Task> tasks_;
  std::vector<ArgNode> arguments_;
  std::vector<Dependency> dependencies_;
  std::vector<Value> constants_;
  std::vector<Scope> scopes_{1};
  std::vector<FunctionName> functions_;
  /// Holds the definitions: where one has died, another may be made that is taken for it.
  std::unordered_map<std::shared_ptr<const FunctionDefinition>, std::uint32_t> function_index_;
  std::map<FunctionName, std::uint32_t> function_names_;
  std::map<TaskId, TaskOptions> options_;
  std::vector<std::pair<TaskId, std::string>> names_;
  std::vector<std::pair<TaskId, TaskId>> order_;  ///< later, earlier
  std::vector<NamedDependency> named_dependencies_;
  std::unordered_map<std::string, std::uint32_t> named_slots_;  ///< Of the task added by name.
  std::vector<std::pair<TaskId, std::string>> named_order_;
  std::vector<Problem> problems_;
  TaskOptions stray_options_;  ///< Given out for futures of other workflows, which is a problem.
  std::uint32_t scope_ = 0;

  /// Where the task being added has a dependency on each task, so that a future passed twice is one
  /// dependency: `seen_by_[t]` is the last task that asked and `seen_slot_[t]` the slot it got.
  std::vector<std::uint32_t> seen_by_;
  std::vector<std::uint32_t> seen_slot_;
};

}  // namespace weft

#include "weft/workflow/workflow_typed.hpp"
