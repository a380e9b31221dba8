#include "weft/runtime/module.hpp"

#include <array>
#include <cstring>
#include <fstream>
#include <optional>

#include <dlfcn.h>
#include <elf.h>
#include <fmt/format.h>

#include "weft/workflow/module_entry.hpp"

namespace weft {

namespace {

namespace fs = std::filesystem;

constexpr const char* entry_point = "weft_module";
/// A build id or a name that has not ended by then is none.
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

/// The part of the head of an ELF file that all machines have in common.
struct ElfHead {
  std::array<unsigned char, EI_NIDENT> identity{};
  std::uint16_t type = 0;     ///< In the byte order of the file.
  std::uint16_t machine = 0;  ///< The same.

  [[nodiscard]] bool is_elf() const { return std::memcmp(identity.data(), ELFMAG, SELFMAG) == 0; }
  [[nodiscard]] bool for_machine_of(const ElfHead& other) const {
    return identity[EI_CLASS] == other.identity[EI_CLASS] &&
           identity[EI_DATA] == other.identity[EI_DATA] && machine == other.machine;
  }
};

std::optional<ElfHead> read_head(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::array<char, EI_NIDENT + 2 * sizeof(std::uint16_t)> bytes{};
  if (!in.read(bytes.data(), bytes.size())) return std::nullopt;
  ElfHead head;
  std::memcpy(head.identity.data(), bytes.data(), EI_NIDENT);
  std::memcpy(&head.type, bytes.data() + EI_NIDENT, sizeof(head.type));
  std::memcpy(&head.machine, bytes.data() + EI_NIDENT + sizeof(head.type), sizeof(head.machine));
  return head;
}

Result<void> check_format(const fs::path& file) {
  const std::string hint = "give the path of a shared library that weft_add_module built";
  const auto head = read_head(file);
  if (!head || !head->is_elf()) return refused(file, "is not an ELF file", hint);
  // What this process itself was started from is for this machine.
  const auto own = read_head("/proc/self/exe");
  if (own && !head->for_machine_of(*own)) {
    return refused(file, "is for another kind of machine", "build it on a machine like this one");
  }
  if (head->type != ET_DYN) return refused(file, "is not a shared library", hint);
  return {};
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
    return refused(file, "is a shared library, but no module: it has no weft_module()",
                   R"(define extern "C" const weft::ModuleEntry* weft_module())");
  }
  const ModuleEntry* const entry = find_entry();
  if (!entry) return refused(file, "has a weft_module() that returns nothing", "return its entry");
  return entry;
}

Result<void> check_build(const fs::path& file, const ModuleEntry& entry) {
  const std::string hint = fmt::format(
    "build it again against this weft: cmake -B build -DCMAKE_PREFIX_PATH=<where weft {} is "
    "installed>, cmake --build build --clean-first",
    build_id().substr(0, build_id().find('-')));
  if (entry.interface != module_interface || entry.size != sizeof(ModuleEntry)) {
    return refused(file,
                   fmt::format("has version {} of the module interface; this is weft {}, which "
                               "takes version {}",
                               entry.interface, build_id(), module_interface),
                   hint);
  }
  const std::string_view built = text_of(entry.build_id);
  if (built != build_id()) {
    return refused(
      file, fmt::format("was built against weft {}; this is weft {}", built, build_id()), hint);
  }
  return {};
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
  if (auto format = check_format(*path); !format) return format.error();
  const auto entry = entry_of(*path);
  if (!entry) return entry.error();
  if (auto build = check_build(*path, **entry); !build) return build.error();
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
                              .build_id = std::string(text_of((*entry)->build_id)),
                              .entry = *entry},
                             functions);
}

}  // namespace weft
