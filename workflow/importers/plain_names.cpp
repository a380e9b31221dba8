#include "weft/workflow/importers/plain_names.hpp"

#include <utility>

namespace weft {

namespace {

/// `-` and the ten digits of the largest number.
constexpr std::size_t max_suffix = 11;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string PlainNames::take(std::string_view wanted) {
  std::string plain{wanted.substr(0, max_size_)};
  if (plain.empty()) plain = "_";
  for (char& c : plain) {
    if (!is_letter_or_digit(c) && punctuation_.find(c) == std::string_view::npos) c = '_';
  }
  if (taken_.insert(plain).second) return plain;

  std::string stem = plain.substr(0, max_size_ - max_suffix);
  std::uint32_t& next = next_.try_emplace(stem, 2).first->second;
  for (;;) {
    std::string numbered = stem + "-" + std::to_string(next++);
    if (taken_.insert(numbered).second) return numbered;
  }
}

}  // namespace weft
