// Loads the module as weft does, and runs a workflow of its functions in virtual time.

#include <weft/weft.hpp>

#include <cstdint>
#include <iostream>
#include <string>

namespace {

int failures = 0;

void expect(bool condition, const std::string& what) {
  std::cout << (condition ? "ok      " : "FAILED  ") << what << "\n";
  if (!condition) ++failures;
}

/// What a function of the module makes of one argument.
template <class Output, class Input>
weft::Result<Output> call(const weft::Registry& registry, const char* function, Input input) {
  weft::Workflow workflow{"module_test"};
  workflow.requirements().modules = {"starter"};
  const weft::TaskId task =
    workflow.add({.name = "only",
                  .function = weft::parse_function_name(function).value(),
                  .arguments = {{weft::Value::of(std::move(input))}}});
  weft::Harness harness{registry};
  const auto run = harness.submit_graph(std::move(workflow).freeze(registry).value(), {task});
  run->wait();
  const auto value = run->output(task);
  if (!value) return value.error();
  return **value->as<Output>();
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return std::cerr << "usage: module_test MODULE\n", 2;
  weft::Registry registry;
  const auto module = weft::load_module(registry, arguments[1]);
  if (!module) return std::cerr << weft::to_string(module.error()) << "\n", 1;

  const auto square = call<std::int64_t>(registry, "starter.square@1", std::int64_t{7});
  expect(square && *square == 49, "7 squared is 49");
  const auto greeting = call<std::string>(registry, "starter.greet@1", std::string{"weft"});
  expect(greeting && *greeting == "Hello, weft!", "weft is greeted by name");
  const auto huge = call<std::int64_t>(registry, "starter.square@1", std::int64_t{1} << 40);
  expect(!huge && weft::to_string(huge.error()).find("too large") != std::string::npos,
         "what does not fit is refused with a reason");
  return failures == 0 ? 0 : 1;
}
