#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/workflow/error.hpp"

namespace weft {

/// What a workflow needs of the place where it runs. It names things; nothing is fetched for it,
/// installed or started.
///
/// A plain value. Written with the workflow (`Workflow::requirements`), kept by its graph, compared
/// with what is there before a run starts (`check_requirements`).
struct Requirements {
  std::vector<std::string> modules;    ///< `name`, of any version, or `name@version`.
  std::vector<std::string> functions;  ///< `name@version`; without a version it is 1.
  std::vector<std::string> files;      ///< Paths of files or folders.
  std::vector<std::string> programs;   ///< Names to be found on PATH, or paths.

  /// What relative paths are relative to: the folder of the workflow file. Empty: the current
  /// folder, at the time of the check.
  std::string folder;

  [[nodiscard]] bool empty() const {
    return modules.empty() && functions.empty() && files.empty() && programs.empty();
  }

  friend bool operator==(const Requirements&, const Requirements&) = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, Requirements& x) {
    return f.object(x).fields(f.field("modules", x.modules), f.field("functions", x.functions),
                              f.field("files", x.files), f.field("programs", x.programs),
                              f.field("folder", x.folder));
  }
};

/// Things of one kind that a workflow may need: each costs a look before every run.
inline constexpr std::size_t max_requirements = 1000;

/// Bytes of a path that a workflow may need: Linux opens no longer one (PATH_MAX).
inline constexpr std::size_t max_path_size = 4096;

/// Everything in the list that cannot name what it should, and every list that is too long. Empty
/// when all is well.
[[nodiscard]] std::vector<Error> requirement_problems(const Requirements& requirements);

/// A module as a workflow asks for it.
struct ModuleRequirement {
  std::string name;
  std::optional<std::uint32_t> version;  ///< Nothing: any.
};

/// Reads `name` or `name@version`, spelled as functions are. Fails with `invalid_argument`.
[[nodiscard]] Result<ModuleRequirement> parse_module_requirement(std::string_view text);

}  // namespace weft
