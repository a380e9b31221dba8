// A host application: its own functions, a workflow of them, an engine, a result, an error.

#include <weft/weft.hpp>

#include <cstdio>
#include <stdexcept>
#include <vector>

namespace {

const weft::Function square{"square@1", [](int x) { return x * x; }};
const weft::Function sum{"sum@1", [](const std::vector<int>& all) {
                           int total = 0;
                           for (const int x : all) total += x;
                           return total;
                         }};
const weft::Function refuse{"refuse@1", [](int) -> int { throw std::runtime_error{"refused"}; }};

bool computes(weft::Engine& engine) {
  weft::Workflow workflow{"consumer"};
  const auto nine = workflow.task(square, 3);
  const auto sixteen = workflow.task(square, 4);
  const auto total = workflow.task(sum, std::vector{nine, sixteen});
  return engine.submit(std::move(workflow), total).get() == 25;
}

bool reports_errors(weft::Engine& engine) {
  weft::Workflow workflow{"consumer_error"};
  const auto failing = workflow.task(refuse, 1);
  const auto result = engine.submit(std::move(workflow), failing).result();
  return !result && weft::to_string(result.error()).find("refused") != std::string::npos;
}

}  // namespace

int main() {
  weft::Registry registry;
  registry.add(square).add(sum).add(refuse);
  weft::Engine engine{registry};
  if (!computes(engine)) return std::puts("a run gave the wrong result"), 1;
  if (!reports_errors(engine)) return std::puts("a failed run did not say why"), 1;
  std::puts("weft works as a package");
}
