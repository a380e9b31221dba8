// What weft sees of the module: its name, and the functions that workflows may call.

#include <weft/workflow/module_entry.hpp>

#include "functions.hpp"

namespace {

// Raise the number behind @ when a function comes to mean something else.
weft::Result<void> add_functions(weft::Registry& registry) {
  registry.add(weft::Function{"starter.square@1", starter::square})
    .add(weft::Function{"starter.greet@1", starter::greet});
  return {};
}

}  // namespace

const weft::ModuleEntry* weft_module() {
  static constexpr weft::ModuleEntry entry{.name = "starter@1", .add_functions = add_functions};
  return &entry;
}
