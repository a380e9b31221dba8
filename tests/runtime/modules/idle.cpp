// A module that says nothing of how to add its functions.

#include "weft/workflow/module_entry.hpp"

const weft::ModuleEntry* weft_module() {
  static constexpr weft::ModuleEntry entry{.name = "idle@1"};
  return &entry;
}
