// A module one of whose source files was compiled with other flags.

#include "weft/workflow/module_entry.hpp"

namespace {

[[gnu::used, gnu::section("weft_build_id")]] constexpr std::array<char, 128> other_build_id{
  "0.1.0-0123456789abcdef-gcc12-debug"};

weft::Result<void> add_functions(weft::Registry&) {
  return {};
}

}  // namespace

const weft::ModuleEntry* weft_module() {
  static constexpr weft::ModuleEntry entry{.name = "mixed@1", .add_functions = add_functions};
  return &entry;
}
