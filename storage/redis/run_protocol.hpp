#pragma once

#include <string>
#include <string_view>

namespace weft::redis {

/// The name of the library of functions that Redis is given: differs from that of other versions,
/// so that they can share a store.
[[nodiscard]] std::string_view protocol_name();

/// Its text.
[[nodiscard]] const std::string& protocol_source();

/// The function that carries out a step.
[[nodiscard]] inline std::string protocol_function(std::string_view step) {
  return std::string(protocol_name()) + "_" + std::string(step);
}

}  // namespace weft::redis
