#pragma once

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "support/stub_context.hpp"
#include "weft/workflow/function.hpp"

namespace weft::test {

/// Calls a function as an executor would, with arguments written as nodes.
struct Call {
  std::vector<ArgNode> nodes;
  std::vector<Value> constants;
  Inputs inputs;

  Result<Value> run(const FunctionDefinition& function) {
    StubContext context;
    return run(function, context);
  }
  Result<Value> run(const FunctionDefinition& function, TaskContext& context) {
    ArgumentReader reader{nodes, constants, inputs};
    return function.call(reader, context);
  }

  /// Appends one constant argument.
  template <class T>
  Call& constant(T object) {
    return node(ArgKind::constant, constants.size()).keep(Value::of(std::move(object)));
  }
  /// Appends the output of another task as one argument.
  Call& input(Value value) {
    node(ArgKind::input, slots++);
    inputs.add(std::move(value));
    return *this;
  }
  /// Appends the outputs of all elements of a map as one argument.
  Call& gather(std::vector<Value> values) {
    node(ArgKind::gather, slots++);
    inputs.add_gathered(std::move(values));
    return *this;
  }
  Call& node(ArgKind kind, std::size_t value = 0) {
    nodes.push_back({kind, static_cast<std::uint32_t>(value)});
    return *this;
  }

  std::size_t slots = 0;

private:
  Call& keep(Value value) {
    constants.push_back(std::move(value));
    return *this;
  }
};

/// Calls a typed function, as `Call::run`.
template <class Callable>
Result<Value> run(Call& call, const Function<Callable>& function) {
  return call.run(*function.definition());
}

/// The object that a call returned, which is exactly a `T`.
template <class T>
T output(const Result<Value>& result) {
  EXPECT_TRUE(result.has_value()) << to_string(result.error());
  if (!result) return T{};
  const T* object = result->object<T>();
  EXPECT_NE(object, nullptr) << result->type_name();
  return object ? *object : T{};
}

}  // namespace weft::test
