#pragma once

#include <source_location>
#include <string_view>

namespace weft {

/// Prints what was believed and where, then aborts.
[[noreturn]] void check_failed(std::string_view belief, const std::source_location& where);

/// Asserts what the program itself must guarantee. On in release builds too: a broken belief stops
/// the process before it can commit something wrong. Never for bad input: that is an `Error`.
inline void check(bool condition, std::string_view belief,
                  const std::source_location& where = std::source_location::current()) {
  if (!condition) [[unlikely]] check_failed(belief, where);
}

}  // namespace weft
