#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include <link.h>

namespace weft {

/// A program or shared library on disk, as far as one has to know it before its code is loaded. The
/// file is taken for untrusted: whatever stands in it, a read stays inside of it and below a limit.
class ElfFile {
public:
  /// Nothing when the file cannot be read or is no ELF file.
  static std::optional<ElfFile> open(const std::filesystem::path& file);

  /// Whether its word size, byte order and processor are those of the other.
  [[nodiscard]] bool for_machine_of(const ElfFile& other) const;

  /// Whether it can be loaded into a process. @pre it is for this machine
  [[nodiscard]] bool shared() const { return head_.e_type == ET_DYN; }

  /// The bytes of the first section of that name; nothing when there is none, or one of more than
  /// `max_size` bytes. @pre it is for this machine
  [[nodiscard]] std::optional<std::string> section(std::string_view name, std::size_t max_size);

private:
  using Head = ElfW(Ehdr);
  using Section = ElfW(Shdr);

  ElfFile(std::ifstream file, const Head& head) : file_(std::move(file)), head_(head) {}

  [[nodiscard]] std::optional<Section> section_head(std::size_t index);
  [[nodiscard]] std::optional<std::string> bytes(std::uint64_t offset, std::size_t size);

  std::ifstream file_;
  Head head_;
};

}  // namespace weft
