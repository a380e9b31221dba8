#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weft/workflow/importers/trace.hpp"

namespace weft {

/// A shape of which workflows are made. A plain value; its texts live as long as the program.
struct GeneratedShape {
  std::string_view name;
  std::string_view summary;  ///< The application and its structure, in a line.
  std::string_view source;   ///< Where structure and figures are from.
  std::uint32_t least = 1;   ///< Tasks of the smallest workflow of this shape.
  std::uint32_t usual = 1;   ///< Tasks of a workflow whose size nobody chose.
  std::uint32_t step = 0;    ///< A workflow has as many tasks as were wanted, give or take these.
};

/// Every shape: those of recorded applications first, then those for tests.
[[nodiscard]] const std::vector<GeneratedShape>& generated_shapes();

/// What is made.
struct GeneratorOptions {
  std::string shape;                   ///< The name of a `GeneratedShape`.
  std::optional<std::uint32_t> tasks;  ///< About so many; nothing: as many as are usual.
  std::uint64_t seed = 1;              ///< The same seed makes the same workflow everywhere.
  std::string name;                    ///< Of the workflow; empty: `shape`-`tasks`.
};

/// No workflow that is made has more tasks: what the importer reads.
inline constexpr std::uint32_t max_generated_tasks = 1'000'000;

/// Makes a workflow as if it had been recorded: of the given shape, with as many tasks as the shape
/// allows nearest to those wanted. Runtimes (milliseconds) and file sizes are drawn from what was
/// recorded of the application. Pure: equal options make equal traces, on every platform.
///
/// Fails with `invalid_argument` for an unknown shape, with the nearest names as a hint, and for a
/// number of tasks below the shape's least or above `max_generated_tasks`.
[[nodiscard]] Result<Trace> generate(const GeneratorOptions& options);

}  // namespace weft
