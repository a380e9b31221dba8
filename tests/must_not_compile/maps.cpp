// Mistakes in what is repeated for each element of a list.

// case 1: a map goes over a Future of a std::vector, or over a Mapped
// case 2: a map goes over a Future of a std::vector, or over a Mapped
// case 3: an argument of the task is not of the type that its function takes
// case 4: the body of a for_each returns a Future or a Mapped
// case 5: the body of a for_each returns a Future or a Mapped
// case 6: no matching function for call to 'weft::Workflow::for_each
// case 7: an argument of the task is not of the type that its function takes

#include <string>
#include <vector>

#include "weft/workflow/workflow.hpp"

#ifndef WEFT_CASE
#define WEFT_CASE 0
#endif

using Numbers = std::vector<int>;

const weft::Function numbers{"numbers@1", [] { return Numbers{1, 2}; }};
const weft::Function square{"square@1", [](int x) { return x * x; }};
const weft::Function shout{"shout@1", [](const std::string& text) { return text + "!"; }};

void write(weft::Workflow& workflow) {
  const auto list = workflow.task(numbers);
  const auto one = workflow.task(square, 1);
  const auto squares = workflow.map(list, square);

#if WEFT_CASE == 1
  workflow.map(one, square);  // No list.
#elif WEFT_CASE == 2
  workflow.map(Numbers{1, 2}, square);  // No future.
#elif WEFT_CASE == 3
  workflow.map(squares, shout);  // Elements of another type.
#elif WEFT_CASE == 4
  workflow.for_each(list, [&](weft::Future<int> x) { workflow.task(square, x); });
#elif WEFT_CASE == 5
  workflow.for_each(list, [&](weft::Future<int>) { return 1; });
#elif WEFT_CASE == 6
  workflow.for_each(list, [&](weft::Future<std::string> x) { return x; });
#elif WEFT_CASE == 7
  workflow.task(square, squares);  // All elements where one is taken.
#else
  workflow.map(squares, square);
  workflow.for_each(list, [&](weft::Future<int> x) { return workflow.task(square, x); });
  workflow.task(square, one);
#endif
}
