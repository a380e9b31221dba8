// A shared library that uses what nobody gives it.

#include "weft/workflow/module_entry.hpp"

extern "C" int given_by_nobody();
extern "C" int answer_of_nobody();

extern "C" int answer_of_nobody() {
  return given_by_nobody();
}
