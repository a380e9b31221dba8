// Arguments that nest what the parameter does not.

// case 1: an argument of the task is not of the type that its function takes
// case 2: an argument of the task is not of the type that its function takes
// case 3: an argument of the task is not of the type that its function takes
// case 4: an argument of the task is not of the type that its function takes
// case 5: an argument of the task is not of the type that its function takes
// case 6: an argument of the task is not of the type that its function takes
// case 7: an argument of the task is not of the type that its function takes
// case 8: an argument of the task is not of the type that its function takes
// case 9: an argument of the task is not of the type that its function takes
// case 10: an argument of the task is not of the type that its function takes

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "weft/workflow/workflow.hpp"

#ifndef WEFT_CASE
#define WEFT_CASE 0
#endif

struct Pixel {
  int x;
  int y;
  std::string colour;
};

using Numbers = std::vector<int>;
using Words = std::vector<std::string>;
using Counts = std::map<std::string, int>;

const weft::Function number{"number@1", [] { return 1; }};
const weft::Function word{"word@1", [] { return std::string("weft"); }};
const weft::Function join{"join@1", [](const Words& all) { return all.size(); }};
const weft::Function spell{"spell@1", [](const Counts& all) { return all.size(); }};
const weft::Function pick{"pick@1", [](const std::tuple<int, std::string>& x) { return x; }};
const weft::Function either{"either@1", [](const std::optional<int>& x) { return x; }};
const weft::Function draw{"draw@1", [](const Pixel& pixel) { return pixel.x; }};
const weft::Function whole{"whole@1", [](const weft::Shared<Numbers>& all) { return all->size(); }};

void write(weft::Workflow& workflow, const weft::Mapped<int>& numbers) {
  const auto one = workflow.task(number);
  const auto text = workflow.task(word);

#if WEFT_CASE == 1
  workflow.task(join, std::vector{one, one});
#elif WEFT_CASE == 2
  workflow.task(spell, std::map<std::string, weft::Future<std::string>>{{"a", text}});
#elif WEFT_CASE == 3
  workflow.task(pick, std::tuple{one, one});
#elif WEFT_CASE == 4
  workflow.task(pick, std::tuple{one, text, one});  // One too many.
#elif WEFT_CASE == 5
  workflow.task(either, std::optional{text});
#elif WEFT_CASE == 6
  workflow.task(draw, weft::object<Pixel>(one, text, "red"));  // A field of another type.
#elif WEFT_CASE == 7
  workflow.task(draw, weft::object<Pixel>(one, one));  // A field too few.
#elif WEFT_CASE == 8
  workflow.task(join, numbers);  // Elements of another type.
#elif WEFT_CASE == 9
  workflow.task(whole, numbers);  // Elements are values of their own, not one list in place.
#elif WEFT_CASE == 10
  workflow.task(draw, static_cast<const weft::AnyFuture&>(one));  // Who knows what it yields?
#else
  workflow.task(join, std::vector{text, text});
  workflow.task(spell, std::map<std::string, weft::Future<int>>{{"a", one}});
  workflow.task(pick, std::tuple{one, text});
  workflow.task(either, std::optional{one});
  workflow.task(draw, weft::object<Pixel>(one, one, "red"));
  workflow.task(whole, workflow.gather(numbers));
#endif
}
