#pragma once

#include <cstdint>
#include <string>

namespace weft {

/// A place in a text file, counted from 1; line 0: nowhere.
struct SourcePlace {
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  friend bool operator==(const SourcePlace&, const SourcePlace&) = default;
};

/// `12:7`
[[nodiscard]] inline std::string to_string(SourcePlace place) {
  return std::to_string(place.line) + ":" + std::to_string(place.column);
}

}  // namespace weft
