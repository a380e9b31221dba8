#pragma once

#include <filesystem>
#include <string>

#include "weft/workflow/error.hpp"

namespace weft {

/// The program that `name` stands for: a path, relative to `folder` if it is relative, or a name
/// that is looked for in the folders of `search_path` (as PATH), but for
/// relative ones: the current folder may be anybody's. Fails with `invalid_argument`.
[[nodiscard]] Result<std::filesystem::path> find_program(const std::string& name,
                                                         const std::filesystem::path& folder,
                                                         const std::string& search_path);

/// Where programs of this process are looked for: its PATH, or what the C library takes without
/// one.
[[nodiscard]] std::string search_path();

}  // namespace weft
