// A module that was built against other headers.

#include "weft/workflow/module_entry.hpp"

namespace {

weft::Result<void> add_functions(weft::Registry&) {
  weft::check(false, "nobody calls a function of another build");
  return {};
}

}  // namespace

const weft::ModuleEntry* weft_module() {
  static constexpr weft::ModuleEntry entry{
    .build_id = "0.0.9-0123456789abcdef-gcc12", .name = "old@1", .add_functions = add_functions};
  return &entry;
}
