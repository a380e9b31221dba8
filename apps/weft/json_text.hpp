#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "weft/apps/weft/observed_run.hpp"
#include "weft/workflow/error.hpp"

namespace weft::cli {

using Json = nlohmann::ordered_json;

enum class JsonLayout : std::uint8_t { line, pretty };

/// The text of a JSON value. Bytes that are no UTF-8 come out as replacement characters: texts of
/// user code must not end the output.
[[nodiscard]] std::string text_of(const Json& value, JsonLayout layout);

/// An error with all that it knows; what is empty is left out.
[[nodiscard]] Json json_of(const Error& error);

/// Nanoseconds by name of the phase.
[[nodiscard]] Json json_of(const Phases& phases);

}  // namespace weft::cli
