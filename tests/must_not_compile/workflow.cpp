// Mistakes in a workflow that the types see.

// case 1: an argument of the task is not of the type that its function takes
// case 2: the task has another number of arguments than its function has parameters
// case 3: an argument of the task is not of the type that its function takes
// case 4: an argument of the task is not of the type that its function takes
// case 5: the predicate of a filter returns bool
// case 6: could not convert 'worker' from 'Id<weft::WorkerTag>' to 'Id<weft::TaskTag>'
// case 7: an argument of the task is not of the type that its function takes

#include <string>
#include <vector>

#include "weft/workflow/workflow.hpp"

#ifndef WEFT_CASE
#define WEFT_CASE 0
#endif

const weft::Function square{"square@1", [](int x) { return x * x; }};
const weft::Function shout{"shout@1", [](const std::string& text) { return text + "!"; }};
const weft::Function sum{"sum@1", [](const std::vector<int>& all) { return int(all.size()); }};
const weft::Function is_even{"is_even@1", [](int x) { return x % 2 == 0; }};

int number_of(weft::TaskId) {
  return 0;
}

void write(weft::Workflow& workflow) {
  const auto nine = workflow.task(square, 3);
  const auto word = workflow.task(shout, "weft");
  const auto list = weft::Future<std::vector<int>>{};

#if WEFT_CASE == 1
  workflow.task(shout, nine);  // A future of another type.
#elif WEFT_CASE == 2
  workflow.task(square, nine, nine);
#elif WEFT_CASE == 3
  workflow.task(sum, std::vector{word});  // A future of another type, nested.
#elif WEFT_CASE == 4
  workflow.task(square, "three");  // A constant of another type.
#elif WEFT_CASE == 5
  workflow.filter(list, square);
#elif WEFT_CASE == 6
  const weft::WorkerId worker{};
  number_of(worker);
#elif WEFT_CASE == 7
  workflow.map(list, shout);  // An element of another type.
#else
  workflow.task(shout, word);
  workflow.task(square, nine);
  workflow.task(sum, std::vector{nine, nine});
  workflow.map(list, square);
  workflow.filter(list, is_even);
  number_of(weft::TaskId{});
#endif
}
