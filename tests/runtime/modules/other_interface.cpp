// What a module of a later weft looks like to this one: more than the first two members may differ.

#include "weft/workflow/module_entry.hpp"

const weft::ModuleEntry* weft_module() {
  static constexpr weft::ModuleEntry entry{.interface = weft::module_interface + 1, .size = 4096};
  return &entry;
}
