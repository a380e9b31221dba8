// Loads a module and runs a workflow that names what it needs: functions come by name, from a file
// that this program was not linked with, and a struct of the module's is read in place.

#include <iostream>
#include <vector>

#include "module/statistics.hpp"
#include "weft/weft.hpp"

namespace {

weft::TaskSpec task(const char* name, const char* function,
                    std::vector<weft::ArgumentSpec> arguments) {
  return {.name = name,
          .function = weft::parse_function_name(function).value(),
          .arguments = std::move(arguments)};
}

weft::ArgumentSpec output_of(const char* name) {
  return {weft::ArgumentSpec::Output{name}};
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return std::cerr << "usage: module_host MODULE\n", 2;
  weft::Registry registry;
  const auto module = weft::load_module(registry, arguments[1]);
  if (!module) return std::cerr << weft::to_string(module.error()) << "\n", 1;

  weft::Workflow workflow{"statistics"};
  workflow.requirements().modules = {"statistics@1"};
  const weft::ArgumentSpec numbers{weft::Value::of(std::vector<double>{1, 2, 3, 4})};
  const auto summary = workflow.add(task("summary", "statistics.summarize@1", {numbers}));
  workflow.add(task("scores", "statistics.standardize@1", {numbers, output_of("summary")}));
  const auto text = workflow.add(task("text", "statistics.describe@1", {output_of("summary")}));

  weft::Engine engine{registry};
  const auto graph = std::move(workflow).freeze(registry).value();
  const auto run = engine.submit_graph(graph, {summary, text});
  run->wait();
  const auto made = run->output(summary).value().as<statistics::Summary>().value();
  std::cout << *run->output(text).value().as<std::string>().value() << "\n";
  const bool ok = made->count == 4 && made->mean == 2.5;
  std::cout << "checked: " << (ok ? "ok" : "wrong") << "\n";
  return ok ? 0 : 1;
}
