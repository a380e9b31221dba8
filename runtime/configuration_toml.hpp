#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weft/workflow/error.hpp"

namespace weft {

/// One value of a configuration file. A plain value, made and used by `Configuration::read_toml`.
struct TomlEntry {
  std::string key;   ///< `section.name`
  std::string text;  ///< The value as a flag would carry it.
  std::uint32_t line = 0;
};

/// The values of a TOML text that is made of tables with plain values, line by line. Fails with
/// `invalid_config`: every value that is a list, a date or a table, or stands outside of a table,
/// is named.
[[nodiscard]] Result<std::vector<TomlEntry>> read_toml_entries(std::string_view text,
                                                               const std::string& path);

}  // namespace weft
