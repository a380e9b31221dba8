#include "weft/runtime/elf_file.hpp"

#include <cstring>

namespace weft {

namespace {

/// The names of all sections: a library with debugging symbols has some dozens.
constexpr std::size_t max_name_table = 1 << 20;

}  // namespace

std::optional<ElfFile> ElfFile::open(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  Head head{};
  char identity[EI_NIDENT] = {};
  if (!file.read(identity, sizeof(identity))) return std::nullopt;
  if (std::memcmp(identity, ELFMAG, SELFMAG) != 0) return std::nullopt;
  // Of a library for another word size this is not the head, but enough of one to say so.
  file.seekg(0);
  file.read(reinterpret_cast<char*>(&head), sizeof(head));
  if (file.gcount() < static_cast<std::streamsize>(offsetof(Head, e_version))) return std::nullopt;
  file.clear();
  return ElfFile{std::move(file), head};
}

bool ElfFile::for_machine_of(const ElfFile& other) const {
  return head_.e_ident[EI_CLASS] == other.head_.e_ident[EI_CLASS] &&
         head_.e_ident[EI_DATA] == other.head_.e_ident[EI_DATA] &&
         head_.e_machine == other.head_.e_machine;
}

std::optional<std::string> ElfFile::section(std::string_view name, std::size_t max_size) {
  const auto table = section_head(head_.e_shstrndx);
  if (!table || table->sh_size > max_name_table) return std::nullopt;
  const auto names = bytes(table->sh_offset, table->sh_size);
  if (!names) return std::nullopt;
  for (std::size_t i = 0; i < head_.e_shnum; ++i) {
    const auto head = section_head(i);
    if (!head || head->sh_name >= names->size()) continue;
    // The name ends at its zero, which the text of a string has at its own end at the latest.
    if (std::string_view{names->c_str() + head->sh_name} != name) continue;
    if (head->sh_type == SHT_NOBITS || head->sh_size > max_size) return std::nullopt;
    return bytes(head->sh_offset, head->sh_size);
  }
  return std::nullopt;
}

std::optional<ElfFile::Section> ElfFile::section_head(std::size_t index) {
  if (index >= head_.e_shnum || head_.e_shentsize != sizeof(Section)) return std::nullopt;
  const auto read = bytes(head_.e_shoff + index * sizeof(Section), sizeof(Section));
  if (!read) return std::nullopt;
  Section section{};
  std::memcpy(&section, read->data(), sizeof(section));
  return section;
}

std::optional<std::string> ElfFile::bytes(std::uint64_t offset, std::size_t size) {
  std::string out(size, '\0');
  file_.clear();
  if (!file_.seekg(static_cast<std::streamoff>(offset))) return std::nullopt;
  if (!file_.read(out.data(), static_cast<std::streamsize>(size))) return std::nullopt;
  return out;
}

}  // namespace weft
