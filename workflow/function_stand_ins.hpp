#pragma once

#include "weft/workflow/function.hpp"

namespace weft {

/// Stands in for a function that the registry lacks, so that a graph can be looked at where it
/// cannot run. Fails with `function_unknown` when it is called.
class MissingFunction final : public FunctionDefinition {
public:
  explicit MissingFunction(FunctionName name) : FunctionDefinition(std::move(name), {}) {}

  [[nodiscard]] Result<Value> call(ArgumentReader&, TaskContext&) const override;
};

/// Stands in for the function of a task that a slice of a graph does not have. Fails with
/// `internal` when it is called: the task was given to a worker that is not its own.
class AbsentFunction final : public FunctionDefinition {
public:
  AbsentFunction() : FunctionDefinition({.name = "weft.absent"}, {}) {}

  [[nodiscard]] Result<Value> call(ArgumentReader&, TaskContext& context) const override;
};

}  // namespace weft
