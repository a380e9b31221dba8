#include "weft/apps/weft/crash_report.hpp"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

#include "weft/apps/weft/program_version.hpp"
#include "weft/workflow/clock.hpp"

namespace weft::cli {

Error reported(std::string_view failure, const std::string& command) {
  Error error{.code = Errc::internal, .message = fmt::format("a defect of weft: {}", failure)};
  std::error_code ignored;
  const auto folder = std::filesystem::temp_directory_path(ignored);
  const auto path = folder / fmt::format("weft-report-{}.txt", ::getpid());
  std::ofstream file(path);
  file << "weft " << program_version().version << ", " << program_version().compiler << "\n"
       << format_time(SystemClock{}.wall_now()) << "\n"
       << command << "\n"
       << failure << "\n";
  file.close();
  error.hint = file ? "please report it with " + path.string() : "please report it";
  return error;
}

}  // namespace weft::cli
