// A module that returns no entry.

#include "weft/workflow/module_entry.hpp"

const weft::ModuleEntry* weft_module() {
  return nullptr;
}
