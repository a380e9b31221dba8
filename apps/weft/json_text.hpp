#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "weft/apps/weft/console.hpp"
#include "weft/apps/weft/observed_run.hpp"
#include "weft/workflow/error.hpp"

namespace weft::cli {

using Json = nlohmann::ordered_json;

enum class JsonLayout : std::uint8_t { line, pretty };

/// The text of a JSON value. Bytes that are no UTF-8 come out as replacement characters: texts of
/// user code must not end the output.
[[nodiscard]] std::string text_of(const Json& value, JsonLayout layout);

/// One record as the user wants to read it, with a line break at its end.
[[nodiscard]] std::string text_of_record(const Json& record, OutputFormat format);

/// Records as one document, or as a line each.
[[nodiscard]] std::string text_of_records(const std::vector<Json>& records, OutputFormat format);

/// An error with all that it knows; what is empty is left out.
[[nodiscard]] Json json_of(const Error& error);

/// Nanoseconds by name of the phase.
[[nodiscard]] Json json_of(const Phases& phases);

}  // namespace weft::cli
