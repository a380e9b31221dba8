#pragma once

#include <cstdint>

#include "weft/build_id.hpp"
#include "weft/workflow/registry.hpp"

// What the author of a module includes: a shared library that brings functions. It ends with
//
//     const weft::ModuleEntry* weft_module() {
//       static constexpr weft::ModuleEntry entry{.name = "statistics@1", .add_functions = add_all};
//       return &entry;
//     }
//
// and is built by `weft_add_module`. docs/modules.md tells the rest.

namespace weft {

/// Changes when the layout of `ModuleEntry`, or what is expected of it, does.
inline constexpr std::uint32_t module_interface = 1;

/// What a module says of itself. The first two members stay where they are in every version, so
/// that a module of another one can be told apart and refused; a host reads nothing else before it
/// has compared them.
struct ModuleEntry {
  std::uint32_t interface = module_interface;
  std::uint32_t size = sizeof(ModuleEntry);  ///< In bytes.
  const char* name = nullptr;                ///< `name@version` of the module.

  /// Adds the functions of the module to a registry that has only weft's own. Called once for each
  /// registry that the module is loaded into, on the thread that loads. May fail, or throw; then
  /// none of its functions is taken.
  Result<void> (*add_functions)(Registry&) = nullptr;
};

/// The section of a module's file that holds its build id, once for each source file that includes
/// this header. `load_module` reads it from the disk: code of another build is never run.
namespace {
[[gnu::used,
  gnu::section("weft_build_id")]] constexpr build_id_detail::IdText::Characters build_id_in_file =
  build_id_detail::id.characters;
}  // namespace

}  // namespace weft

/// The one symbol of a module that others see: defined by its author, found by `load_module`.
/// Answers the same entry every time; the entry lives as long as the module.
extern "C" [[gnu::visibility("default")]] const weft::ModuleEntry* weft_module();
