// A module whose author overlooked an exception, after it had added a function.

#include <stdexcept>

#include "weft/workflow/module_entry.hpp"

namespace {

weft::Result<void> add_functions(weft::Registry& registry) {
  registry.add(weft::Function{"throwing.first@1", [](int x) { return x; }});
  throw std::runtime_error{"no licence for this machine"};
}

}  // namespace

const weft::ModuleEntry* weft_module() {
  static constexpr weft::ModuleEntry entry{.name = "throwing@1", .add_functions = add_functions};
  return &entry;
}
