#pragma once

#include <string>
#include <utility>
#include <vector>

#include "weft/workflow/function.hpp"

namespace weft::test {

/// The context of a task that runs outside of an engine. Waits end at once; what the task reports
/// is kept for the test to read.
class StubContext final : public TaskContext {
public:
  std::stop_source stop;
  std::vector<std::pair<double, std::string>> reports;
  std::vector<Nanos> waits;

  [[nodiscard]] std::stop_token stop_token() const override { return stop.get_token(); }
  [[nodiscard]] std::uint32_t attempt() const override { return 3; }
  [[nodiscard]] std::string task_name() const override { return "stub"; }
  [[nodiscard]] RunId run() const override { return RunId{7}; }

  void report(double fraction, std::string_view note) override {
    reports.emplace_back(fraction, note);
  }
  bool sleep_for(Nanos duration) override {
    waits.push_back(duration);
    return !stop.stop_requested();
  }
};

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

}  // namespace weft::test
