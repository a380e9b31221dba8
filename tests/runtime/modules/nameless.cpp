// A module whose name is none.

#include "weft/workflow/module_entry.hpp"

const weft::ModuleEntry* weft_module() {
  static constexpr weft::ModuleEntry entry{.name = "no name", .add_functions = nullptr};
  return &entry;
}
