// A module that finds out that it cannot work here, after it had added a function.

#include "weft/workflow/module_entry.hpp"

namespace {

weft::Result<void> add_functions(weft::Registry& registry) {
  registry.add(weft::Function{"failing.first@1", [](int x) { return x; }});
  return weft::Error{
    .code = weft::Errc::io_failed, .message = "there is no accelerator", .hint = "plug one in"};
}

}  // namespace

const weft::ModuleEntry* weft_module() {
  static constexpr weft::ModuleEntry entry{.name = "failing@1", .add_functions = add_functions};
  return &entry;
}
