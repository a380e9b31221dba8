#include "weft/workflow/ids.hpp"

namespace weft {

namespace {
constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t text_length = 13;  // 64 bits at 5 bits a character, rounded up.
}  // namespace

std::string RunId::text() const {
  std::string text(text_length, '0');
  std::uint64_t rest = number_;
  for (std::size_t i = text_length; i-- > 0; rest >>= 5) text[i] = digits[rest & 31];
  return text;
}

std::optional<RunId> RunId::parse(std::string_view text) {
  if (text.size() != text_length) return std::nullopt;
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < text_length; ++i) {
    const std::size_t digit = digits.find(text[i]);
    // The first character carries the four bits that are left of 64.
    if (digit == std::string_view::npos || (i == 0 && digit > 15)) return std::nullopt;
    number = (number << 5) | digit;
  }
  return RunId{number};
}

}  // namespace weft
