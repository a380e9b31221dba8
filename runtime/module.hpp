#pragma once

#include <filesystem>
#include <string_view>

#include "weft/workflow/registry.hpp"

namespace weft {

/// Loads a module, a shared library that brings functions, and adds these to `registry`.
///
/// Checked in this order: that the file is a shared library for this machine, its build id, that
/// all symbols which it uses are there, its entry point, its interface version, its name, and that
/// no function of its names is there already. Each refusal is an `invalid_argument` that says what
/// to do, and leaves the registry as it was. To load a module is to run its code; the first two
/// checks only read the file (docs/modules.md).
///
/// A module stays in the process until that ends: values, functions and exceptions refer to its
/// code. Loading a file again is fine: into another registry, or into the same, which changes
/// nothing.
///
/// Any thread may call it, one at a time for each registry.
[[nodiscard]] Result<ModuleFacts> load_module(Registry& registry,
                                              const std::filesystem::path& file);

/// The build id of this weft: what modules must have been built against.
[[nodiscard]] std::string_view build_id();

}  // namespace weft
