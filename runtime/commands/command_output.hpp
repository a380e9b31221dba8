#pragma once

#include <cstdlib>
#include <map>
#include <msgpack.hpp>
#include <string>
#include <vector>

#include "weft/workflow/value.hpp"

namespace weft {

/// One thing that a command makes or reads: a text, or a file.
struct CommandItem {
  bool file = false;
  bool number = false;  ///< A text that is a number, for functions that read it.
  std::string text;     ///< The absolute path of a file.
  Bytes size;           ///< Of a file.
  std::string digest;   ///< Of a file's content: XXH3, 128 bits, as 32 hexadecimal digits.

  friend bool operator==(const CommandItem&, const CommandItem&) = default;
  MSGPACK_DEFINE(file, number, text, size.count, digest)
};

/// One item, or a list of them.
struct CommandItems {
  bool list = false;
  std::vector<CommandItem> items;

  friend bool operator==(const CommandItems&, const CommandItems&) = default;
  MSGPACK_DEFINE(list, items)
};

/// What a command returns: its outputs by name. What a function returns reads as one, too: numbers,
/// texts and lists of them become the output without a name.
struct CommandOutput {
  std::map<std::string, CommandItems> outputs;

  friend bool operator==(const CommandOutput&, const CommandOutput&) = default;

  template <class Packer>
  void msgpack_pack(Packer& packer) const {
    packer.pack_map(1);
    packer.pack(key);
    packer.pack(outputs);
  }
  void msgpack_unpack(const msgpack::object& object);

  static constexpr const char* key = "weft.command_output";
};

/// One output as functions read it: a text (the path of a file), a number, or a list of such.
struct PlainOutput {
  CommandItems items;

  template <class Packer>
  void msgpack_pack(Packer& packer) const {
    if (items.list) packer.pack_array(static_cast<std::uint32_t>(items.items.size()));
    for (const CommandItem& item : items.items) pack_item(packer, item);
  }
  void msgpack_unpack(const msgpack::object&) { throw msgpack::type_error(); }

private:
  template <class Packer>
  static void pack_item(Packer& packer, const CommandItem& item) {
    if (!item.number) {
      packer.pack(item.text);
    } else if (const auto whole = whole_of(item.text)) {
      packer.pack(*whole);
    } else {
      packer.pack(std::strtod(item.text.c_str(), nullptr));
    }
  }
  static std::optional<std::int64_t> whole_of(const std::string& text);
};

}  // namespace weft
