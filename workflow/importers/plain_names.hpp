#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace weft {

/// Turns names from outside into names that weft allows, no two alike.
class PlainNames {
public:
  /// @param punctuation what is allowed beside letters and digits
  /// @param max_size longer names are cut; at least 16
  PlainNames(std::string_view punctuation, std::size_t max_size)
    : punctuation_(punctuation), max_size_(max_size) {}

  /// `wanted` with other characters replaced by `_`; with `-2`, `-3`... behind it when that name
  /// has been given before.
  [[nodiscard]] std::string take(std::string_view wanted);

private:
  std::string_view punctuation_;
  std::size_t max_size_;
  std::unordered_set<std::string> taken_;
  /// The next number to try behind each stem, so that many equal names cost no search.
  std::unordered_map<std::string, std::uint32_t> next_;
};

}  // namespace weft
