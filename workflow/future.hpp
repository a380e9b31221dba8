#pragma once

#include <cstdint>

#include "weft/workflow/ids.hpp"

namespace weft {

/// Stands for the output of a task, or for the element of a map, while a workflow is written. A
/// small value that belongs to the workflow that made it.
class AnyFuture {
public:
  enum class Kind : std::uint8_t { output, item, mapped };

  AnyFuture() = default;
  AnyFuture(std::uint64_t workflow, TaskId task, Kind kind)
    : workflow_(workflow), task_(task), kind_(kind) {}

  /// Which workflow made it: unique in the process.
  [[nodiscard]] std::uint64_t workflow() const { return workflow_; }
  /// The task whose output it is; the map whose element it is; the template that is repeated.
  [[nodiscard]] TaskId task() const { return task_; }
  [[nodiscard]] Kind kind() const { return kind_; }

private:
  std::uint64_t workflow_ = 0;
  TaskId task_;
  Kind kind_ = Kind::output;
};

/// The `T` that a task will return.
template <class T>
class Future : public AnyFuture {
public:
  using value_type = T;
  using AnyFuture::AnyFuture;
};

/// One `T` for each element of a list whose length is known only at run time. Pass it to a further
/// `map` to go on element by element, or to a task that takes a `std::vector<T>` to gather them
/// all, in the order of the list.
template <class T>
class Mapped : public AnyFuture {
public:
  using value_type = T;
  using AnyFuture::AnyFuture;
};

/// Arguments for the fields of a struct `P`, in order; some of them futures. See `object`.
template <class P, class... Args>
struct ObjectArgument {
  std::tuple<Args...> fields;
};

/// A struct whose fields are constants, futures, or anything that nests them:
/// `wf.task(render, weft::object<Scene>(mesh_future, "title", 3))`.
template <class P, class... Args>
ObjectArgument<P, std::decay_t<Args>...> object(Args&&... fields) {
  return {{std::forward<Args>(fields)...}};
}

}  // namespace weft
