// Loads the module as weft does, and runs a workflow of its functions in virtual time.

#include <weft/weft.hpp>

#include <cstdint>
#include <iostream>
#include <string>
#include <utility>

namespace {

int failures = 0;

void expect(bool condition, const std::string& what) {
  std::cout << (condition ? "ok      " : "FAILED  ") << what << "\n";
  if (!condition) ++failures;
}

/// Runs functions of the module, one at a time, in virtual time.
class Caller {
public:
  explicit Caller(const weft::Registry& registry) : registry_(registry), harness_(registry) {}

  template <class Output, class Input>
  weft::Result<Output> call(const char* function, Input input) {
    weft::TaskSpec task;
    task.name = "only";
    task.function = weft::parse_function_name(function).value();
    task.arguments = {{weft::Value::of(std::move(input))}};
    weft::Workflow workflow{"module_test"};
    workflow.requirements().modules = {"starter"};
    const weft::TaskId only = workflow.add(std::move(task));
    const auto run =
      harness_.submit_graph(std::move(workflow).freeze(registry_).value(), {only});
    run->wait();
    const auto value = run->output(only);
    if (!value) return value.error();
    return **value->as<Output>();
  }

private:
  const weft::Registry& registry_;
  weft::Harness harness_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return std::cerr << "usage: starter_test MODULE\n", 2;
  weft::Registry registry;
  const auto module = weft::load_module(registry, arguments[1]);
  if (!module) return std::cerr << weft::to_string(module.error()) << "\n", 1;

  Caller caller{registry};
  const auto square = caller.call<std::int64_t>("starter.square@1", std::int64_t{7});
  expect(square && *square == 49, "7 squared is 49");
  const auto greeting = caller.call<std::string>("starter.greet@1", std::string{"weft"});
  expect(greeting && *greeting == "Hello, weft!", "weft is greeted by name");
  const auto huge = caller.call<std::int64_t>("starter.square@1", std::int64_t{1} << 40);
  expect(!huge && weft::to_string(huge.error()).find("too large") != std::string::npos,
         "what does not fit is refused with a reason");
  return failures == 0 ? 0 : 1;
}
