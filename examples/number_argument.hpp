#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

/// Reads a whole number from the command line. Nothing unless all of `text` is one from `least` to
/// `most`, both included.
inline std::optional<std::uint64_t> number_in(std::string_view text, std::uint64_t least,
                                              std::uint64_t most) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{} || stop != end || number < least || number > most) return std::nullopt;
  return number;
}
