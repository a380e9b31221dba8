// The smallest whole program: two tasks that may run side by side, and one that reads both.

#include <iostream>
#include <vector>

#include "weft/weft.hpp"

const weft::Function square{"square@1", [](int x) { return x * x; }};
const weft::Function sum{"sum@1", [](const std::vector<int>& terms) {
  int total = 0;
  for (const int term : terms) total += term;
  return total;
}};

int main() {
  weft::Registry registry;  // The functions that this program can run, by name.
  registry.add(square).add(sum);

  weft::Workflow workflow{"hello"};
  const auto nine = workflow.task(square, 3);
  const auto sixteen = workflow.task(square, 4);
  const auto total = workflow.task(sum, std::vector{nine, sixteen});

  weft::Engine engine{registry};
  const int result = engine.submit(std::move(workflow), total).get();
  std::cout << "3 x 3 + 4 x 4 = " << result << "\n";
  std::cout << "checked: " << (result == 25 ? "ok" : "wrong") << "\n";
  return result == 25 ? 0 : 1;
}
