#include "weft/runtime/module.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include <dlfcn.h>
#include <fmt/format.h>

#include "weft/runtime/elf_file.hpp"
#include "weft/workflow/module_entry.hpp"

namespace weft {

namespace {

namespace fs = std::filesystem;

constexpr const char* entry_point = "weft_module";
/// A name that has not ended by then is none.
constexpr std::size_t max_text_size = 256;

Error refused(const fs::path& file, std::string_view what, std::string hint) {
  return {.code = Errc::invalid_argument,
          // The path whole: its end is what tells modules apart.
          .message = fmt::format("module {} {} ({})", in_quotes(file.filename().string()), what,
                                 file.string()),
          .hint = std::move(hint)};
}

// -- before any of its code runs ------------------------------------------------------------------

Result<fs::path> existing_file(const fs::path& file) {
  std::error_code failure;
  const fs::path path = fs::canonical(file, failure);
  if (failure) {
    return refused(file, "cannot be opened: " + failure.message(),
                   "give the path of a file that weft_add_module built");
  }
  if (!fs::is_regular_file(path, failure)) {
    return refused(file, "is no regular file", "give the path of a shared library");
  }
  return path;
}

/// The first build id in a section of a file that is not this weft's: each source file of the
/// module has left one there. Nothing when all are.
std::optional<std::string> foreign_build_id(const std::string& section) {
  constexpr std::size_t step = sizeof(build_id_detail::IdText::Characters);
  for (std::size_t at = 0; at < section.size(); at += step) {
    // Text up to its zero, or what there is of it.
    std::string id = section.substr(at, step).c_str();
    if (id != build_id()) return id;
  }
  return std::nullopt;
}

std::string how_to_rebuild() {
  return fmt::format(
    "build it again against this weft: cmake -B build -DCMAKE_PREFIX_PATH=<where weft {} is "
    "installed>, cmake --build build --clean-first",
    build_id().substr(0, build_id().find('-')));
}

Result<void> check_file(const fs::path& path) {
  const std::string hint = "give the path of a shared library that weft_add_module built";
  auto file = ElfFile::open(path);
  if (!file) return refused(path, "is not an ELF file", hint);
  // What this process itself was started from is for this machine.
  const auto own = ElfFile::open("/proc/self/exe");
  if (own && !file->for_machine_of(*own)) {
    return refused(path, "is for another kind of machine", "build it on a machine like this one");
  }
  if (!file->shared()) return refused(path, "is not a shared library", hint);
  constexpr std::size_t max_section = 1 << 20;  // That of 8192 source files.
  const auto ids = file->section("weft_build_id", max_section);
  if (!ids || ids->empty()) {
    return refused(path, "is a shared library, but no module: it has no build id", hint);
  }
  const auto foreign = foreign_build_id(*ids);
  if (!foreign) return {};
  return refused(path,
                 fmt::format("was built against weft {}; this is weft {}", in_quotes(*foreign),
                             in_quotes(build_id())),
                 how_to_rebuild());
}

// -- with its code in the process -----------------------------------------------------------------

std::string_view text_of(const char* text) {
  return text ? std::string_view{text, strnlen(text, max_text_size)} : std::string_view{};
}

using EntryPoint = const ModuleEntry* (*)();

Result<const ModuleEntry*> entry_of(const fs::path& file) {
  // All of its symbols now, so that none is missing in the middle of a run; seen by nobody else.
  void* const library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char* const reason = ::dlerror();
    return refused(file, fmt::format("cannot be loaded: {}", reason ? reason : "nobody says why"),
                   "build it with weft_add_module, and link all that it uses");
  }
  const auto find_entry = reinterpret_cast<EntryPoint>(::dlsym(library, entry_point));
  if (!find_entry) {
    return refused(file, "is no module: it has no weft_module()",
                   R"(define extern "C" const weft::ModuleEntry* weft_module())");
  }
  const ModuleEntry* const entry = find_entry();
  if (!entry) return refused(file, "has a weft_module() that returns nothing", "return its entry");
  return entry;
}

Result<void> check_interface(const fs::path& file, const ModuleEntry& entry) {
  if (entry.interface == module_interface && entry.size == sizeof(ModuleEntry)) return {};
  return refused(file,
                 fmt::format("has version {} of the module interface; this weft takes version {}",
                             entry.interface, module_interface),
                 how_to_rebuild());
}

Result<void> add_functions(const ModuleEntry& entry, Registry& functions) {
  if (!entry.add_functions) {
    return Error{.code = Errc::invalid_argument, .message = "its entry names no add_functions"};
  }
  try {
    return entry.add_functions(functions);
  } catch (...) {
    return current_exception_as_error();
  }
}

}  // namespace

std::string_view build_id() {
  return build_id_of_headers;
}

Result<ModuleFacts> load_module(Registry& registry, const fs::path& file) {
  const auto path = existing_file(file);
  if (!path) return path.error();
  if (auto sound = check_file(*path); !sound) return sound.error();
  const auto entry = entry_of(*path);
  if (!entry) return entry.error();
  if (auto fits = check_interface(*path, **entry); !fits) return fits.error();
  auto name = parse_module_name(text_of((*entry)->name));
  if (!name) return refused(*path, "has a wrong name: " + name.error().message, name.error().hint);
  Registry functions;
  if (auto added = add_functions(**entry, functions); !added) {
    Error error = refused(*path, "could not add its functions",
                          "this is for the author of the module to correct");
    error.causes.push_back(added.error());
    return error;
  }
  return registry.add_module({.name = std::move(*name),
                              .file = path->string(),
                              .build_id = std::string(build_id()),
                              .entry = *entry},
                             functions);
}

}  // namespace weft
