#pragma once

#include <string_view>

namespace weft::cli {

/// What was built, and with what.
struct ProgramVersion {
  std::string_view version;
  std::string_view caf;
  std::string_view compiler;
  std::string_view build_type;
};

[[nodiscard]] const ProgramVersion& program_version();

}  // namespace weft::cli
