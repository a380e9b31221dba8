#include "weft/runtime/pools/process/output_tail.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace weft {

namespace {

/// A line that is longer is handed out in parts: what keeps lines should not grow with them.
constexpr std::size_t line_size_max = 8192;

/// How many bytes the UTF-8 character at the beginning has; 0 if there is none.
std::size_t character_size(std::string_view bytes) {
  const auto at = [bytes](std::size_t index) { return static_cast<unsigned char>(bytes[index]); };
  const unsigned char first = at(0);
  const std::size_t size = first < 0x80                     ? 1
                           : first >= 0xc2 && first <= 0xdf ? 2
                           : first >= 0xe0 && first <= 0xef ? 3
                           : first >= 0xf0 && first <= 0xf4 ? 4
                                                            : 0;
  if (size == 0 || bytes.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  // Longer than needed, half of a pair, beyond the last character.
  if ((first == 0xe0 && at(1) < 0xa0) || (first == 0xed && at(1) > 0x9f)) return 0;
  if ((first == 0xf0 && at(1) < 0x90) || (first == 0xf4 && at(1) > 0x8f)) return 0;
  // The control characters of Latin-1: some terminals obey them.
  if (first == 0xc2 && at(1) < 0xa0) return 0;
  return size;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
}

}  // namespace

std::string printable_text(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t size = character_size(bytes);
    if (bytes.starts_with("\r\n")) {
      bytes.remove_prefix(1);
    } else if (size == 0 || (size == 1 && is_control(bytes.front()))) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes.front()));
      bytes.remove_prefix(1);
    } else {
      out += bytes.substr(0, size);
      bytes.remove_prefix(size);
    }
  }
  return out;
}

void OutputTail::add(std::string_view bytes) {
  if (bytes.size() > size_) {
    cut_ = true;
    bytes.remove_prefix(bytes.size() - size_);
  }
  bytes_ += bytes;
  if (bytes_.size() <= 2 * size_) return;
  cut_ = true;
  bytes_.erase(0, bytes_.size() - size_);
}

std::string OutputTail::text() const {
  std::string_view kept = bytes_;
  const bool cut = cut_ || kept.size() > size_;
  if (kept.size() > size_) kept.remove_prefix(kept.size() - size_);
  if (cut) {
    const std::size_t line = kept.find('\n');
    if (line != std::string_view::npos && line + 1 < kept.size()) kept.remove_prefix(line + 1);
  }
  return printable_text(kept);
}

void LineSplitter::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t room = line_size_max - rest_.size();
    const std::size_t end = bytes.find('\n');
    const std::size_t taken = std::min({end, bytes.size(), room});
    rest_ += bytes.substr(0, taken);
    bytes.remove_prefix(taken);
    if (taken == end) bytes.remove_prefix(1);
    if (taken == end || rest_.size() == line_size_max) hand_out();
  }
}

void LineSplitter::finish() {
  if (!rest_.empty()) hand_out();
}

void LineSplitter::hand_out() {
  if (rest_.ends_with('\r')) rest_.pop_back();
  on_line_(printable_text(rest_));
  rest_.clear();
}

}  // namespace weft
