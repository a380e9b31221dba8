// Callables that cannot be task functions.

// case 1: a task function has one call operator, const and without auto parameters
// case 2: a task function has one call operator, const and without auto parameters
// case 3: a task function has one call operator, const and without auto parameters
// case 4: a task function takes copies or const references: its arguments are shared
// case 5: a task function takes copies or const references: its arguments are shared

#include <memory>
#include <string>

#include "weft/workflow/function.hpp"

#ifndef WEFT_CASE
#define WEFT_CASE 0
#endif

struct Overloaded {
  int operator()(int x) const { return x; }
  int operator()(const std::string& text) const { return static_cast<int>(text.size()); }
};

int twice(int x) {
  return 2 * x;
}

#if WEFT_CASE == 1
const weft::Function generic{"generic@1", [](auto x) { return x; }};
#elif WEFT_CASE == 2
const weft::Function counting{"counting@1", [count = 0]() mutable { return ++count; }};
#elif WEFT_CASE == 3
const weft::Function overloaded{"overloaded@1", Overloaded{}};
#elif WEFT_CASE == 4
const weft::Function changing{"changing@1", [](std::string& text) { text += "!"; }};
#elif WEFT_CASE == 5
const weft::Function taking{"taking@1", [](std::unique_ptr<int> x) { return *x; }};
#else
const weft::Function plain{"plain@1", twice};
const weft::Function text{"text@1", [](std::string text) { return text + "!"; }};
const weft::Function with_context{"with_context@1", [](weft::TaskContext&, int x) { return x; }};
#endif
