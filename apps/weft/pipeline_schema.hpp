#pragma once

#include <string_view>

namespace weft::cli {

/// The JSON Schema of pipelines: docs/pipeline.schema.json as it was when weft was built.
[[nodiscard]] std::string_view pipeline_schema();

}  // namespace weft::cli
