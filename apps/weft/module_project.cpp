#include "weft/apps/weft/module_project.hpp"

#include <algorithm>
#include <array>
#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

#include "weft/apps/weft/program_version.hpp"

namespace weft::cli {

namespace {

namespace fs = std::filesystem;

/// What stands for the module's name, and for weft's version, in the files of the template.
constexpr std::string_view name_mark = "starter";
constexpr std::string_view version_mark = "WEFT_VERSION";

/// The name stands before functions and in file names; a longer one would break their lines.
constexpr std::size_t max_module_name = 64;

/// The name becomes a namespace of C++ and a target of CMake, and these are taken there.
constexpr auto reserved_names = std::to_array<std::string_view>(
  {"alignas",  "alignof",   "all",       "and",       "asm",       "auto",     "bool",
   "break",    "case",      "catch",     "char",      "class",     "clean",    "compl",
   "concept",  "const",     "consteval", "constexpr", "constinit", "continue", "decltype",
   "default",  "delete",    "depend",    "do",        "double",    "else",     "enum",
   "explicit", "export",    "extern",    "false",     "float",     "for",      "friend",
   "goto",     "help",      "if",        "inline",    "install",   "int",      "long",
   "mutable",  "namespace", "new",       "noexcept",  "not",       "nullptr",  "operator",
   "or",       "package",   "private",   "protected", "public",    "register", "requires",
   "return",   "short",     "signed",    "sizeof",    "static",    "std",      "struct",
   "switch",   "template",  "test",      "this",      "throw",     "true",     "try",
   "typedef",  "typeid",    "typename",  "union",     "unsigned",  "using",    "virtual",
   "void",     "volatile",  "weft",      "while",     "xor"});

static_assert(std::ranges::is_sorted(reserved_names), "they are searched for as in a dictionary");

Error unusable(std::string message, std::string hint) {
  return {.code = Errc::invalid_argument, .message = std::move(message), .hint = std::move(hint)};
}

Error io_error(const fs::path& path, const std::string& reason) {
  return {.code = Errc::io_failed,
          .message = fmt::format("{} cannot be written: {}", path.string(), reason),
          .hint = "free some space, or name a folder that you may write to"};
}

bool is_module_name(std::string_view name) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto allowed = [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name.size() <= max_module_name && lower(name.front()) &&
         std::ranges::all_of(name, allowed) && !std::ranges::binary_search(reserved_names, name);
}

Result<std::string> module_name_of(const ModuleProject& project, const fs::path& folder) {
  std::string name = project.name.empty() ? folder.filename().string() : project.name;
  if (project.name.empty()) std::ranges::replace(name, '-', '_');
  if (is_module_name(name)) return name;
  return unusable(
    in_quotes(name) + " cannot be the name of a module here",
    fmt::format("--name takes 1 to {} lower-case letters, digits or _, beginning with "
                "a letter, and no word of C++ or CMake",
                max_module_name));
}

/// The absolute path of a folder that is not there yet, or is empty.
Result<fs::path> usable_folder(const fs::path& given) {
  std::error_code failure;
  fs::path folder = fs::weakly_canonical(fs::absolute(given, failure), failure);
  if (failure)
    return unusable(in_quotes(given.string()) + ": " + failure.message(), "name another");
  if (!folder.has_filename()) folder = folder.parent_path();
  if (!fs::exists(folder, failure)) return folder;
  if (!fs::is_directory(folder, failure)) {
    return unusable(in_quotes(given.string()) + " is a file",
                    "name a folder that is not there yet");
  }
  if (!fs::is_empty(folder, failure) || failure) {
    return unusable(in_quotes(given.string()) + " is not an empty folder",
                    "name a folder that is not there yet");
  }
  if (fs::equivalent(folder, fs::current_path(failure), failure)) {
    return unusable(in_quotes(given.string()) + " is the current folder",
                    "name a folder below it: weft new my_module");
  }
  return folder;
}

std::string filled_in(std::string_view text, std::string_view name) {
  std::string out(text);
  const auto replace_all = [&out](std::string_view mark, std::string_view by) {
    for (auto at = out.find(mark); at != std::string::npos; at = out.find(mark, at + by.size())) {
      out.replace(at, mark.size(), by);
    }
  };
  replace_all(name_mark, name);
  replace_all(version_mark, program_version().version);
  return out;
}

Result<void> write_file(const fs::path& path, const std::string& text) {
  std::error_code failure;
  fs::create_directories(path.parent_path(), failure);
  if (failure) return io_error(path.parent_path(), failure.message());
  std::ofstream out{path, std::ios::binary};
  out << text;
  out.close();
  if (!out) return io_error(path, "the file could not be written whole");
  return {};
}

/// A folder beside the final one, removed unless it was renamed.
class PendingFolder {
public:
  explicit PendingFolder(fs::path final_path)
    : final_(std::move(final_path)), path_(final_.string() + fmt::format(".{}.part", ::getpid())) {}
  PendingFolder(const PendingFolder&) = delete;
  PendingFolder& operator=(const PendingFolder&) = delete;
  ~PendingFolder() {
    std::error_code ignored;
    if (!done_) fs::remove_all(path_, ignored);
  }

  [[nodiscard]] const fs::path& path() const { return path_; }

  /// Takes the place of a folder that is not there, or is empty; no other.
  Result<void> finish() {
    std::error_code failure;
    fs::rename(path_, final_, failure);
    if (failure) return io_error(final_, failure.message());
    done_ = true;
    return {};
  }

private:
  fs::path final_;
  fs::path path_;
  bool done_ = false;
};

}  // namespace

Result<std::string> write_module_project(const ModuleProject& project) {
  const auto folder = usable_folder(project.folder);
  if (!folder) return folder.error();
  auto name = module_name_of(project, *folder);
  if (!name) return name;
  PendingFolder pending{*folder};
  for (const TemplateFile& file : module_template()) {
    auto written =
      write_file(pending.path() / filled_in(file.path, *name), filled_in(file.text, *name));
    if (!written) return written.error();
  }
  if (auto finished = pending.finish(); !finished) return finished.error();
  return name;
}

}  // namespace weft::cli
