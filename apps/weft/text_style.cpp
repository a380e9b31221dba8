#include "weft/apps/weft/text_style.hpp"

#include <algorithm>

namespace weft::cli {

namespace {

/// Whether a byte begins a code point of UTF-8 rather than going on with one.
bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

/// The first position behind an escape sequence that begins at `from`.
std::size_t end_of_escape(std::string_view text, std::size_t from) {
  const std::size_t end = text.find('m', from);
  return end == std::string_view::npos ? text.size() : end + 1;
}

std::string_view ellipsis_of(const TextStyle& style) {
  return style.unicode ? "…" : "..";
}

std::size_t room_beside(std::string_view ellipsis, std::size_t columns) {
  return columns - std::min(columns, columns_of(ellipsis));
}

/// The first position behind as many characters. @pre the text has no escapes
std::size_t end_of(std::string_view text, std::size_t characters) {
  std::size_t end = 0;
  for (std::size_t taken = 0; end < text.size(); ++end) {
    if (begins_character(text[end]) && taken++ == characters) break;
  }
  return end;
}

}  // namespace

std::string TextStyle::in(std::string_view code, std::string_view text) const {
  if (!color || text.empty()) return std::string(text);
  std::string out = "\x1b[";
  out.append(code).append("m").append(text).append("\x1b[0m");
  return out;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\x1b') {
      i = end_of_escape(text, i);
      continue;
    }
    if (begins_character(text[i])) ++columns;
    ++i;
  }
  return columns;
}

std::string cut_to(std::string_view text, std::size_t columns, const TextStyle& style) {
  if (columns_of(text) <= columns) return std::string(text);
  const std::string_view ellipsis = ellipsis_of(style);
  return std::string(text.substr(0, end_of(text, room_beside(ellipsis, columns)))).append(ellipsis);
}

std::string cut_middle(std::string_view text, std::size_t columns, const TextStyle& style) {
  const std::size_t all = columns_of(text);
  if (all <= columns) return std::string(text);
  const std::string_view ellipsis = ellipsis_of(style);
  const std::size_t room = room_beside(ellipsis, columns);
  const std::size_t head = room / 3;  // The end tells more than the beginning.
  std::string out(text.substr(0, end_of(text, head)));
  return out.append(ellipsis).append(text.substr(end_of(text, all - (room - head))));
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n' || c == '\t' || (byte >= 0x20 && byte != 0x7f)) {
      out += c;
    } else {
      constexpr std::string_view digits = "0123456789abcdef";
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

}  // namespace weft::cli
