// A module that registers a name which is none: what throws is weft's own code in the module.

#include "weft/workflow/module_entry.hpp"

namespace {

weft::Result<void> add_functions(weft::Registry& registry) {
  registry.add(weft::Function{"mis spelling@1", [](int x) { return x; }});
  return {};
}

}  // namespace

const weft::ModuleEntry* weft_module() {
  static constexpr weft::ModuleEntry entry{.name = "misspelling@1", .add_functions = add_functions};
  return &entry;
}
