#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weft/workflow/error.hpp"

namespace weft::cli {

/// A file of the project that `weft new` writes: those of templates/module/, built into the
/// program.
struct TemplateFile {
  std::string_view path;  ///< Relative to the project.
  std::string_view text;  ///< With `starter` where the module's name stands.
};

[[nodiscard]] std::span<const TemplateFile> module_template();

/// A module project to be written.
struct ModuleProject {
  std::filesystem::path folder;
  std::string name;  ///< Of the module; empty: the folder's name.
};

/// Writes a project that builds a module and tests it. The folder appears whole or not at all; one
/// that is there must be empty. Fails with `invalid_argument` when the name or the folder cannot be
/// used, with `io_failed` when writing does.
/// @return the name of the module
[[nodiscard]] Result<std::string> write_module_project(const ModuleProject& project);

}  // namespace weft::cli
