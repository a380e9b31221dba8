#include "weft/runtime/program_search.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <unistd.h>

namespace weft {

namespace fs = std::filesystem;

namespace {

bool is_program(const fs::path& path) {
  std::error_code failure;
  return fs::is_regular_file(path, failure) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<fs::path> find_program(const std::string& name, const fs::path& folder,
                              const std::string& search_path) {
  const auto missing = [&name](const std::string& where, std::string hint) {
    return Error{.code = Errc::invalid_argument,
                 .message = fmt::format("there is no program {} {}", in_quotes(name), where),
                 .hint = std::move(hint)};
  };
  if (name.empty()) return missing("without a name", "name the program first");
  if (name.find('/') != std::string::npos) {
    const fs::path path = fs::path(name).is_absolute() ? fs::path(name) : folder / name;
    if (is_program(path)) return path.lexically_normal();
    std::error_code failure;
    if (fs::exists(path, failure)) {
      return missing("that may be executed", "chmod +x " + path.string());
    }
    return missing("at " + path.string(), "relative paths begin at the pipeline's folder");
  }
  std::size_t begin = 0;
  while (begin <= search_path.size()) {
    const std::size_t end = std::min(search_path.find(':', begin), search_path.size());
    const fs::path path = fs::path(search_path.substr(begin, end - begin)) / name;
    if (path.is_absolute() && is_program(path)) return path;
    begin = end + 1;
  }
  return missing("on PATH", "install it, or give its path");
}

std::string search_path() {
  const char* set = std::getenv("PATH");
  return set ? set : "/bin:/usr/bin";
}

}  // namespace weft
