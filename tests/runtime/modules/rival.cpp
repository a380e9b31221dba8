// A module one of whose names another has, too.

#include "weft/workflow/module_entry.hpp"

namespace {

weft::Result<void> add_functions(weft::Registry& registry) {
  registry.add(weft::Function{"rival.pack@1", [](int x) { return x; }})
    .add(weft::Function{"workshop.pack@1", [](int x) { return x; }})
    .add(weft::Function{"workshop.weigh@1", [](int x) { return x; }});
  return {};
}

}  // namespace

const weft::ModuleEntry* weft_module() {
  static constexpr weft::ModuleEntry entry{.name = "rival@3", .add_functions = add_functions};
  return &entry;
}
