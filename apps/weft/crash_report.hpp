#pragma once

#include <string>
#include <string_view>

#include "weft/workflow/error.hpp"

namespace weft::cli {

/// Writes down a failure that nobody foresaw, in the folder for temporary files, and says where.
/// @param command the verb that failed; its arguments are left out, since they may be secret
[[nodiscard]] Error reported(std::string_view failure, const std::string& command);

}  // namespace weft::cli
