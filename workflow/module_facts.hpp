#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weft/workflow/function.hpp"

namespace weft {

struct ModuleEntry;

/// `name@version` of a module.
struct ModuleName {
  std::string name;
  std::uint32_t version = 1;

  friend auto operator<=>(const ModuleName&, const ModuleName&) = default;
};

/// Reads `name@version`, spelled as functions are; without `@version` it is version 1. Fails with
/// `invalid_argument`.
[[nodiscard]] Result<ModuleName> parse_module_name(std::string_view text);
[[nodiscard]] std::string to_string(const ModuleName& name);

/// A module that is loaded into this process: made by `load_module`, kept by the registry that got
/// its functions.
struct ModuleFacts {
  ModuleName name;
  std::string file;                     ///< Absolute path, without symbolic links.
  std::string build_id;                 ///< That of the weft which it was built against.
  std::vector<FunctionName> functions;  ///< In the order of their names.
  const ModuleEntry* entry = nullptr;   ///< In the module, which stays loaded until the end.
};

}  // namespace weft
